"""What people are shown of an answer, as plain data for a page; ``qa.show.sources`` has the papers' side.

Pure: records in, objects that ``json.dumps`` takes out. Every text of a paper
stays as it stands there; where something is to be marked, the text is cut into
parts, each with the names of its marks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from index.text import Span
from qa.records import Status
from qa.understand.question import LONGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.records import Answer, Citation, NearMiss, TableContext

#: One object of a view; values are strings, numbers, booleans, lists and further objects.
View = dict[str, Any]

#: Least probability for each word, in falling order.
CONFIDENCE_WORDS = ((0.8, "High"), (0.5, "Moderate"), (0.0, "Low"))


def confidence_word(probability: float) -> str:
    """Return the word for a calibrated probability."""
    return next(word for least, word in CONFIDENCE_WORDS if probability >= least)


def per_cent(probability: float) -> int:
    """Return a probability as people are told it: 1 to 99, since an estimate is no certainty."""
    return min(max(round(100 * probability), 1), 99)


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
        for low, high in pairwise(borders)
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
        "longest": LONGEST,
        "scope": scope,
        "status": str(answer.status),
        "doubtful": doubtful(answer),
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
    if doubtful(answer):
        return f"Uncertain: {found} that may not answer"
    return f"Answered in part: {found}" if answer.status is Status.PARTIAL else found


def doubtful(answer: Answer) -> bool:
    """Tell whether quotes are shown of which none is more likely than not to answer."""
    return bool(answer.citations) and confidence_word(answer.confidence) == CONFIDENCE_WORDS[-1][1]


def by_paper(citations: Sequence[Citation]) -> list[list[Citation]]:
    """Group citations by paper; papers and their citations stay in order."""
    groups: dict[str, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.document_id, []).append(citation)
    return list(groups.values())


def _confidence(probability: float) -> View:
    return {"word": confidence_word(probability), "percent": per_cent(probability)}


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


def table_row_view(name: str, year: int | None, citation: Citation | None) -> View:
    """Return one paper's row of an evidence table; without a quote where there is none."""
    return {
        "name": name,
        "year": str(year or ""),
        "quote": _quote_view(citation) if citation else None,
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


def notice_view(level: str, title: str, message: str, remedy: str = "") -> View:
    """Return a message; ``level`` is "error", "warning" or "info". It may hold names of files."""
    return {"view": "notice", "level": level, "title": title, "message": message, "remedy": remedy}
