"""Cuts the lines of a text file into stretches of one kind: a paragraph, a heading, a caption, a table.

Works on text as people save it and as PDF extractors leave it: hard-wrapped lines
or one paragraph a line, with or without empty lines between paragraphs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from index.read import headings
from index.read.clean import WORD, without_numbers
from index.read.text.tables import cell_lines, tabular
from index.text import MappedText

#: The end of a sentence, and the marks and citations that may follow it.
TERMINAL = re.compile(
    r"(?:[.!?:;][\])\"'\u201d\u2019]*(?:\s?\[[\d,\s\u2013-]+\])?|(?<=[^\d\s])\.\d{1,3}(?:[,\u2013-]\d{1,3})*)$"
)
#: A heading of Markdown: its marks and its words.
MARKED_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(\S.*)")
#: Begins a block of code, which is one line up to its draft: ``CODE_LINE`` parts its lines.
CODE, CODE_LINE = "\u2029", "\u2028"
_BULLET = re.compile(r"\s*(?:[\u2022\u25cf\u25aa\u25e6\u2023\u00b7]|[-*\u2013] )\s*\S")
_NUMBERED_ITEM = re.compile(r"\s*\(?(\d{1,2})[.)]\s+\S")
#: Words that no sentence, heading or caption ends with.
_UNFINISHED = frozenset({
    "in", "see", "and", "or", "to", "of", "from", "by", "with", "the", "than", "as", "on", "at", "both",
})  # fmt: skip
#: Words of running heads, which differ from page to page in their numbers.
_OF_PAGES = re.compile(r"\b(?:(?:19|20)\d\d|page|vol(?:ume)?|journal|doi|et al)\b", re.IGNORECASE)
#: A line longer than this is a whole paragraph.
_LONG_LINE = 200


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file breaks its lines."""

    wrapped: bool  #: paragraphs are broken into lines
    width: int  #: characters of a full line; 0 unless ``wrapped``

    def short(self, line: str) -> bool:
        """Return whether a line is so short that a paragraph can end in it."""
        return len(line) < 0.75 * self.width

    def full(self, line: str) -> bool:
        """Return whether a line is as long as one inside a paragraph."""
        return len(line) > 0.75 * self.width


