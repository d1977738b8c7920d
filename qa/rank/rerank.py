"""The second stage of ranking: the sentences of the best passages, read with the question.

The first stage weighs every sentence of the passages found by what it shares with
the question. Here the best of those passages are read (``qa.rank.reader``), and a
second set of learned weights joins both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.rank import features as first
from qa.rank.candidates import Candidate, abbreviations_of
from qa.rank.reader import Mark, Reader, Reading, Text, load_reader
from qa.rank.select import Weights, load_weights
from qa.understand.question import Place, Question

#: The columns of the second stage: those of the first, and what was read.
NAMES = (
    *first.NAMES,
    "first",  # score of the first stage
    "read",  # score of the reader, kept within ``LIMIT``
    "read_share",  # share of the softmax over all sentences read and no answer (0)
    "cited",  # the sentence quoted last, in a conversation
    "after_cited",  # how soon it comes after that: 1 next, less the farther
    "before_cited",  # the same the other way
)
#: Characters over which being near the last quote loses most of its weight.
REACH = 400.0
#: Largest score of the reader, either way.
LIMIT = 12.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be read for a question: passages, and the candidates in them."""

    texts: tuple[Text, ...]
    starts: tuple[int, ...]  #: where each text starts in its paper
    kept: NDArray[np.intp]  #: positions of the candidates that stand in the texts
    places: tuple[tuple[int, int], ...]  #: of each of those: which text, and which of its sentences

    def marks(self, readings: Sequence[Reading]) -> list[Mark | None]:
        """Return the decisive words of each candidate kept, with spans in its paper."""
        return [
            mark and replace(mark, span=mark.span.moved(self.starts[text]))
            for text, sentence in self.places
            for mark in (readings[text].marks[sentence],)
        ]


@dataclass(frozen=True, slots=True)
class Reranker:
    """A reader, and the weights that join what it says with the stages before."""

    reader: Reader
    weights: Weights

    @property
    def fingerprint(self) -> str:
        """Identify reader and weights in receipts."""
        return f"{self.weights.fingerprint[:32]}{self.reader.fingerprint[:32]}"


def beside(candidates: Sequence[Candidate], cited: Place | None) -> NDArray[np.float64]:
    """Return how near each candidate stands to what was quoted last: the last of ``NAMES``, (candidates, 3).

    What is asked next is often told in the same sentence or those around it. All 0 where nothing was quoted.
    """
    found = np.zeros((len(candidates), 3))
    for row, candidate in enumerate(candidates):
        if cited is None or candidate.document.id != cited.document_id:
            continue
        span = candidate.sentence.span
        if span.overlaps(cited.span):
            found[row, 0] = 1.0
        elif span.start >= cited.span.end:
            found[row, 1] = np.exp((cited.span.end - span.start) / REACH)
        else:
            found[row, 2] = np.exp((span.end - cited.span.start) / REACH)
    return found


def chosen(
    candidates: Sequence[Candidate],
    scores: NDArray[np.float64],
    passages: int,
    *,
    cited: Place | None = None,
    abbreviations: bool = True,
) -> Choice:
    """Return the ``passages`` whose best sentence scores highest, and their candidates in order.

    The passage ``cited`` last is among them, with the next, if they were found. ``abbreviations`` says
    whether they are read as what they stand for.
    """
    order = np.argsort(-scores, kind="stable")
    hits = list(dict.fromkeys((*_going_on(candidates, cited), *(candidates[i].hit.position for i in order))))
    hits = hits[:passages]
    inside: dict[int, list[int]] = {hit: [] for hit in hits}
    for i, candidate in enumerate(candidates):
        if candidate.hit.position in inside:
            inside[candidate.hit.position].append(i)
    texts, starts, places = [], [], {}
    for number, members in enumerate(inside.values()):
        passage = candidates[members[0]].hit.passage
        place = passage.span
        spans = [candidates[i].sentence.span for i in members]
        start, end = min(place.start, *(s.start for s in spans)), max(place.end, *(s.end for s in spans))
        sentences = tuple(span.moved(-start) for span in spans)
        document = candidates[members[0]].document
        forms = abbreviations_of(document) if abbreviations else None
        texts.append(Text(passage.context, document.text[start:end], sentences, forms))
        starts.append(start)
        places.update({i: (number, at) for at, i in enumerate(members)})
    kept = np.array(sorted(places), np.intp)
    return Choice(tuple(texts), tuple(starts), kept, tuple(places[i] for i in kept))


def _going_on(candidates: Sequence[Candidate], cited: Place | None) -> list[int]:
    """Return the position of the passage ``cited``, and of the next, where they are among those found."""
    if cited is None:
        return []
    hits = {c.hit.position: c.hit.passage for c in candidates if c.document.id == cited.document_id}
    at = next((position for position, passage in hits.items() if passage.span.overlaps(cited.span)), -2)
    return [position for position in (at, at + 1) if position in hits]


def joined(
    features: NDArray[np.float64],
    scores: NDArray[np.float64],
    choice: Choice,
    readings: Sequence[Reading],
    near: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the columns ``NAMES`` of the candidates kept, from ``features`` and ``scores`` of all.

    ``near`` is what ``beside`` tells of all.
    """
    kept = choice.kept
    return np.column_stack([features[kept], scores[kept], told_by(readings, choice), near[kept]])


def told_by(readings: Sequence[Reading], choice: Choice) -> NDArray[np.float64]:
    """Return "read" and "read_share" of the candidates kept, shape ``(candidates, 2)``."""
    told = np.array([readings[text].scores[sentence] for text, sentence in choice.places])
    told = np.clip(told, -LIMIT, LIMIT)
    powers = np.exp(told)
    return np.column_stack([told, powers / (1.0 + powers.sum())])


@dataclass(frozen=True, slots=True)
class Read:
    """The candidates that were read, as a stage sees them."""

    choice: Choice
    features: NDArray[np.float64]  #: the columns of the stage, a row per candidate kept
    marks: list[Mark | None]  #: decisive words of each, in its paper

    @property
    def kept(self) -> NDArray[np.intp]:
        """Positions among the candidates of the first stage."""
        return self.choice.kept


def second_stage(
    reader: Reader,
    question: Question,
    candidates: Sequence[Candidate],
    features: NDArray[np.float64],
    scores: NDArray[np.float64],
    passages: int,
) -> Read:
    """Read the best ``passages`` and return their candidates; serving and training share this.

    ``features`` and ``scores`` are those of the first stage, for all ``candidates``.
    """
    choice = chosen(candidates, scores, passages, cited=question.cited, abbreviations=question.abbreviations)
    readings = reader.read(question.text, choice.texts, question.before)
    columns = joined(features, scores, choice, readings, beside(candidates, question.cited))
    return Read(choice, columns, choice.marks(readings))


@lru_cache(maxsize=1)
def load_reranker() -> Reranker:
    """Return the reranker shipped with the package.

    Raises:
        FormatMismatch: its files do not belong together.
        UsageError: the bundled model is not installed.
        ModelMismatch: its weights are not the genuine ones.
    """
    path = Path(str(resources.files("qa.rank"))) / "rerank.json"
    return Reranker(load_reader(), load_weights(path, NAMES))
