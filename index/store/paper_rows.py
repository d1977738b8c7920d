"""Papers in the form in which they are stored, and the writing of them to one SQLite file."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.errors import IndexDamaged, StorageError
from index.store.codec import decode_document, encode_document
from index.store.manifest import Counts
from index.text import BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from index.text import Document, Passage, Sentence

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


@dataclass(frozen=True, slots=True)
class PaperRows:
    """One document cut up, in the form in which it is stored.

    Positions of passages count from 0 within the document; rows are put in
    their places of the index when they are written.
    """

    id: str  #: of the document
    source: str  #: the file's name
    title: str
    text: str
    details: bytes  #: the rest of the document, see ``decode_document``, compressed
    reading: str  #: fingerprint of the code that read it and cut it up
    passages: list[list[Any]]  #: id, start, end, section, kind, tokens, context
    sentences: list[list[Any]]  #: passage, start, end, kind; in order of passage

    @classmethod
    def of(
        cls, document: Document, passages: Sequence[Passage], sentences: Sequence[Sentence], reading: str
    ) -> PaperRows:
        """Return the rows of ``document``; ``sentences`` point to positions in ``passages``."""
        return cls(
            document.id,
            document.source,
            document.title,
            document.text,
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
        """Return what the encoder is given: every passage with its context, then every sentence."""
        texts = [
            f"{context}\n{self.text[start:end]}" if context else self.text[start:end]
            for _, start, end, _, _, _, context in self.passages
        ]
        return texts + [self._sentence_text(*sentence) for sentence in self.sentences]

    def _sentence_text(self, passage: int, start: int, end: int, kind: str) -> str:
        """Return a sentence; a row of a table with its caption and column heads."""
        text = self.text[start:end]
        if kind != BlockKind.TABLE:
            return text
        heads = str(self.passages[passage][6]).rpartition("\n")[2]
        return f"{text.replace(chr(9), ', ')} ({heads})" if heads else text


def write_rows(path: Path, papers: Iterable[PaperRows]) -> Counts:
    """Write ``papers``, in the order given, to a new file. Nothing is forced to the disk.

    Raises:
        StorageError: the disk refused.
    """
    number = position = row = 0
    with sqlite_refusals(path), closing(sqlite3.connect(path, isolation_level=None)) as base:
        # The file is of no worth until it is complete; a crash costs nothing.
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
def sqlite_refusals(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into this project's."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path}: {error}.", "Check the disk's free space and rights.") from error
    except sqlite3.DatabaseError as error:
        raise IndexDamaged(f"{path}: {error}.", "Rebuild the index.") from error
