"""What a question is answered with. All records are immutable and become JSON by ``as_json``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from index.text import Span

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Record = TypeVar("Record")

#: The reason where a question is not one that papers answer.
UNSUPPORTED = "Loccit quotes what papers say; it gives no opinions, advice or calculations."


class Status(StrEnum):
    """Whether the papers answer."""

    ANSWERED = "answered"  #: a quote answers with at least the confidence asked for
    PARTIAL = "partial"  #: some of what was asked for is answered: not every paper, not every part
    POSSIBLE = "possible"  #: the quotes may answer; none is sure enough, or the paper meant is not clear
    NOT_FOUND = "not_found"  #: it is unlikely that the papers answer


@dataclass(frozen=True, slots=True)
class TableContext:
    """What a quoted table row needs to be understood; every text is a quote, too."""

    label: str  #: "Table 1"
    caption: str
    header: tuple[str, ...]  #: one head a column; empty where the table does not tell
    cells: tuple[str, ...]  #: of the quoted row

    @property
    def heads(self) -> tuple[str, ...]:
        """A head for each cell; empty ones where the row has more or fewer cells than the table columns."""
        return self.header if len(self.header) == len(self.cells) else ("",) * len(self.cells)

    @property
    def labelled(self) -> tuple[str, ...]:
        """The cells, each after its head: "CK: 880 U/L"."""
        pairs = zip(self.heads, self.cells, strict=True)
        return tuple(f"{head}: {cell}" if head else cell for head, cell in pairs)


@dataclass(frozen=True, slots=True)
class Scores:
    """Why a sentence was chosen; higher is better.

    A question about several people or papers is split: then the scores are those for
    the part that found the sentence. A quote of two sentences has the scores of the
    first. Bibliographic data (authors, DOI, dates) is looked up and not ranked: its
    quotes have zeros and no terms.
    """

    ranker: float  #: score that orders the sentences; log-odds of the learned ranker, not a probability
    passage: float  #: of the passage: weighted sum of three z-scores, see ``index.search.Hit``
    lexical: float  #: BM25 of the passage, 0 or more
    dense: float  #: cosine of question and sentence, -1 to 1
    terms: tuple[str, ...]  #: stems of the question that the sentence or its table has, in any form


@dataclass(frozen=True, slots=True)
class Citation:
    """One quote and the place it stands in."""

    number: int  #: counted from 1 over the answer
    document_id: str
    source: str  #: the paper's file name
    title: str  #: empty where the paper states none
    span: Span  #: the quote, in code points of the canonical text
    quote: str  #: exactly ``text[span.start:span.end]``
    page: int | None  #: first physical page, counted from 1; None for files without pages
    page_label: str | None
    line: int | None  #: first line of the file, counted from 1; None for PDF
    last_line: int | None
    section: str  #: titles from the main section down, joined by " > "
    passage: Span  #: the passage around the quote
    confidence: float  #: calibrated probability that the quote answers the question
    short: Span | None  #: the decisive words inside the quote; None where unsure
    table: TableContext | None
    scores: Scores


@dataclass(frozen=True, slots=True)
class LookUp:
    """What answers a question about papers themselves: their front matter, or sentences about the whole."""

    citations: tuple[Citation, ...]
    reasons: tuple[str, ...]  #: which of the papers meant do not state it, or why none is quoted
    which: tuple[str, ...] = ()  #: ids of the papers that could be meant, where that is not clear


@dataclass(frozen=True, slots=True)
class Nearby:
    """A passage near a question that the papers are unlikely to answer."""

    document_id: str
    source: str
    title: str
    span: Span
    quote: str
    page: int | None
    line: int | None
    section: str
    score: float


class InNotebooks:
    """What notebooks show. How it looks is decided above the records, so they reach it by the package."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Return HTML in which text of papers is escaped."""
        import qa

        return qa.as_html(self)  # type: ignore[arg-type]  # its children are what that takes

    def _repr_markdown_(self) -> str:
        """Return the same as Markdown."""
        import qa

        return qa.as_markdown(self)  # type: ignore[arg-type]


