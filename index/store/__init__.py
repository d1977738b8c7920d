"""Generations of an index on disk: publishing, opening, rolling back, salvaging."""
