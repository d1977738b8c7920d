"""Documents, passages and sentences of a generation, read from its SQLite file.

The file is written once as a whole (``index.store.paper_rows``) and opened so that it
cannot be changed.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from index.store.codec import decode_document
from index.store.manifest import Counts
from index.store.paper_rows import PaperRows, sqlite_refusals
from index.store.recent import Recent
from index.text import BlockKind, Document, Passage, Sentence, Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PASSAGE = (
    "SELECT p.id, d.id, p.start, p.end, p.section, p.kind, p.tokens, p.context FROM passages p "
    "JOIN documents d ON d.number = p.document WHERE p.position {} ORDER BY p.position"
)
_PASSAGES = _PASSAGE.replace("SELECT", "SELECT p.position,", 1)
_AT_ONCE = 500  #: values in one question to the file
_SENTENCE = (
    "SELECT s.row, d.id, s.start, s.end, s.passage, s.kind FROM sentences s "
    "JOIN passages p ON p.position = s.passage JOIN documents d ON d.number = p.document WHERE {} "
    "ORDER BY s.row"
)
_MAPPED = (1 << 31) - (1 << 16)  #: bytes; SQLite maps no more
_TEXTS = 16_000_000  #: characters of papers' texts kept in memory: some 500 papers
#: The same of papers decoded whole, which take some ten bytes a character.
_DECODED = 8_000_000


class Rows:
    """The opened file; its checksum has been compared. Safe in several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._texts = Recent[str](_TEXTS, len)
        with sqlite_refusals(path):
            self._base = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._base.execute(f"PRAGMA mmap_size = {_MAPPED}")  # read where it lies in the system's cache
        names = self.query("SELECT id, source, title FROM documents ORDER BY number")
        #: display name of each document by id, in order of id
        self.names: dict[str, str] = {key: title or source for key, source, title in names}
        self.documents = Documents(self)
        self.passages = Passages(self)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows of a SELECT."""
        with self._lock, sqlite_refusals(self._path):
            return self._base.execute(statement, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def text(self, document_id: str) -> str:
        """Return the canonical text of a document without decoding the rest of it.

        Raises:
            KeyError: there is no such document.
        """

        def read() -> str:
            rows = self.query("SELECT text FROM documents WHERE id = ?", document_id)
            if not rows:
                raise KeyError(document_id)
            return str(rows[0][0])

        return self._texts.get(document_id, read)

    def sentences_of(self, position: int) -> list[tuple[int, Sentence]]:
        """Return the sentences of the passage at ``position``, each with its row."""
        return [_sentence(row) for row in self.query(_SENTENCE.format("s.passage = ?"), position)]

    def readings(self) -> dict[str, tuple[str, str]]:
        """Return each document's file name and reading (see ``PaperRows``) by id."""
        found = self.query("SELECT id, source, reading FROM documents ORDER BY number")
        return {key: (source, reading) for key, source, reading in found}

    def counts(self) -> Counts:
        """Return how many documents, passages and sentences there are."""
        tables = ("documents", "passages", "sentences")
        return Counts(*(int(self.query(f"SELECT count(*) FROM {name}")[0][0]) for name in tables))

    def paper(self, document_id: str) -> PaperRows:
        """Return a document as it is stored.

        Raises:
            KeyError: there is no such document.
        """
        heads = self.query("SELECT * FROM documents WHERE id = ?", document_id)
        if not heads:
            raise KeyError(document_id)
        number, *head = heads[0]
        first = self.extent(document_id)[0]
        passages = self.query(
            "SELECT id, start, end, section, kind, tokens, context FROM passages "
            "WHERE document = ? ORDER BY position",
            number,
        )
        sentences = self.query(
            "SELECT s.passage - ?, s.start, s.end, s.kind FROM sentences s "
            "JOIN passages p ON p.position = s.passage WHERE p.document = ? ORDER BY s.row",
            first,
            number,
        )
        key, source, title, text, details, reading = head
        return PaperRows(
            key,
            source,
            title,
            text,
            details,
            reading,
            [list(row) for row in passages],
            [list(row) for row in sentences],
        )

    def extent(self, document_id: str) -> tuple[int, int, int, int]:
        """Return the document's first passage's position and how many, first sentence's row and how many."""
        found = self.query(
            "SELECT min(p.position), count(*) FROM passages p JOIN documents d ON d.number = p.document "
            "WHERE d.id = ?",
            document_id,
        )
        first, passages = found[0]
        rows = self.query(
            "SELECT min(row), count(*) FROM sentences WHERE passage >= ? AND passage < ?",
            first or 0,
            (first or 0) + passages,
        )
        return first or 0, passages, rows[0][0] or 0, rows[0][1]

    def passage_documents(self) -> list[int]:
        """Return for each passage the number of its document, counted in order of id."""
        return [row[0] for row in self.query("SELECT document FROM passages ORDER BY position")]

    def sentence_counts(self) -> list[tuple[int, int]]:
        """Return (passage, number of its sentences), in order, for passages that have any."""
        return [
            (row[0], row[1]) for row in self.query("SELECT passage, COUNT(*) FROM sentences GROUP BY passage")
        ]

    def passage_texts(self) -> Iterator[str]:
        """Yield each passage as it was embedded, context first, in order of position."""
        for key in self.names:
            paper = self.paper(key)
            yield from paper.embedded_texts()[: len(paper.passages)]


