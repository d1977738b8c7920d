"""One generation of an index, opened: papers of segments, numbered and searched as one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.segments.lexical import Lexical, best_of
from index.segments.order import Order
from index.segments.paper import ANCHORS, PaperRows
from index.segments.segment import Segment
from index.segments.vectors import SentenceVectors, Vectors, cosines
from index.store.index import Candidates, Decoded, Documents, Passages, Value
from index.store.library import LIBRARY, Entries, decoded_entries, shown, shown_byline
from index.store.manifest import Counts, Manifest
from index.store.pins import Pin
from index.store.recent import Recent
from index.text import Byline, Document, Passage, Sentence, Span

SEGMENTS = "segments"  #: folder of the segments of all generations of an index
PAPERS = "papers.json"
_TEXTS = 16_000_000  #: characters of texts kept in memory: about 500 papers


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper of a generation, and where it is stored."""

    id: str  #: of its document
    segment: int  #: in ``Manifest.segments``
    number: int  #: in the segment
    source: str  #: file name
    used: bool  #: False if it is set aside


def encode_listing(papers: Sequence[Listed]) -> bytes:
    """Return the bytes of the file ``PAPERS``."""
    rows = [[paper.id, paper.segment, paper.number, paper.source, int(paper.used)] for paper in papers]
    return json.dumps(rows, separators=(",", ":")).encode()


def read_listing(place: Path) -> list[Listed]:
    """Return the papers of the generation in the folder ``place``, whose checksums were compared.

    Raises:
        IndexDamaged: the file is invalid although its checksum is right.
    """
    path = place / PAPERS
    try:
        return [Listed(row[0], row[1], row[2], row[3], bool(row[4])) for row in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError, IndexError) as error:
        raise IndexDamaged(f"{path}: the file cannot be read ({error}).") from error


