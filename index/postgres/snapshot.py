"""One generation of an index in a database: everything is read in one transaction, so it never changes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.postgres.address import Database
from index.postgres.filters import Both, Filter, OneOf, Used
from index.postgres.link import Link
from index.postgres.listing import Listing, Row
from index.postgres.search import found, hnsw_in, received, sentence_scores, stepped
from index.postgres.words import Words
from index.segments.codec import decode_document
from index.segments.paper import ANCHORS, PaperRows
from index.store.index import Candidates, Decoded, Documents, Passages, Value
from index.store.library import LIBRARY, Entries, decoded_entries, shown, shown_byline
from index.store.manifest import FORMAT, Counts, Manifest, Model
from index.store.recent import Recent
from index.text import BlockKind, Byline, Document, Passage, Sentence, Span

_TEXTS = 16_000_000  #: characters of texts kept in memory
_HELD = 20_000  #: passages kept in memory with their sentences, without vectors


class Snapshot:
    """One generation in a database; an ``Index``. Thread-safe."""

    def __init__(self, link: Link, beside: Path) -> None:
        """Read the list of papers; ``close`` closes ``link``.

        Raises:
            IndexMissing, StorageError: see ``Link.run``.
        """
        self.beside = beside  #: folder of what this machine keeps beside the index
        self.warnings: tuple[str, ...] = ()
        self._link = link
        self._all = link.rows
        self._hnsw = link.run(hnsw_in)
        self._listing = Listing(self._all(Row.QUERY))
        counts, length = self._listing.counts, self._listing.length
        generation, created, *model = link.state
        self.manifest = Manifest(FORMAT, generation, None, created, Model(*model), counts, (), ())
        self._files = Decoded(self._file, str(link.database))
        self.lexical = Words(link, counts.passages, length)
        self.documents: Mapping[str, Document] = Documents(
            self._document, (row.id for row in self._listing.used)
        )
        self.sentence_vectors = _SentenceVectors(self._vectors_at, counts.sentences)
        self.passages = Passages(self._passages_at, counts.passages)
        self._texts = Recent[str](_TEXTS, len)
        self._held: dict[int, tuple[Passage, list[tuple[int, Sentence]]]] = {}  # by position

    @classmethod
    def open(cls, database: Database, beside: Path) -> Self:
        """Open the current generation; raises as ``Link``."""
        link = Link(database)
        try:
            return cls(link, beside)
        except BaseException:
            link.close()
            raise

    @property
    def counts(self) -> Counts:
        """The numbers of documents, passages and sentences in use."""
        return self.manifest.counts

    @property
    def generation(self) -> int:
        """Number of the generation."""
        return self.manifest.generation

    @cached_property
    def size(self) -> int:
        """Bytes of all tables and their indexes, with rows that are not vacuumed yet."""
        query = (
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'loccit' AND c.relkind = 'r'"
        )
        return int(self._all(query)[0][0])

    @cached_property
    def bylines(self) -> dict[str, Byline]:
        """Title, authors, year and citation key by document id, in order of id."""
        rows = self._listing.used
        return {row.id: shown_byline(row.byline, self.entries.of(row.id)) for row in rows}

    @cached_property
    def names(self) -> dict[str, str]:
        """Title or file name by document id, in order of id."""
        return {row.id: self.bylines[row.id].title or row.source for row in self._listing.used}

    @property
    def entries(self) -> Entries:
        """What the user's library says about the papers."""
        return self.kept(LIBRARY, decoded_entries, Entries())

    def kept(self, name: str, decode: Callable[[bytes], Value], default: Value) -> Value:
        """Return a further file of the generation, decoded once; see ``Index.kept``."""
        return self._files.get(name, decode, default)

    def _file(self, name: str) -> bytes | None:
        rows = self._all("SELECT data FROM files WHERE name = %s", (name,))
        return bytes(rows[0][0]) if rows else None

    # Papers

    def given(self) -> dict[str, tuple[str, str]]:
        """Return file name and reading of every paper by id, used or set aside."""
        return {row.id: (row.source, row.reading) for row in self._listing.all}

    def edition(self, document_id: str) -> str:
        """Return the edition of a paper."""
        return str(self._all("SELECT edition FROM papers WHERE id = %s", (document_id,))[0][0])

    def anchors(self) -> NDArray[np.uint64]:
        """Return the anchors of all papers in the order of ``given``, padded with 0."""
        rows = self._all("SELECT anchors FROM papers ORDER BY id")
        anchors = np.zeros((len(rows), ANCHORS), np.uint64)
        for into, (data,) in zip(anchors, rows, strict=True):
            own = np.frombuffer(data, "<u8")
            into[: len(own)] = own
        return anchors

    def paper(self, document_id: str) -> PaperRows:
        """Return a paper as it is stored; raises ``KeyError`` if it is unknown."""
        query = "SELECT source, title, body, details, reading, edition, anchors FROM papers WHERE id = %s"
        rows = self._all(query, (document_id,))
        if not rows:
            raise KeyError(document_id)
        source, title, body, details, reading, edition, anchors = rows[0]
        columns = "start, stop, section, kind, tokens, context"
        passages = self._all(
            f"SELECT {columns} FROM passages WHERE paper = %s ORDER BY number", (document_id,)
        )
        columns = "passage, start, stop, kind"
        sentences = self._all(
            f"SELECT {columns} FROM sentences WHERE paper = %s ORDER BY number", (document_id,)
        )
        return PaperRows(
            *(document_id, source, title, body, bytes(details), reading),
            [list(row) for row in passages],
            [list(row) for row in sentences],
            edition,
            np.frombuffer(anchors, "<u8").tolist(),
        )

    def vectors_of(self, document_id: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the vectors of passages and of sentences of a paper."""
        passages = self._all(
            "SELECT vector_send(embedding) FROM passages WHERE paper = %s ORDER BY number", (document_id,)
        )
        sentences = self._all(
            "SELECT steps, step FROM sentences WHERE paper = %s ORDER BY number", (document_id,)
        )
        return received([row[0] for row in passages], self.manifest.model.dimension), stepped(
            sentences, self.manifest.model.dimension
        )

    def _body(self, document_id: str) -> str:
        return str(self._all("SELECT body FROM papers WHERE id = %s", (document_id,))[0][0])

    def text(self, document_id: str) -> str:
        """Return the canonical text of a document."""
        return self._texts.get(document_id, lambda: self._body(document_id))

    def quote(self, document_id: str, span: Span) -> str:
        """Return the characters of a document that ``span`` covers."""
        return span.of(self.text(document_id))

    def _document(self, document_id: str) -> Document:
        rows = self._all("SELECT source, body, details FROM papers WHERE id = %s", (document_id,))
        source, body, details = rows[0]
        document = decode_document(zlib.decompress(details).decode(), body, source)
        return shown(document, self.entries.of(document_id))

    # Passages and sentences

    def positions_of(self, document_id: str) -> range:
        """Return the positions of the passages of a document."""
        return self._listing.passages.rows_of(document_id)

    def sentences_of(self, position: int) -> list[tuple[int, Sentence]]:
        """Return the sentences of the passage at ``position``, each with its row in ``sentence_vectors``."""
        if not 0 <= position < self.counts.passages:
            return []
        if (one := self._held.get(position)) is None:  # whoever has not searched goes through a paper
            (paper,), _ = self._listing.passages.split([position])
            one = self._load(self.positions_of(paper))[position]
        return one[1]

    def opening(self, document_id: str, count: int) -> list[Span]:
        """Return the first ``count`` sentences of a document."""
        query = "SELECT start, stop FROM sentences WHERE paper = %s AND number < %s ORDER BY number"
        return [Span(*row) for row in self._all(query, (document_id, count))]

    def _passages_at(self, positions: Sequence[int]) -> list[Passage]:
        held = self._load(positions)
        return [held[position][0] for position in positions]

    def _load(self, positions: Sequence[int]) -> Mapping[int, tuple[Passage, list[tuple[int, Sentence]]]]:
        """Return passages with their sentences by position, at least those at ``positions``."""
        missing = [position for position in positions if position not in self._held]
        if not missing:
            return self._held
        before = self._held if len(self._held) < _HELD else {}
        asked = missing if before is self._held else positions
        held = {**before, **self._loaded(asked)}
        self._held = held  # replaced and not changed: other threads may read it
        return held

    def _loaded(self, positions: Sequence[int]) -> dict[int, tuple[Passage, list[tuple[int, Sentence]]]]:
        wanted = self._listing.passages.split(positions)
        of_these = "unnest(%s::text[], %s::int[]) AS w (paper, number)"
        passages = self._all(
            "SELECT p.paper, p.number, p.start, p.stop, p.section, p.kind, p.tokens, p.context "
            f"FROM {of_these} JOIN passages p USING (paper, number)",
            wanted,
        )
        sentences = self._all(
            "SELECT s.paper, s.passage, s.number, s.start, s.stop, s.kind "
            f"FROM {of_these} JOIN sentences s ON s.paper = w.paper AND s.passage = w.number "
            "ORDER BY s.paper, s.number",
            wanted,
        )
        loaded: dict[int, tuple[Passage, list[tuple[int, Sentence]]]] = {}
        for paper, number, start, stop, section, kind, tokens, context in passages:
            passage = Passage(paper, Span(start, stop), section, BlockKind(kind), tokens, context)
            loaded[self._listing.passages.row(paper, number)] = passage, []
        for paper, passage_number, number, start, stop, kind in sentences:
            position = self._listing.passages.row(paper, passage_number)
            sentence = Sentence(paper, Span(start, stop), position, BlockKind(kind))
            loaded[position][1].append((self._listing.sentences.row(paper, number), sentence))
        return loaded

    def _vectors_at(self, rows: Sequence[int]) -> NDArray[np.float32]:
        vectors = self._all(
            "SELECT s.steps, s.step FROM unnest(%s::text[], %s::int[]) WITH ORDINALITY "
            "AS w (paper, number, place) JOIN sentences s USING (paper, number) ORDER BY w.place",
            self._listing.sentences.split(rows),
        )
        return stepped(vectors, self.manifest.model.dimension)

    # Search

    def candidates(
        self, question: str, vector: NDArray[np.float32], count: int, documents: frozenset[str] | None = None
    ) -> Candidates:
        """Return the best passages by BM25 and the nearest by cosine; see ``Index.candidates``."""
        scope: Filter = Used() if documents is None else Both((Used(), OneOf(documents)))
        weights = self.lexical.weights(question)
        scores = self._link.run(
            lambda session: found(session, vector, weights, scope, count, hnsw=self._hnsw)
        )
        keys = sorted(scores)  # in order of position
        nearest = self._link.run(lambda session: sentence_scores(session, vector, keys))
        return Candidates(
            np.array([self._listing.passages.row(*key) for key in keys], np.int64),
            np.array([scores[key].lexical for key in keys], np.float32),
            np.array([scores[key].dense for key in keys], np.float32),
            np.array([nearest.get(key, -1.0) for key in keys], np.float32),
        )

    def close(self) -> None:
        """End the transaction and close the connection."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _SentenceVectors:
    """Vectors of sentences by row, read on access."""

    def __init__(self, read: Callable[[Sequence[int]], NDArray[np.float32]], count: int) -> None:
        self._read = read
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of the sentences in ``rows``, shape ``(len(rows), dimension)``."""
        return self._read(rows.tolist())
