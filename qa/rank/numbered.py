"""One guard for things named by number: which sentences can be about patient 5, day 7 or the second reaction.

What a sentence is about stands in itself, in the row or table around it, in a sentence before it that
begins with another ("Patient 5 was ..."), in its heading, or in the name of its paper. What is about
another of the same kind is no answer; what may be about any of them is no sure one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import chain

from index.text import Block, BlockKind, Document, Row, Span, Table
from qa.understand.numbered import TIMES, Mention, kind_of_thing, mentions_in, numbers_of

#: Characters from the start of a sentence within which a mention is what the sentence is about.
_LEADING = 25
#: Different numbers with the same noun from which on a paper counts such things.
_SERIES = 2
_STOP = re.compile(r"[.?!;]\s+(?=\S)")
#: Between a noun and its number in a file's name: "case12", "mouse_3".
_GLUED = re.compile(r"(?<=[^\W\d_])[\W_]*(?=\d)")
#: Heads of a first column that numbers what the table's caption names.
_BARE = frozenset(("", "no", "#", "id", "number", "nr", "code"))
_OPENING = frozenset((BlockKind.PARAGRAPH, BlockKind.HEADING))


class Fits(IntEnum):
    """Whether a stretch of a paper is about the thing named."""

    OTHER = 0  #: about another of its kind
    UNTOLD = 1
    SAME = 2


def fits(document: Document, span: Span, asked: Iterable[Mention]) -> Fits:
    """Tell whether ``span`` is about the things ``asked``, all of them: of one kind, any of its numbers."""
    return min((_fits(document, span, one) for one in asked), default=Fits.SAME)


def subjects_told(document: Document, span: Span) -> frozenset[tuple[str, str]]:
    """Return noun and number of what ``span`` is about, by its own words or those that lead up to it."""
    about = _about(document, span, None)
    return frozenset((noun, number) for one in about for noun in one.nouns for number in one.numbers)


def counts_among(document: Document, nouns: Set[str]) -> bool:
    """Tell whether a paper counts things of one of the kinds ``nouns``: patient 1, patient 2."""
    return any(len(_read(_ById(document)).counted.get(noun, ())) >= _SERIES for noun in nouns)


def lead_of(document: Document, span: Span, nouns: Set[str]) -> int | None:
    """Return where the mention starts, earlier in its paragraph, that tells what ``span`` is about.

    None where the span names it itself, or no sentence before it does.
    """
    read = _read(_ById(document))
    own = read.mentions[slice(*read.within(span.start, span.end))]
    if span in read.rows or any(not one.nouns.isdisjoint(nouns) for one in own):
        return None
    start = _block_at(document, span.start).span.start
    before = reversed(read.mentions[slice(*read.within(start, span.start))])
    named = (one.start for one in before if not one.nouns.isdisjoint(nouns) and one.start in read.leading)
    return next(named, None)


def mentions(document: Document, asked: Mention) -> bool:
    """Tell whether a paper has the thing ``asked`` anywhere."""
    return not _read(_ById(document)).numbers(asked).isdisjoint(asked.numbers)


def certain(document: Document, span: Span, asked: Mention) -> bool:
    """Tell whether ``span`` answers for the thing ``asked`` as surely as its words do."""
    if asked.ordinal or not (asked.known or _counts(document, asked)):
        return True  # a narration does not number each thing, and "swallowed 100" numbers none
    if not asked.nouns.isdisjoint(TIMES) and mentions(document, asked):
        return True  # the day may be told a sentence or two before
    return _fits(document, span, asked) is Fits.SAME


def _fits(document: Document, span: Span, asked: Mention) -> Fits:
    about = [mention for mention in _about(document, span, asked) if mention.same_kind(asked)]
    if any(not mention.numbers.isdisjoint(asked.numbers) for mention in about):
        return Fits.SAME
    if any(not mention.counts for mention in about) or _lacks(document, asked):
        return Fits.OTHER
    return Fits.UNTOLD


def _counts(document: Document, asked: Mention) -> bool:
    return len(_read(_ById(document)).numbers(asked)) >= _SERIES


def _lacks(document: Document, asked: Mention) -> bool:
    """Tell whether a paper counts things of the kind ``asked``, but has none of that number."""
    known = _read(_ById(document)).numbers(asked)
    if not asked.nouns.isdisjoint(TIMES) or not known.isdisjoint(asked.numbers) or len(known) < _SERIES:
        return False
    # Narration does not number each: "She was readmitted" is the second admission.
    return not asked.ordinal or max(map(_value, known)) < min(map(_value, asked.numbers))


def _value(number: str) -> int:
    return int(number.removeprefix("S"))


def _about(document: Document, span: Span, asked: Mention | None) -> Iterator[Mention]:
    """Yield what ``span`` mentions, and what leads up to it of kinds that it does not begin with."""
    read = _read(_ById(document))
    if span in read.rows:
        yield from read.rows[span]
        return
    own = read.mentions[slice(*read.within(span.start, span.end))]
    yield from own
    begun = {noun for mention in own if mention.start in read.leading for noun in mention.nouns}
    for mention in _before(document, span, read):
        if begun.isdisjoint(mention.nouns) and (asked is None or mention.same_kind(asked)):
            yield mention
            begun |= mention.nouns


def _before(document: Document, span: Span, read: _Read) -> Iterator[Mention]:
    """Yield what leads up to ``span``, nearest first: sentences before, its headings, the paper's name."""
    block = _block_at(document, span.start)
    section = document.sections[block.section]
    first, last = read.within(section.span.start, span.start)
    for mention in reversed(read.mentions[first:last]):
        near = mention.start >= block.span.start
        if mention.start in (read.leading if near else read.opening):
            yield mention
    for title in reversed(document.section_path(block.section)):
        yield from mentions_in(title)
    yield from read.name


