"""Answers and their sources as plain data for a page, and the words for places and confidences.

Pure: records in, JSON-ready objects out. Text of papers is never changed; to mark
something, the text is cut into parts, each with the names of its marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from index.errors import QuoteError
from index.store.index import Index
from index.text import Block, BlockKind, Document, Place, Span, Table
from qa.records import UNSUPPORTED, Answer, Citation, Nearby, Status, TableContext, papers_digest
from qa.understand.question import LONGEST

#: One JSON object: values are strings, numbers, booleans, lists and objects.
View = dict[str, Any]

#: Lowest probability for each word, highest first.
CONFIDENCE_WORDS = ((0.8, "High"), (0.5, "Moderate"), (0.0, "Low"))

#: What stands before the number of quotes.
_LEADS = {Status.POSSIBLE: "Possible answers, not sure: ", Status.PARTIAL: "Partial answer: "}
_NEIGHBOUR = 700  #: most code points shown of the block before and of the block after a passage
_ROWS = 40  #: most table rows shown around the cited one


def confidence_word(probability: float) -> str:
    """Return the word for a calibrated probability."""
    return next(word for least, word in CONFIDENCE_WORDS if probability >= least)


def per_cent(probability: float) -> int:
    """Return a probability as a percentage from 1 to 99, because an estimate is never certain."""
    return min(max(round(100 * probability), 1), 99)


def where(paper: str, section: str, place: str, separator: str = " · ") -> str:
    """Return "Paper · Section › Subsection · page 3", without the parts that are empty."""
    return separator.join(part for part in (paper, section_words(section), place) if part)


def place_of(item: Citation | Nearby | Place) -> str:
    """Return the page or lines of ``item`` in words; empty if neither is known."""
    if isinstance(item, Nearby):
        return place_words(item.page, None, item.line, None)
    return place_words(item.page, item.page_label, item.line, item.last_line)


def place_words(page: int | None, page_label: str | None, line: int | None, last_line: int | None) -> str:
    """Return "page 3", "page 3 (printed e12)", "line 7" or "lines 7–9"; empty if nothing is known."""
    if page is not None:
        printed = f" (printed {page_label})" if page_label and page_label != str(page) else ""
        return f"page {page}{printed}"
    if line is None:
        return ""
    return f"lines {line}–{last_line}" if last_line is not None and last_line > line else f"line {line}"


def section_words(section: str) -> str:
    """Return a section path with "›" instead of ">"."""
    return section.replace(" > ", " › ")


def counted(number: int, noun: str) -> str:
    """Return "1 paper" or "3 papers"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def utc_words(moment: str) -> str:
    """Return an ISO 8601 moment in UTC as "2026-01-31 12:00:00 UTC"."""
    return moment.replace("T", " ").removesuffix("+00:00") + " UTC"


