"""Gathers glyphs into pieces of text: what the child process sends for each page.

A piece is a stretch of glyphs of one style on one baseline without a wide gap.
Standard library only: parent and child share it, and both engines fill it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from index.read.pdf.extract.canvas import Box, Canvas
from index.read.pdf.extract.glyphs import ACCENTS, compose, meaning

BOLD, ITALIC, ARTIFACT = 1, 2, 4
#: Text that cannot be seen, and such text over a picture of most of its page: what OCR read in it.
HIDDEN, OCR = 8, 16
#: A gap of this share of the font size ends a piece: a column, a cell, a wide justified space.
WIDE = 0.7
#: A pen that moves back by more than this share of the font size starts a new piece.
BACK = 0.35


def heavy(font: str) -> bool:
    """Return whether the name of a font, in lower case, says that it is bold."""
    return any(mark in font for mark in ("bold", "black", "heavy", "-bd", "demi"))


def slanted(font: str) -> bool:
    """Return whether the name of a font, in lower case, says that it is italic."""
    return "italic" in font or "oblique" in font


def turned(x: float, y: float, angle: int) -> tuple[float, float]:
    """Return a point in coordinates along and across a baseline at ``angle`` degrees."""
    if not angle:
        return x, y
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    return x * cosine + y * sine, y * cosine - x * sine


@dataclass(frozen=True, slots=True)
class Style:
    """What the glyphs of one piece have in common besides their size."""

    font: str
    flags: int  #: BOLD, ITALIC, ARTIFACT, HIDDEN
    space: float = 0.25  #: width of a space, in units of the font size


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; places in points, y upwards, on the page as it is read.

    For text at an angle, x runs along its baseline and y across it.
    """

    text: str
    x0: float
    x1: float
    y: float  #: baseline
    size: float  #: of the font, in points
    flags: int
    angle: int  #: of the baseline, in degrees, counterclockwise, 0 to 359
    font: str = ""

    def to_json(self) -> list[Any]:
        """Return the piece as a JSON list."""
        places = [round(value, 2) for value in (self.x0, self.x1, self.y, self.size)]
        return [self.text, *places, self.flags, self.angle, self.font]

    @classmethod
    def from_json(cls, values: list[Any]) -> Piece:
        """Return the piece that ``to_json`` wrote; a ``ValueError`` or ``TypeError`` for anything else."""
        text, x0, x1, y, size, flags, angle, font = values
        if not isinstance(text, str) or not isinstance(font, str):
            raise TypeError("a piece without text")
        return cls(text, float(x0), float(x1), float(y), float(size), int(flags), int(angle), font)


