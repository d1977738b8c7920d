"""PDF to documents: layout, reading order, blocks."""