class Generation:
    """One generation in a folder; an ``Index``. Thread-safe.

    Whatever it gives is read and checked when it is first asked for, and may raise ``IndexDamaged``.
    ``close`` lets the generation be collected.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        segments: Sequence[Segment],
        papers: Sequence[Listed],
        *,
        warnings: tuple[str, ...] = (),
        held: Pin | None = None,
    ) -> None:
        """Take the open ``segments`` and the ``papers`` that they store, in order of id."""
        self.folder = folder  #: of this generation
        self.manifest = manifest
        self.segments = segments
        self.warnings = warnings  #: shown to people; empty if the index is intact
        self._pin = held

        def read(name: str) -> bytes | None:  # no method: in a circle the index's files would stay mapped
            return (folder / name).read_bytes() if manifest.file(name) else None

        self._files = files = Decoded(read, str(folder))
        self._listed = {paper.id: paper for paper in papers}
        self._used = [paper for paper in papers if paper.used]
        self._numbers = {paper.id: number for number, paper in enumerate(self._used)}
        arrays, dimension = [segment.arrays for segment in segments], manifest.model.dimension
        self._order, self._sentences, documents = self._orders()
        self.lexical = Lexical(arrays, self._order, documents)
        self.vectors = Vectors(arrays, self._order, dimension)
        self.sentence_vectors = SentenceVectors(arrays, self._sentences, dimension)

        def entries() -> Entries:
            return files.get(LIBRARY, decoded_entries, Entries())

        #: documents by id, in order of id; decoded on access
        self.documents: Mapping[str, Document] = _documents(
            segments, {paper.id: paper for paper in self._used}, entries
        )
        self.passages = _passages(segments, self._order, list(self._numbers))  #: by position
        self._texts = Recent[str](_TEXTS, len)

    def _orders(self) -> tuple[Order, Order, Order]:
        """Return the numbering of passages, sentences and documents."""
        segments = np.array([paper.segment for paper in self._used], np.int64)
        numbers = np.array([paper.number for paper in self._used], np.int64)
        firsts = np.zeros((len(numbers), 2), np.int64)
        counts = np.zeros((len(numbers), 2), np.int64)
        for i, segment in enumerate(self.segments):
            here = segments == i
            ends = np.concatenate([np.zeros((1, 2), np.int64), segment.extents[:, :2]])
            firsts[here], counts[here] = ends[numbers[here]], np.diff(ends, axis=0)[numbers[here]]
        passages, sentences = (
            Order(
                segments, firsts[:, i], counts[:, i], tuple(int(one.extents[-1, i]) for one in self.segments)
            )
            for i in range(2)
        )
        sizes = tuple(len(one.extents) for one in self.segments)
        return passages, sentences, Order(segments, numbers, np.ones(len(numbers), np.int64), sizes)

    @property
    def counts(self) -> Counts:
        """The numbers of documents, passages and sentences in use."""
        return Counts(len(self._used), len(self._order), len(self._sentences))

    @property
    def generation(self) -> int:
        """Number of the generation."""
        return self.manifest.generation

    @property
    def listed(self) -> Mapping[str, Listed]:
        """All papers by id, used or set aside."""
        return self._listed

    @cached_property
    def names(self) -> dict[str, str]:
        """Title or file name by document id, in order of id."""
        return {paper.id: self.bylines[paper.id].title or paper.source for paper in self._used}

    @cached_property
    def bylines(self) -> dict[str, Byline]:
        """Title, authors, year and citation key by document id, in order of id."""
        return {
            paper.id: shown_byline(
                self.segments[paper.segment].bylines[paper.number], self.entries.of(paper.id)
            )
            for paper in self._used
        }

    @property
    def entries(self) -> Entries:
        """What the user's library says about the papers."""
        return self.kept(LIBRARY, decoded_entries, Entries())

    def kept(self, name: str, decode: Callable[[bytes], Value], default: Value) -> Value:
        """Return a further file of the generation, decoded once; see ``Index.kept``."""
        return self._files.get(name, decode, default)

    @property
    def beside(self) -> Path:
        """The folder of the index, in which files of papers are kept."""
        return self.folder.parent

    @property
    def size(self) -> int:
        """Bytes of its files and segments."""
        return self.manifest.size

    def given(self) -> dict[str, tuple[str, str]]:
        """Return file name and reading (see ``PaperRows``) of every paper by id, used or set aside."""
        return {
            key: (paper.source, self.segments[paper.segment].readings[paper.number])
            for key, paper in self._listed.items()
        }

    def edition(self, document_id: str) -> str:
        """Return the edition of a paper (see ``PaperRows``), used or set aside."""
        paper = self._listed[document_id]
        return self.segments[paper.segment].edition(paper.number)

    def anchors(self) -> NDArray[np.uint64]:
        """Return the anchors of all papers (see ``Segment.anchors``), in the order of ``listed``."""
        anchors = np.zeros((len(self._listed), ANCHORS), np.uint64)
        segments = np.array([paper.segment for paper in self._listed.values()], np.int64)
        numbers = np.array([paper.number for paper in self._listed.values()], np.int64)
        for i, segment in enumerate(self.segments):
            anchors[segments == i] = segment.anchors[numbers[segments == i]]
        return anchors

    def place(self, document_id: str) -> tuple[Segment, int] | None:
        """Return the sound segment that stores a paper, and its number there; None if there is none."""
        paper = self._listed[document_id]
        segment = self.segments[paper.segment]
        return None if segment.marked else (segment, paper.number)

    def paper(self, document_id: str) -> PaperRows:
        """Return a paper, used or set aside, as it is stored; raises ``KeyError`` if it is unknown."""
        paper = self._listed[document_id]
        return self.segments[paper.segment].paper(paper.number, paper.source)

    def vectors_of(self, document_id: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the vectors of passages and of sentences of a paper, used or set aside."""
        paper = self._listed[document_id]
        extent = self.segments[paper.segment].extent(paper.number)
        return self.vectors.stored(paper.segment, extent.passages), self.sentence_vectors.stored(
            paper.segment, extent.sentences
        )

    def text(self, document_id: str) -> str:
        """Return the canonical text of a document, much faster than ``documents[...]``."""
        paper = self._used[self._numbers[document_id]]
        return self._texts.get(document_id, lambda: self.segments[paper.segment].text(paper.number))

    def quote(self, document_id: str, span: Span) -> str:
        """Return the characters of a document that ``span`` covers; raises like ``text``."""
        return span.of(self.text(document_id))

    def positions_of(self, document_id: str) -> range:
        """Return the positions of the passages of a document."""
        number = self._numbers[document_id]
        return range(*self._order.starts[number : number + 2].tolist())

    def sentences_of(self, position: int) -> list[tuple[int, Sentence]]:
        """Return the sentences of the passage at ``position``, each with its row in ``sentence_vectors``."""
        if not 0 <= position < len(self._order):
            return []
        number, paper, local = self._place(position)
        segment = self.segments[paper.segment]
        starts = segment.sentence_starts(slice(local, local + 1))
        first = int(starts[0] - self._sentences.firsts[number] + self._sentences.starts[number])
        return [
            (row, Sentence(paper.id, Span(start, end), position, segment.kinds[kind]))
            for row, (start, end, kind) in enumerate(segment.sentences(slice(*starts.tolist())), first)
        ]

    def _place(self, position: int) -> tuple[int, Listed, int]:
        """Return the number of a passage's document, its paper, and its row in the segment."""
        number = int(self._order.owners(np.array([position]))[0])
        local = position - self._order.starts[number] + self._order.firsts[number]
        return number, self._used[number], int(local)

    def opening(self, document_id: str, count: int) -> list[Span]:
        """Return the first ``count`` sentences of a document."""
        paper = self._used[self._numbers[document_id]]
        segment = self.segments[paper.segment]
        own = segment.extent(paper.number).sentences
        some = slice(own.start, min(own.start + count, own.stop))
        return [Span(start, end) for start, end, _ in segment.sentences(some)]

    def candidates(
        self, question: str, vector: NDArray[np.float32], count: int, documents: frozenset[str] | None = None
    ) -> Candidates:
        """Return the best passages by BM25 and the nearest by cosine; see ``Index.candidates``."""
        allowed = None if documents is None else self.allowed(documents)
        lexical = self.lexical.scores(question)
        both = best_of(lexical, count, allowed), self.vectors.nearest(vector, count, allowed)
        positions = np.union1d(*both).astype(np.int64)
        dense = self.vectors.scores(vector, positions)
        return Candidates(positions, lexical[positions], dense, self.nearest_sentences(vector, positions))

    def nearest_sentences(
        self, vector: NDArray[np.float32], positions: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return, for each passage of ``positions``, the cosine of ``vector`` with its nearest sentence.

        A passage without a sentence of its own (a part of a long sentence) gets -1.
        Shapes ``(dimension,)``, ``(n,)`` and ``(n,)``.
        """
        best = np.full(len(positions), -1.0, np.float32)
        for i, chosen, there in self._order.stored(positions):
            stored = self.segments[i].arrays["sentence-starts"]
            starts, lengths = stored.take(there), stored.take(there + 1) - stored.take(there)
            some = np.flatnonzero(lengths)
            if not len(some):
                continue
            lengths = lengths[some]
            firsts = np.cumsum(lengths) - lengths  # where the rows of each passage start among those gathered
            rows = np.arange(lengths.sum()) + np.repeat(starts[some] - firsts, lengths)
            products = cosines(self.sentence_vectors.taken(i, rows), vector)
            best[chosen[some]] = np.maximum.reduceat(products, firsts)
        return best

    def allowed(self, documents: frozenset[str]) -> NDArray[np.bool_]:
        """Return, by position, whether the passage is from one of ``documents`` (ids)."""
        chosen = np.array([key in documents for key in self._numbers], dtype=bool)
        result: NDArray[np.bool_] = np.repeat(chosen, self._order.counts)
        return result

    def close(self) -> None:
        """Let the generation be collected."""
        if self._pin:
            self._pin.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# What is read on access. No index: in a circle its files would stay mapped.


def _documents(
    segments: Sequence[Segment], papers: Mapping[str, Listed], entries: Callable[[], Entries]
) -> Documents:
    def read(key: str) -> Document:
        paper = papers[key]
        return shown(segments[paper.segment].document(paper.number, paper.source), entries().of(key))

    return Documents(read, papers)


def _passages(segments: Sequence[Segment], order: Order, documents: Sequence[str]) -> Passages:
    def read(positions: Sequence[int]) -> list[Passage]:
        asked = np.array(positions, np.int64)
        if len(wrong := asked[(asked < 0) | (asked >= len(order))]):
            raise IndexError(f"passage {wrong[0]} of {len(order)}")
        owners = order.owners(asked)
        passages: dict[int, Passage] = {}
        for i, chosen, there in order.stored(asked):
            segment = segments[i]
            rows = segment.arrays["passages"].take(there).tolist()
            for at, (start, end, section, kind, tokens, context) in zip(chosen.tolist(), rows, strict=True):
                head = documents[owners[at]], Span(start, end), section, segment.kinds[kind], tokens
                passages[at] = Passage(*head, segment.context(context))
        return [passages[at] for at in range(len(positions))]

    return Passages(read, len(order))
