"""Records that all floors share, and the rules of offsets.

Every offset is half-open and counts code points of ``Document.text``, the
canonical text. Standard library only. ``index.mapped`` holds the text under repair;
its names are had from here.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

from index.mapped import MappedText as MappedText
from index.mapped import Run as Run
from index.mapped import join as join
from index.mapped import line_starts as line_starts


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
        """Tell whether ``other`` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def moved(self, by: int) -> Span:
        """Return the span ``by`` code points further on, or back if that is negative."""
        return Span(self.start + by, self.end + by)

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two share at least one code point."""
        return self.start < other.end and other.start < self.end


class BlockKind(StrEnum):
    """What a stretch of a paper is."""

    TITLE = "title"
    FRONT = "front"  #: authors, addresses, dates, licence: answered as metadata only
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    CAPTION = "caption"
    TABLE = "table"
    REFERENCE = "reference"  #: an entry of the reference list: never an answer
    NOTE = "note"  #: statements after the paper proper: disclosures, funding, thanks


#: Kinds whose sentences may answer a question about content.
CONTENT_KINDS = frozenset({BlockKind.PARAGRAPH, BlockKind.CAPTION, BlockKind.TABLE, BlockKind.NOTE})


@dataclass(frozen=True, slots=True)
class Block:
    """A title, heading, paragraph, caption, table or reference.

    Blocks are in reading order, do not overlap, and cover all text but the
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
    """A table kept as rows of cells; cell texts stand in the canonical text."""

    span: Span  #: the rows, header included, caption excluded
    label: str  #: "Table 1"; empty where none is printed
    caption: Span | None
    header: tuple[Span, ...]  #: cells of the header rows, one after the other; empty where there is none
    rows: tuple[Row, ...]  #: body rows

    @property
    def columns(self) -> tuple[tuple[Span, ...], ...]:
        """The heads above each column, from top to bottom; () where the heads do not tell whose they are."""
        width = max((len(row.cells) for row in self.rows), default=0)
        if not width or len(self.header) % width:
            return ()
        return tuple(self.header[at::width] for at in range(width))


@dataclass(frozen=True, slots=True)
class Field:
    """A statement of the paper about itself, with the place that states it."""

    name: str  #: title, authors, journal, year, doi, licence, received, accepted, published
    value: str
    span: Span | None  #: None where it comes from file metadata and not from the text


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the file."""

    number: int  #: physical, counted from 1
    label: str  #: as printed ("e27824"); the number as text where none is known
    raw: Span  #: code points of the raw text, see ``SourceMap``


@dataclass(frozen=True, slots=True)
class Place:
    """Where a span stands in the file it came from; None where the notion does not apply."""

    page: int | None  #: first physical page, counted from 1
    last_page: int | None
    page_label: str | None
    line: int | None  #: first line, counted from 1
    last_line: int | None


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Leads from canonical offsets back to the raw file.

    The raw text is what the reader got: the decoded file, or the extracted
    pages joined by form feeds.
    """

    runs: tuple[Run, ...]  #: in order of ``start``, without overlap
    lines: tuple[int, ...] = ()  #: raw offset at which each line begins; empty for PDF
    pages: tuple[Page, ...] = ()  #: empty for files without pages

    def raw_spans(self, span: Span) -> tuple[Span, ...]:
        """Return the raw ranges that ``span`` was made from, in canonical order."""
        found: list[Span] = []
        first = max(bisect_right(self.runs, span.start, key=lambda run: run.start) - 1, 0)
        for run in self.runs[first:]:
            if run.start >= span.end:
                break
            start = max(span.start, run.start)
            end = min(span.end, run.start + run.length)
            if start < end:
                found.append(Span(run.raw + start - run.start, run.raw + end - run.start))
        return tuple(found)

    def place(self, span: Span) -> Place:
        """Return the pages and lines on which ``span`` stands."""
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


@dataclass(frozen=True, slots=True)
class Document:
    """A paper as it was understood. Never changed after it is made."""

    id: str  #: sha256 of the file's bytes, lower-case hexadecimal
    source: str  #: the file's name, without folders
    format: str  #: "text", "markdown", "pdf" or "jats"
    title: str  #: empty where the paper does not state it; so for the next six
    authors: tuple[str, ...]
    journal: str
    year: int | None
    doi: str
    licence: str
    text: str  #: the canonical text
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...]
    tables: tuple[Table, ...]
    fields: tuple[Field, ...]  #: the metadata again, with places
    map: SourceMap
    warnings: tuple[str, ...]  #: what could not be read or repaired, for people
    #: stems of the text with the number of lines that hold each, see ``index.terms``; empty outside an index
    stems: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """The title, or else the file's name: what people see."""
        return self.title or self.source

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
class Passage:
    """A stretch of one section that is embedded and searched as a whole."""

    id: str  #: first 16 hexadecimal digits of sha256 over document id, start and end
    document_id: str
    span: Span
    section: int  #: index into ``Document.sections``
    kind: BlockKind
    tokens: int  #: cl100k tokens of the text alone
    context: str  #: what is put before the text for embedding: title, section, table heads


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest thing that is quoted: a sentence, or a row of a table."""

    document_id: str
    span: Span
    passage: int  #: position of its passage in the index
    kind: BlockKind
