"""What LRSs hold, read back page by page into columns on disk, from which reports are made in seconds."""
