"""Records shared by all packages, text under repair, and the rules of offsets.

Every offset is half-open and counts code points of ``Document.text``, the
canonical text. Standard library only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from index.entry import Entry


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points, ``0 <= start <= end``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: start {self.start}, end {self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """Return the characters of ``text`` that the span covers."""
        return text[self.start : self.end]

    def contains(self, other: Span) -> bool:
        """Return whether ``other`` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def moved(self, by: int) -> Span:
        """Return the span moved by ``by`` code points, back if negative."""
        return Span(self.start + by, self.end + by)

    def overlaps(self, other: Span) -> bool:
        """Return whether the two share at least one code point."""
        return self.start < other.end and other.start < self.end


class BlockKind(StrEnum):
    """Kind of a stretch of a paper."""

    TITLE = "title"
    FRONT = "front"  #: authors, addresses, dates, licence: answered as metadata only
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    CAPTION = "caption"
    TABLE = "table"
    REFERENCE = "reference"  #: entry of the reference list: never an answer
    NOTE = "note"  #: statements after the paper proper: disclosures, funding, thanks


#: Kinds whose sentences may answer a question about content.
CONTENT_KINDS = frozenset({BlockKind.PARAGRAPH, BlockKind.CAPTION, BlockKind.TABLE, BlockKind.NOTE})


@dataclass(frozen=True, slots=True)
class Block:
    """A title, heading, paragraph, caption, table or reference.

    Blocks are in reading order, do not overlap, and cover all text except the
    separators between them.
    """

    span: Span
    kind: BlockKind
    section: int  #: index into ``Document.sections``


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a paper; section 0 is the untitled part before the first heading."""

    title: str  #: as printed, without its number
    level: int  #: 0 for section 0, 1 for a main section, 2 below it, ...
    span: Span  #: from its heading to the next heading of any level


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    span: Span
    cells: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as rows of cells; the text of each cell is part of the canonical text."""

    span: Span  #: the rows, header included, caption excluded
    label: str  #: "Table 1"; empty if none is printed
    caption: Span | None
    header: tuple[Span, ...]  #: cells of the header rows, one row after the other
    rows: tuple[Row, ...]  #: body rows

    @property
    def columns(self) -> tuple[tuple[Span, ...], ...]:
        """The heads above each column, top to bottom; empty if they cannot be assigned to columns."""
        width = max((len(row.cells) for row in self.rows), default=0)
        if not width or len(self.header) % width:
            return ()
        return tuple(self.header[at::width] for at in range(width))


class Origin(StrEnum):
    """Where a paper states something about itself."""

    FRONT = "front matter"  #: marked as such in the file: the front of XML, the YAML of Markdown
    PAGE = "first page"  #: or, without pages, the text around title and byline
    HEAD = "running head"
    FILE = "file properties"  #: of a PDF whose own title agrees with the page


