"""An answer as plain data for a page, and the words for places and confidences.

Pure: records in, JSON-ready objects out. Text of papers is never changed; to mark
something, the text is cut into parts, each with the names of its marks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from index.text import Span
from qa.records import NearMiss, Status
from qa.understand.question import LONGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.text import Place
    from qa.records import Answer, Citation, TableContext

#: One JSON object: values are strings, numbers, booleans, lists and objects.
View = dict[str, Any]

#: Lowest probability for each word, highest first.
CONFIDENCE_WORDS = ((0.8, "High"), (0.5, "Moderate"), (0.0, "Low"))


def confidence_word(probability: float) -> str:
    """Return the word for a calibrated probability."""
    return next(word for least, word in CONFIDENCE_WORDS if probability >= least)


def per_cent(probability: float) -> int:
    """Return a probability as a percentage from 1 to 99, because an estimate is never certain."""
    return min(max(round(100 * probability), 1), 99)


def where(paper: str, section: str, place: str, separator: str = " · ") -> str:
    """Return "Paper · Section › Subsection · page 3", without the parts that are empty."""
    return separator.join(part for part in (paper, section_words(section), place) if part)


def place_of(item: Citation | NearMiss | Place) -> str:
    """Return the page or lines of ``item`` in words; empty if neither is known."""
    if isinstance(item, NearMiss):
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


def answer_view(answer: Answer, key: str, *, scope: str = "", copy: str = "") -> View:
    """Return one question and its answer for the page.

    Args:
        answer: the answer to show.
        key: names the turn in events from the page.
        scope: which papers were asked, unless all were.
        copy: text for the copy button.
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
        "doubtful": doubtful(answer),
        "headline": headline(answer),
        "papers": [
            {
                "name": group[0].title or group[0].source,
                "untitled": not group[0].title,
                "quotes": [_quote_view(citation) for citation in group],
            }
            for group in by_paper(answer.citations)
        ],
        "reasons": list(answer.reasons),
        "nearest": [_near_view(number, miss) for number, miss in enumerate(answer.near_misses, 1)],
        "generation": answer.receipt.generation,
        "copy": copy,
    }


def headline(answer: Answer) -> str:
    """Return the outcome in one line."""
    if answer.status is Status.NOT_FOUND:
        return "Not in these papers"
    papers = len(by_paper(answer.citations))
    counts = f"{counted(len(answer.citations), 'quote')} from {counted(papers, 'paper')}"
    if doubtful(answer):
        return f"Uncertain: {counts} that may not answer"
    return f"Partial answer: {counts}" if answer.status is Status.PARTIAL else counts


def doubtful(answer: Answer) -> bool:
    """Tell whether quotes are shown and none is more likely than not to answer."""
    return bool(answer.citations) and confidence_word(answer.confidence) == CONFIDENCE_WORDS[-1][1]


def by_paper(citations: Sequence[Citation]) -> list[list[Citation]]:
    """Group citations by paper, keeping their order."""
    groups: dict[str, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.document_id, []).append(citation)
    return list(groups.values())


def _quote_view(citation: Citation) -> View:
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


def table_row_view(name: str, year: int | None, citation: Citation | None) -> View:
    """Return one paper's row of an evidence table; ``citation`` is None if it states nothing."""
    return {"name": name, "year": str(year or ""), "quote": _quote_view(citation) if citation else None}


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


def _near_view(number: int, miss: NearMiss) -> View:
    return {
        "number": number,
        "name": miss.title or miss.source,
        "untitled": not miss.title,
        "text": miss.quote,
        "section": section_words(miss.section),
        "place": place_of(miss),
    }


def notice_view(level: str, title: str, message: str, remedy: str = "") -> View:
    """Return a message; ``level`` is "error", "warning" or "info"."""
    return {"view": "notice", "level": level, "title": title, "message": message, "remedy": remedy}
