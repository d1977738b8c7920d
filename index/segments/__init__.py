"""Segments: files of papers, cut, embedded and ready to be searched."""
