"""Decides what each stretch of a text file is, and joins what was interrupted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.read import headings
from index.read.byline import PLACE, byline
from index.read.text.lines import CODE, MARKED_HEADING, TERMINAL, Layout, split_group, underline, unfinished
from index.read.text.tables import cell_lines, tabular
from index.text import BlockKind, MappedText

_RUNNING = frozenset({BlockKind.PARAGRAPH, BlockKind.NOTE})
#: What may stand between the two halves of a paragraph.
_LIFTED = frozenset({BlockKind.CAPTION, BlockKind.TABLE, BlockKind.FRONT})
_NUMBER = re.compile(r"\s*(\d{1,2})(?:\.\d|\.?\s)")
_KIND_OF_ARTICLE = re.compile(
    r"\s*(?:(?:case|brief|short|original|research|clinical|review|open|rapid|full) ?)?"
    r"(?:case )?(?:reports?|articles?|research|reviews?|access|communications?|paper"
    r"|letters?(?: to the editor)?)\s*",
    re.IGNORECASE,
)
_JOURNAL_LINE = re.compile(
    r"\b(?:19|20)\d\d\b.{0,20}\d+ ?[:(]|\bvol(?:ume|\.)|\bissn\b|@|\bwww\.|https?:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines that belong together, and what they are."""

    kind: BlockKind
    lines: tuple[MappedText, ...]
    level: int = 0  #: of a heading

    @property
    def code(self) -> bool:
        """Whether it is a block of code."""
        return self.lines[0].text.startswith(CODE)

    @property
    def start(self) -> str:
        """The first line, without white space at its ends."""
        return self.lines[0].text.strip()

    @property
    def end(self) -> str:
        """The last line, without white space at its ends."""
        return self.lines[-1].text.strip()


def classify(groups: Sequence[Sequence[MappedText]], layout: Layout) -> Iterator[Chunk]:
    """Yield chunks in the file's order; front matter ends where the body opens."""
    parts = [part for group in groups for part in split_group(group, layout)]
    headed = next((number for number, part in enumerate(parts) if _heads_body(part, number)), len(parts))
    parts[:headed] = [part for whole in parts[:headed] for part in _cut_labels(whole)]
    opening = _body_opening(parts)
    yield from _front(parts[:opening])
    marks = [len(match.group(1)) for part in parts if (match := MARKED_HEADING.match(part[0].text))]
    yield from _Body(top=1 if marks.count(1) > 1 else 2).chunks(parts[opening:])


def _words(lines: Iterable[MappedText]) -> int:
    return sum(len(line.text.split()) for line in lines)


def _heads_body(part: Sequence[MappedText], number: int) -> bool:
    """Return whether a part, the file's ``number``-th, is a heading of the body."""
    marked = MARKED_HEADING.match(part[0].text)
    if marked and (number or len(marked.group(1)) > 1 or headings.known_heading(marked.group(2))):
        return True
    return len(part) == 1 and headings.known_heading(part[0].text)


def _cut_labels(part: list[MappedText]) -> Iterator[list[MappedText]]:
    """Yield the parts of a structured abstract that follow byline and each other directly."""
    labels = [at for at, line in enumerate(part) if at and headings.abstract_label(line.text)]
    for start, end in pairwise([0, *labels, len(part)]):
        yield part[start:end]


def _body_opening(parts: Sequence[Sequence[MappedText]]) -> int:
    """Return the number of the part that opens the body: a heading, else the first running text."""
    for number, part in enumerate(parts):
        if _heads_body(part, number):
            return number
    for number, part in enumerate(parts):
        if _running_text(part) or headings.abstract_label(part[0].text):
            return number
        if len(part) == 1 and headings.numbered_heading(part[0].text):
            return number
    # Only short paragraphs: the body begins below the title, if that is marked.
    return int(len(parts) > 1 and MARKED_HEADING.match(parts[0][0].text) is not None)


def _running_text(part: Sequence[MappedText]) -> bool:
    text = " ".join(line.text.strip() for line in part)
    if len(text.split()) < 40 or headings.licence_text(text) or headings.front_matter(text):
        return False
    return TERMINAL.search(part[-1].text.strip()) is not None and "@" not in text


def _sentences(part: Sequence[MappedText]) -> bool:
    """Return whether a part below the title is an abstract without a heading, however short."""
    return headings.sentences(" ".join(line.text.strip() for line in part))


