"""Spans of a document to boxes on rendered PDF pages."""
