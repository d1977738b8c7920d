"""Tells the numbers along the axes of a chart from the cells of a table.

On an axis the place of a number gives its value: equal distances are equal steps, or equal factors where
the axis is logarithmic. In a row or column of measurements they are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import log

from index.read.pdf.layout import Line, Segment, runs_of, segment_text

#: Numbers that make an axis, at least.
_TICKS = 3
#: Share of the numbers that are on an axis in a chart, at least; in a table with numbered rows it is less.
_MOST = 2 / 3
#: Difference of two slopes of one axis at most, as a share of one of them.
_UNEVEN = 0.05
#: Points by which the edges of numbers along an upright axis differ.
_EDGE = 1.5
_PLAIN = re.compile(r"[+\u2212\u2013-]?\d+(?:\.\d+)?")

#: Line and place in it of a cell.
_At = tuple[int, int]


def axes(lines: Sequence[Line]) -> bool:
    """Return whether rows of cells without any word are numbers along the axes of a chart."""
    cells = {(i, j): cell for i, line in enumerate(lines) for j, cell in enumerate(line.segments)}
    values = {at: value for at, cell in cells.items() if (value := _value(cell)) is not None}
    if len(values) < len(cells):
        return False
    ticks: set[_At] = set()
    for row in runs_of(values, lambda run, at: run[-1][0] == at[0]):
        ticks.update(_scale([(cells[at].middle, values[at], at) for at in row]))
    for edges in ({at: cell.x0 for at, cell in cells.items()}, {at: cell.x1 for at, cell in cells.items()}):
        for column in _aligned(edges):
            ticks.update(_scale([(cells[at].y, values[at], at) for at in sorted(column)]))
    return len(ticks) >= max(_TICKS, _MOST * len(cells))


def _aligned(edges: Mapping[_At, float]) -> list[list[_At]]:
    """Return the cells whose edges are below each other."""
    order = sorted(edges, key=lambda at: edges[at])
    return runs_of(order, lambda run, at: edges[at] - edges[run[-1]] < _EDGE)


def _value(cell: Segment) -> float | None:
    """Return the number that a cell consists of; None for anything else."""
    text = segment_text(cell).text.strip()
    return float(re.sub("[\u2212\u2013]", "-", text)) if _PLAIN.fullmatch(text) else None


def _scale(numbers: Sequence[tuple[float, float, _At]]) -> Iterator[_At]:
    """Yield those of the numbers, given with place and value, that are on one axis with their neighbours."""
    straight = [(place, value, at) for place, value, at in numbers]
    factors = [(place, log(value), at) for place, value, at in numbers if value > 0]
    for scale in (straight, factors):
        for run in runs_of(scale, _goes_on):
            if len(run) >= _TICKS:
                yield from (at for _, _, at in run)


def _goes_on(run: Sequence[tuple[float, float, _At]], tick: tuple[float, float, _At]) -> bool:
    """Return whether a number is on the axis of those before it."""
    slope = _slope(run[-1], tick)
    if not slope:
        return False
    return len(run) < 2 or abs(slope - _slope(run[0], run[-1])) <= _UNEVEN * abs(slope)


def _slope(a: tuple[float, float, _At], b: tuple[float, float, _At]) -> float:
    """Return by how much the value rises a point; 0.0 for numbers at one place."""
    return (b[1] - a[1]) / (b[0] - a[0]) if b[0] != a[0] else 0.0
