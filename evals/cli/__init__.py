"""``loccit eval``."""
