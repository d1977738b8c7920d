"""Spans of a document to boxes on the pages of its PDF.

Characters are matched without spaces, hyphens and ligatures. If they are not found
exactly, there is no box: none is better than a wrong one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.read.sandbox import End, Limits, run
from index.text import Document, Page, Span

USUAL = Limits()
_CHILD = "index.pages.child"
_SILENT = frozenset("-\u00ad\u2010\u2011\u200b^")
SHORTEST_PART = 12  #: fewest characters of a part of a quote that is searched for by itself


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page as shown, in shares of its width and height from the top left corner."""

    page: int  #: physical, counted from 1
    left: float
    top: float
    right: float
    bottom: float


def bare(text: str) -> str:
    """Return the characters that are matched: NFKC, without white space and hyphens."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if not c.isspace() and c not in _SILENT)


def boxes(data: bytes, document: Document, span: Span, limits: Limits = USUAL) -> tuple[Box, ...]:
    """Return the boxes that cover ``span``, one per line; none if it is not found exactly.

    Args:
        data: bytes of the PDF file.
        document: read from it.
        span: in ``document.text``.
        limits: for the child process that searches.
    """
    if document.format != "pdf":
        return ()
    asked = [ask for page in document.map.pages if (ask := _ask(document, page, span)) is not None]
    if not asked:
        return ()
    result = run(_CHILD, {"find": asked}, data, replace(limits, characters=200_000))
    if result.end is not End.DONE:
        return ()
    pages = [message for message in result.messages if "boxes" in message]
    if len(pages) != len(asked) or not all(message["boxes"] for message in pages):
        return ()  # a quote marked in part would mislead
    try:
        return tuple(
            Box(int(message["page"]), *(min(max(float(value), 0.0), 1.0) for value in box))
            for message in pages
            for box in message["boxes"]
        )
    except (TypeError, ValueError):
        return ()


def _ask(document: Document, page: Page, span: Span) -> dict[str, object] | None:
    """Return what to find on one page: the characters of the span there, and which of several occurrences."""
    pieces = _pieces(document, page, span)
    whole = "".join(bare(text) for text, _ in pieces)
    if not whole:
        return None
    before = bare("".join(text for text, _ in _pieces(document, page, Span(0, span.start))))
    after = bare("".join(text for text, _ in _pieces(document, page, Span(span.end, len(document.text)))))
    return {
        "page": page.number,
        "text": whole,
        "parts": _parts(pieces),
        "nth": before.count(whole),
        "of": before.count(whole) + 1 + after.count(whole),
    }


def _pieces(document: Document, page: Page, span: Span) -> list[tuple[str, int]]:
    """Return the stretches of ``span`` on ``page``, each with its raw offset."""
    pieces: list[tuple[str, int]] = []
    for item in document.map.runs:
        start, end = max(item.start, span.start), min(item.start + item.length, span.end)
        raw = item.raw + start - item.start
        if start < end and page.raw.start <= raw <= page.raw.end:
            pieces.append((document.text[start:end], raw))
    return pieces


def _parts(pieces: Sequence[tuple[str, int]]) -> list[str]:
    """Join stretches that follow each other in the raw text; return [] if a part is too short to search."""
    parts: list[str] = []
    end = -1
    for text, raw in pieces:
        if parts and 0 <= raw - end <= 3:
            parts[-1] += bare(text)
        else:
            parts.append(bare(text))
        end = raw + len(text)
    parts = [part for part in parts if part]
    return parts if all(len(part) >= SHORTEST_PART for part in parts) else []
