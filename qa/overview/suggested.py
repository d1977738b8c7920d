"""Questions to suggest: what many papers answer, and values in a paper's first table."""

from __future__ import annotations

from collections.abc import Iterator

from index.text import Document, Table
from qa.understand.numbered import FIGURE, mentions_in

_ROWS = 3  #: rows of a paper's first table that are asked for
_LONGEST = 28  #: characters of the name of such a row
_NAMING = 80  #: characters of a caption in which "Figure 1" stands
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


def of_a_paper(document: Document) -> Iterator[str]:
    """Yield questions to try on a paper: for values in its first table, and what many papers answer."""
    yield from values_of(document)
    yield from _OF_A_PAPER
    if (table := _first_table(document)) and table.label:
        yield f"Show {table.label}."


def values_of(document: Document) -> Iterator[str]:
    """Yield questions for values in the first rows of the first table; none if numbers head its columns."""
    table = _first_table(document)
    if table is None or any(_is_numbers(head.of(document.text)) for head in table.header):
        return
    for row in table.rows[1 : 1 + _ROWS]:
        cell = row.cells[0].of(document.text) if row.cells else ""
        name = cell.partition("(")[0].strip(" ,:*")
        if _is_name(name) and not _is_numbers(cell):
            yield f"What was the {name.lower() if name.istitle() else name}?"


def _first_table(document: Document) -> Table | None:
    return next((one for one in document.tables if not _is_figure(document, one)), None)


def _is_figure(document: Document, table: Table) -> bool:
    """Tell whether a figure was read as a table, by its label or caption."""
    caption = table.caption.of(document.text)[:_NAMING] if table.caption else ""
    first = (next(iter(mentions_in(words)), None) for words in (table.label, caption))
    return any(named and not named.start and FIGURE in named.nouns for named in first)


def _is_name(words: str) -> bool:
    """Tell whether the name of a row reads as words: a chart's axis and values are not asked for."""
    wordlike = any(len(word) > 1 and word.isalpha() for word in words.split())
    return wordlike and words[0].isalpha() and len(words) <= _LONGEST and not any(map(str.isdigit, words))


def _is_numbers(cell: str) -> bool:
    """Tell whether at least half of the words of a cell are numbers."""
    words = cell.split()
    numbers = sum(any(map(str.isdigit, word)) and not any(map(str.isalpha, word)) for word in words)
    return 2 * numbers >= max(len(words), 1)
