"""Papers on disk to a new generation."""
