"""Reports as people read them: words for cells, pictures, and a file that needs nothing else."""