def _front(parts: Sequence[Sequence[MappedText]]) -> Iterator[Chunk]:
    """Yield title, running text and front matter from what precedes the body."""
    titled = False
    for part in parts:
        abstract = titled and (headings.abstract_label(part[0].text) or _sentences(part))
        length, stopped = (0, False) if titled else _title_lines(part)
        if abstract or (_running_text(part) and not stopped):
            yield Chunk(BlockKind.PARAGRAPH, tuple(part))
            continue
        if length:
            yield Chunk(BlockKind.TITLE, (_unmarked(part[0]), *part[1:length]))
            titled = True
        byline = length + _byline_lines(part[length:]) if stopped else length
        for lines in (part[length:byline], part[byline:]):
            if lines:
                yield Chunk(BlockKind.FRONT, tuple(lines))


def _affiliation(line: str) -> bool:
    return line[:1].isdecimal() or line[:1] in ("*", "\u2020") or PLACE.match(line) is not None


def _byline_lines(lines: Sequence[MappedText]) -> int:
    """Return how many of the lines below a title name its authors."""
    for number, line in enumerate(lines):
        text = line.text.strip()
        if _affiliation(text) or headings.front_matter(text) or _JOURNAL_LINE.search(text):
            return number
    return len(lines)


def _title_lines(part: Sequence[MappedText]) -> tuple[int, bool]:
    """Return how many lines at the start of ``part`` are the title, and whether authors follow them."""
    if MARKED_HEADING.match(part[0].text):
        return 1, False
    length, stopped = 0, False
    for line in part:
        text = line.text.strip()
        if headings.front_matter(text) or _KIND_OF_ARTICLE.fullmatch(text) or _JOURNAL_LINE.search(text):
            break
        if length and (_affiliation(text) or _names(text)):
            stopped = True
            break
        length += 1
    return (length, stopped) if 3 <= _words(part[:length]) <= 40 else (0, False)


def _names(line: str) -> bool:
    """Return whether a line holds several names, or names with marks of affiliations; the last may be cut."""
    names = byline(line.rstrip(", ")) or byline(line.rpartition(",")[0])
    marked = any(
        a.isalpha() and (b.isdecimal() or b in "*\u00b9\u00b2\u00b3\u2020") for a, b in pairwise(line)
    )
    return len(names) > 2 or (bool(names) and marked)


def _unmarked(line: MappedText) -> MappedText:
    """Return a heading without the marks of Markdown."""
    match = MARKED_HEADING.match(line.text)
    if not match:
        return line
    text = line[match.start(2) :].strip()
    bare = text.text.rstrip("#")  # closing marks are set off by a space
    return text[: len(bare)].strip() if bare[-1:].isspace() else text


class _Body:
    """Goes through the parts of the body and keeps track of the section that each belongs to."""

    def __init__(self, top: int) -> None:
        """``top`` is the number of marks of Markdown's main headings."""
        self._top = top
        self._in_references = self._in_back = False
        self._number = 0

    def chunks(self, parts: Sequence[list[MappedText]]) -> Iterator[Chunk]:
        """Yield the chunk of each part, a reference list as its entries."""
        chunks = list(self._unlisted(parts))
        texts = [(chunk.kind, " ".join(line.text for line in chunk.lines)) for chunk in chunks]
        listed = headings.unheaded_references(texts)
        for at, chunk in enumerate(chunks):
            entries = at in listed or chunk.kind is BlockKind.REFERENCE
            yield from _entries(replace(chunk, kind=BlockKind.REFERENCE)) if entries else (chunk,)

    def _unlisted(self, parts: Sequence[list[MappedText]]) -> Iterator[Chunk]:
        for number, part in enumerate(parts):
            following = parts[number + 1] if number + 1 < len(parts) else []
            if level := self._heading_level(part, following):
                heading = Chunk(BlockKind.HEADING, (_unmarked(part[0]),), level)
                self._enter(heading)
                yield heading
                continue
            chunk = Chunk(self._kind(part), tuple(part))
            if self._in_back and chunk.kind is BlockKind.PARAGRAPH:
                chunk = replace(chunk, kind=BlockKind.NOTE)
            yield chunk

    def _enter(self, heading: Chunk) -> None:
        title = heading.start
        self._in_references = headings.references_heading(title)
        main = headings.known_heading(title) or heading.level == 1
        self._in_back = headings.back_heading(title) or (self._in_back and not main)
        if match := _NUMBER.match(title):
            self._number = int(match.group(1))

    def _kind(self, part: Sequence[MappedText]) -> BlockKind:
        first = part[0].text
        if first.startswith(CODE):
            return BlockKind.NOTE
        if headings.caption(first):
            return BlockKind.CAPTION
        if self._in_references:
            return BlockKind.REFERENCE
        if (tabular(first) and len(part) >= 2) or cell_lines(part):
            return BlockKind.TABLE
        stated = _words(part) <= 60 and headings.front_matter(first)
        return BlockKind.FRONT if stated or headings.licence_text(first[:200]) else BlockKind.PARAGRAPH

    def _heading_level(self, part: Sequence[MappedText], following: Sequence[MappedText]) -> int:
        """Return the level of the heading that ``part`` is; 0 if it is none."""
        first = part[0].text
        if len(part) == 2 and underline(part[1].text):
            return 1 if part[1].text.strip()[0] == "=" else 2
        if len(part) > 1 or tabular(first) or first.startswith(CODE):
            return 0
        if marked := MARKED_HEADING.match(first):
            return max(len(marked.group(1)) - self._top + 1, 1)
        level = headings.numbered_heading(first)
        if headings.known_heading(first):
            return max(level, 1)
        if self._in_references or headings.caption(first) or headings.front_matter(first):
            return 0
        # The heading continues the numbers of those before; an item of a list has another item below.
        match = _NUMBER.match(first) if level and following else None
        counts = match is not None and int(match.group(1)) in (self._number, self._number + 1)
        if counts and headings.numbered_heading(following[0].text) in (0, level + 1):
            return level
        return 2 if _bare_heading(first, following) else 0


