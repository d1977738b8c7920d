"""A paper as it is stored: its document, and how that is cut into passages and sentences."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from index.segments.codec import decode_byline, decode_document, encode_document
from index.text import BlockKind, Byline, Document, Passage, Sentence

ANCHORS = 64  #: hashes by which papers that may be the same are found


@dataclass(frozen=True, slots=True)
class PaperRows:
    """One document with its passages and sentences; positions of passages count within the document."""

    id: str  #: of the document
    source: str  #: file name
    title: str
    text: str
    details: bytes  #: the rest of the document, see ``decode_document``; compressed
    reading: str  #: fingerprint of the code that read it, see ``index.ingest.papers.reading_fingerprint``
    passages: list[list[Any]]  #: start, end, section, kind, tokens, context
    sentences: list[list[Any]]  #: passage, start, end, kind; in order of passage
    edition: str = ""  #: see ``index.ingest.editions.encoded``
    anchors: list[int] = field(
        default_factory=list
    )  #: see ``index.ingest.editions.Edition``, at most ``ANCHORS``

    @classmethod
    def of(
        cls, document: Document, passages: Sequence[Passage], sentences: Sequence[Sentence], reading: str
    ) -> PaperRows:
        """Return the rows of ``document``; ``sentences`` refer to positions in ``passages``."""
        return cls(
            *(document.id, document.source, document.title, document.text),
            zlib.compress(encode_document(document).encode(), 1),
            reading,
            [[p.span.start, p.span.end, p.section, str(p.kind), p.tokens, p.context] for p in passages],
            [
                [s.passage, s.span.start, s.span.end, str(s.kind)]
                for s in sorted(sentences, key=lambda sentence: sentence.passage)
            ],
        )

    def document(self) -> Document:
        """Return the document itself."""
        return decode_document(zlib.decompress(self.details).decode(), self.text, self.source)

    def byline(self) -> Byline:
        """Return title, authors and year."""
        return decode_byline(zlib.decompress(self.details).decode())

    def embedded_texts(self) -> list[str]:
        """Return the texts to encode: every passage with its context, then every sentence."""
        texts = self.passage_texts()
        for passage, start, end, kind in self.sentences:
            text = self.text[start:end]
            # The row of a table goes with its caption and column heads.
            heads = self.passages[passage][5].rpartition("\n")[2] if kind == BlockKind.TABLE else ""
            texts.append(f"{text.replace(chr(9), ', ')} ({heads})" if heads else text)
        return texts

    def passage_texts(self) -> list[str]:
        """Return every passage with its context."""
        return [
            f"{context}\n{self.text[start:end]}" if context else self.text[start:end]
            for start, end, _, _, _, context in self.passages
        ]
