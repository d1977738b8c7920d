"""What people are shown of a source: the quote between its neighbours in the paper, as plain data.

Pure, like ``qa.show.present``, whose views these go beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from index.errors import QuoteError
from index.text import BlockKind, Span
from qa.records import NearMiss
from qa.show.present import paper_name, parts, per_cent, place_words, section_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.text import Block, Document, Table
    from qa.records import Answer, Citation
    from qa.show.present import View

_NEIGHBOUR = 700  #: most code points shown of the block before and of the one after
_ROWS = 40  #: most table rows shown around the one cited


class Sort(StrEnum):
    """What a source is opened for."""

    CITATION = "citation"
    NEAR_MISS = "near"


@dataclass(frozen=True, slots=True)
class Focus:
    """A place in a paper that is to be shown: a citation's or a near miss's."""

    document_id: str
    name: str  #: title or file name
    quote: str
    span: Span  #: of the quote
    passage: Span  #: around the quote
    short: Span | None
    place: str
    section: str


def focuses(answer: Answer) -> list[Focus]:
    """Return the places that can be opened from an answer, in the order of their numbers."""
    if answer.citations:
        return [_citation_focus(citation) for citation in answer.citations]
    return [
        Focus(
            document_id=miss.document_id,
            name=paper_name(miss.title, miss.source),
            quote=miss.quote,
            span=miss.span,
            passage=miss.span,
            short=None,
            place=place_words(miss.page, None, miss.line, None),
            section=miss.section,
        )
        for miss in answer.near_misses
    ]


def _citation_focus(citation: Citation) -> Focus:
    return Focus(
        document_id=citation.document_id,
        name=paper_name(citation.title, citation.source),
        quote=citation.quote,
        span=citation.span,
        passage=citation.passage,
        short=citation.short,
        place=place_words(citation.page, citation.page_label, citation.line, citation.last_line),
        section=citation.section,
    )


def source_view(document: Document, answer: Answer, number: int, key: str) -> View:
    """Return what the source panel shows: the quote between its neighbours in the paper.

    ``number`` counts the answer's citations, or near misses where it has none, from 1.

    Raises:
        QuoteError: the paper's text at that place is not what was quoted.
    """
    all_focuses = focuses(answer)
    focus = all_focuses[number - 1]
    if focus.span.of(document.text) != focus.quote:
        raise QuoteError(
            f"{document.source}: the text at {focus.span.start}:{focus.span.end} has changed since.",
            "Ask again.",
        )
    sort = Sort.CITATION if answer.citations else Sort.NEAR_MISS
    marks = [("passage", focus.passage), (str(sort), focus.span)]
    marks += [("short", focus.short)] if focus.short else []
    return {
        "view": "source",
        "turn": key,
        "sort": str(sort),
        "number": number,
        "count": len(all_focuses),
        **_paper(document),
        "section": section_words(focus.section),
        "place": focus.place,
        "blocks": _blocks_view(document, focus, marks),
        "why": _why_view((answer.citations or answer.near_misses)[number - 1]),
    }


def _paper(document: Document) -> View:
    return {
        "name": document.name,
        "file": document.source,
        "untitled": not document.title,
        "byline": byline(document),
        "doi": document.doi,
    }


def byline(document: Document) -> str:
    """Return authors, journal and year as far as the paper states them."""
    authors = list(document.authors)
    names = f"{authors[0]} et al." if len(authors) > 3 else ", ".join(authors)
    return " · ".join(item for item in (names, document.journal, str(document.year or "")) if item)


def _why_view(source: Citation | NearMiss) -> list[list[str]]:
    """Return names and values of what made this passage be shown."""
    if isinstance(source, NearMiss):
        return [
            ["Nearness of the passage (sum of its z-scores)", f"{source.score:.2f}"],
            ["Why it is no answer", "no sentence in it is likely enough to answer"],
        ]
    scores = source.scores
    return [
        ["Words of the question in the sentence", ", ".join(scores.terms) or "none"],
        ["Shared words, whole passage (BM25)", f"{scores.lexical:.2f}"],
        ["Closeness in meaning (cosine, \u22121 to 1)", f"{scores.dense:.2f}"],
        ["Score of the sentence ranker", f"{scores.ranker:.2f}"],
        ["Probability that it answers", f"{per_cent(source.confidence)} %"],
    ]


def _blocks_view(document: Document, focus: Focus, marks: Sequence[tuple[str, Span]]) -> list[View]:
    shown = [i for i, block in enumerate(document.blocks) if block.span.overlaps(focus.passage)]
    shown = shown or [i for i, block in enumerate(document.blocks) if block.span.overlaps(focus.span)]
    if not shown:
        return []
    first, last = shown[0], shown[-1]
    tables = {table.span.start: table for table in document.tables}
    views = [
        _block_view(document, document.blocks[i], tables, marks, focus.span) for i in range(first, last + 1)
    ]
    before = _neighbour(document, first - 1, tables, last_part=True)
    after = _neighbour(document, last + 1, tables, last_part=False)
    heading = document.blocks[first - 2] if first >= 2 else None
    if before and before["kind"] != "heading" and heading and heading.kind is BlockKind.HEADING:
        views.insert(0, _text_block("heading", heading.span.of(document.text)))
        views.insert(1, before)
    elif before:
        views.insert(0, before)
    return [*views, after] if after else views


def _text_block(kind: str, text: str, *, cut_before: bool = False, cut_after: bool = False) -> View:
    """Return a block without marks; the flags say that some of it is left out."""
    plain = [{"text": text, "marks": []}]
    return {"kind": kind, "parts": plain, "cut_before": cut_before, "cut_after": cut_after}


def _neighbour(document: Document, at: int, tables: dict[int, Table], *, last_part: bool) -> View | None:
    """Return the block at ``at``, cut at a space where it is long; tables are not shown as neighbours."""
    if not 0 <= at < len(document.blocks) or document.blocks[at].span.start in tables:
        return None
    block = document.blocks[at]
    text = block.span.of(document.text)
    if len(text) <= _NEIGHBOUR:
        return _text_block(str(block.kind), text)
    if last_part:
        cut = text.find(" ", len(text) - _NEIGHBOUR) + 1 or len(text) - _NEIGHBOUR
        return _text_block(str(block.kind), text[cut:], cut_before=True)
    cut = text.rfind(" ", 0, _NEIGHBOUR)
    return _text_block(str(block.kind), text[: cut if cut > 0 else _NEIGHBOUR], cut_after=True)


def _block_view(
    document: Document,
    block: Block,
    tables: dict[int, Table],
    marks: Sequence[tuple[str, Span]],
    quote: Span,
) -> View:
    table = tables.get(block.span.start)
    if table:
        return table_view(document.text, table, marks, quote)
    return {
        "kind": str(block.kind),
        "parts": parts(block.span.of(document.text), block.span.start, marks),
        "cut_before": False,
        "cut_after": False,
    }


def table_view(text: str, table: Table, marks: Sequence[tuple[str, Span]], quote: Span) -> View:
    """Return a table as heads and rows of cells; of a long one the rows around the one quoted."""
    cited = [i for i, row in enumerate(table.rows) if row.span.overlaps(quote)]
    middle = cited[0] if cited else 0
    start = max(min(middle - _ROWS // 2, len(table.rows) - _ROWS), 0)
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