def _bare_heading(line: str, following: Sequence[MappedText]) -> bool:
    """Return whether a short line without full stop stands above running text."""
    text = line.strip()
    if not following or len(text.split()) > 8 or not text[:1].isupper() or line[:1].isspace():
        return False
    labelled = headings.label(text)
    above_text = _words(following) >= 12 or (text.isupper() and labelled)
    ends_well = text[-1].isalnum() or text[-1] == ")" or labelled
    return above_text and ends_well and not following[0].text.lstrip()[:1].islower()


def _entries(chunk: Chunk) -> Iterator[Chunk]:
    """Yield one chunk per entry of the reference list: entries begin with numbers or else with authors."""
    numbered = any(headings.entry_number(line.text) for line in chunk.lines)
    entry: list[MappedText] = []
    for line in chunk.lines:
        begins = headings.entry_number(line.text)
        if entry and not numbered:
            begins = headings.ends_entry(entry[-1].text) and headings.author_entry(line.text)
        if entry and begins:
            yield replace(chunk, lines=tuple(entry))
            entry = []
        entry.append(line)
    yield replace(chunk, lines=tuple(entry))


def join_broken(chunks: Iterable[Chunk], layout: Layout) -> list[Chunk]:
    """Join a paragraph cut off in mid-sentence with its rest, across what was lifted out between."""
    done: list[list[Chunk]] = []
    open_at: int | None = None  # the paragraph that waits for its rest
    citation_follows = False
    for chunk in chunks:
        if chunk.kind not in _RUNNING or chunk.code:
            done.append([chunk])
            short_front = chunk.kind is BlockKind.FRONT and _words(chunk.lines) <= 6
            citation_follows = short_front and "cit" in chunk.start.lower()
            open_at = open_at if chunk.kind in _LIFTED else None
            continue
        if citation_follows and not chunk.start[:1].islower():
            done.append([replace(chunk, kind=BlockKind.FRONT)])
        else:
            if open_at is None or not _goes_on(done[open_at][-1], chunk, layout):
                done.append([])
                open_at = len(done) - 1
            done[open_at].append(chunk)
            if TERMINAL.search(chunk.end) and not _bracket_open(chunk):
                open_at = None
        citation_follows = False
    return [replace(c[0], lines=tuple(line for part in c for line in part.lines)) for c in done]


def _bracket_open(chunk: Chunk) -> bool:
    last = " ".join(line.text for line in chunk.lines[-2:])[-120:]
    return last.rfind("(") > last.rfind(")")


def _goes_on(before: Chunk, after: Chunk, layout: Layout) -> bool:
    """Return whether ``after`` is the rest of ``before``, which breaks off."""
    start, end = after.start[:1], before.end
    if start.islower() or start in "(,;)%<>=\u00b1" or _bracket_open(before):
        return True
    if (end[-1:] in "-\u2010" and start.isalnum()) or unfinished(end):
        return True
    return layout.wrapped and start.isalnum() and len(end) >= 0.8 * layout.width
