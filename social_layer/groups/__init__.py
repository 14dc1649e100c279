"""Groups: a course divided into sets of them, and which of them somebody reads and writes in."""
