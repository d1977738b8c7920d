"""Training of rankers, calibrators and the reader."""
