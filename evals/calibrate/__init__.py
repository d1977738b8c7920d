"""Thresholds and confidence, fitted to questions whose answers are known."""
