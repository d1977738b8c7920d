"""Where quotes and gold stand, and whether the two places agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from evals.sets.cases import Gold
from index.text import Document, Span
from qa.quote.cite import section_of
from qa.records import Citation


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a paper, with the words that lead a reader there."""

    document: str  #: id
    source: str  #: file name
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
    """Return the place of ``span`` in ``document``."""
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
    """Return ``citation``, which is from ``document``, judged."""
    return Quoted(
        **asdict(place_of(document, citation.span)),
        confidence=citation.confidence,
        right=answers(gold, citation.document_id, citation.span),
        place_right=any(agrees(document, citation, place) for place in gold),
    )


def answers(gold: Sequence[Gold], document_id: str, span: Span) -> bool:
    """Tell whether ``span`` shares a character with a gold place of the same paper."""
    return any(place.document_id == document_id and place.span.overlaps(span) for place in gold)


def agrees(document: Document, citation: Citation, gold: Gold) -> bool:
    """Tell whether ``citation`` leads a reader to ``gold``: paper, section, and page or lines.

    Section, page and line count as the set states them; otherwise as the paper's map
    places the gold span, which may reach over several of each.
    """
    if citation.document_id != gold.document_id:
        return False
    blocks = (block for block in document.blocks if block.span.overlaps(gold.span))
    sections = {" > ".join(document.section_path(block.section)) for block in blocks}
    if citation.section not in (sections if gold.section is None else {gold.section}):
        return False
    place = document.map.place(gold.span)
    if citation.page is not None:
        pages = (place.page, place.last_page) if gold.page is None else (gold.page, gold.page)
        return _meet((citation.page, citation.page), pages)
    lines = (place.line, place.last_line) if gold.line is None else (gold.line, gold.line)
    return _meet((citation.line, citation.last_line), lines)


def _meet(given: tuple[int | None, int | None], gold: tuple[int | None, int | None]) -> bool:
    """Tell whether two ranges of lines or pages meet; two without numbers do."""
    if None in (*given, *gold):
        return given[0] is None and gold[0] is None
    (first, last), (gold_first, gold_last) = given, gold
    return first <= gold_last and gold_first <= last  # type: ignore[operator]  # none is None, as just tested
