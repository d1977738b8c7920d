"""Where quotes and gold stand, for people, and whether the two places agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.quote.cite import section_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.sets.cases import Gold
    from index.text import Document, Span
    from qa.records import Citation


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a paper and where people find it."""

    document: str  #: id
    source: str  #: the paper's file name
    section: str
    page: int | None
    line: int | None
    last_line: int | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Quoted(Place):
    """A quote that was shown, judged."""

    confidence: float
    right: bool  #: it shares a character with gold
    place_right: bool  #: paper, section and page or lines are those of a gold place


def place_of(document: Document, span: Span) -> Place:
    """Return where ``span`` of ``document`` stands."""
    place = document.map.place(span)
    return Place(
        document=document.id,
        source=document.source,
        section=section_of(document, span),
        page=place.page,
        line=place.line,
        last_line=place.last_line,
        start=span.start,
        end=span.end,
        quote=span.of(document.text),
    )


def quoted(document: Document, citation: Citation, gold: Sequence[Gold]) -> Quoted:
    """Return the judged quote of ``citation``, which is from ``document``."""
    return Quoted(
        document=citation.document_id,
        source=citation.source,
        section=citation.section,
        page=citation.page,
        line=citation.line,
        last_line=citation.last_line,
        start=citation.span.start,
        end=citation.span.end,
        quote=citation.quote,
        confidence=citation.confidence,
        right=answers(gold, citation.document_id, citation.span),
        place_right=any(agrees(document, citation, place) for place in gold),
    )


def answers(gold: Sequence[Gold], document_id: str, span: Span) -> bool:
    """Tell whether ``span`` shares a character with a gold place of the same paper."""
    return any(place.document_id == document_id and place.span.overlaps(span) for place in gold)


def agrees(document: Document, citation: Citation, gold: Gold) -> bool:
    """Tell whether ``citation`` sends a reader to where ``gold`` stands: paper, section, and page or lines.

    Where the set states section, page or line, these count; else what the map of
    the paper says of the gold span, which may reach over several of each.
    """
    if citation.document_id != gold.document_id:
        return False
    place = document.map.place(gold.span)
    sections = (gold.section,) if gold.section is not None else _sections(document, gold.span)
    if citation.section not in sections:
        return False
    if citation.page is not None:
        first, last = (gold.page, gold.page) if gold.page is not None else (place.page, place.last_page)
        return _within(citation.page, citation.page, first, last)
    first, last = (gold.line, gold.line) if gold.line is not None else (place.line, place.last_line)
    return _within(citation.line, citation.last_line, first, last)


def _sections(document: Document, span: Span) -> set[str]:
    held = {block.section for block in document.blocks if block.span.overlaps(span)}
    return {" > ".join(document.section_path(section)) for section in held}


def _within(first: int | None, last: int | None, gold_first: int | None, gold_last: int | None) -> bool:
    """Tell whether two stretches of lines meet; where neither has any, there is nothing to disagree on."""
    if first is None or last is None or gold_first is None or gold_last is None:
        return first is None and gold_first is None
    return first <= gold_last and gold_first <= last
