"""Joins the pieces of text on a page into segments; ``columns`` orders them into lines.

Pure geometry. Places are in points, y upwards.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from index.read.pdf.extract.pieces import BOLD
from index.read.raised import Level, Run, set_out
from index.text import MappedText, join

Item = TypeVar("Item")

#: Points of height in which segments under way are looked up together.
_SHELF = 8.0
#: A part smaller than this share of the one before may be raised or lowered.
_SMALL = 0.87
#: How far a raised part is above the line, and a lowered one below it, at least, in units of the font size.
_RISE, _DROP = 0.18, 0.1
#: How far a number of any size is off the line if no space is before it, and how far above at most.
_TIGHT, _HIGHEST = 0.12, 0.6
#: Gap, in units of the smaller font size, above which parts are set apart by a space.
_SPACE = 0.13
_NUMBER = re.compile(r"\s*[+\u2010-\u2013\u2212-]?\d[\d+,\u2010-\u2013\u2212-]{0,7}\s*")
#: Characters of a raised or lowered part at most; a longer one is text beside a large initial.
_SCRIPT = 24
#: The widest gap within a segment, in units of the font size.
SEGMENT_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """A piece with its characters traced to the raw text."""

    text: MappedText
    x0: float
    x1: float
    y: float
    size: float
    flags: int
    font: str


@dataclass(frozen=True, slots=True)
class Segment:
    """Parts that are next to each other on one line, without a wide gap."""

    parts: tuple[Part, ...]  #: from left to right
    x0: float
    x1: float
    y: float  #: baseline of the main part
    size: float  #: of the main part
    flags: int  #: those that most characters have
    font: str  #: of most characters

    @property
    def middle(self) -> float:
        """Horizontal middle."""
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """Segments of one column on one baseline, from left to right."""

    segments: tuple[Segment, ...]
    page: int  #: physical, counted from 1
    region: int  #: lines of one column of one page share it
    x0: float
    x1: float
    left: float  #: left edge of its column
    right: float  #: right edge of its column
    y: float
    size: float
    flags: int
    font: str

    @property
    def place(self) -> tuple[int, int]:
        """Page and column."""
        return self.page, self.region

    @property
    def starts_bold(self) -> bool:
        """Whether its first characters are bold."""
        return bool(self.segments[0].parts[0].flags & BOLD)

    @property
    def text(self) -> MappedText:
        """The text, segments joined by single spaces."""
        return join([segment_text(segment) for segment in self.segments])

    @property
    def celled(self) -> bool:
        """Whether it consists of cells set apart, as a row of a table does.

        A line set loosely to fill its column has equal gaps between all its words.
        """
        if len(self.segments) < 2:
            return False
        em = self.size or 1.0
        if self.x0 > self.left + 4 * em or self.x1 < self.right - em:
            return True
        return not evenly_set(self.segments)


def segment_text(segment: Segment) -> MappedText:
    """Return the text of a segment, with a space wherever its parts are set apart."""
    if len(segment.parts) == 1:
        return segment.parts[0].text.strip()
    runs: list[Run] = []
    before: Part | None = None
    base = next((part for part in segment.parts if part.size * _SMALL > segment.parts[0].size), None)
    for part in segment.parts:
        level = _level(part, base, before)
        if before is not None:
            spaced = before.text.text[-1:].isspace() or part.text.text[:1].isspace()
            if not spaced and not _tight(before, part):
                same = level is runs[-1].level
                runs.append(Run(MappedText(" ", before.text.origins[-1:]), level if same else Level.LINE))
        runs.append(Run(part.text, level))
        base = part if level is Level.LINE else base
        before = part
    return set_out(runs).strip()


def _tight(before: Part, part: Part) -> bool:
    """Return whether no space is between two parts."""
    return part.x0 - before.x1 <= _SPACE * (min(part.size, before.size) or 1.0)


def _level(part: Part, base: Part | None, before: Part | None) -> Level:
    """Return how a part stands to the one on the line beside it; ``before`` is directly before it."""
    if base is None or len(part.text) > _SCRIPT:
        return Level.LINE
    rise = (part.y - base.y) / (base.size or 1.0)
    small = part.size < _SMALL * base.size
    number = before is not None and _tight(before, part) and _NUMBER.fullmatch(part.text.text)
    if number and abs(rise) > _TIGHT:
        return Level.RAISED if rise > 0 else Level.LOWERED
    if not small:
        return Level.LINE
    return Level.RAISED if rise > _RISE else Level.LOWERED if rise < -_DROP else Level.LINE


def segments(parts: Iterable[Part]) -> list[Segment]:
    """Group the parts of one page into segments, super- and subscripts with their words."""
    shelves: dict[int, list[list[Part]]] = defaultdict(list)
    groups: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: (part.x0, -part.size)):
        group = _neighbour(part, shelves)
        if group is None:
            group = []
            groups.append(group)
            shelves[int(part.y // _SHELF)].append(group)
        group.append(part)
    return [_segment(group) for group in groups]


def _neighbour(part: Part, shelves: dict[int, list[list[Part]]]) -> list[Part] | None:
    """Return the group whose last part is directly left of ``part``."""
    best: tuple[float, list[Part]] | None = None
    reach = max(1, int(part.size // _SHELF) + 1)
    middle = int(part.y // _SHELF)
    for shelf in range(middle - reach, middle + reach + 1):
        groups = shelves.get(shelf, [])
        # Groups that end far to the left can take no more parts: parts come in order of x.
        groups[:] = [group for group in groups if group[-1].x1 > part.x0 - 6 * max(group[-1].size, part.size)]
        for group in groups:
            distance = _distance(group, part)
            if distance is not None and (best is None or distance < best[0]):
                best = (distance, group)
    return best[1] if best else None


def _distance(group: Sequence[Part], part: Part) -> float | None:
    """Return how badly ``part`` continues ``group``; None if it does not."""
    last = group[-1]
    main = max(group[-4:], key=lambda member: member.size)
    em = max(main.size, part.size)
    gap = part.x0 - max(member.x1 for member in group[-3:])
    if not -0.6 * em < gap < SEGMENT_GAP * min(main.size, part.size):
        return None
    rise = part.y - main.y if main.size >= part.size else main.y - part.y
    ratio = min(main.size, part.size) / (em or 1.0)
    if ratio > 0.87:
        apart = abs(part.y - main.y) > 0.22 * em and abs(part.y - last.y) > 0.12 * em
        number = _tight(last, part) and _NUMBER.fullmatch(part.text.text)
        if apart and not (number and 0 < rise < _HIGHEST * em):
            return None
    elif not -0.4 * em < rise < 0.75 * em:
        return None
    return abs(gap) + 2 * abs(part.y - main.y)


def _segment(parts: list[Part]) -> Segment:
    weights: Counter[tuple[float, float, int, str]] = Counter()
    for part in parts:
        weights[part.size, part.y, part.flags, part.font] += len(part.text.text.strip())
    (size, y, flags, font), _ = max(weights.items(), key=lambda item: (item[1] * item[0][0], item[0]))
    return Segment(tuple(parts), parts[0].x0, max(part.x1 for part in parts), y, size, flags, font)


def runs_of(items: Iterable[Item], goes_on: Callable[[list[Item], Item], bool]) -> list[list[Item]]:
    """Return the items in runs: each is in the run before it if ``goes_on`` says so of that run and it."""
    runs: list[list[Item]] = []
    for item in items:
        if runs and goes_on(runs[-1], item):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def evenly_set(side: Sequence[Segment]) -> bool:
    """Return whether the gaps are as alike as those between the words of a justified line."""
    gaps = [b.x0 - a.x1 for a, b in pairwise(side)]
    words = sum(len(segment_text(segment).text.split()) for segment in side)
    return max(gaps) < 3.5 * side[0].size and max(gaps) <= 1.8 * min(gaps) and words <= 2 * len(side)
