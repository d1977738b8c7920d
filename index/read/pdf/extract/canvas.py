"""What a page shows besides its glyphs, as far as it decides whether a glyph can be seen.

Standard library only, like ``pieces``; both engines fill it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Box = tuple[float, float, float, float]
#: Areas remembered for a page; on one with more, white text counts as seen.
MOST_AREAS = 20_000
#: Share of white in a colour from which it is taken for white.
_WHITE = 0.97


def white(colour: Sequence[float]) -> bool:
    """Return whether a colour of one (grey), three (RGB) or four (CMYK) components is white, or all but."""
    if len(colour) == 4:
        return max(colour) <= 1 - _WHITE
    return len(colour) in (1, 3) and min(colour) >= _WHITE


class Canvas:
    """The filled areas and the pictures of one page, upright, in the order of painting."""

    def __init__(self) -> None:
        self.areas: list[tuple[Box, bool]] = []  #: each with whether it is white
        self.pictures: list[Box] = []

    def fill(self, box: Box, *, white: bool) -> None:
        """Note an area. White ones matter only where they cover others."""
        if (self.areas or not white) and len(self.areas) < MOST_AREAS:
            self.areas.append((box, white))

    def picture(self, box: Box) -> None:
        """Note a picture, whose colours are unknown."""
        self.pictures.append(box)
        self.fill(box, white=False)

    def white_at(self, x: float, y: float) -> bool:
        """Return whether the last thing painted at a point is white, as the empty page is."""
        if len(self.areas) >= MOST_AREAS:
            return False
        return next((is_white for box, is_white in reversed(self.areas) if _inside(box, x, y)), True)

    def pictured(self, x: float, y: float) -> bool:
        """Return whether a point is in a picture."""
        return any(_inside(box, x, y) for box in self.pictures)


def _inside(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def around(points: Iterable[tuple[float, float]]) -> Box:
    """Return the box around points."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
