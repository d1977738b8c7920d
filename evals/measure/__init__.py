"""Asking question sets and judging the answers."""
