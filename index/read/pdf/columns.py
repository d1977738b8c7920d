"""Puts the segments of a page into lines in reading order.

The page is cut from the top down (Nagy and Seth 1984), but only where a second
column of running text begins, so that tables stay whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.read.pdf.layout import Line, Segment, evenly_set, runs_of

#: Width of the narrowest gap between two columns, in units of the font size.
GUTTER = 0.7
#: Width of the narrowest column of running text, in units of the font size.
COLUMN = 10.0


@dataclass(frozen=True, slots=True)
class Gutter:
    """The gap left of a column of running text."""

    edge: float  #: where to cut
    top: float  #: baselines of the column's first and last full lines
    bottom: float


def common_gutter(pages: Sequence[Sequence[Segment]]) -> float | None:
    """Return where the columns of most two-column pages part; None if there are no such pages."""
    edges = [gutter.edge for page in pages if (gutter := _second_column(page)) is not None]
    best = max(edges, key=lambda edge: sum(abs(edge - other) < 5 for other in edges), default=None)
    if best is None or 4 * sum(abs(best - other) < 5 for other in edges) < len(pages):
        return None
    return best


def reading_order(segments: Sequence[Segment], page: int, usual: float | None = None) -> list[Line]:
    """Return the lines of one page in reading order.

    Args:
        segments: of the page.
        page: physical number, counted from 1.
        usual: where the columns of the other pages part, for a page with too few lines of its own.
    """
    runs = [(path, members) for path, members in _regions(list(segments), "", usual) if members]
    columns: dict[str, list[Segment]] = {path: [] for path in sorted({path for path, _ in runs})}
    for path, members in runs:
        columns[path] += members
    edges = {path: (region, *_edges(members)) for region, (path, members) in enumerate(columns.items())}
    return [line for path, members in runs for line in _lines(members, page, *edges[path])]


def _edges(members: Sequence[Segment]) -> tuple[float, float]:
    """Return where most lines of a column begin, and where its long lines end."""
    long = [s for s in members if s.x1 - s.x0 > 3 * s.size]
    starts = Counter(round(s.x0) for s in long or members)
    most = max(starts.values())
    left = min(x for x, count in starts.items() if count >= 0.5 * most)
    return float(left), max(s.x1 for s in members)


def _regions(
    segments: list[Segment], path: str, usual: float | None = None
) -> Iterator[tuple[str, list[Segment]]]:
    """Yield groups of segments to read from top to bottom, each with the path of cuts to its column."""
    gutter = _second_column(segments) if len(path) < 6 and len(segments) >= 6 else None
    if gutter is None and usual is not None:
        gutter = _as_usual(segments, usual)
    if gutter is None:
        yield path, segments
        return
    for band, kind in _bands(segments, gutter):
        if kind == "s" or (kind == "o" and len(band) == len(segments)):
            yield path + "s", band
        elif kind == "o":
            yield from _regions(band, path + "o")
        else:
            yield from _regions([s for s in band if s.middle < gutter.edge], path + "l")
            yield from _regions([s for s in band if s.middle >= gutter.edge], path + "r")


def _as_usual(segments: Sequence[Segment], edge: float) -> Gutter | None:
    """Return the gutter of other pages if this page keeps to it too."""
    wide = [s for s in segments if s.x1 - s.x0 > COLUMN * s.size]
    crossing = [s for s in wide if s.x0 < edge - 3 and s.x1 > edge + 3]
    sides = {s.middle < edge for s in wide if s not in crossing}
    if len(sides) < 2 or len(crossing) > 0.3 * len(wide):
        return None
    return Gutter(edge, max(s.y for s in segments), min(s.y for s in segments))


def _second_column(segments: Sequence[Segment]) -> Gutter | None:
    """Return the gutter left of the first column right of another one; None if there is only one.

    A column begins where several wide lines begin, with nothing just left of
    them and lines of running text beside them.
    """
    wide = [s for s in segments if s.x1 - s.x0 > COLUMN * s.size]
    starts = Counter(round(s.x0) for s in wide)
    first = min((s.x0 for s in segments), default=0.0)
    for x in sorted(starts):
        if x > first + 60 and starts[x - 1] + starts[x] + starts[x + 1] >= 4:
            gutter = _gutter(wide, segments, float(x))
            if gutter is not None:
                return gutter
    return None


def _gutter(wide: Sequence[Segment], segments: Sequence[Segment], x: float) -> Gutter | None:
    """Return the gutter if a column of running text begins at ``x``; it is cut nearer to its left side."""
    right = [s for s in wide if abs(s.x0 - x) < 1.6]
    left = [s for s in wide if x - 60 < s.x1 < x]
    if len(left) < 4:
        left = _side_column(segments, right, x)
    if len(left) < 4:
        return None
    top = min(max(s.y for s in left), max(s.y for s in right))
    bottom = max(min(s.y for s in left), min(s.y for s in right))
    beside_left = [s for s in left if bottom - 1 <= s.y <= top + 1]
    beside_right = [s for s in right if bottom - 1 <= s.y <= top + 1]
    if min(len(beside_left), len(beside_right)) < 3:
        return None
    gutter = GUTTER * right[0].size
    crowded = sum(1 for s in left if s.x1 > x - gutter)
    crossing = sum(1 for s in segments if s.x0 < x - 3 and s.x1 > x + 3 and bottom <= s.y <= top)
    if crowded > 0.2 * len(left) or crossing > 0.6 * (len(beside_left) + len(beside_right)):
        return None
    ends = sorted(s.x1 for s in left if s.x1 <= x - gutter)
    edge = ends[-1] + 0.35 * (x - ends[-1]) if ends else x - 2.0
    return Gutter(edge, max(s.y for s in right), min(s.y for s in right))


def _side_column(segments: Sequence[Segment], right: Sequence[Segment], x: float) -> list[Segment]:
    """Return the lines of a narrow column beside running text; none if they are labels of table rows."""
    top, bottom = max(s.y for s in right), min(s.y for s in right)
    left = [s for s in segments if s.x1 < x - 3 and bottom <= s.y <= top]
    level = sum(1 for s in left if any(abs(s.y - other.y) < 0.6 for other in right))
    return left if level < 0.5 * len(left) else []


def _bands(segments: Sequence[Segment], gutter: Gutter) -> Iterator[tuple[list[Segment], str]]:
    """Cut from top to bottom into bands: "c" in columns, "s" across them, "o" outside their reach."""
    edge = gutter.edge
    rows = _rows(sorted(segments, key=lambda s: -s.y))
    sides = [([s for s in row if s.middle < edge], [s for s in row if s.middle >= edge]) for row in rows]
    # The width that one line in ten exceeds.
    columns = [
        sorted(s.x1 - s.x0 for side in column for s in side) or [0.0] for column in zip(*sides, strict=True)
    ]
    widths = [column[int(0.9 * (len(column) - 1))] for column in columns]
    # Cells on both sides of the gutter that do not fill the columns: a row of a table across them.
    tables = [
        bool(left and right)
        and len(left) + len(right) >= 3
        and not (_full(left, widths[0]) or _full(right, widths[1]))
        for left, right in sides
    ]
    crosses = [any(s.x0 < edge - 2 and s.x1 > edge + 4 for s in row) for row in rows]
    first, last_row = _reach(rows, crosses, gutter)
    band: list[Segment] = []
    before = ""
    last: list[Segment] = []
    for i, (row, (left, right)) in enumerate(zip(rows, sides, strict=True)):
        # One row of cells may be chance; a table has several.
        table = tables[i] and True in tables[max(i - 1, 0) : i] + tables[i + 1 : i + 2]
        goes_on = before == "s" and not right and _continues(last, left)
        kind = "o" if not first <= i <= last_row else "s" if crosses[i] or table or goes_on else "c"
        if band and kind != before:
            yield band, before
            band = []
        before, last = kind, row
        band += row
    if band:
        yield band, before


def _reach(rows: Sequence[Sequence[Segment]], crosses: Sequence[bool], gutter: Gutter) -> tuple[int, int]:
    """Return the first and last row that the columns reach: their lines, and on to what crosses it."""
    inside = [i for i, row in enumerate(rows) if gutter.bottom - 1 <= row[0].y <= gutter.top + 1]
    first, last = (inside[0], inside[-1]) if inside else (0, len(rows) - 1)
    while first > 0 and not crosses[first - 1]:
        first -= 1
    while last < len(rows) - 1 and not crosses[last + 1]:
        last += 1
    # Rows at the border of the page that all cross belong to the columns: they only span them.
    return 0 if all(crosses[:first]) else first, len(rows) - 1 if all(crosses[last + 1 :]) else last


def _rows(ordered: Sequence[Segment]) -> list[list[Segment]]:
    """Group segments, given from top to bottom, that stand on one line across the page."""
    return runs_of(ordered, lambda row, s: row[0].y - s.y < 0.3 * min(s.size, row[0].size))


def _full(side: Sequence[Segment], width: float) -> bool:
    """Return whether one side of a row is a line of text: it fills its column, loosely set perhaps."""
    extent = max(s.x1 for s in side) - min(s.x0 for s in side)
    return extent > 0.85 * width and (len(side) == 1 or evenly_set(sorted(side, key=lambda s: s.x0)))


def _continues(last: Sequence[Segment], row: Sequence[Segment]) -> bool:
    """Return whether a short line continues what spans the columns above it."""
    if not last or not row:
        return False
    above, below = min(last, key=lambda s: s.x0), min(row, key=lambda s: s.x0)
    step = above.y - below.y
    same = abs(above.size - below.size) < 0.06 * above.size and above.x0 - below.x0 < 2.5 * above.size
    return same and 0 < step < 1.45 * above.size


def _lines(members: Sequence[Segment], page: int, region: int, left: float, right: float) -> Iterator[Line]:
    def level(row: list[Segment], segment: Segment) -> bool:
        apart = row[0].y - segment.y > 0.35 * min(segment.size, row[0].size)
        return not apart and 0.6 < segment.size / (row[0].size or 1.0) < 1.6

    for row in runs_of(sorted(members, key=lambda s: (-s.y, s.x0)), level):
        row.sort(key=lambda segment: segment.x0)
        main = max(row, key=lambda segment: (segment.x1 - segment.x0, segment.x0))
        yield Line(
            tuple(row), page, region, row[0].x0, max(segment.x1 for segment in row), left, right,
            main.y, main.size, main.flags, main.font,
        )  # fmt: skip
