"""The libraries of reference managers: read, never written, and matched to papers."""
