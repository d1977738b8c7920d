"""Reads papers: one door for PDF, JATS XML, Markdown and text, chosen by content."""

from index.readers.open import Outcome, Status, read, read_many
from index.readers.sandbox import Limits

__all__ = ["Limits", "Outcome", "Status", "read", "read_many"]