def groups_of(text: MappedText) -> list[list[MappedText]]:
    """Return the lines between empty lines, each with its indentation."""
    groups: list[list[MappedText]] = [[]]
    for line in text.split("\n"):
        if line.text.strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def layout_of(groups: Iterable[Sequence[MappedText]]) -> Layout:
    """Return whether paragraphs are broken into lines, and how long the lines are."""
    lengths = [len(line) for group in groups for line in group]
    inner = [len(line) for group in groups if len(group) >= 3 for line in group[:-1]]
    if not inner or 2 * sum(n for n in lengths if n > _LONG_LINE) > sum(lengths):
        return Layout(wrapped=False, width=0)
    return Layout(wrapped=True, width=sorted(inner)[3 * len(inner) // 4])


def without_running_heads(
    groups: Sequence[list[MappedText]], layout: Layout
) -> tuple[list[list[MappedText]], tuple[str, ...]]:
    """Leave out the heads and feet that recur from page to page, with the page numbers beside them.

    Only a file with broken lines has pages. A line of three words or more recurs if the
    file has it three times at some distance; if it names a page, year or journal, its
    numbers may differ. Returns what is left and a note.
    """
    if not layout.wrapped:
        return list(groups), ()
    flat = [line.text.strip() for group in groups for line in group]
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(flat):
        structural = (
            tabular(line) or headings.known_heading(line) or headings.caption(line) or line[:1] == "#"
        )
        if len(line) <= 150 and len(WORD.findall(line)) >= 3 and not structural:
            places[without_numbers(line) if _OF_PAGES.search(line) else line].append(number)
    recurring = (at for at in places.values() if len(at) >= 3)
    heads = {n for at in recurring if median(b - a for a, b in pairwise(at)) >= 12 for n in at}
    beside = {n for head in heads for n in (head - 1, head + 1) if 0 <= n < len(flat)}
    numbers = {n for n in beside if flat[n].isdecimal() and len(flat[n]) <= 5}
    left: list[list[MappedText]] = []
    at = 0
    for group in groups:
        kept = [line for n, line in enumerate(group, start=at) if n not in heads and n not in numbers]
        at += len(group)
        if kept:
            left.append(kept)
    note = f"{len(heads)} running headers or footers were left out"
    return left, (note,) if heads else ()


def split_group(group: Sequence[MappedText], layout: Layout) -> Iterator[list[MappedText]]:
    """Split a group where a heading, caption, list item or paragraph begins, and around tables."""
    if cell_lines(group):
        yield list(group)
        return
    items = _items(group)
    part: list[MappedText] = []
    for number, line in enumerate(group):
        if headings.PANELS.fullmatch(line.text):
            continue
        following = group[number + 1].text if number + 1 < len(group) else ""
        if part and _parts_here(part, line.text, following, layout, item=number in items):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _parts_here(part: Sequence[MappedText], line: str, following: str, layout: Layout, *, item: bool) -> bool:
    before = part[-1].text.rstrip()
    # A caption, and not the rest of "as shown in / Figure 1. The patient".
    captioned = headings.caption(line) and not (
        unfinished(before) and not re.match(r"\s*\w+\.? *\w+ *:", line)
    )
    if captioned or tabular(before) != tabular(line):
        return True
    if tabular(line) or underline(line):
        return False
    if not layout.wrapped or underline(before):
        return True
    if item or (len(part) == 1 and _stands_alone(before, line, layout)):
        return True
    # A line that breaks off in mid-sentence is not followed by a heading.
    ended = TERMINAL.search(before) or (headings.known_heading(line) and not unfinished(before))
    if ended and _stands_alone(line, following, layout):
        return True
    return _paragraph_ends(part, before, line, layout)


def underline(line: str) -> bool:
    """Return whether a line underlines a heading of Markdown."""
    bare = line.strip()
    return len(bare) >= 3 and set(bare) in ({"="}, {"-"})


def _items(group: Sequence[MappedText]) -> frozenset[int]:
    """Return which lines begin an item of a list: two bullets or more, or numbers that count up from 1."""
    bullets = [number for number, line in enumerate(group) if _BULLET.match(line.text)]
    numbered: list[int] = []
    for number, line in enumerate(group):
        match = _NUMBERED_ITEM.match(line.text)
        if match and int(match.group(1)) == len(numbered) + 1:
            numbered.append(number)
    return frozenset(number for items in (bullets, numbered) if len(items) > 1 for number in items)


def unfinished(line: str) -> bool:
    """Return whether a line breaks off in mid-sentence."""
    return line.endswith(("(", ",")) or re.split(r"\W", line)[-1] in _UNFINISHED


def _stands_alone(line: str, following: str, layout: Layout) -> bool:
    """Return whether a line is a heading although no empty line sets it off."""
    bare, below = line.strip(), following.strip()
    if MARKED_HEADING.match(line):
        return True
    if not below or below[0].islower() or TERMINAL.search(bare):
        return False
    if headings.known_heading(bare):
        return not bare[0].islower()
    level = headings.numbered_heading(bare)
    if level > 1:
        return len(bare) < 0.9 * layout.width
    if not layout.short(bare) or len(bare.split()) > 8 or not layout.full(below) or not below[0].isupper():
        return False
    ends = bare[-1].isalnum() or bare[-1] == ")"
    return (bare[0].isupper() or level == 1) and ends and not line[0].isspace()


def _paragraph_ends(part: Sequence[MappedText], before: str, line: str, layout: Layout) -> bool:
    """Return whether the text before a line ends, in a short line: a paragraph, or a caption."""
    captioned = headings.caption(part[0].text)
    start = line.lstrip()[:1]
    if TERMINAL.search(before) is None:
        # A caption may lack its full stop: full lines of running text resume below it.
        ends = captioned and not unfinished(before) and len(before.split()) > 3
        return ends and layout.short(before) and layout.full(line) and line[:1].isupper()
    if captioned and (line[:1].isspace() or start.islower()):
        return True
    ends = layout.short(before) and before[-1] not in ":;,"
    return ends and not start.islower() and not before.endswith((" al.", "Fig.", "Figs.", "vs."))
