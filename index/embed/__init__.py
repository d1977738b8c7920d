"""Texts to vectors: the seam between the index and embedding models."""