@dataclass(frozen=True, slots=True)
class Field:
    """Bibliographic metadata, with the place that states it."""

    name: str  #: title, author, family name, journal, year, doi, licence, received, accepted, published, ...
    value: str
    span: Span | None  #: None if it comes from file metadata and not from the text
    origin: Origin = Origin.FRONT
    sure: float = 0.98  #: probability that the value is the paper's own


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the file."""

    number: int  #: physical, counted from 1
    label: str  #: as printed ("e27824"); the number if none is known
    raw: Span  #: code points of the raw text, see ``SourceMap``


@dataclass(frozen=True, slots=True)
class Place:
    """Where a span is in its file; None for what the format does not have (pages, lines)."""

    page: int | None  #: first physical page, counted from 1
    last_page: int | None
    page_label: str | None
    line: int | None  #: first line, counted from 1
    last_line: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """``length`` code points, at ``start`` in the canonical text and at ``raw`` in the raw text."""

    start: int
    raw: int
    length: int


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Maps canonical offsets to the raw text.

    The raw text is the decoded file, or the extracted pages joined by form feeds.
    """

    runs: tuple[Run, ...]  #: in order of ``start``, without overlap
    lines: tuple[int, ...] = ()  #: raw offset of the start of each line; empty for PDF
    pages: tuple[Page, ...] = ()  #: empty for files without pages

    def raw_spans(self, span: Span) -> tuple[Span, ...]:
        """Return the raw ranges of ``span``, in canonical order."""
        ranges: list[Span] = []
        first = max(bisect_right(self.runs, span.start, key=lambda run: run.start) - 1, 0)
        for run in self.runs[first:]:
            if run.start >= span.end:
                break
            start = max(span.start, run.start)
            end = min(span.end, run.start + run.length)
            if start < end:
                ranges.append(Span(run.raw + start - run.start, run.raw + end - run.start))
        return tuple(ranges)

    def place(self, span: Span) -> Place:
        """Return the pages and lines of ``span``."""
        raw = self.raw_spans(span)
        if not raw:
            return Place(None, None, None, None, None)
        low = min(part.start for part in raw)
        high = max(part.end for part in raw) - 1
        pages = [page for page in self.pages if any(page.raw.overlaps(part) for part in raw)]
        return Place(
            page=pages[0].number if pages else None,
            last_page=pages[-1].number if pages else None,
            page_label=pages[0].label if pages else None,
            line=bisect_right(self.lines, low) if self.lines else None,
            last_line=bisect_right(self.lines, high) if self.lines else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A paper as it was understood."""

    id: str  #: sha256 of the file's bytes, lower-case hexadecimal
    source: str  #: the file's name, without folders
    format: str  #: "text", "markdown", "html", "docx", "pdf" or "jats"
    title: str = ""  #: empty if not stated; so are the next five
    authors: tuple[str, ...] = ()
    journal: str = ""
    year: int | None = None
    doi: str = ""
    licence: str = ""
    text: str  #: the canonical text
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...]
    tables: tuple[Table, ...] = ()
    fields: tuple[Field, ...] = ()  #: the same metadata, with places
    map: SourceMap
    warnings: tuple[str, ...] = ()  #: what could not be read or repaired; shown to people
    #: what the user's library says, and title to DOI then say too; ``fields`` keep what the paper prints
    entry: Entry | None = None
    #: number of lines that hold each term, see ``index.terms.written_counts``; empty outside an index
    stems: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """The title, or the file name if there is none."""
        return self.title or self.source

    @property
    def byline(self) -> Byline:
        """Title, authors, year and citation key."""
        return Byline(self.title, self.authors, self.year, self.entry.key if self.entry else "")

    def section_path(self, section: int) -> tuple[str, ...]:
        """Return the titles from the main section down to ``section``."""
        path: list[str] = []
        level = self.sections[section].level + 1
        for candidate in reversed(self.sections[: section + 1]):
            if candidate.level < level:
                level = candidate.level
                if candidate.title:
                    path.append(candidate.title)
        return tuple(reversed(path))


@dataclass(frozen=True, slots=True)
class Byline:
    """What a paper is cited by in running text; read for many papers without decoding them."""

    title: str  #: empty if not stated
    authors: tuple[str, ...]
    year: int | None
    key: str = ""  #: citation key in the user's library


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one section, embedded and searched as a whole."""

    document_id: str
    span: Span
    section: int  #: index into ``Document.sections``
    kind: BlockKind
    tokens: int  #: cl100k tokens of the text alone
    context: str  #: prepended for embedding: title, section, table heads


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest unit that is quoted: a sentence, or a row of a table."""

    document_id: str
    span: Span
    passage: int  #: position of its passage in the index
    kind: BlockKind


class MappedText:
    """A text under repair that remembers where each character was in the raw text.

    Immutable; every edit returns a new one. ``origins[i]`` is the raw offset of
    ``text[i]``; an inserted character has the offset of what it replaces.
    """

    __slots__ = ("origins", "text")

    def __init__(self, text: str, origins: Sequence[int]) -> None:
        if len(text) != len(origins):
            raise ValueError(f"{len(text)} characters but {len(origins)} origins")
        self.text = text
        self.origins = tuple(origins)

    @classmethod
    def raw(cls, text: str, start: int = 0) -> MappedText:
        """Return ``text`` unchanged, its first character at raw offset ``start``."""
        return cls(text, range(start, start + len(text)))

    def __len__(self) -> int:
        return len(self.text)

    def __getitem__(self, part: slice) -> MappedText:
        return MappedText(self.text[part], self.origins[part])

    def __add__(self, other: MappedText) -> MappedText:
        return MappedText(self.text + other.text, self.origins + other.origins)

    def edit(self, edits: Iterable[tuple[int, int, str]]) -> MappedText:
        """Return the text with each ``(start, end, replacement)`` applied.

        Edits must be in order and must not overlap. The characters of a
        replacement beyond the length replaced share the last origin.

        Raises:
            ValueError: an edit overlaps the one before or leaves the text.
        """
        texts: list[str] = []
        origins: list[int] = []
        at = 0
        for start, end, replacement in edits:
            if not at <= start <= end <= len(self.text):
                raise ValueError(f"edit {start}:{end} after {at} of {len(self.text)}")
            texts += self.text[at:start], replacement
            origins += self.origins[at:start]
            replaced = self.origins[start:end] or self.origins[max(start - 1, 0) : start + 1][:1] or (0,)
            origins += [replaced[min(i, len(replaced) - 1)] for i in range(len(replacement))]
            at = end
        texts.append(self.text[at:])
        origins += self.origins[at:]
        return MappedText("".join(texts), origins)

    def sub(self, pattern: str | re.Pattern[str], put: str | Callable[[re.Match[str]], str]) -> MappedText:
        """Return the text with what ``pattern`` finds replaced: by ``put`` as it is, or what it returns."""
        return self.edit(
            (match.start(), match.end(), put if isinstance(put, str) else put(match))
            for match in re.finditer(pattern, self.text)
        )

    def split(self, border: str) -> list[MappedText]:
        """Return the parts between the places that the pattern ``border`` finds."""
        borders = [match.span() for match in re.finditer(border, self.text)]
        starts = [0, *(end for _, end in borders)]
        return [self[a:b] for a, b in zip(starts, [*(start for start, _ in borders), len(self)], strict=True)]

    def collapsed(self) -> MappedText:
        """Return the text with each run of white space as one space, without those at the ends."""
        return self.sub(r"\s+", " ").strip()

    def strip(self) -> MappedText:
        """Return the text without white space at either end."""
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(len(self.text.rstrip()), start)]

    def runs(self, start: int = 0) -> Iterator[Run]:
        """Yield runs of consecutive origins; the first character is at canonical ``start``."""
        at = 0
        for i in range(1, len(self.origins) + 1):
            if i == len(self.origins) or self.origins[i] != self.origins[i - 1] + 1:
                yield Run(start + at, self.origins[at], i - at)
                at = i


def inserted(text: str, at: int) -> MappedText:
    """Return text that the raw text lacks, or has in other characters: all of it at raw offset ``at``."""
    return MappedText(text, [at] * len(text))


def join(parts: Sequence[MappedText], separator: str = " ") -> MappedText:
    """Join ``parts``; the separator takes the origin of the character before it."""
    texts: list[str] = []
    origins: list[int] = []
    for number, part in enumerate(parts):
        if number:
            texts.append(separator)
            origins += [origins[-1] if origins else 0] * len(separator)
        texts.append(part.text)
        origins += part.origins
    return MappedText("".join(texts), origins)


def line_starts(text: str) -> tuple[int, ...]:
    """Return the offset of the start of each line of ``text``; only a line feed ends a line."""
    return (0, *(i + 1 for i, character in enumerate(text) if character == "\n"))