def _block_at(document: Document, offset: int) -> Block:
    at = bisect_right(document.blocks, offset, key=lambda block: block.span.start)
    return document.blocks[max(at - 1, 0)]


@dataclass(frozen=True, slots=True)
class _Read:
    """What one paper names by number."""

    mentions: tuple[Mention, ...]  #: in order
    leading: frozenset[int]  #: where those start with which a sentence begins
    opening: frozenset[int]  #: and those with which a paragraph or heading begins, but for times
    rows: dict[Span, tuple[Mention, ...]]  #: of each row of a table: by its cells, heads and caption
    name: tuple[Mention, ...]  #: in title and file name
    counted: dict[str, frozenset[str]]  #: by noun, the numbers of all things called so

    def within(self, start: int, end: int) -> tuple[int, int]:
        """Return the first position of the mentions that start in a range, and the position after them."""
        return tuple(bisect_left(self.mentions, at, key=lambda one: one.start) for at in (start, end))  # type: ignore[return-value]

    def numbers(self, asked: Mention) -> frozenset[str]:
        """Return the numbers of all things of the kind of ``asked``."""
        return frozenset().union(*(self.counted.get(noun, frozenset()) for noun in asked.nouns))


@dataclass(frozen=True, slots=True, eq=False)
class _ById:
    """A paper as the key of a cache: hashing all of it would take longer than reading it."""

    document: Document

    def __hash__(self) -> int:
        return hash(self.document.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and self.document.text == other.document.text


@lru_cache(maxsize=256)
def _read(paper: _ById) -> _Read:
    document = paper.document
    found = mentions_in(document.text)
    name = _GLUED.sub(" ", document.source.rsplit(".", 1)[0])
    named = (*mentions_in(document.title), *mentions_in(name))
    rows = {row.span: tuple(_of_row(document, table, row)) for table in document.tables for row in table.rows}
    return _Read(
        found,
        frozenset(one.start for one in found if _leads(document, one)),
        frozenset(one.start for one in found if _opens(document, one)),
        rows,
        named,
        _counted((*found, *named, *chain.from_iterable(rows.values()))),
    )


def _counted(mentions: Iterable[Mention]) -> dict[str, frozenset[str]]:
    """Return, by noun, the numbers of all ``mentions``."""
    numbers: dict[str, set[str]] = {}
    for mention in mentions:
        for noun in mention.nouns:
            numbers.setdefault(noun, set()).update(mention.numbers)
    return {noun: frozenset(held) for noun, held in numbers.items()}


def _leads(document: Document, mention: Mention) -> bool:
    """Tell whether a mention stands near the start of its sentence."""
    block, least = _block_at(document, mention.start), mention.start - _LEADING
    return block.span.start >= least or bool(_STOP.search(document.text, least, mention.start + 1))


def _opens(document: Document, mention: Mention) -> bool:
    """Tell whether a mention begins a paragraph or heading, and so names what the next ones are about."""
    block = _block_at(document, mention.start)
    begins = mention.start - block.span.start < _LEADING and block.kind in _OPENING
    return begins and mention.nouns.isdisjoint(TIMES)


def _of_row(document: Document, table: Table, row: Row) -> Iterator[Mention]:
    """Yield what a row of a table is about: what its cells, heads and caption name."""
    heads = [" ".join(span.of(document.text) for span in spans) for spans in table.columns]
    cells = [cell.of(document.text) for cell in row.cells]
    heads += [""] * (len(cells) - len(heads))
    cells += [""] * (len(heads) - len(cells))  # a row may be shorter than the table is wide
    caption = table.caption.of(document.text) if table.caption else table.label
    yield from _numbering(heads[0], cells[0], caption)
    for head, cell in zip(heads[1:], cells[1:], strict=True):
        yield from _numbering(head, cell)
        yield from _numbering(heads[0], head)  # one column per patient
    for text in (*cells, *heads, caption):
        yield from mentions_in(text)


def _numbering(head: str, cell: str, caption: str = "") -> Iterator[Mention]:
    """Yield the thing whose number a cell holds, alone, below a head that only says of what."""
    numbers = numbers_of(cell.strip())
    words = [word.strip(".:()").lower() for word in head.split()]
    nouns = {kind_of_thing(word) for word in words if word not in _BARE} - {""}
    if not nouns and caption:
        nouns = {kind_of_thing(word) for word in caption.split() if word.isalpha()} - {""}
    elif len(nouns) != 1 or len(words) > 2:
        return
    if numbers and nouns:
        yield Mention(frozenset(nouns), frozenset(numbers), cell, 0, len(cell))
