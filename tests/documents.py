"""What tests compare of a document: the texts of its blocks, its table, the places of its words."""

from __future__ import annotations

from collections.abc import Sequence

from index.text import BlockKind, Document, Place, Span


def texts(document: Document, kind: BlockKind) -> list[str]:
    """Return the texts of the blocks of one kind."""
    return [block.span.of(document.text) for block in document.blocks if block.kind is kind]


def sections(document: Document) -> list[tuple[str, int]]:
    """Return title and level of each section."""
    return [(section.title, section.level) for section in document.sections]


def grid(document: Document) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the rows of the only table."""
    (table,) = document.tables

    def row(cells: Sequence[Span]) -> list[str]:
        return [cell.of(document.text) for cell in cells]

    return row(table.header), [row(one.cells) for one in table.rows]


def place_of(document: Document, text: str) -> Place:
    """Return where the first occurrence of ``text`` is in the file."""
    at = document.text.index(text)
    return document.map.place(Span(at, at + len(text)))
