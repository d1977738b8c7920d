"""Evidence tables as records, and as text, HTML, CSV, Markdown and data frames; papers are never changed.

``qa.evidence_table`` makes them, and ``qa.show.spreadsheet`` writes them as XLSX.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from itertools import count
from typing import TYPE_CHECKING

from qa.records import Citation, Status
from qa.show.citation import Reference, Style, in_words, locator, pandoc
from qa.show.export import COLUMNS, cells_of, csv_of, escaped, quote_cells, quote_text, short_words
from qa.show.notebook import framed, quote_html
from qa.show.present import View, counted, per_cent, place_of, quote_view, where

if TYPE_CHECKING:
    import pandas


NOTHING = "not found in this paper"
_NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one paper says on one question."""

    citation: Citation | None  #: None: the paper is unlikely to answer, or was not asked
    sure: bool  #: the confidence of its quote reaches the threshold
    asked: bool = True  #: False in a table that is still growing, or was stopped
    further: tuple[Citation, ...] = ()  #: beside a sure quote, others of the paper that are about as likely

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All its quotes, the likeliest first."""
        return (self.citation, *self.further) if self.citation else ()

    @property
    def status(self) -> Status | None:
        """Whether the paper answers; None if it was not asked."""
        if self.citation is not None:
            return Status.ANSWERED if self.sure else Status.POSSIBLE
        return Status.NOT_FOUND if self.asked else None

    @property
    def word(self) -> str:
        """The status as it is written in tables; empty for an answer."""
        return {Status.POSSIBLE: "possible", Status.NOT_FOUND: NOTHING, None: _NOT_ASKED}.get(self.status, "")


NOT_ASKED = Cell(None, sure=False, asked=False)


@dataclass(frozen=True, slots=True)
class Row:
    """What one paper says."""

    name: str  #: title, or file name of an untitled paper
    paper: Reference
    cells: tuple[Cell, ...]  #: one a question

    @property
    def dated(self) -> str:
        """Its name with the year, if it states one."""
        return f"{self.name} ({self.paper.year})" if self.paper.year else self.name

    @property
    def confidence(self) -> float:
        """Sum over its quotes."""
        return sum(cell.citation.confidence for cell in self.cells if cell.citation)


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """What each paper says on some questions."""

    questions: tuple[str, ...]  #: as searched, one a column
    rows: tuple[Row, ...]
    left_out: int  #: papers without a row, because others are more similar to the questions
    generation: int
    threshold: float
    notes: tuple[str, ...]  #: how each question was read, or why no paper can answer it; empty without a note

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The quotes in the order of rows and columns; once ``numbered``, numbered from 1."""
        return tuple(one for row in self.rows for cell in row.cells for one in cell.citations)

    @property
    def asked(self) -> int:
        """Number of papers that were asked all questions."""
        return sum(all(cell.asked for cell in row.cells) for row in self.rows)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows and columns of the CSV as a data frame, verbatim; what is missing is ``pandas.NA``.

        Year, offsets and confidence are numbers; ``start`` and ``end`` count code points of the paper's text.
        """
        import pandas

        frame = pandas.DataFrame(
            [{key: value for key, value in cells.items() if value != ""} for cells in records(self)],
            columns=list(COLUMNS),
        )
        frame["confidence"] = [
            one.confidence if one else None
            for row in self.rows
            for cell in row.cells
            for one in cell.citations or (None,)
        ]
        numbers = {"year": "Int64", "start": "Int64", "end": "Int64", "confidence": "Float64"}
        return frame.astype({column: numbers.get(column, "string") for column in COLUMNS})

    def _repr_html_(self) -> str:
        """Return what notebooks show; text of papers is escaped."""
        head = "".join(f"<th>{escape(question)}</th>" for question in self.questions)
        rows = []
        for row in self.rows:
            cells = "".join(f"<td>{_html_of(cell)}</td>" for cell in row.cells)
            rows.append(f"<tr><td>{escape(row.dated)}</td>{cells}</tr>")
        table = f"<table><tr><th>Paper</th>{head}</tr>{''.join(rows)}</table>"
        return framed(f"{table}<p>{'<br>'.join(map(escape, said(self)))}</p>")

    def _repr_markdown_(self) -> str:
        """Return the same as Markdown."""
        return as_markdown(self)


def _html_of(cell: Cell) -> str:
    quotes = (quote_html(one, sure=cell.sure) for one in cell.citations)
    return "<br>".join(quotes) or f"<i>{cell.word}</i>"


# Order


def numbered(table: EvidenceTable) -> EvidenceTable:
    """Return the table with its citations numbered from 1."""
    numbers = count(1)

    def with_number(cell: Cell) -> Cell:
        if cell.citation is None:
            return cell
        first, *further = (replace(one, number=next(numbers)) for one in cell.citations)
        return replace(cell, citation=first, further=tuple(further))

    rows = (replace(row, cells=tuple(map(with_number, row.cells))) for row in table.rows)
    return replace(table, rows=tuple(rows))


def ordered(table: EvidenceTable, by: str | int = "", *, falling: bool = False) -> EvidenceTable:
    """Return the table with its rows in another order.

    Args:
        table: its rows keep their order where they are alike.
        by: "paper", "year", or a column, counted from 0, for the surest quotes in it first; empty for the
            surest quotes in all columns first.
        falling: the other way around. Papers without a year come last either way.
    """
    sign = -1 if falling else 1

    def place(row: Row) -> tuple[bool, float]:
        if by == "year":
            return row.paper.year is None, sign * (row.paper.year or 0)
        citation = row.cells[by].citation if isinstance(by, int) else None
        confidence = citation.confidence if citation else 0.0 if isinstance(by, int) else row.confidence
        return False, -sign * confidence

    if by == "paper":
        rows = sorted(table.rows, key=lambda row: row.name.casefold(), reverse=falling)
    else:
        rows = sorted(table.rows, key=place)
    return replace(table, rows=tuple(rows))


def filtered(table: EvidenceTable, words: str = "", status: Status | None = None) -> EvidenceTable:
    """Return the rows with all of ``words`` in name, authors, year or quotes, and a cell of ``status``."""
    wanted = words.casefold().split()

    def fits(row: Row) -> bool:
        quotes = (one.quote for cell in row.cells for one in cell.citations)
        authors = (name.in_order for name in row.paper.authors)
        text = "\n".join((row.dated, row.paper.source, *authors, *quotes)).casefold()
        return all(word in text for word in wanted) and status in (None, *(cell.status for cell in row.cells))

    return replace(table, rows=tuple(filter(fits, table.rows)))


# Words and files


def said(table: EvidenceTable) -> list[str]:
    """Return in words how many papers answer each question and how many may, and how many were not asked."""
    several = len(table.questions) > 1
    columns = (
        f"{question} {words}" if several else words
        for question, words in zip(table.questions, _counts(table), strict=True)
    )
    return [*columns, *_missing(table)]


def _counts(table: EvidenceTable) -> list[str]:
    """Return for each question how many papers answer and how many may, and its note."""
    lines = []
    for at, note in enumerate(table.notes):
        cells = [row.cells[at].status for row in table.rows if row.cells[at].asked]
        sure, possible = cells.count(Status.ANSWERED), cells.count(Status.POSSIBLE)
        words = f"{sure or 'None'} of {counted(len(cells), 'paper')} answer{'s' * (sure < 2)} with confidence"
        words += f"; {possible}{' more' * bool(sure)} may answer." if possible else "."
        lines.append(f"{words} {note}".strip())
    return lines


def _missing(table: EvidenceTable) -> list[str]:
    waiting = len(table.rows) - table.asked
    lines = [f"{counted(waiting, 'paper')} not asked all questions."] if waiting else []
    if table.left_out:
        lines.append(f"Not searched: {counted(table.left_out, 'paper')} less similar to the questions.")
    return lines


def records(table: EvidenceTable) -> Iterator[dict[str, object]]:
    """Yield the cells of the table by the columns of the CSV: a row for each quote, or silent paper."""
    for row in table.rows:
        paper = cells_of(row.paper)
        for question, cell in zip(table.questions, row.cells, strict=True):
            for one in cell.citations or (None,):
                quote = quote_cells(one, row.paper) if one else {}
                yield {"question": question, "status": cell.status or "not_asked", **paper, **quote}


def as_csv(table: EvidenceTable) -> str:
    """Return ``records`` as CSV, see ``qa.show.export.csv_of``."""
    return csv_of(records(table))


def cell_text(cell: Cell, *, value: bool = False) -> str:
    """Return a cell as lines of text: the short answer if ``value``, quotes, places and confidence."""
    if cell.citation is None:
        return cell.word
    first = [short_words(cell.citation)] if value and cell.sure else []
    return "\n".join((*first, *(_quote_lines(one, cell) for one in cell.citations)))


def _quote_lines(citation: Citation, cell: Cell) -> str:
    place = where("", citation.section, place_of(citation))
    sure = f"{per_cent(citation.confidence)}%"
    under = ", ".join(filter(None, (place, sure if cell.sure else f"possible, {sure}")))
    return f"{quote_text(citation)}\n({under})"


def has_values(table: EvidenceTable, column: int) -> bool:
    """Whether each quote of the column has a short answer, so that the column can be read by those alone."""
    quotes = [row.cells[column].citation for row in table.rows if row.cells[column].citation]
    return bool(quotes) and all(citation and short_words(citation) for citation in quotes)


def as_markdown(table: EvidenceTable) -> str:
    """Return the table in GitHub's Markdown with special characters escaped, and its references."""
    heads = ("Paper", *map(escaped, table.questions))
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for row in table.rows:
        cells = (escaped(row.dated), *(_markdown_of(cell, row.paper) for cell in row.cells))
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- {escaped(line)}" for line in said(table)), f"- Index generation {table.generation}."]
    cited = [row.paper for row in table.rows if any(cell.citation for cell in row.cells)]
    lines += ["", "## References", ""] * bool(cited)
    lines += [f"- {escaped(in_words(paper, Style.VANCOUVER))} (`{paper.key}`)" for paper in cited]
    return "\n".join([*lines, ""])


