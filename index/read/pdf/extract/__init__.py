"""The child process that extracts text and places from one PDF."""
