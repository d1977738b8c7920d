"""What an index offers to those who read it: one generation of papers, wherever it is kept.

Two classes implement ``Index``: ``index.store.generation.Generation`` reads files, and
``index.postgres.snapshot.Snapshot`` asks a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.segments.paper import PaperRows
from index.store.manifest import Counts, Manifest
from index.store.recent import Recent
from index.text import Byline, Document, Passage, Sentence, Span

if TYPE_CHECKING:
    from index.store.library import Entries

Value = TypeVar("Value")

_TOGETHER = 500  #: passages read at once where all are wanted
_DECODED = 8_000_000  #: characters of decoded documents kept in memory, each about ten bytes


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages that a search found, in order of position, with three scores of each. Shapes ``(n,)``."""

    positions: NDArray[np.int64]
    lexical: NDArray[np.float32]  #: BM25, 0 or more
    dense: NDArray[np.float32]  #: cosine of the passage
    nearest: NDArray[np.float32]  #: cosine of its nearest sentence; -1 if it has none of its own


class Vocabulary(Protocol):
    """Words with the number of passages, or documents, that hold each."""

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Yield each word with its number, in UTF-8 order."""

    def begins(self, start: str) -> bool:
        """Return whether a word begins with ``start`` or equals it."""


class Words(Protocol):
    """The words of all papers in use."""

    @property
    def terms(self) -> Vocabulary:
        """Stemmed terms, counted in passages."""

    @property
    def words(self) -> Vocabulary:
        """Words as printed, in lower case, counted in documents; for spelling suggestions."""

    def document_frequency(self, term: str) -> int:
        """Return how many passages hold ``term``, one of the results of ``index.terms.terms``."""


class Passages(Sequence[Passage]):
    """Passages by position, read on access."""

    def __init__(self, read: Callable[[Sequence[int]], list[Passage]], count: int) -> None:
        """Take the number of passages, and what reads those at positions within it, in that order."""
        self._read = read
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Passage]:
        for start in range(0, self._count, _TOGETHER):
            yield from self.many(range(start, min(start + _TOGETHER, self._count)))

    def many(self, positions: Sequence[int]) -> list[Passage]:
        """Return the passages at ``positions``, in that order; faster than one by one.

        Raises:
            IndexError: a position is out of range.
        """
        return self._read(positions)

    @overload
    def __getitem__(self, position: int) -> Passage: ...
    @overload
    def __getitem__(self, position: slice) -> list[Passage]: ...
    def __getitem__(self, position: int | slice) -> Passage | list[Passage]:
        if isinstance(position, slice):
            return self.many(range(*position.indices(self._count)))
        return self.many([position + self._count if position < 0 else position])[0]


class Documents(Mapping[str, Document]):
    """Documents by id, in order of id, decoded on access."""

    def __init__(self, read: Callable[[str], Document], ids: Iterable[str]) -> None:
        """Take the ids, and what reads the document with one of them."""
        self._read = read
        self._ids = dict.fromkeys(ids)
        self._decoded = Recent[Document](_DECODED, lambda document: len(document.text))

    def __getitem__(self, key: str) -> Document:
        if key not in self._ids:
            raise KeyError(key)
        return self._decoded.get(key, lambda: self._read(key))

    def __contains__(self, key: object) -> bool:
        return key in self._ids  # without reading it

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class Rows(Protocol):
    """Vectors by row."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors in ``rows``, shape ``(len(rows), dimension)``."""


