"""Answers, sources and indexes as plain data and text for people."""
