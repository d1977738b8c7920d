"""Synthetic papers in any number: texts, and vectors distributed like a model's.

The variance of the vectors along their principal directions, and how close the vectors of one
paper are, follow all-MiniLM-L6-v2 on 27,000 sentences of papers. Vectors without such
structure would be harder to search than any model's.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.encoder import load_encoder, model_of
from index.ingest.build import build
from index.segments.codec import encode_document
from index.segments.paper import ANCHORS, PaperRows
from index.store.open import CURRENT
from index.store.publish import Origin, publish, writing
from index.store.publish import Papers as ToPublish
from index.text import Block, BlockKind, Document, Run, Section, SourceMap, Span, line_starts
from qa.files.resources import seeds_folder

DIMENSION = 384
PASSAGES = 60  #: per paper
SENTENCES = 4  #: per passage
_SECTIONS = ("Introduction", "Methods", "Results", "Discussion")
_WORDS = 80_000
#: Measured variances along the 1st, 2nd, 3rd, 5th, ... principal direction.
_AT = (1, 2, 3, 5, 10, 20, 40, 80, 160, 300, 384)
_VARIANCES = (0.11, 0.033, 0.025, 0.016, 0.0114, 0.0078, 0.005, 0.0027, 0.0012, 0.00024, 0.00001)
_MEAN = 0.36
#: Shares of the variance between papers, between passages of one and between sentences of one.
_SHARES = (0.5, 0.3, 0.2)


@lru_cache(maxsize=1)
def _spread() -> NDArray[np.float32]:
    directions = np.arange(1, DIMENSION + 1)
    logarithms = np.interp(np.log(directions), np.log(_AT), np.log(_VARIANCES))
    return np.sqrt(np.exp(logarithms)).astype(np.float32)


def vectors_of(number: int, sentences: bool = True) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the vectors of the passages of paper ``number`` and, if ``sentences``, of their sentences."""
    chance = np.random.default_rng([1, number])
    paper, passage, sentence = (np.sqrt(share) * _spread() for share in _SHARES)
    middle = paper * chance.standard_normal(DIMENSION, np.float32)
    middle[0] += _MEAN
    passages = middle + passage * chance.standard_normal((PASSAGES, DIMENSION), np.float32)
    each = np.repeat(passages, SENTENCES if sentences else 0, axis=0)
    own = sentence * chance.standard_normal(each.shape, np.float32)
    return _normalised(passages), _normalised(each + own)


def queries(papers: int, count: int) -> NDArray[np.float32]:
    """Return question vectors, each near a passage of one of ``papers`` papers."""
    chance = np.random.default_rng(2)
    rows = []
    for number in chance.integers(papers, size=count):
        row = vectors_of(int(number), sentences=False)[0][chance.integers(PASSAGES)]
        rows.append(row + np.float32(0.6) * _spread() * chance.standard_normal(DIMENSION, np.float32))
    return _normalised(np.array(rows, np.float32))


def _normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return result.astype(np.float32)


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[list[str], NDArray[np.float64]]:
    """Return English words, most frequent first, and their cumulative probabilities (Zipf-Mandelbrot)."""
    from wordfreq import top_n_list

    words = [word for word in top_n_list("en", _WORDS) if word.isalpha() and word.isascii()]
    weights = 1 / (np.arange(len(words)) + 2.7)
    return words, np.cumsum(weights) / weights.sum()