class Index(Protocol):
    """A snapshot of one generation; never changes. Thread-safe.

    Documents are ordered by id. Positions number their passages, rows their sentences, both from 0. What it
    gives is read when it is first asked for, and may raise ``IndexDamaged`` or ``StorageError``.
    """

    @property
    def manifest(self) -> Manifest:
        """Model, counts and number of the generation."""

    @property
    def beside(self) -> Path:
        """The folder of what this machine keeps beside the index, such as the files of papers."""

    @property
    def size(self) -> int:
        """Bytes that the generation takes."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Shown to people; empty if the index is intact."""

    @property
    def counts(self) -> Counts:
        """The numbers of documents, passages and sentences in use."""

    @property
    def generation(self) -> int:
        """Number of the generation."""

    @property
    def lexical(self) -> Words:
        """The words of all papers in use."""

    @property
    def documents(self) -> Mapping[str, Document]:
        """Documents by id, in order of id; decoded on access."""

    @property
    def passages(self) -> Passages:
        """Passages by position."""

    @property
    def sentence_vectors(self) -> Rows:
        """Vectors of sentences by row, L2-normalised."""

    @property
    def names(self) -> dict[str, str]:
        """Title or file name by document id, in order of id."""

    @property
    def bylines(self) -> dict[str, Byline]:
        """Title, authors, year and citation key by document id, in order of id."""

    @property
    def entries(self) -> Entries:
        """What the user's library says about the papers."""

    def candidates(
        self, question: str, vector: NDArray[np.float32], count: int, documents: frozenset[str] | None = None
    ) -> Candidates:
        """Return the ``count`` best passages by BM25 together with the ``count`` nearest by cosine.

        Of equal scores the first positions are taken. A passage that shares no term is none by BM25.

        Args:
            question: in words.
            vector: the encoded question, L2-normalised, shape ``(dimension,)``.
            count: most passages of each of the two searches.
            documents: ids of the papers to search; None for all.
        """

    def given(self) -> dict[str, tuple[str, str]]:
        """Return file name and reading (see ``PaperRows``) of every paper by id, used or set aside."""

    def edition(self, document_id: str) -> str:
        """Return the edition of a paper (see ``PaperRows``), used or set aside."""

    def anchors(self) -> NDArray[np.uint64]:
        """Return the anchors of all papers in the order of ``given``, shape ``(papers, ANCHORS)``."""

    def paper(self, document_id: str) -> PaperRows:
        """Return a paper, used or set aside, as it is stored; raises ``KeyError`` if it is unknown."""

    def vectors_of(self, document_id: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the vectors of passages and of sentences of a paper, used or set aside."""

    def text(self, document_id: str) -> str:
        """Return the canonical text of a document, much faster than ``documents[...]``."""

    def quote(self, document_id: str, span: Span) -> str:
        """Return the characters of a document that ``span`` covers; raises like ``text``."""

    def positions_of(self, document_id: str) -> range:
        """Return the positions of the passages of a document."""

    def sentences_of(self, position: int) -> list[tuple[int, Sentence]]:
        """Return the sentences of the passage at ``position``, each with its row in ``sentence_vectors``."""

    def opening(self, document_id: str, count: int) -> list[Span]:
        """Return the first ``count`` sentences of a document."""

    def kept(self, name: str, decode: Callable[[bytes], Value], default: Value) -> Value:
        """Return what ``decode`` makes of a further file of the generation, decoded once.

        Returns ``default`` if there is no such file.

        Raises:
            IndexDamaged: ``decode`` raised, although the file is as it was written.
        """

    def close(self) -> None:
        """Let the generation go."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class Decoded:
    """The further files of one generation, each decoded once. Thread-safe: at worst decoded twice."""

    def __init__(self, read: Callable[[str], bytes | None], where: str) -> None:
        """Take what ``read`` gives for a name; ``where`` names the generation in errors."""
        self._read = read
        self._where = where
        self._values: dict[str, object] = {}

    def get(self, name: str, decode: Callable[[bytes], Value], default: Value) -> Value:
        """See ``Index.kept``."""
        if name not in self._values:
            self._values[name] = self._decoded(name, decode, default)
        value: Value = self._values[name]  # type: ignore[assignment]  # of one name, always the same decoder
        return value

    def _decoded(self, name: str, decode: Callable[[bytes], Value], default: Value) -> Value:
        try:
            data = self._read(name)
            return default if data is None else decode(data)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise IndexDamaged(f"{self._where}/{name}: the file cannot be read ({error}).") from error
