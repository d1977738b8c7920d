"""Cuts a reference list into its entries."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from index.read import headings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index.read.pdf.layout import Line

_NUMBERED = re.compile(r"\s*(?:\[(\d{1,3})\]|\(?(\d{1,3})[.)]|(\d{1,3})\s+(?=[A-Z]))\s*\S?")


def entries(lines: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    """Yield the lines of each entry, known by their rising numbers, hanging indent or authors."""
    numbered = _starts_by_number(lines)
    starts = numbered if len(numbered) > max(1, len(lines) // 12) else _starts_by_indent(lines)
    starts = starts or _starts_by_author(lines)
    cuts = sorted({0, *starts, len(lines)})
    for a, b in pairwise(cuts):
        yield tuple(lines[a:b])


def _starts_by_number(lines: Sequence[Line]) -> list[int]:
    starts: list[int] = []
    expected: int | None = None
    for i, line in enumerate(lines):
        found = _NUMBERED.match(line.text.text)
        number = int(next(group for group in found.groups() if group)) if found else None
        if number is not None and (expected is None or expected <= number <= expected + 2):
            starts.append(i)
            expected = number + 1
    return starts


def _starts_by_indent(lines: Sequence[Line]) -> list[int]:
    """Entries hang: their first line begins left of the others of the column."""
    starts: list[int] = []
    edges: dict[tuple[int, int], float] = {}
    for key in {(line.page, line.region) for line in lines}:
        xs = Counter(round(line.x0) for line in lines if (line.page, line.region) == key)
        most = max(xs.values())
        edges[key] = min(x for x, count in xs.items() if count >= 0.2 * most)
    for i, line in enumerate(lines):
        if line.x0 < edges[line.page, line.region] + 0.4 * line.size:
            starts.append(i)
    return starts if len(starts) < 0.8 * len(lines) else list(range(0))


def _starts_by_author(lines: Sequence[Line]) -> list[int]:
    """A line that begins with an author, below one that can end an entry."""
    texts = [line.text.text for line in lines]
    return [
        i
        for i in range(1, len(texts))
        if headings.author_entry(texts[i]) and headings.ends_entry(texts[i - 1])
    ]