def _markdown_of(cell: Cell, paper: Reference) -> str:
    if cell.citation is None:
        return f"*{cell.word}*"
    quotes = ((one, " ".join(map(escaped, _quote_lines(one, cell).splitlines()))) for one in cell.citations)
    return "<br>".join(f"{text} {pandoc(paper.key, locator(one))}" for one, text in quotes)


def table_view(table: EvidenceTable, key: str, most: int) -> View:
    """Return at most ``most`` rows of the table for the page; ``key`` names it in events."""
    valued = [has_values(table, at) for at in range(len(table.questions))]
    return {
        "view": "evidence",
        "turn": key,
        "missing": _missing(table),
        "questions": list(table.questions),
        "counts": _counts(table),
        "rows": [
            {
                "name": row.name,
                "year": str(row.paper.year or ""),
                "cells": [_cell_view(*pair) for pair in zip(row.cells, valued, strict=True)],
            }
            for row in table.rows[:most]
        ],
    }


def _cell_view(cell: Cell, valued: bool) -> View:
    quote = quote_view(cell.citation) if cell.citation else None
    value = short_words(cell.citation) if cell.citation and cell.sure and valued else ""
    return {
        "status": str(cell.status or "not_asked"),
        "word": cell.word,
        "quote": quote,
        "value": value,
        "further": [quote_view(one) for one in cell.further],
    }
