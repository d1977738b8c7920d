"""Puts right-to-left text, which lies on a page from left to right as it is seen, into the order of reading.

The reverse of the bidirectional algorithm (Unicode, UAX 9) for a line: all is turned
round, then words of other scripts and numbers are turned back. Which way round a pair of
numbers belongs ("10-20") cannot be told in every case, so readers are asked to compare.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from index.read.pdf.extract.glyphs import RIGHT_TO_LEFT
from index.read.pdf.layout import Part, runs_of
from index.text import MappedText

#: Marks within a number, and marks with which one begins or ends.
_INSIDE, _BESIDE = frozenset({"ES", "CS"}), frozenset({"ET"})
_NUMBERS = frozenset({"EN", "AN"})
_MIRRORED = str.maketrans("()[]{}<>\u00ab\u00bb", ")(][}{><\u00bb\u00ab")


def right_to_left(text: str) -> bool:
    """Return whether most letters of a text belong to right-to-left scripts."""
    turned = len(RIGHT_TO_LEFT.findall(text))
    return turned > 0 and 2 * turned > sum(map(str.isalpha, text))


def mirrored(parts: Sequence[Part], width: float) -> list[Part]:
    """Return the parts of a right-to-left page as if that page were read from left to right."""
    done = list(parts)
    for group in _groups(parts):
        # What is read from left to right keeps its order; the whole of it moves.
        left, right = min(parts[i].x0 for i in group), max(parts[i].x1 for i in group)
        for i in group:
            x0 = width - right + parts[i].x0 - left
            done[i] = replace(parts[i], x0=x0, x1=x0 + parts[i].x1 - parts[i].x0, text=logical(parts[i].text))
    return done


def _groups(parts: Sequence[Part]) -> list[list[int]]:
    """Return the positions of the parts, neighbours without right-to-left letters in one group."""

    def goes_on(group: list[int], i: int) -> bool:
        part, last = parts[i], parts[group[-1]]
        near = abs(part.y - last.y) < 0.1 * part.size and -part.size < part.x0 - last.x1 < 0.7 * part.size
        return near and not RIGHT_TO_LEFT.search(part.text.text + last.text.text)

    return runs_of(sorted(range(len(parts)), key=lambda i: (round(parts[i].y), parts[i].x0)), goes_on)


def logical(text: MappedText) -> MappedText:
    """Return text that is given as it is seen, from left to right, in the order in which it is read."""
    if not RIGHT_TO_LEFT.search(text.text):
        return text
    count = len(text)
    order = list(range(count - 1, -1, -1))
    kept = _runs(text.text)
    for start, end in kept:
        order[count - end : count - start] = range(start, end)
    inside = {i for start, end in kept for i in range(start, end)}
    characters = [text.text[i] for i in order]
    brackets = [n for n, i in enumerate(order) if i not in inside and ord(characters[n]) in _MIRRORED]
    if brackets and characters[brackets[0]] in ")]}>\u00bb":  # the shapes were stored, which are mirrored
        for n in brackets:
            characters[n] = characters[n].translate(_MIRRORED)
    return MappedText("".join(characters), [text.origins[i] for i in order])


def _runs(text: str) -> list[tuple[int, int]]:
    """Return the stretches that are read from left to right: words of other scripts, numbers."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    runs: list[tuple[int, int]] = []
    for i, kind in enumerate(kinds):
        if kind != "L" and kind not in _NUMBERS:
            continue
        if runs and _joined(kinds, runs[-1][1], i):
            runs[-1] = runs[-1][0], i + 1
        else:
            runs.append((i, i + 1))
    return [_with_signs(kinds, *run) for run in runs]


def _joined(kinds: Sequence[str], end: int, start: int) -> bool:
    """Return whether two characters that are read from left to right belong to one stretch."""
    between = kinds[end:start]
    if {"R", "AL"} & set(between):
        return False
    if not between or kinds[end - 1] == "L":  # also "type 2", as the algorithm has it
        return True
    return kinds[start] in _NUMBERS and len(between) == 1 and between[0] in _INSIDE


def _with_signs(kinds: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """Return a stretch with the signs of a number at its ends, such as the one of percent."""
    while start and kinds[start - 1] in _BESIDE and kinds[start] in _NUMBERS:
        start -= 1
    while end < len(kinds) and kinds[end] in _BESIDE and kinds[end - 1] in _NUMBERS:
        end += 1
    return start, end
