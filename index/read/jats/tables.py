"""Tables of JATS (the XHTML and OASIS table models) -> rows of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.read.jats.inline import inline, synthetic
from index.read.structure import Draft
from index.text import BlockKind, MappedText, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index.read.jats.tree import Node

WIDEST = 200


def table_drafts(wrap: Node) -> Iterator[Draft]:
    """Yield the caption of a table, the table, and its footnotes."""
    label = wrap.find("label")
    head = inline(label) if label else synthetic("", wrap.at)
    caption = wrap.find("caption")
    text = inline(caption, spaced=True) if caption else synthetic("", wrap.at)
    if head.text and text.text:
        head += synthetic(" " if head.text[-1] in ".:" else ": ", head.origins[-1])
    yield Draft(BlockKind.CAPTION, head + text)
    name = (inline(label).text.rstrip(".:") if label else "").replace("TABLE", "Table")
    for table in wrap.walk("table"):
        yield from _table(table, name)
    for foot in wrap.all("table-wrap-foot"):
        note = inline(foot, spaced=True)
        if note.text:
            yield Draft(BlockKind.CAPTION, note)
    if wrap.tag == "table-wrap-group":
        for inner in wrap.all("table-wrap"):
            yield from table_drafts(inner)


def _table(table: Node, name: str) -> Iterator[Draft]:
    heads = [row for part in table.walk("thead") for row in _rows(part)]
    rows = [row for row in _rows(table) if not any(row is head for head in heads)]
    grid, texts = _grid(heads + rows)
    if grid:
        header = len(heads) if heads and rows else 0
        yield draft_of_cells(texts, header, name)


def _rows(part: Node) -> Iterator[Node]:
    yield from part.walk("tr")
    yield from part.walk("row")


def _grid(rows: Sequence[Node]) -> tuple[bool, list[list[MappedText]]]:
    """Return the cells of each row, those that span several columns or rows repeated in each."""
    texts: list[list[MappedText]] = []
    hanging: dict[int, tuple[int, MappedText]] = {}  #: column -> rows it still spans, its text
    for row in rows:
        cells: list[MappedText] = []
        for cell in (child for child in row.elements() if child.tag in ("td", "th", "entry")):
            _fill(cells, hanging)
            text = inline(cell)
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            for _ in range(min(wide, WIDEST - len(cells))):
                if high > 1:
                    hanging[len(cells)] = (high - 1, text)
                cells.append(text)
        _fill(cells, hanging)
        if any(cell.text for cell in cells):
            texts.append(cells)
    return bool(texts), texts


def _fill(cells: list[MappedText], hanging: dict[int, tuple[int, MappedText]]) -> None:
    while len(cells) in hanging:
        left, text = hanging.pop(len(cells))
        if left > 1:
            hanging[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: Node, name: str) -> int:
    value = cell.attributes.get(name, "1").strip()
    return max(1, min(int(value), WIDEST)) if value.isdecimal() else 1


def draft_of_cells(rows: Sequence[Sequence[MappedText]], header_rows: int, label: str) -> Draft:
    """Return a table's draft: rows joined by line feeds, cells by tabs."""
    texts: list[str] = []
    origins: list[int] = []
    spans: list[tuple[Span, ...]] = []
    for row in rows:
        row_spans: list[Span] = []
        for number, cell in enumerate(row):
            if texts:
                texts.append("\t" if number else "\n")
                origins.append(origins[-1] if origins else 0)
            start = len(origins)
            texts.append(cell.text)
            origins += cell.origins
            row_spans.append(Span(start, len(origins)))
        spans.append(tuple(row_spans))
    return Draft(
        BlockKind.TABLE,
        MappedText("".join(texts), origins),
        rows=tuple(spans),
        header_rows=header_rows,
        label=label,
    )
