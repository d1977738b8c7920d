"""Segments: the papers of one build in one file, never changed. Generations share them.

A generation lists which papers of which segments it uses. So adding papers writes a segment of them,
and removing some writes none, as in Lucene.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.files import Disk
from index.segments.arrays import Arrays, ArraysRecord, Made, Strings, string_arrays, write_arrays
from index.segments.codec import decode_document
from index.segments.lexical import lexical_arrays
from index.segments.paper import ANCHORS, PaperRows
from index.segments.vectors import sentence_vector_arrays, vector_arrays
from index.text import BlockKind, Byline, Document


class Contents(Protocol):
    """Papers that are read, split and embedded."""

    def paper(self, document_id: str) -> PaperRows:
        """Return the rows of one document."""

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its passages, shape (passages, dimension)."""

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its sentences, shape (sentences, dimension)."""


def write_segment(
    path: Path, contents: Contents, ids: Sequence[str], dimension: int, disk: Disk
) -> ArraysRecord:
    """Write the papers ``ids``, in that order, to a new file; the same papers give the same bytes.

    Each is asked for several times, because all together they may be larger than the memory.

    Raises:
        StorageError: the disk refused.
    """

    def papers() -> Iterator[PaperRows]:
        return map(contents.paper, ids)

    def arrays() -> Iterator[Made]:
        extents = np.cumsum([_sizes(paper) for paper in papers()], axis=0, dtype=np.int64)
        passages, sentences, *_ = extents[-1].tolist()
        yield Made.of("extents", extents)
        yield from _texts(papers, extents)
        yield from _rows(papers())
        yield from lexical_arrays(paper.passage_texts() for paper in papers())
        yield from vector_arrays(lambda: map(contents.passage_vectors, ids), passages, dimension)
        yield from sentence_vector_arrays(lambda: map(contents.sentence_vectors, ids), sentences, dimension)

    return write_arrays(path, arrays(), disk)


def _sizes(paper: PaperRows) -> tuple[int, int, int, int, int]:
    """Return the lengths of passages, sentences, and, in bytes, text, details and edition."""
    sizes = len(paper.passages), len(paper.sentences)
    return *sizes, len(paper.text.encode()), len(paper.details), len(paper.edition.encode())


def _texts(papers: Callable[[], Iterable[PaperRows]], extents: NDArray[np.int64]) -> Iterator[Made]:
    _, _, text, details, editions = extents[-1].tolist()
    yield Made("texts", np.uint8, (text,), (_bytes(paper.text.encode()) for paper in papers()))
    yield Made("details", np.uint8, (details,), (_bytes(paper.details) for paper in papers()))
    yield Made("editions", np.uint8, (editions,), (_bytes(paper.edition.encode()) for paper in papers()))
    anchors = np.zeros((len(extents), ANCHORS), np.uint64)
    for row, paper in zip(anchors, papers(), strict=True):
        row[: len(paper.anchors)] = paper.anchors
    yield Made.of("anchors", anchors)
    heads = [(paper.id, paper.reading, *astuple(paper.byline())[:3]) for paper in papers()]
    yield Made.of("heads", _bytes(json.dumps({"kinds": list(BlockKind), "papers": heads}).encode()))


def _rows(papers: Iterable[PaperRows]) -> Iterator[Made]:
    kinds = {str(kind): number for number, kind in enumerate(BlockKind)}
    contexts: dict[str, int] = {}  # passages of one section share theirs
    passages: list[NDArray[np.int32]] = []
    sentences: list[NDArray[np.int32]] = []
    counts: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
    for paper in papers:
        cut = [
            (start, end, section, kinds[kind], tokens, contexts.setdefault(context, len(contexts)))
            for start, end, section, kind, tokens, context in paper.passages
        ]
        passages.append(np.array(cut, np.int32).reshape(-1, 6))
        said = [(start, end, kinds[kind]) for _, start, end, kind in paper.sentences]
        sentences.append(np.array(said, np.int32).reshape(-1, 3))
        counts.append(np.bincount([row[0] for row in paper.sentences], minlength=len(cut)))
    yield Made.of("passages", np.concatenate(passages))
    yield Made.of("sentences", np.concatenate(sentences))
    yield Made.of("sentence-starts", np.cumsum(np.concatenate(counts), dtype=np.int64))
    yield from string_arrays("context", contexts)


def _bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a paper lies in the rows and bytes of its segment."""

    passages: slice
    sentences: slice
    text: slice
    details: slice
    edition: slice


