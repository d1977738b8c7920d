"""Benchmarks: speed, load, soak, reading quality."""
