"""Reads papers: one entry point for PDF, JATS XML, HTML, Word, Markdown and text.

``read`` turns a file into a ``Document`` or raises a typed error; ``read_many`` reads several
and yields an ``Outcome`` for each. Which suffixes are accepted is checked by name alone.
"""

from index.read.open import SUFFIXES, Outcome, Status, may_be_paper, read, read_many, require_suffix
from index.read.sandbox import Limits

__all__ = ["SUFFIXES", "Limits", "Outcome", "Status", "may_be_paper", "read", "read_many", "require_suffix"]
