"""The SQLite file of a generation: documents, passages and sentences.

The file is written once as a whole and opened read-only.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from index.errors import IndexDamaged, StorageError
from index.store.codec import decode_byline, decode_document, encode_document
from index.store.manifest import Counts
from index.text import BlockKind, Byline, Document, Passage, Sentence, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_SCHEMA = """
CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, details BLOB NOT NULL, reading TEXT NOT NULL);
CREATE TABLE passages (position INTEGER PRIMARY KEY, document INTEGER NOT NULL, id TEXT NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, section INTEGER NOT NULL, kind TEXT NOT NULL,
    tokens INTEGER NOT NULL, context TEXT NOT NULL);
CREATE TABLE sentences (row INTEGER PRIMARY KEY, passage INTEGER NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, kind TEXT NOT NULL);
CREATE INDEX sentences_by_passage ON sentences (passage);
CREATE INDEX passages_by_document ON passages (document);
"""
_PASSAGES = (
    "SELECT p.position, p.id, d.id, p.start, p.end, p.section, p.kind, p.tokens, p.context FROM passages p "
    "JOIN documents d ON d.number = p.document WHERE p.position IN ({})"
)
_SENTENCES = (
    "SELECT s.row, d.id, s.start, s.end, s.passage, s.kind FROM sentences s "
    "JOIN passages p ON p.position = s.passage JOIN documents d ON d.number = p.document "
    "WHERE s.passage = ? ORDER BY s.row"
)
_OPENING = (
    "SELECT s.start, s.end FROM sentences s JOIN passages p ON p.position = s.passage "
    "JOIN documents d ON d.number = p.document WHERE d.id = ? ORDER BY s.row LIMIT ?"
)
_AT_ONCE = 500  #: positions in one query
_BEGINNING = 4_096  #: compressed bytes of a document that hold its byline, but for thousands of authors
_MAPPED = (1 << 31) - (1 << 16)  #: bytes; SQLite maps no more
_TEXTS = 16_000_000  #: characters of texts kept in memory: about 500 papers
_DECODED = 8_000_000  #: characters of decoded documents kept in memory, each about ten bytes

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class PaperRows:
    """One document with its passages and sentences, as it is stored.

    Positions of passages count from 0 within the document; ``write_rows`` shifts them.
    """

    id: str  #: of the document
    source: str  #: file name
    title: str
    text: str
    details: bytes  #: the rest of the document, see ``decode_document``; compressed
    reading: str  #: fingerprint of the code that read it, see ``index.ingest.papers.reading_fingerprint``
    passages: list[list[Any]]  #: id, start, end, section, kind, tokens, context
    sentences: list[list[Any]]  #: passage, start, end, kind; in order of passage

    @classmethod
    def of(
        cls, document: Document, passages: Sequence[Passage], sentences: Sequence[Sentence], reading: str
    ) -> PaperRows:
        """Return the rows of ``document``; ``sentences`` refer to positions in ``passages``."""
        return cls(
            *(document.id, document.source, document.title, document.text),
            zlib.compress(encode_document(document).encode(), 1),
            reading,
            [[p.id, p.span.start, p.span.end, p.section, str(p.kind), p.tokens, p.context] for p in passages],
            [
                [s.passage, s.span.start, s.span.end, str(s.kind)]
                for s in sorted(sentences, key=lambda sentence: sentence.passage)
            ],
        )

    def document(self) -> Document:
        """Return the document itself."""
        return decode_document(zlib.decompress(self.details).decode(), self.text, self.source)

    def embedded_texts(self) -> list[str]:
        """Return the texts to encode: every passage with its context, then every sentence."""
        texts = [
            f"{context}\n{self.text[start:end]}" if context else self.text[start:end]
            for _, start, end, _, _, _, context in self.passages
        ]
        for passage, start, end, kind in self.sentences:
            text = self.text[start:end]
            # The row of a table goes with its caption and column heads.
            heads = self.passages[passage][6].rpartition("\n")[2] if kind == BlockKind.TABLE else ""
            texts.append(f"{text.replace(chr(9), ', ')} ({heads})" if heads else text)
        return texts


def write_rows(path: Path, papers: Iterable[PaperRows]) -> Counts:
    """Write ``papers``, in the given order, to a new file, not synced.

    Raises:
        StorageError: the disk refused.
    """
    number = position = row = 0
    with _sqlite_errors(path), closing(sqlite3.connect(path, isolation_level=None)) as base:
        # An incomplete file is discarded, so SQLite need not protect it from a crash.
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("PRAGMA synchronous = OFF")
        base.executescript(_SCHEMA)
        base.execute("BEGIN")
        for paper in papers:
            head = (number, paper.id, paper.source, paper.title, paper.text, paper.details, paper.reading)
            base.execute("INSERT INTO documents VALUES (?,?,?,?,?,?,?)", head)
            base.executemany(
                "INSERT INTO passages VALUES (?,?,?,?,?,?,?,?,?)",
                [(position + i, number, *item) for i, item in enumerate(paper.passages)],
            )
            base.executemany(
                "INSERT INTO sentences VALUES (?,?,?,?,?)",
                [(row + i, position + item[0], *item[1:]) for i, item in enumerate(paper.sentences)],
            )
            number += 1
            position += len(paper.passages)
            row += len(paper.sentences)
        base.execute("COMMIT")
    return Counts(number, position, row)


@contextmanager
def _sqlite_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path}: {error}.", "Check the disk's space and permissions.") from error
    except sqlite3.DatabaseError as error:
        raise IndexDamaged(f"{path}: {error}.") from error


class Rows:
    """The opened file, whose checksum has been compared. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._texts = Recent[str](_TEXTS, len)
        with _sqlite_errors(path):
            self._base = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._base.execute(f"PRAGMA mmap_size = {_MAPPED}")
        names = self.query("SELECT id, source, title FROM documents ORDER BY number")
        #: display name of each document by id, in order of id
        self.names: dict[str, str] = {key: title or source for key, source, title in names}
        self.documents = Documents(self)
        self.passages = Passages(self)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows of a SELECT."""
        with self._lock, _sqlite_errors(self._path):
            return self._base.execute(statement, values).fetchall()

    def document_row(self, columns: str, document_id: str) -> tuple[Any, ...]:
        """Return ``columns`` of a document; raises ``KeyError`` if it is unknown."""
        rows = self.query(f"SELECT {columns} FROM documents WHERE id = ?", document_id)
        if not rows:
            raise KeyError(document_id)
        return rows[0]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def text(self, document_id: str) -> str:
        """Return the canonical text of a document without decoding the rest; raises as ``document_row``."""
        return self._texts.get(document_id, lambda: str(self.document_row("text", document_id)[0]))

    def sentences_of(self, position: int) -> list[tuple[int, Sentence]]:
        """Return the sentences of the passage at ``position``, each with its row."""
        return [
            (row, Sentence(document, Span(start, end), passage, BlockKind(kind)))
            for row, document, start, end, passage, kind in self.query(_SENTENCES, position)
        ]

    def opening(self, document_id: str, count: int) -> list[Span]:
        """Return the first ``count`` sentences of a document."""
        return [Span(start, end) for start, end in self.query(_OPENING, document_id, count)]

    def bylines(self) -> dict[str, Byline]:
        """Return title, authors and year of each document by id, much faster than decoding them."""
        found = {}
        query = "SELECT id, substr(details, 1, ?) FROM documents ORDER BY number"
        for key, start in self.query(query, _BEGINNING):
            beginning = (
                zlib.decompressobj().decompress(start).decode(errors="ignore")
            )  # cut inside a character
            found[key] = decode_byline(beginning) or self.documents[key].byline
        return found

    def readings(self) -> dict[str, tuple[str, str]]:
        """Return file name and reading (see ``PaperRows``) of each document by id."""
        rows = self.query("SELECT id, source, reading FROM documents ORDER BY number")
        return {key: (source, reading) for key, source, reading in rows}

    def counts(self) -> Counts:
        """Return the numbers of documents, passages and sentences."""
        tables = ("documents", "passages", "sentences")
        return Counts(*(int(self.query(f"SELECT count(*) FROM {name}")[0][0]) for name in tables))

    def paper(self, document_id: str) -> PaperRows:
        """Return a document as it is stored; raises as ``document_row``."""
        columns = "number, source, title, text, details, reading"
        number, source, title, text, details, reading = self.document_row(columns, document_id)
        passages = self.query(
            "SELECT id, start, end, section, kind, tokens, context FROM passages "
            "WHERE document = ? ORDER BY position",
            number,
        )
        sentences = self.query(
            "SELECT s.passage - ?, s.start, s.end, s.kind FROM sentences s "
            "JOIN passages p ON p.position = s.passage WHERE p.document = ? ORDER BY s.row",
            self.extent(document_id)[0],
            number,
        )
        rows = [list(row) for row in passages], [list(row) for row in sentences]
        return PaperRows(document_id, source, title, text, details, reading, *rows)

    def extent(self, document_id: str) -> tuple[int, int, int, int]:
        """Return a document's first passage, number of passages, first sentence and number of sentences."""
        [(first, passages)] = self.query(
            "SELECT coalesce(min(p.position), 0), count(*) FROM passages p "
            "JOIN documents d ON d.number = p.document WHERE d.id = ?",
            document_id,
        )
        [(row, sentences)] = self.query(
            "SELECT coalesce(min(row), 0), count(*) FROM sentences WHERE passage >= ? AND passage < ?",
            first,
            first + passages,
        )
        return first, passages, row, sentences

    def passage_documents(self) -> NDArray[np.int32]:
        """Return the number of the document of each passage, in order of position."""
        rows = self.query("SELECT document FROM passages ORDER BY position")
        return np.array([row[0] for row in rows], np.int32)

    def sentence_starts(self) -> NDArray[np.int64]:
        """Return the row of the first sentence of each passage, and at the end the number of rows."""
        starts = np.zeros(len(self.passages) + 1, np.int64)
        for passage, count in self.query("SELECT passage, count(*) FROM sentences GROUP BY passage"):
            starts[passage + 1] = count
        return np.cumsum(starts)

    def passage_texts(self) -> Iterator[str]:
        """Yield each passage as it was embedded, context first, in order of position."""
        for key in self.names:
            paper = self.paper(key)
            yield from paper.embedded_texts()[: len(paper.passages)]


