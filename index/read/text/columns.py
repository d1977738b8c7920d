"""Puts columns side by side in a text file, as ``pdftotext -layout`` leaves them, below each other.

A page is cut where running text begins at one place of several lines in a row, behind a gap.
Rows of a table stay: their cells are short, more than two to a line, or end no sentence inside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from index.read.pdf.paragraphs import prose
from index.text import MappedText, join

#: Blanks between the columns of one line, and characters by which the places of a column's lines differ.
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")
_SHIFT = 2
_SENTENCE_END = re.compile(r"[.?!][)\]\"\u201d]? +[A-Z]")
#: Lines with text on both sides, and characters of a full line of each, from which two columns are told.
_LINES = 3
_WIDTH = 24
#: Columns on a page at most: two cuts into halves.
_DEEPEST = 2

Line = MappedText


def columns_below(text: MappedText, line: int = 0) -> tuple[MappedText, tuple[str, ...]]:
    """Return the text with the columns of each page in the order in which they are read, and notes.

    A note names the lines that may be two columns, or a table of two: those are left as they are.
    ``line`` is the number of lines of the file above the text.
    """
    pages: list[MappedText] = []
    notes: list[str] = []
    for page in text.split("\f"):
        lines = page.split("\n")
        ordered = list(_ordered(lines, 0))
        pages.append(page if len(ordered) == len(lines) else join(ordered, "\n"))
        doubtful = _stretch(lines, certain=False) if len(ordered) == len(lines) else None
        if doubtful:
            first, last = line + doubtful[0] + 1, line + doubtful[1]
            notes.append(
                f"lines {first} to {last} may hold two columns side by side: compare with the original"
            )
        line += len(lines) - 1
    return join(pages, "\f"), tuple(notes)


def _ordered(lines: Sequence[Line], depth: int) -> Iterator[Line]:
    """Yield the lines, those of each stretch in columns one column after the other."""
    stretch = _stretch(lines) if depth < _DEEPEST else None
    if stretch is None:
        yield from lines
        return
    first, last, edge = stretch
    yield from _ordered(lines[:first], depth)
    for side in _sides(lines[first:last], edge):
        yield from _ordered(side, depth + 1)
        yield MappedText("", ())
    yield from _ordered(lines[last:], depth)


def _stretch(lines: Sequence[Line], *, certain: bool = True) -> tuple[int, int, int] | None:
    """Return the first line in two columns, the line after the last, and where the right column begins."""
    starts: Counter[int] = Counter()
    for line in lines:
        starts.update({match.end() for match in _GAP.finditer(line.text)})
    near = {x: sum(starts[x + shift] for shift in range(_SHIFT + 1)) for x in starts}
    for edge in sorted(near, key=lambda x: (-near[x], x)):
        if near[edge] < _LINES:
            break
        for first, last in _stretches(lines, edge):
            if _running(lines[first:last], edge, certain=certain):
                return first, last, edge
    return None


def _stretches(lines: Sequence[Line], edge: int) -> Iterator[tuple[int, int]]:
    """Yield stretches of lines with blanks left of an edge in all, the first one with text on both sides."""
    first = last = below = -1
    for number, line in enumerate([*lines, None]):
        if line is None or line.text[max(edge - 2, 0) : edge].strip():
            if first >= 0:
                # One column may be longer: lines that go on, or a paragraph more, but no lone heading.
                longer = sum(bool(line.text.strip()) for line in lines[last:below]) >= _LINES
                yield first, below if longer else last
            first = -1
        elif line.text[:edge].strip() and line.text[edge:].strip():
            first = number if first < 0 else first
            last = below = number + 1
        elif first >= 0 and line.text.strip():
            last = number + 1 if last == number else last
            below = number + 1


def _sides(lines: Sequence[Line], edge: int) -> tuple[list[Line], list[Line]]:
    """Return the lines left and right of an edge, without the blanks between them."""
    left = [line[: len(line.text[:edge].rstrip())] for line in lines]
    right = [line[edge:] for line in lines]
    # The lines of one column may begin a little further right than others.
    return left, [side[min(_SHIFT, len(side.text) - len(side.text.lstrip())) :] for side in right]


def _running(lines: Sequence[Line], edge: int, *, certain: bool) -> bool:
    """Return whether both sides are running text and not the cells of a table; or may be, if not certain."""
    both = [(a.text.strip(), b.text.strip()) for a, b in zip(*_sides(lines, edge), strict=True)]
    rows = [(a, b) for a, b in both if a and b]
    if len(rows) < _LINES:
        return False
    # A list of terms has short ones on the left; a table has gaps in its cells too.
    gaps = sum(re.search(r"\S {3,}\S", side) is not None for row in rows for side in row)
    full = all(sorted(len(row[side]) for row in rows)[len(rows) // 2] >= _WIDTH for side in (0, 1))
    texts = [" ".join(side for side in column if side) for column in zip(*both, strict=True)]
    # In a column, a sentence ends within some line; the cells of a table hold no more than one.
    ends = all(any(_SENTENCE_END.search(row[side]) for row in both) for side in (0, 1))
    alike = full and gaps <= 0.2 * len(rows)
    return alike and (ends and all(map(prose, texts)) if certain else len(rows) > 2 * _LINES)
