"""Reads papers: one door for PDF, JATS XML, Markdown and text, chosen by content."""

from index.read.open import Outcome, Status, read, read_many
from index.read.sandbox import Limits

__all__ = ["Limits", "Outcome", "Status", "read", "read_many"]