@dataclass(frozen=True)
class Papers(ToPublish):
    """``count`` papers in the form that ``index.store.publish`` takes, each made on demand."""

    count: int

    @classmethod
    def holding(cls, passages: int) -> Papers:
        """Return the fewest papers that have ``passages`` passages."""
        return cls(-(-passages // PASSAGES))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {
            hashlib.sha256(f"paper {number}".encode()).hexdigest(): number for number in range(self.count)
        }

    @property
    def sources(self) -> Mapping[str, str]:
        """See ``publish.Papers``."""
        return {key: _source(number) for key, number in self._numbers.items()}

    def paper(self, document_id: str) -> PaperRows:
        """See ``publish.Papers``."""
        document = document_of(document_id, self._numbers[document_id])
        passages, sentences = _cut(document)
        details = zlib.compress(encode_document(document).encode(), 1)
        head = (document.id, document.source, document.title, document.text)
        anchors = (
            np.random.default_rng([5, self._numbers[document_id]]).integers(1, 1 << 63, ANCHORS).tolist()
        )
        return PaperRows(*head, details, "made up", passages, sentences, "", anchors)

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        """See ``publish.Papers``."""
        return vectors_of(self._numbers[document_id], sentences=False)[0]

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        """See ``publish.Papers``."""
        return vectors_of(self._numbers[document_id])[1]

    def questions(self, count: int) -> list[str]:
        """Return questions in words of the papers."""
        chance = np.random.default_rng(3)
        asked = []
        for at in chance.integers(self.count, size=count):
            text = document_of("", int(at)).text
            words = re.findall(r"[a-z]{4,}", text[-4000:])
            some = [words[i] for i in chance.integers(len(words), size=5)]
            asked.append("Was the {} of {} with {} in {} and {} measured?".format(*some))
        return asked


def seed_index(folder: Path) -> Path:
    """Return ``folder`` with an index of the seed papers, made if it is not there."""
    if not (folder / CURRENT).is_file():
        build([seeds_folder()], folder, encoder=load_encoder())
    return folder


def synthetic_index(folder: Path, passages: int) -> Path:
    """Return ``folder`` with an index of synthetic papers, made if it is not there.

    The genuine model encodes its questions.
    """
    if not (folder / CURRENT).is_file():
        with writing(folder):
            publish(folder, Papers.holding(passages), Origin(model_of(load_encoder()), None))
    return folder


def _source(number: int) -> str:
    return f"{number:06}.txt"


def document_of(document_id: str, number: int) -> Document:
    """Return paper ``number`` with the given id."""
    words, shares = _vocabulary()
    chance = np.random.default_rng([4, number])
    lengths = chance.integers(12, 26, size=PASSAGES * SENTENCES)
    drawn = [words[i] for i in np.searchsorted(shares, chance.random(int(lengths.sum())))]
    title = f"On {' '.join(drawn[:4])}"
    parts, blocks, sections = [title], [Block(Span(0, len(title)), BlockKind.TITLE, 0)], []
    at, word = len(title), 0
    starts: list[int] = []
    for passage in range(PASSAGES):
        if passage % (PASSAGES // len(_SECTIONS)) == 0:
            heading = _SECTIONS[len(starts)]
            starts.append(at + 2)
            parts.append(heading)
            blocks.append(Block(Span(at + 2, at + 2 + len(heading)), BlockKind.HEADING, len(starts)))
            at += 2 + len(heading)
        said = []
        for length in lengths[passage * SENTENCES : (passage + 1) * SENTENCES]:
            said.append(f"{' '.join(drawn[word : word + length]).capitalize()}.")
            word += length
        parts.append(" ".join(said))
        blocks.append(Block(Span(at + 2, at + 2 + len(parts[-1])), BlockKind.PARAGRAPH, len(starts)))
        at += 2 + len(parts[-1])
    text = "\n\n".join(parts)
    sections.append(Section("", 0, Span(0, starts[0])))
    for name, start, end in zip(_SECTIONS, starts, [*starts[1:], len(text)], strict=True):
        sections.append(Section(name, 1, Span(start, end)))
    return Document(
        id=document_id,
        source=_source(number),
        format="text",
        title=title,
        text=text,
        blocks=tuple(blocks),
        sections=tuple(sections),
        map=SourceMap((Run(0, 0, len(text)),), line_starts(text)),
    )


def _cut(document: Document) -> tuple[list[list[object]], list[list[object]]]:
    """Return the rows of passages (one per paragraph) and sentences (each ends with a full stop)."""
    passages: list[list[object]] = []
    sentences: list[list[object]] = []
    for block in document.blocks:
        if block.kind is not BlockKind.PARAGRAPH:
            continue
        start, text = block.span.start, block.span.of(document.text)
        for match in re.finditer(r"[^.]+\.", text):
            begin = start + match.start() + (match[0][0] == " ")
            sentences.append([len(passages), begin, start + match.end(), "paragraph"])
        context = f"{document.title}\n{document.sections[block.section].title}"
        passages.append([start, block.span.end, block.section, "paragraph", len(text) // 6, context])
    return passages, sentences
