"""Finds running heads, feet and page numbers by where and how often they stand."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from index.read.pdf.extract.pieces import ARTIFACT
from index.read.pdf.layout import Segment, segment_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Share of the page's height, at the top and at the bottom, in which heads and feet stand.
MARGIN = 0.13
_NUMBER = re.compile(r"\W*(?:page|p\.)?\W*[a-z]?\d{1,5}(?:\W*(?:of|/)\W*\d{1,5})?\W*", re.IGNORECASE)


def running(pages: Sequence[tuple[float, Sequence[Segment]]]) -> list[set[int]]:
    """Tell which segments of each page are running heads, feet, page numbers or watermarks.

    Args:
        pages: for each page its height in points and its segments.

    Returns:
        for each page the positions of such segments.
    """
    places: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    found: list[set[int]] = [set() for _ in pages]
    for number, (height, segments) in enumerate(pages):
        inner = _inner(height, segments)
        for position, segment in enumerate(segments):
            if segment.flags & ARTIFACT:
                found[number].add(position)
            elif not inner[0] < segment.y < inner[1] and (key := _key(segment)):
                places[key].append((number, position, segment.y))
    for number, (height, segments) in enumerate(pages):
        found[number] |= set(_own_number(number + 1, height, segments))
    for key, stands in places.items():
        for page, position in _repeated(stands, bare="#" in key and len(key) <= 3, count=len(pages)):
            found[page].add(position)
    return found


def _inner(height: float, segments: Sequence[Segment]) -> tuple[float, float]:
    """Return the lowest and highest baseline between which no head or foot stands."""
    rows = sorted({round(segment.y) for segment in segments})
    if not rows:
        return 0.0, height
    low, high = height * MARGIN, height * (1 - MARGIN)
    # A small page, or one with wide margins: its outermost rows count in any case.
    return max(low, rows[0] + 1.0), min(high, rows[-1] - 1.0)


def _own_number(number: int, height: float, segments: Sequence[Segment]) -> Iterator[int]:
    """Yield a bare figure in the outermost row that is the page's own number."""
    if not segments:
        return
    for edge in (max(s.y for s in segments), min(s.y for s in segments)):
        row = [i for i, s in enumerate(segments) if abs(s.y - edge) < 2]
        outside = edge > height * (1 - MARGIN) or edge < height * MARGIN
        if outside and len(row) == 1 and segment_text(segments[row[0]]).text.strip() == str(number):
            yield row[0]


def _key(segment: Segment) -> str:
    text = segment_text(segment).text
    if _NUMBER.fullmatch(text):
        return "#"
    if sum(character.isalnum() for character in text) < 4:
        return ""
    return re.sub(r"\d+", "#", re.sub(r"\s+", "", text)).lower()


def _repeated(
    stands: Sequence[tuple[int, int, float]], *, bare: bool, count: int
) -> Iterator[tuple[int, int]]:
    """Yield those that stand at the same height on several pages."""
    for page, position, y in stands:
        others = {p for p, _, other in stands if p != page and abs(other - y) < (6 if bare else 12)}
        if others and (count <= 8 or len(others) >= 2 or not bare):
            yield page, position
