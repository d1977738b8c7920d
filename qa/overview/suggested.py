"""Questions to suggest: what many papers answer, and values in a paper's first table."""

from __future__ import annotations

from collections.abc import Iterator

from index.text import Document

_ROWS = 3  #: rows of a paper's first table that are asked for
_LONGEST = 28  #: characters of the name of such a row
#: Questions that many papers answer, and those on one paper by itself.
GENERAL = (
    "How was the patient treated?",
    "How was the diagnosis made?",
    "How many patients were included?",
    "What was the primary outcome?",
    "Which side effects were reported?",
    "How were the samples prepared?",
)
_OF_A_PAPER = ("Which treatment was given?", "What are the main findings?", "Who wrote this paper?")


def values_of(document: Document) -> Iterator[str]:
    """Yield questions for values in the first table of a paper."""
    for table in document.tables[:1]:
        for row in table.rows[1 : 1 + _ROWS]:
            name = row.cells[0].of(document.text).partition("(")[0].strip(" ,:*") if row.cells else ""
            if name[:1].isalpha() and len(name) <= _LONGEST:
                yield f"What was the {name.lower() if name.istitle() else name}?"


def of_a_paper(document: Document) -> Iterator[str]:
    """Yield questions to try on a paper: for values in its first table, and what many papers answer."""
    yield from values_of(document)
    yield from _OF_A_PAPER
    if document.tables and document.tables[0].label:
        yield f"Show {document.tables[0].label}."
