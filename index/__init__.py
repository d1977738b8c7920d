"""Papers on disk to passages that can be searched."""