class Segment:
    """An open segment. Thread-safe."""

    def __init__(self, folder: Path, record: ArraysRecord, *, marked: bool = False) -> None:
        """Open the file in ``folder``; ``marked`` and errors as in ``Arrays``."""
        self.arrays = Arrays(folder, record, marked=marked)

    @property
    def record(self) -> ArraysRecord:
        """The expected contents of the file."""
        return self.arrays.record

    @property
    def marked(self) -> bool:
        """Whether the file is marked as damaged."""
        return self.arrays.marked

    @cached_property
    def extents(self) -> NDArray[np.int64]:
        """Where passages, sentences, text, details and edition of each paper end; shape ``(papers, 5)``."""
        return self.arrays["extents"].all()

    @cached_property
    def _heads(self) -> dict[str, Any]:
        heads: dict[str, Any] = json.loads(self.arrays["heads"].all().tobytes())
        return heads

    @cached_property
    def readings(self) -> list[str]:
        """What read each paper, see ``PaperRows``."""
        return [reading for _, reading, *_ in self._heads["papers"]]

    @cached_property
    def bylines(self) -> list[Byline]:
        """Title, authors and year of each paper."""
        return [Byline(title, tuple(authors), year) for _, _, title, authors, year in self._heads["papers"]]

    @cached_property
    def kinds(self) -> list[BlockKind]:
        """The kinds that the rows give by number."""
        return [BlockKind(kind) for kind in self._heads["kinds"]]

    @cached_property
    def _contexts(self) -> Strings:
        return Strings(self.arrays, "context")

    def context(self, number: int) -> str:
        """Return the context that the rows of passages give by number."""
        return self._contexts[number].decode()

    def extent(self, number: int) -> Extent:
        """Return where paper ``number`` lies."""
        ends = self.extents[number].tolist()
        starts = self.extents[number - 1].tolist() if number else [0] * 5
        return Extent(*map(slice, starts, ends))

    def text(self, number: int) -> str:
        """Return the canonical text of paper ``number``."""
        return self._read("texts", self.extent(number).text).tobytes().decode()

    def document(self, number: int, source: str) -> Document:
        """Return the document of paper ``number``, under the file name ``source``."""
        details = self._read("details", self.extent(number).details).tobytes()
        return decode_document(zlib.decompress(details).decode(), self.text(number), source)

    def paper(self, number: int, source: str) -> PaperRows:
        """Return paper ``number`` as it was written, under the file name ``source``."""
        key, reading, title, *_ = self._heads["papers"][number]
        extent = self.extent(number)
        passages = [
            [start, end, section, str(self.kinds[kind]), tokens, self.context(context)]
            for start, end, section, kind, tokens, context in self._read("passages", extent.passages).tolist()
        ]
        starts = self.sentence_starts(extent.passages)
        owners = np.repeat(np.arange(len(passages)), np.diff(starts)).tolist()
        rows = self.sentences(extent.sentences)
        sentences = [
            [owner, start, end, str(self.kinds[kind])]
            for owner, (start, end, kind) in zip(owners, rows, strict=True)
        ]
        details = self._read("details", extent.details).tobytes()
        head = key, source, title, self.text(number), details, reading
        anchors = self.anchors[number]
        return PaperRows(*head, passages, sentences, self.edition(number), anchors[anchors > 0].tolist())

    def edition(self, number: int) -> str:
        """Return the edition of paper ``number``, see ``PaperRows``."""
        return self._read("editions", self.extent(number).edition).tobytes().decode()

    @cached_property
    def anchors(self) -> NDArray[np.uint64]:
        """The anchors of each paper (see ``PaperRows``), padded with 0; shape ``(papers, ANCHORS)``."""
        return self.arrays["anchors"].all()

    def sentence_starts(self, passages: slice) -> NDArray[np.int64]:
        """Return where the sentences of ``passages`` start, and at the end where the last ones end."""
        return self.arrays["sentence-starts"].slice(passages.start, passages.stop + 1)

    def sentences(self, rows: slice) -> list[tuple[int, int, int]]:
        """Return start, end and number of the kind of each sentence in ``rows``."""
        sentences: list[tuple[int, int, int]] = self._read("sentences", rows).tolist()
        return sentences

    def _read(self, name: str, rows: slice) -> NDArray[Any]:
        return self.arrays[name].slice(rows.start, rows.stop)
