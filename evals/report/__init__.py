"""Evaluation results for people: HTML, Markdown, terminal."""
