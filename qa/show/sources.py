"""A source as plain data for a page: the quote in its context in the paper.

Pure, like ``qa.show.present``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import QuoteError
from index.text import BlockKind, Span
from qa.records import Citation, NearMiss
from qa.show.present import parts, per_cent, place_of, section_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.text import Block, Document, Table
    from qa.records import Answer
    from qa.show.present import View

_NEIGHBOUR = 700  #: most code points shown of the block before and of the block after
_ROWS = 40  #: most table rows shown around the cited one


def source_view(document: Document, answer: Answer, number: int, key: str) -> View:
    """Return what the source panel shows of an answer's source.

    ``number`` counts the answer's citations, or near misses if it has none, from 1;
    ``key`` names the turn.

    Raises:
        QuoteError: the paper's text no longer matches the quote.
    """
    sources = answer.citations or answer.near_misses
    source = sources[number - 1]
    if source.span.of(document.text) != source.quote:
        raise QuoteError(
            f"{document.source}: the text at {source.span.start}:{source.span.end} has changed.",
            "Ask again.",
        )
    sort, passage, short = "near", source.span, None
    if isinstance(source, Citation):
        sort, passage, short = "citation", source.passage, source.short
    marks = [("passage", passage), (sort, source.span)] + ([("short", short)] if short else [])
    return {
        "view": "source",
        "turn": key,
        "sort": sort,
        "number": number,
        "count": len(sources),
        **_paper(document),
        "section": section_words(source.section),
        "place": place_of(source),
        "blocks": _blocks_view(document, source.span, passage, marks),
        "why": _why_view(source),
    }


def _paper(document: Document) -> View:
    return {
        "name": document.name,
        "untitled": not document.title,
        "byline": byline(document),
        "doi": document.doi,
    }


def byline(document: Document) -> str:
    """Return the authors, journal and year that the paper states."""
    authors = list(document.authors)
    names = f"{authors[0]} et al." if len(authors) > 3 else ", ".join(authors)
    return " · ".join(item for item in (names, document.journal, str(document.year or "")) if item)


def _why_view(source: Citation | NearMiss) -> list[list[str]]:
    """Return names and values of the scores that selected this passage."""
    if isinstance(source, NearMiss):
        return [
            ["Score of the passage (sum of z-scores)", f"{source.score:.2f}"],
            ["Why it is not an answer", "no sentence in it scored high enough"],
        ]
    scores = source.scores
    return [
        ["Words shared with the question", ", ".join(scores.terms) or "none"],
        ["Lexical score of the passage (BM25)", f"{scores.lexical:.2f}"],
        ["Similarity in meaning (cosine, \u22121 to 1)", f"{scores.dense:.2f}"],
        ["Score of the sentence ranker", f"{scores.ranker:.2f}"],
        ["Probability that it answers", f"{per_cent(source.confidence)} %"],
    ]


def _blocks_view(
    document: Document, quote: Span, passage: Span, marks: Sequence[tuple[str, Span]]
) -> list[View]:
    """Return the blocks of ``passage`` between its neighbours, under the heading if that is near."""
    blocks = document.blocks
    shown = [i for i, block in enumerate(blocks) if block.span.overlaps(passage)]
    shown = shown or [i for i, block in enumerate(blocks) if block.span.overlaps(quote)]
    if not shown:
        return []
    first, last = shown[0], shown[-1]
    tables = {table.span.start: table for table in document.tables}
    views = [_block_view(document, block, tables, marks, quote) for block in blocks[first : last + 1]]
    before = _neighbour(document, first - 1, tables, last_part=True)
    after = _neighbour(document, last + 1, tables, last_part=False)
    if before:
        views.insert(0, before)
        if first >= 2 and before["kind"] != "heading" and blocks[first - 2].kind is BlockKind.HEADING:
            views.insert(0, _text_block("heading", _unmarked(blocks[first - 2].span.of(document.text))))
    return [*views, after] if after else views


def _unmarked(text: str) -> list[View]:
    return [{"text": text, "marks": []}]


def _text_block(kind: str, cut: list[View], *, cut_before: bool = False, cut_after: bool = False) -> View:
    """Return a block of text; the flags say that its beginning or end is left out."""
    return {"kind": kind, "parts": cut, "cut_before": cut_before, "cut_after": cut_after}


def _neighbour(document: Document, at: int, tables: dict[int, Table], *, last_part: bool) -> View | None:
    """Return the block at ``at``, cut at a space if it is long; None for tables and beyond the ends."""
    if not 0 <= at < len(document.blocks) or document.blocks[at].span.start in tables:
        return None
    kind, text = str(document.blocks[at].kind), document.blocks[at].span.of(document.text)
    if len(text) <= _NEIGHBOUR:
        return _text_block(kind, _unmarked(text))
    if last_part:
        cut = text.find(" ", len(text) - _NEIGHBOUR) + 1 or len(text) - _NEIGHBOUR
        return _text_block(kind, _unmarked(text[cut:]), cut_before=True)
    cut = text.rfind(" ", 0, _NEIGHBOUR)
    return _text_block(kind, _unmarked(text[: cut if cut > 0 else _NEIGHBOUR]), cut_after=True)


def _block_view(
    document: Document, block: Block, tables: dict[int, Table], marks: Sequence[tuple[str, Span]], quote: Span
) -> View:
    table = tables.get(block.span.start)
    if table:
        return _table_view(document.text, table, marks, quote)
    return _text_block(str(block.kind), parts(block.span.of(document.text), block.span.start, marks))


def _table_view(text: str, table: Table, marks: Sequence[tuple[str, Span]], quote: Span) -> View:
    """Return a table's heads and rows; of a long table only the rows around the quoted one."""
    cited = [i for i, row in enumerate(table.rows) if row.span.overlaps(quote)]
    start = max(min((cited or [0])[0] - _ROWS // 2, len(table.rows) - _ROWS), 0)
    rows = table.rows[start : start + _ROWS]
    width = max([len(row.cells) for row in table.rows] + [1])
    decisive = [mark for mark in marks if mark[0] == "short"]
    head = [table.header[i : i + width] for i in range(0, len(table.header), width)]
    return {
        "kind": "table",
        "label": table.label,
        "caption": table.caption.of(text) if table.caption else "",
        "width": width,
        "header": [[cell.of(text) for cell in line] for line in head],
        "rows": [
            {
                "cited": row.span.overlaps(quote),
                "cells": [parts(cell.of(text), cell.start, decisive) for cell in row.cells],
            }
            for row in rows
        ],
        "above": start,
        "below": len(table.rows) - start - len(rows),
    }