class Collector:
    """Takes the glyphs of one page in the order of painting and makes pieces of them."""

    def __init__(self, width: float, height: float, most: int) -> None:
        self.width = width
        self.height = height
        self.left = most  #: characters that may still come
        self.pieces: list[Piece] = []
        self.picture = 0.0  #: share of the page that its pictures cover
        self.canvas = Canvas()
        self.seen: set[tuple[str, int, int]] = set()
        self._parts: list[str] = []
        self._style = Style("", 0)
        self._angle = 0
        self._accent = ("", 0.0)  #: an accent just set, and its middle
        self._letter = (0.0, 0.0)  #: where the glyph before begins and ends
        self._x0 = self._x1 = self._y = self._size = 0.0

    def glyph(
        self,
        text: str,
        matrix: tuple[float, float, float, float, float, float],
        em: float,
        rise: float,
        advance: float,
        style: Style,
    ) -> None:
        """Add one glyph.

        Args:
            text: the characters it stands for; empty if another glyph carries them.
            matrix: from text space to the upright page.
            em: the font size; like ``rise`` and ``advance`` in text space.
            rise: the height above the baseline.
            advance: the glyph's width.
            style: of the glyph.
        """
        a, b, c, d, e, f = matrix
        e, f = e + rise * c, f + rise * d
        if not (math.isfinite(e) and math.isfinite(f)):
            return
        if not -2 <= e <= self.width + 2 or not -2 <= f <= self.height + 2:
            return
        length = math.hypot(a, b)
        size = abs(em) * (math.hypot(c, d) or length)
        angle = 0 if b == 0 and a > 0 else round(math.degrees(math.atan2(b, a))) % 360
        e, f = turned(e, f, angle)
        self.place(text, e, e + advance * length, f, size, angle, style)

    def place(self, text: str, x0: float, x1: float, y: float, size: float, angle: int, style: Style) -> None:
        """Add one glyph whose place on the page is known."""
        text = meaning(text, style.font)
        if text and text not in " \xa0":
            place = (text, round(x0), round(y))
            if place in self.seen:
                return  # painted twice at the same place: a shadow, a false bold
            self.seen.add(place)
        if self._parts and (text in ACCENTS or self._accent[0]) and self._composed(text, x0, x1, y, size):
            return
        if not self._continues(x0, y, size, angle, style):
            self.flush()
            self._style, self._angle, self._size = style, angle, size
            self._x0, self._y = x0, y
        elif self._parts and text[:1] not in " \xa0":
            # From about half a space on, a gap parts two words.
            gap = (x0 - self._x1) / (size or 1.0)
            if gap > min(max(style.space * 0.5, 0.1), 0.14) and self._parts[-1][-1:] not in " \xa0":
                self._parts.append(" ")
        if text:
            self._parts.append(text)
            self._accent = (text, (x0 + x1) / 2) if text in ACCENTS else ("", 0.0)
            self._letter = (x0, x1)
        self._x1 = max(x1, x0)

    def _composed(self, text: str, x0: float, x1: float, y: float, size: float) -> bool:
        """Set an accent and a letter that stand over each other as one character."""
        if abs(y - self._y) > 0.5 * size:
            return False
        accent, middle = self._accent
        over = self._letter[0] <= (x0 + x1) / 2 <= self._letter[1] and x0 < self._x1 - 0.1 * (x1 - x0)
        if accent and text.isalpha() and len(text) == 1 and x0 - 0.05 * size <= middle <= x1 + 0.05 * size:
            self._parts[-1] = compose(text, accent)
            self._x1 = max(x1, self._x1)
        elif text in ACCENTS and self._parts[-1][-1:].isalpha() and over:
            self._parts[-1] = self._parts[-1][:-1] + compose(self._parts[-1][-1], text)
        else:
            return False
        self._accent = ("", 0.0)
        return True

    def paint(self, box: Box) -> None:
        """Note a picture, in points of the upright page."""
        if not all(map(math.isfinite, box)):
            return
        x0, y0, x1, y1 = max(box[0], 0.0), max(box[1], 0.0), min(box[2], self.width), min(box[3], self.height)
        self.canvas.picture(box)
        share = max(x1 - x0, 0.0) * max(y1 - y0, 0.0) / max(self.width * self.height, 1.0)
        self.picture = min(self.picture + share, 1.0)

    def finish(self) -> None:
        """End the page: invisible text over a picture of most of the page is what OCR read in it."""
        self.flush()
        if self.picture > 0.5:
            self.pieces = [
                replace(piece, flags=piece.flags ^ (HIDDEN | OCR)) if self._over_picture(piece) else piece
                for piece in self.pieces
            ]

    def _over_picture(self, piece: Piece) -> bool:
        middle = turned((piece.x0 + piece.x1) / 2, piece.y, -piece.angle)
        return bool(piece.flags & HIDDEN) and self.canvas.pictured(*middle)

    def _continues(self, x0: float, y: float, size: float, angle: int, style: Style) -> bool:
        if not self._parts:
            return False
        same = style.font == self._style.font and style.flags == self._style.flags
        if not same or angle != self._angle:
            return False
        em = self._size or 1.0
        if abs(size - self._size) > 0.05 * em or abs(y - self._y) > 0.08 * em:
            return False
        return -BACK * em < x0 - self._x1 < WIDE * em

    def flush(self) -> None:
        """End the piece under way."""
        text = "".join(self._parts)
        self._parts = []
        self._accent = ("", 0.0)
        if not text.strip():
            return
        self.left -= len(text)
        self.pieces.append(
            Piece(
                text, self._x0, self._x1, self._y, self._size,
                self._style.flags, self._angle, self._style.font,
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page as an engine extracted it."""

    number: int  #: physical, counted from 1
    label: str  #: as printed; empty where the file states none
    width: float  #: points, of the page as it is read
    height: float
    pieces: tuple[Piece, ...]  #: in the order of painting
    error: str = ""  #: why the page could not be read
    picture: float = 0.0  #: share of the page that its pictures cover
