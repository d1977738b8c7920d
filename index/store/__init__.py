"""Generations on disk: publishing, opening, lexical and vector search files."""