def parts(text: str, start: int, marks: Sequence[tuple[str, Span]]) -> list[View]:
    """Cut ``text``, which begins at offset ``start``, where a mark begins or ends.

    The parts join to ``text``. Marks are clipped to the text.
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
        for low, high in pairwise(borders)
    ]


def answer_view(
    answer: Answer, key: str, *, scope: str = "", copy: str = "", copies: Mapping[int, str] | None = None
) -> View:
    """Return one question and its answer for the page; ``key`` names the turn in events from it.

    ``scope`` says which papers were asked, unless all were. ``copy`` is the text for the copy button of the
    answer, ``copies`` that of each quote, by its number; a quote without one has no button.
    """
    resolved = answer.resolved_question
    as_typed = " ".join(resolved.split()).casefold() == " ".join(answer.question.split()).casefold()
    return {
        "view": "turn",
        "turn": key,
        "question": answer.question,
        "resolved": "" if as_typed else resolved,
        "longest": LONGEST,
        "scope": scope,
        "status": str(answer.status),
        "headline": headline(answer),
        "papers": [
            {
                "name": group[0].title or group[0].source,
                "untitled": not group[0].title,
                "quotes": [
                    quote_view(citation) | {"copy": (copies or {}).get(citation.number, "")}
                    for citation in group
                ],
            }
            for group in by_paper(answer.citations)
        ],
        "reasons": list(answer.reasons),
        "nearby": [_nearby_view(number, near) for number, near in enumerate(answer.nearby, 1)],
        "copy": copy,
    }


def since(answer: Answer, index: Index) -> list[str]:
    """Return in words what has changed in ``index`` since ``answer`` was given."""
    then, words = answer.receipt, []
    if then.index != papers_digest(index.documents):
        words.append("The papers have changed since this answer. Ask again to search them as they are now.")
    for group in by_paper(answer.citations):
        paper, name = group[0].document_id, group[0].title or group[0].source
        if paper not in index.documents:
            words.append(f"“{name}” was removed. Its quotes are shown as they were.")
        elif any(index.quote(paper, one.span) != one.quote for one in group):
            words.append(f"The text of “{name}” is read differently now. Its quotes are shown as they were.")
    if not words and then.generation != index.generation:
        words.append("The papers were updated since this answer. Its quotes are unchanged.")
    return words


def headline(answer: Answer) -> str:
    """Return the outcome in one line."""
    if answer.which:
        return "In which paper?"
    if answer.status is Status.NOT_FOUND:
        return "No answer" if UNSUPPORTED in answer.reasons else "Not found in these papers"
    papers = len(by_paper(answer.citations))
    counts = f"{counted(len(answer.citations), 'quote')} from {counted(papers, 'paper')}"
    return f"{_LEADS.get(answer.status, '')}{counts}"


def by_paper(citations: Sequence[Citation]) -> list[list[Citation]]:
    """Group citations by paper, keeping their order."""
    groups: dict[str, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.document_id, []).append(citation)
    return list(groups.values())


def quote_view(citation: Citation) -> View:
    """Return a quote for the page, its short answer marked."""
    short = [("short", citation.short)] if citation.short else []
    return {
        "number": citation.number,
        "parts": parts(citation.quote, citation.span.start, short),
        "table": _row_view(citation.table, citation) if citation.table else None,
        "section": section_words(citation.section),
        "place": place_of(citation),
        "confidence": {
            "word": confidence_word(citation.confidence),
            "percent": per_cent(citation.confidence),
        },
    }


def _row_view(table: TableContext, citation: Citation) -> View:
    """Return a quoted row; a cell that overlaps the short answer is marked."""
    cells: list[View] = []
    at = 0
    for text in table.cells:
        at = max(citation.quote.find(text, at), at)
        start = citation.span.start + at
        at += len(text)
        decisive = citation.short is not None and Span(start, start + len(text)).overlaps(citation.short)
        cells.append({"text": text, "marks": ["short"] if decisive else []})
    return {"label": table.label, "caption": table.caption, "header": list(table.header), "cells": cells}


def _nearby_view(number: int, near: Nearby) -> View:
    return {
        "number": number,
        "name": near.title or near.source,
        "untitled": not near.title,
        "text": near.quote,
        "section": section_words(near.section),
        "place": place_of(near),
    }


def notice_view(level: str, title: str, message: str, remedy: str = "") -> View:
    """Return a message; ``level`` is "error", "warning" or "info"."""
    return {"view": "notice", "level": level, "title": title, "message": message, "remedy": remedy}


def source_view(document: Document, answer: Answer, number: int, key: str, *, whole: bool = False) -> View:
    """Return what the source panel shows of an answer's source.

    ``number`` counts the answer's citations, or the passages nearby if it has none, from 1;
    ``key`` names the turn. ``whole``: with the text of the whole paper, not only of the passage.

    Raises:
        QuoteError: the paper's text no longer matches the quote.
    """
    sources = answer.citations or answer.nearby
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
    blocks = (
        _whole_view(document, marks, source.span)
        if whole
        else _blocks_view(document, source.span, passage, marks)
    )
    return _source_view(document, sort) | {
        "turn": key,
        "number": number,
        "count": len(sources),
        "section": section_words(source.section),
        "place": place_of(source),
        "blocks": blocks,
        "why": _why_view(source),
    }


def paper_view(document: Document, *, text: bool = True) -> View:
    """Return what the source panel shows of a paper that no answer led to; ``text``: with its text."""
    return _source_view(document, "document") | {"blocks": _whole_view(document) if text else []}


def _source_view(document: Document, sort: str) -> View:
    return {
        "view": "source",
        "sort": sort,
        "turn": "",
        "number": 0,
        "count": 0,
        "name": document.name,
        "untitled": not document.title,
        "byline": byline(document),
        "doi": document.doi,
        "section": "",
        "place": "",
        "why": [],
    }


def byline(document: Document) -> str:
    """Return the authors, journal and year that the paper states."""
    authors = list(document.authors)
    names = f"{authors[0]} et al." if len(authors) > 3 else ", ".join(authors)
    return " · ".join(item for item in (names, document.journal, str(document.year or "")) if item)


def _why_view(source: Citation | Nearby) -> list[list[str]]:
    """Return names and values of the scores that selected this passage."""
    if isinstance(source, Nearby):
        return [["Score of the passage (sum of z-scores)", f"{source.score:.2f}"]]
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
            views.insert(0, _text_block("heading", parts(blocks[first - 2].span.of(document.text), 0, ())))
    return [*views, after] if after else views


def _whole_view(
    document: Document, marks: Sequence[tuple[str, Span]] = (), quote: Span | None = None
) -> list[View]:
    """Return all blocks of a paper."""
    tables = {table.span.start: table for table in document.tables}
    return [
        _block_view(document, block, tables, marks, quote or Span(0, 0), len(document.text))
        for block in document.blocks
    ]


def _text_block(kind: str, cut: list[View], *, cut_before: bool = False, cut_after: bool = False) -> View:
    """Return a block of text; the flags say that its beginning or end is left out."""
    return {"kind": kind, "parts": cut, "cut_before": cut_before, "cut_after": cut_after}


def _neighbour(document: Document, at: int, tables: dict[int, Table], *, last_part: bool) -> View | None:
    """Return the block at ``at``, cut at a space if it is long; None for tables and beyond the ends."""
    if not 0 <= at < len(document.blocks) or document.blocks[at].span.start in tables:
        return None
    kind, text = str(document.blocks[at].kind), document.blocks[at].span.of(document.text)
    start, end = 0, len(text)
    if end > _NEIGHBOUR and last_part:
        start = text.find(" ", end - _NEIGHBOUR) + 1 or end - _NEIGHBOUR
    elif end > _NEIGHBOUR:
        space = text.rfind(" ", 0, _NEIGHBOUR)
        end = space if space > 0 else _NEIGHBOUR
    return _text_block(kind, parts(text[start:end], 0, ()), cut_before=start > 0, cut_after=end < len(text))


def _block_view(
    document: Document,
    block: Block,
    tables: dict[int, Table],
    marks: Sequence[tuple[str, Span]],
    quote: Span,
    most: int = _ROWS,
) -> View:
    table = tables.get(block.span.start)
    if table:
        return _table_view(document.text, table, marks, quote, most)
    return _text_block(str(block.kind), parts(block.span.of(document.text), block.span.start, marks))


def _table_view(text: str, table: Table, marks: Sequence[tuple[str, Span]], quote: Span, most: int) -> View:
    """Return a table's heads and rows; of more than ``most`` rows those around the quoted one."""
    cited = [i for i, row in enumerate(table.rows) if row.span.overlaps(quote)]
    start = max(min((cited or [0])[0] - most // 2, len(table.rows) - most), 0)
    rows = table.rows[start : start + most]
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