class Documents(Mapping[str, Document]):
    """Documents by id, in order of id, decoded on access."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._decoded = Recent[Document](_DECODED, lambda document: len(document.text))

    def __getitem__(self, key: str) -> Document:
        def decode() -> Document:
            details, text, source = self._rows.document_row("details, text, source", key)
            return decode_document(zlib.decompress(details).decode(), text, source)

        return self._decoded.get(key, decode)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows.names)

    def __len__(self) -> int:
        return len(self._rows.names)


class Passages(Sequence[Passage]):
    """Passages by position, read on access."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._length = int(rows.query("SELECT count(*) FROM passages")[0][0])

    def __len__(self) -> int:
        return self._length

    def many(self, positions: Sequence[int]) -> list[Passage]:
        """Return the passages at ``positions``, in that order; faster than one by one.

        Raises:
            IndexError: a position is out of range.
        """
        passages: dict[int, Passage] = {}
        for start in range(0, len(positions), _AT_ONCE):
            asked = positions[start : start + _AT_ONCE]
            for row in self._rows.query(_PASSAGES.format(",".join("?" * len(asked))), *asked):
                position, key, document, first, end, section, kind, tokens, context = row
                span = Span(first, end)
                passages[position] = Passage(key, document, span, section, BlockKind(kind), tokens, context)
        try:
            return [passages[position] for position in positions]
        except KeyError as error:
            raise IndexError(f"passage {error} of {len(self)}") from error

    @overload
    def __getitem__(self, position: int) -> Passage: ...
    @overload
    def __getitem__(self, position: slice) -> list[Passage]: ...
    def __getitem__(self, position: int | slice) -> Passage | list[Passage]:
        if isinstance(position, slice):
            return self.many(range(*position.indices(len(self))))
        return self.many([position + len(self) if position < 0 else position])[0]


class Recent(Generic[Value]):
    """A cache of the values used last, bounded by their total size. Thread-safe."""

    def __init__(self, most: int, size: Callable[[Value], int]) -> None:
        """Keep values whose ``size`` adds up to at most ``most``, and the last one whatever its size."""
        self._most = most
        self._size = size
        self._held = 0
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, make: Callable[[], Value]) -> Value:
        """Return the value of ``key``, calling ``make`` if it is not cached; two threads may both call it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        made = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = made
                self._held += self._size(made)
            while self._held > self._most and len(self._values) > 1:
                self._held -= self._size(self._values.popitem(last=False)[1])
        return made
