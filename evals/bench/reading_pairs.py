"""Compares what was read from a PDF with the JATS XML of the same article."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.read.sentences import split_sentences
from index.text import BlockKind, Document

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Citations in brackets or as superscript figures after a word are no part of a sentence.
_CITATION = re.compile(r"\[[\d,;\s\u2010-\u2015-]+\]|\((?:\d{1,3}[,;\s\u2010-\u2015-]*)+\)")
SHORTEST = 15  #: letters and digits of a sentence that is looked for
SHINGLE = 7  #: words that two texts must share in a row to be taken for the same


@dataclass(frozen=True, slots=True)
class Pair:
    """What reading one PDF gave, measured against the XML of the article."""

    name: str
    engine: str
    sentences: int  #: of the body, in the XML
    found: int  #: of them, whole in the PDF's canonical text
    split: int  #: not found whole, but both halves near each other: something stands between
    tau: float  #: Kendall's tau of the found ones
    section_right: int  #: found ones whose innermost section has the same title
    section_known: int  #: found ones that have a section in the XML
    shown: int  #: sentences of running text in the PDF's document
    polluted: int  #: of them, those that carry words of captions or references
    title: bool | None  #: None where the PDF does not print it
    doi: bool | None
    year: bool | None
    authors: bool | None
    seconds: float
    pages: int
    memory: int = 0  #: bytes, the most that the process that extracted the text had resident
    missing: tuple[str, ...] = ()  #: the sentences not found whole

    @property
    def recall(self) -> float:
        """Share of the sentences found whole."""
        return self.found / self.sentences if self.sentences else 1.0


def bare(text: str) -> str:
    """Return the letters and digits of ``text`` in lower case, citations in brackets left out."""
    return "".join(c for c in unicodedata.normalize("NFKD", _CITATION.sub("", text)).lower() if c.isalnum())


@dataclass(frozen=True, slots=True)
class Bare:
    """A document's letters and digits, traced to its blocks."""

    text: str
    starts: tuple[int, ...]  #: where each block begins in ``text``

    @classmethod
    def of(cls, document: Document) -> Bare:
        """Return the letters and digits of all blocks, in order."""
        parts = [bare(block.span.of(document.text)) for block in document.blocks]
        starts, at = [], 0
        for part in parts:
            starts.append(at)
            at += len(part)
        return cls("".join(parts), tuple(starts))

    def block(self, at: int) -> int:
        """Return the block that the character at ``at`` stands in."""
        return bisect_right(self.starts, at) - 1


def gold_sentences(gold: Document) -> list[tuple[str, tuple[str, ...]]]:
    """Return each sentence of the body with the titles of its sections, outermost first."""
    first = next((i for i, s in enumerate(gold.sections) if s.level == 1 and _body(s.title)), 0)
    found: list[tuple[str, tuple[str, ...]]] = []
    for block in gold.blocks:
        if block.kind is not BlockKind.PARAGRAPH or block.section < first:
            continue
        path = gold.section_path(block.section)
        text = block.span.of(gold.text)
        found += [(span.of(text), path) for span in split_sentences(text)]
    return [(text, path) for text, path in found if len(bare(text)) >= SHORTEST]


def _body(title: str) -> bool:
    return "abstract" not in title.lower()


def compare(name: str, gold: Document, pdf: Document, engine: str, seconds: float) -> Pair:
    """Measure what was read from a PDF against what the XML says."""
    whole = Bare.of(pdf)
    sentences = gold_sentences(gold)
    places: list[int] = []
    missing: list[str] = []
    split = right = known = 0
    at = 0
    for text, path in sentences:
        wanted = bare(text)
        place = whole.text.find(wanted, at)
        place = place if place >= 0 else whole.text.find(wanted)
        if place < 0:
            missing.append(text)
            split += _split(wanted, whole.text)
            continue
        places.append(place)
        at = place if abs(place - at) < 20_000 else at
        if path:
            known += 1
            block = pdf.blocks[whole.block(place + len(wanted) // 2)]
            right += _same_section(path, pdf.section_path(block.section))
    shown, polluted = pollution(gold, pdf)
    printed = whole.text
    return Pair(
        name=name, engine=engine, sentences=len(sentences), found=len(places), split=split,
        tau=kendall(places), section_right=right, section_known=known, shown=shown, polluted=polluted,
        title=_right(gold.title, pdf.title, printed),
        doi=_right(gold.doi, pdf.doi, printed),
        year=None if gold.year is None or str(gold.year) not in pdf.text else pdf.year == gold.year,
        authors=_authors(gold, pdf, printed),
        seconds=seconds, pages=len(pdf.map.pages), missing=tuple(missing),
    )  # fmt: skip


def _split(wanted: str, text: str) -> bool:
    half = len(wanted) // 2
    head, tail = wanted[: min(half, 40)], wanted[-min(half, 40) :]
    start = text.find(head)
    return start >= 0 and 0 <= text.find(tail, start) - start - len(wanted) < 3_000


def _same_section(gold: Sequence[str], found: Sequence[str]) -> bool:
    return bool(found) and bare(gold[-1]) == bare(found[-1])


def _right(gold: str, found: str, printed: str) -> bool | None:
    if not gold or (bare(gold) not in printed and bare(found) != bare(gold)):
        return None
    return bare(gold) == bare(found)


def _authors(gold: Document, pdf: Document, printed: str) -> bool | None:
    wanted = [bare(author.split()[-1]) for author in gold.authors]
    if not wanted or not all(name in printed for name in wanted):
        return None
    found = [bare(author) for author in pdf.authors]
    return len(found) == len(wanted) and all(w in f for w, f in zip(wanted, found, strict=True))


def kendall(places: Sequence[int]) -> float:
    """Return Kendall's tau between the order of ``places`` and rising order; 1.0 for fewer than two."""
    pairs = len(places) * (len(places) - 1) // 2
    against = sum(1 for i, a in enumerate(places) for b in places[i + 1 :] if b < a)
    return 1 - 2 * against / pairs if pairs else 1.0


def pollution(gold: Document, pdf: Document) -> tuple[int, int]:
    """Return how many sentences of running text the PDF gave, and how many carry a caption or a reference."""
    clean = {s for b in gold.blocks if b.kind in _CLEAN for s in _shingles(b.span.of(gold.text))}
    alien = {s for b in gold.blocks if b.kind in _ALIEN for s in _shingles(b.span.of(gold.text))} - clean
    shown = polluted = 0
    for block in pdf.blocks:
        if block.kind is not BlockKind.PARAGRAPH:
            continue
        text = block.span.of(pdf.text)
        for span in split_sentences(text):
            shown += 1
            polluted += not alien.isdisjoint(_shingles(span.of(text)))
    return shown, polluted


_CLEAN = frozenset({BlockKind.PARAGRAPH, BlockKind.NOTE, BlockKind.TITLE, BlockKind.HEADING})
_ALIEN = frozenset({BlockKind.CAPTION, BlockKind.REFERENCE})


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = [w for w in (bare(word) for word in _CITATION.sub("", text).split()) if w]
    return {tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}
