"""Questions of a user's own, asked and marked in the terminal: ``loccit eval new``."""
