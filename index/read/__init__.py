"""Reads papers: one door for PDF, JATS XML, Markdown and text, chosen by content."""

from index.read.open import SUFFIXES, Outcome, Status, may_be_paper, read, read_many, require_suffix
from index.read.sandbox import Limits

__all__ = ["SUFFIXES", "Limits", "Outcome", "Status", "may_be_paper", "read", "read_many", "require_suffix"]