#: Largest slope, and offset either way, of corrected log-odds, which lie within 21 of 0 before.
MOST_CORRECTED = 1_000.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds, and a correction of the confidence, fitted to questions on a user's own papers.

    Log-odds x of a confidence become ``slope * x + offset``.
    """

    threshold: float  #: least confidence of a sure answer
    possible: float  #: least probability that the papers answer at which possible answers are shown
    thresholds: tuple[tuple[float, float], ...]  #: by the share of sure answers that should be right
    slope: float
    offset: float
    right: float  #: the share of sure answers that ``threshold`` aims at
    file: str  #: name of the question file
    digest: str  #: sha256 of its bytes
    made: str  #: when it was fitted, ISO 8601 in UTC
    answerable: int  #: questions that the papers answer
    unanswerable: int
    papers: int  #: in the index at that time
    reader: str  #: the largest reader used; empty for none
    stages: str  #: identifies every stage of ranking, see ``qa.rank.stages.Stages.identity``
    model: str  #: fingerprint of the encoder

    def __post_init__(self) -> None:
        """Raise a ``ValueError`` if a number cannot be: files that people edit are read into this, too."""
        shares = (self.threshold, self.possible, self.right, *chain.from_iterable(self.thresholds))
        counts = (self.answerable, self.unanswerable, self.papers)
        if not all(0 <= share <= 1 for share in shares):  # false for NaN
            raise ValueError("a threshold or share is not within 0 to 1")
        if not (0 < self.slope <= MOST_CORRECTED and abs(self.offset) <= MOST_CORRECTED):
            raise ValueError("slope or offset of the confidence are out of range")
        if min(counts) < 0:
            raise ValueError("a count is below 0")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is needed to get the same answer again."""

    index: str  #: digest over the ids of the indexed papers
    generation: int
    model: str  #: fingerprint of the encoder
    ranker: str  #: sha256 of the ranker's weights
    threshold: float
    settings: dict[str, float | int | str | bool | None]
    seconds: dict[str, float]  #: time of each stage
    calibration: Calibration | None = None  #: what decided in place of the shipped thresholds


@dataclass(frozen=True, slots=True)
class Answer(InNotebooks):
    """The papers' answer to one question."""

    question: str  #: as asked
    resolved_question: str  #: as it was understood: follow-ups made to stand alone
    status: Status
    confidence: float  #: of the best quote; for ``not_found`` of the best sentence
    presence: float  #: probability that the papers answer at all; never below ``confidence``
    citations: tuple[Citation, ...]  #: grouped by paper, best paper first
    nearby: tuple[Nearby, ...]  #: for ``not_found``: the nearest passages, best first
    reasons: tuple[str, ...]  #: for people: why nothing, or not everything, was found
    receipt: Receipt
    #: ids of the papers that the question could be about, where it is about one and does not say which
    which: tuple[str, ...] = ()


def papers_digest(ids: Iterable[str]) -> str:
    """Return what a receipt states as ``index``: the digest over the ids of the indexed papers."""
    return hashlib.sha256("".join(sorted(ids)).encode()).hexdigest()


def as_json(answer: Answer) -> dict[str, Any]:
    """Return ``answer`` as an object that ``json.dumps`` takes, with the field names above."""
    return asdict(answer)


#: Readers by type; making one takes a while.
_READERS: dict[type, TypeAdapter[Any]] = {}


def from_json(kind: type[Record], text: str) -> Record:
    """Return the record of ``kind`` whose ``dataclasses.asdict`` was written as JSON ``text``.

    Raises:
        ValueError: a field is missing or of another type.
    """
    from pydantic import TypeAdapter  # takes a tenth of a second to import

    reader = _READERS.get(kind) or _READERS.setdefault(kind, TypeAdapter(kind))
    record: Record = reader.validate_json(text, strict=True)
    return record