def _passage(row: tuple[Any, ...]) -> Passage:
    key, document, start, end, section, kind, tokens, context = row
    return Passage(key, document, Span(start, end), section, BlockKind(kind), tokens, context)


def _sentence(row: tuple[Any, ...]) -> tuple[int, Sentence]:
    number, document, start, end, passage, kind = row
    return number, Sentence(document, Span(start, end), passage, BlockKind(kind))


class Documents(Mapping[str, Document]):
    """Documents by id, in order of id, decoded when asked for."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._decoded = Recent[Document](_DECODED, lambda document: len(document.text))

    def __getitem__(self, key: str) -> Document:
        def decode() -> Document:
            rows = self._rows.query("SELECT details, text, source FROM documents WHERE id = ?", key)
            if not rows:
                raise KeyError(key)
            details, text, source = rows[0]
            return decode_document(zlib.decompress(details).decode(), text, source)

        return self._decoded.get(key, decode)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows.names)

    def __len__(self) -> int:
        return len(self._rows.names)


class Passages(Sequence[Passage]):
    """Passages by position, read when asked for."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._length = int(rows.query("SELECT count(*) FROM passages")[0][0])

    def __len__(self) -> int:
        return self._length

    def many(self, positions: Sequence[int]) -> list[Passage]:
        """Return the passages at ``positions``, in that order; quicker than one by one.

        Raises:
            IndexError: there is no passage at one of them.
        """
        found: dict[int, Passage] = {}
        for start in range(0, len(positions), _AT_ONCE):
            asked = positions[start : start + _AT_ONCE]
            marks = ",".join("?" * len(asked))
            for position, *row in self._rows.query(_PASSAGES.format(f"IN ({marks})"), *asked):
                found[position] = _passage(tuple(row))
        try:
            return [found[position] for position in positions]
        except KeyError as error:
            raise IndexError(f"passage {error} of {len(self)}") from error

    @overload
    def __getitem__(self, position: int) -> Passage: ...
    @overload
    def __getitem__(self, position: slice) -> list[Passage]: ...
    def __getitem__(self, position: int | slice) -> Passage | list[Passage]:
        if isinstance(position, slice):
            return self.many(range(*position.indices(len(self))))
        wanted = position + len(self) if position < 0 else position
        rows = self._rows.query(_PASSAGE.format("= ?"), wanted)
        if not rows:
            raise IndexError(f"passage {position} of {len(self)}")
        return _passage(rows[0])
