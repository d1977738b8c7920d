"""What people are shown of an answer and of its sources, as plain data for a page.

Pure: records in, objects that ``json.dumps`` takes out. Every text of a paper
stays as it stands there; where something is to be marked, the text is cut into
parts, each with the names of its marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from index.errors import QuoteError
from index.text import BlockKind, Span
from qa.records import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.text import Block, Document, Table
    from qa.records import Answer, Citation, NearMiss, TableContext

#: One object of a view; values are strings, numbers, booleans, lists and further objects.
View = dict[str, Any]

#: Least probability for each word, in falling order.
CONFIDENCE_WORDS = ((0.8, "High"), (0.5, "Moderate"), (0.0, "Low"))
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


def confidence_word(probability: float) -> str:
    """Return the word for a calibrated probability."""
    return next(word for least, word in CONFIDENCE_WORDS if probability >= least)


def paper_name(title: str, source: str) -> str:
    """Return what a paper is called: its title, else the name of its file."""
    return title or source


def place_words(page: int | None, page_label: str | None, line: int | None, last_line: int | None) -> str:
    """Return "page 3", "page 3 (printed e12)", "line 7" or "lines 7–9"; empty where nothing is known."""
    if page is not None:
        printed = f" (printed {page_label})" if page_label and page_label != str(page) else ""
        return f"page {page}{printed}"
    if line is None:
        return ""
    return f"lines {line}–{last_line}" if last_line is not None and last_line > line else f"line {line}"


def section_words(section: str) -> str:
    """Return a section's path with the separator that people see."""
    return section.replace(" > ", " › ")


def parts(text: str, start: int, marks: Sequence[tuple[str, Span]]) -> list[View]:
    """Cut ``text``, which begins at offset ``start``, where a mark begins or ends.

    Joined together the parts are ``text`` again. Marks beyond the text are cut off.
    """
    end = start + len(text)
    inside = [(name, max(span.start, start), min(span.end, end)) for name, span in marks]
    inside = [item for item in inside if item[1] < item[2]]
    borders = sorted({start, end, *(edge for _, *edges in inside for edge in edges)})
    return [
        {
            "text": text[low - start : high - start],
            "marks": sorted({name for name, first, last in inside if first <= low and high <= last}),
        }
        for low, high in zip(borders, borders[1:], strict=False)
    ]


def answer_view(answer: Answer, key: str, *, scope: str = "", copy: str = "") -> View:
    """Return what the page shows for one question and its answer.

    ``key`` names the turn in what comes back from the page, ``scope`` says which
    papers were asked where not all were, ``copy`` is what the copy button copies.
    """
    resolved = answer.resolved_question
    return {
        "view": "turn",
        "turn": key,
        "question": answer.question,
        "resolved": resolved if _differs(resolved, answer.question) else "",
        "scope": scope,
        "status": str(answer.status),
        "headline": headline(answer),
        "confidence": _confidence(answer.confidence),
        "papers": [_paper_view(group) for group in by_paper(answer.citations)],
        "reasons": list(answer.reasons),
        "nearest": [_near_view(number, miss) for number, miss in enumerate(answer.near_misses, 1)],
        "generation": answer.receipt.generation,
        "copy": copy,
    }


def _differs(resolved: str, question: str) -> bool:
    return " ".join(resolved.split()).casefold() != " ".join(question.split()).casefold()


def headline(answer: Answer) -> str:
    """Return in one line what came of a question."""
    if answer.status is Status.NOT_FOUND:
        return "Not in these papers"
    quotes, papers = len(answer.citations), len(by_paper(answer.citations))
    found = f"{quotes} quote{'s' * (quotes > 1)} from {papers} paper{'s' * (papers > 1)}"
    return f"Answered in part: {found}" if answer.status is Status.PARTIAL else found


def by_paper(citations: Sequence[Citation]) -> list[list[Citation]]:
    """Group citations by paper; papers and their citations stay in order."""
    groups: dict[str, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.document_id, []).append(citation)
    return list(groups.values())


def _confidence(probability: float) -> View:
    return {"word": confidence_word(probability), "percent": round(100 * probability)}


def _paper_view(citations: Sequence[Citation]) -> View:
    first = citations[0]
    return {
        "name": paper_name(first.title, first.source),
        "file": first.source,
        "untitled": not first.title,
        "quotes": [_quote_view(citation) for citation in citations],
    }


def _quote_view(citation: Citation) -> View:
    short = [("short", citation.short)] if citation.short else []
    return {
        "number": citation.number,
        "parts": parts(citation.quote, citation.span.start, short),
        "table": _row_view(citation.table, citation) if citation.table else None,
        "section": section_words(citation.section),
        "place": place_words(citation.page, citation.page_label, citation.line, citation.last_line),
        "confidence": _confidence(citation.confidence),
    }


def _row_view(table: TableContext, citation: Citation) -> View:
    """Return a quoted row; the decisive cell is the one whose text lies where the short answer does."""
    cells: list[View] = []
    at = 0
    for text in table.cells:
        found = citation.quote.find(text, at)
        start = citation.span.start + max(found, at)
        at = max(found, at) + len(text)
        decisive = citation.short is not None and Span(start, start + len(text)).overlaps(citation.short)
        cells.append({"text": text, "marks": ["short"] if decisive else []})
    return {"label": table.label, "caption": table.caption, "header": list(table.header), "cells": cells}


def _near_view(number: int, miss: NearMiss) -> View:
    return {
        "number": number,
        "name": paper_name(miss.title, miss.source),
        "untitled": not miss.title,
        "text": miss.quote,
        "section": section_words(miss.section),
        "place": place_words(miss.page, None, miss.line, None),
    }


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
    citation = answer.citations[number - 1] if answer.citations else None
    sort = Sort.CITATION if citation else Sort.NEAR_MISS
    marks = [("passage", focus.passage), (str(sort), focus.span)]
    marks += [("short", focus.short)] if focus.short else []
    return {
        "view": "source",
        "turn": key,
        "sort": str(sort),
        "number": number,
        "count": len(all_focuses),
        "name": document.name,
        "file": document.source,
        "untitled": not document.title,
        "byline": byline(document),
        "doi": document.doi,
        "section": section_words(focus.section),
        "place": focus.place,
        "blocks": _blocks_view(document, focus, marks),
        "why": _why_view(citation) if citation else None,
    }


def byline(document: Document) -> str:
    """Return authors, journal and year as far as the paper states them."""
    authors = list(document.authors)
    names = f"{authors[0]} et al." if len(authors) > 3 else ", ".join(authors)
    return " · ".join(item for item in (names, document.journal, str(document.year or "")) if item)


def _why_view(citation: Citation) -> View:
    scores = citation.scores
    return {
        "terms": list(scores.terms),
        "lexical": f"{scores.lexical:.2f}",
        "dense": f"{scores.dense:.2f}",
        "ranker": f"{scores.ranker:.2f}",
        "percent": round(100 * citation.confidence),
    }


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
        before = [_text_block("heading", heading.span.of(document.text)), before]
    else:
        before = [before] if before else []
    return [*before, *views, *([after] if after else [])]


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
                "cells": [parts(cell.of(text), cell.start, [m for m in marks if m[0] == "short"]) for cell in row.cells],
            }
            for row in rows
        ],
        "above": start,
        "below": len(table.rows) - start - len(rows),
    }


def notice_view(level: str, title: str, message: str, remedy: str = "") -> View:
    """Return a message; ``level`` is "error", "warning" or "info". It may hold names of files."""
    return {"view": "notice", "level": level, "title": title, "message": message, "remedy": remedy}
