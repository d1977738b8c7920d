"""Lays the drafts that a reader makes out as the canonical text of a ``Document``.

A reader decides what each stretch of a paper is; this module works out every offset.
All readers share its model of a table: they find cells in their own ways (tabs and gaps,
one cell a line, places on a page, markup) and pass them on as rows of ``MappedText``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from index.text import (
    Block,
    BlockKind,
    Document,
    Field,
    MappedText,
    Page,
    Row,
    Section,
    SourceMap,
    Span,
    Table,
    join,
)

#: Columns of a table, and columns and rows that one cell spans, at most.
WIDEST = 200
SEPARATOR = "\n\n"
#: The beginning of a value in a table; "95% CI" is the name of one.
_NUMERIC = re.compile(r"\s*[<>\u2264\u2265\u00b1~+\u2212(-]*\s*\d(?!\d* ?% ?CI)")
_LABEL = re.compile(r"\s*((?:Supplementary\s+)?(?:Table|TABLE)\s+[A-Z]?\d+[a-z]?|T(?:able|ABLE)\s+[IVX]+)\b")
#: A DOI that ends in the number of a version.
_VERSION = re.compile(r"(?P<stem>.+(?:\.|/v|\.v|(?<=\d)v))(?P<version>\d{1,2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """One block before it has a place in the canonical text.

    Spans are relative to ``text``. A table's text is its rows joined by line
    feeds, the cells of a row joined by tabs.
    """

    kind: BlockKind
    text: MappedText
    level: int = 0  #: of a heading: 1 for a main section, 2 below it, ...
    rows: tuple[tuple[Span, ...], ...] = ()  #: of a table: the cells of each row
    header_rows: int = 0  #: of a table: how many of ``rows``, from the top, are column headers
    label: str = ""  #: of a table: "Table 1", if the text of its caption does not begin with it
    fields: tuple[Field, ...] = ()  #: metadata that this draft states


@dataclass(frozen=True, slots=True)
class Source:
    """The file a document is made from."""

    data: bytes
    name: str  #: without folders
    format: str  #: "text", "markdown", "html", "docx", "pdf" or "jats"
    lines: tuple[int, ...] = ()  #: see ``SourceMap.lines``
    pages: tuple[Page, ...] = ()  #: see ``SourceMap.pages``


def spanned(stated: str | None, most: int = WIDEST) -> int:
    """Return how many columns or rows a cell spans, by the text of its attribute; 1 if that is no number."""
    value = (stated or "").strip()
    return max(1, min(int(value), most)) if value.isascii() and value.isdecimal() else 1


def spread(rows: Iterable[Iterable[tuple[MappedText, int, int]]]) -> Iterator[list[MappedText]]:
    """Yield the cells of each row, each repeated in all columns and rows that it spans.

    ``rows`` holds for each cell its text, columns and rows. Of a row, at most ``WIDEST`` columns are filled.
    """
    hanging: dict[int, tuple[int, MappedText]] = {}  # column -> rows that the cell still spans, its text
    for row in rows:
        cells: list[MappedText] = []
        for text, wide, high in row:
            _fill(cells, hanging)
            for _ in range(min(wide, WIDEST - len(cells))):
                if high > 1:
                    hanging[len(cells)] = (high - 1, text)
                cells.append(text)
        _fill(cells, hanging)
        yield cells


def _fill(cells: list[MappedText], hanging: dict[int, tuple[int, MappedText]]) -> None:
    while len(cells) in hanging:
        left, text = hanging.pop(len(cells))
        if left > 1:
            hanging[len(cells)] = (left - 1, text)
        cells.append(text)


def table_draft(
    rows: Sequence[Sequence[MappedText]], *, header_rows: int | None = None, label: str = ""
) -> Draft:
    """Return the table with these cells.

    Rows are joined by line feeds and cells by tabs, both with the origin of the
    character before. Rows without text are left out.

    Args:
        rows: the cells of each row.
        header_rows: how many rows from the top hold column heads, the last row never;
            None to judge the first row by its cells.
        label: see ``Draft.label``.
    """
    rows = [row for row in rows if any(cell.text for cell in row)]
    if header_rows is None:
        header_rows = int(len(rows) > 1 and _is_header(rows))
    origin = next((cell.origins[0] for row in rows for cell in row if cell.text), 0)
    parts: list[MappedText] = []
    spans: list[tuple[Span, ...]] = []
    at = 0
    for row in rows:
        row_spans: list[Span] = []
        for number, cell in enumerate(row):
            if parts:
                parts.append(MappedText("\t" if number else "\n", [origin]))
                at += 1
            parts.append(cell)
            row_spans.append(Span(at, at + len(cell)))
            at += len(cell)
            origin = cell.origins[-1] if cell.text else origin
        spans.append(tuple(row_spans))
    return Draft(
        BlockKind.TABLE,
        join(parts, ""),
        rows=tuple(spans),
        header_rows=max(min(header_rows, len(rows) - 1), 0),
        label=label,
    )


def numeric(cell: str) -> bool:
    """Return whether a cell begins as a value does."""
    return _NUMERIC.match(cell) is not None


def years(cells: Sequence[str]) -> bool:
    """Return whether cells are a name, if any, and years: heads, although they are numbers."""
    return len(cells) > 1 and all(map(_is_year, cells[1:])) and not numeric(cells[0])


def _is_year(cell: str) -> bool:
    return len(cell) == 4 and cell.isdecimal() and cell.startswith(("19", "20"))


def _is_header(rows: Sequence[Sequence[MappedText]]) -> bool:
    """Return whether the first row holds words above numbers, or years above other numbers."""
    first, *rest = ([cell.text for cell in row] for row in rows)
    below = [cell for row in rest for cell in row if numeric(cell)]
    if years(first):
        return not all(map(_is_year, below))
    if any(map(numeric, first)):
        return False
    return bool(below) or not any(character.isdigit() for cell in first for character in cell)


def assemble(source: Source, drafts: Sequence[Draft], warnings: Sequence[str] = ()) -> Document:
    """Lay ``drafts`` out as canonical text and return the document.

    Blocks are joined by an empty line. Drafts without text are left out. A
    heading opens a section that lasts to the next heading.
    """
    drafts = [draft for draft in drafts if draft.text.text.strip()]
    text = SEPARATOR.join(draft.text.text for draft in drafts)
    lengths = (len(draft.text) + len(SEPARATOR) for draft in drafts)
    starts = list(accumulate(lengths, initial=0))[:-1]
    runs = [run for draft, start in zip(drafts, starts, strict=True) for run in draft.text.runs(start)]
    blocks, sections = _blocks(drafts, starts, len(text))
    fields = tuple(
        replace(item, span=item.span and item.span.moved(start))
        for draft, start in zip(drafts, starts, strict=True)
        for item in draft.fields
    )
    first = {item.name: item.value for item in reversed(fields)}
    year = re.search(r"\b(1[89]|20)\d\d\b", first.get("year", ""))
    return Document(
        id=hashlib.sha256(source.data).hexdigest(),
        source=source.name,
        format=source.format,
        title=first.get("title", ""),
        authors=tuple(item.value for item in fields if item.name == "author"),
        journal=first.get("journal", ""),
        year=int(year.group()) if year else None,
        doi=_latest([item.value for item in fields if item.name == "doi"]),
        licence=first.get("licence", ""),
        text=text,
        blocks=blocks,
        sections=sections,
        tables=_tables(drafts, starts),
        fields=fields,
        map=SourceMap(tuple(runs), source.lines, source.pages),
        warnings=tuple(warnings),
    )


def _latest(dois: Sequence[str]) -> str:
    """Return the first of the DOIs; of the versions of one paper (".1", ".2", "v3") the latest.

    A paper that also prints the DOIs of its earlier versions is the last of them.
    """
    versions = [(match, doi) for doi in dois if (match := _VERSION.fullmatch(doi))]
    stem = next((match["stem"] for match, doi in versions if doi == dois[0]), None)
    same = {int(match["version"]): doi for match, doi in versions if match["stem"] == stem}
    return same[max(same)] if same else next(iter(dois), "")


def _blocks(
    drafts: Sequence[Draft], starts: Sequence[int], end: int
) -> tuple[tuple[Block, ...], tuple[Section, ...]]:
    heads: list[tuple[str, int, int]] = [("", 0, 0)]  # title, level, start
    blocks: list[Block] = []
    for draft, start in zip(drafts, starts, strict=True):
        if draft.kind is BlockKind.HEADING:
            heads.append((bare_title(draft.text.text), max(draft.level, 1), start))
        blocks.append(Block(Span(start, start + len(draft.text)), draft.kind, len(heads) - 1))
    ends = [start for _, _, start in heads[1:]] + [end]
    sections = tuple(
        Section(title, level, Span(start, stop))
        for (title, level, start), stop in zip(heads, ends, strict=True)
    )
    return tuple(blocks), sections


def bare_title(heading: str) -> str:
    """Return a heading without its number and closing stop: "2.1. Aims." gives "Aims"."""
    title = re.sub(r"^\s*(?:\d+(?:\.\d+)*|[IVX]+)[.)]?\s+(?=\S)", "", heading)
    return " ".join(title.split()).rstrip(".:").strip()


def table_label(text: str) -> str:
    """Return "Table 1" for a caption that begins so, in that spelling; else ""."""
    match = _LABEL.match(text)
    return " ".join(match.group(1).split()).replace("TABLE", "Table") if match else ""


def _tables(drafts: Sequence[Draft], starts: Sequence[int]) -> tuple[Table, ...]:
    """Return the tables, each with the label and caption beside it that no other table took."""
    captions = {
        i: label
        for i, draft in enumerate(drafts)
        if draft.kind is BlockKind.CAPTION and (label := table_label(draft.text.text))
    }
    tables: list[Table] = []
    for i, draft in enumerate(drafts):
        if not draft.rows:
            continue
        near = (at for at in (i - 1, i + 1) if at in captions and draft.label in ("", captions[at]))
        at = next(near, None)
        label, caption = draft.label, None
        if at is not None:
            label = captions.pop(at)
            caption = Span(0, len(drafts[at].text)).moved(starts[at])
        rows = [tuple(cell.moved(starts[i]) for cell in row) for row in draft.rows]
        tables.append(
            Table(
                span=Span(0, len(draft.text)).moved(starts[i]),
                label=label,
                caption=caption,
                header=tuple(cell for row in rows[: draft.header_rows] for cell in row),
                rows=tuple(Row(Span(row[0].start, row[-1].end), row) for row in rows[draft.header_rows :]),
            )
        )
    return tuple(tables)
