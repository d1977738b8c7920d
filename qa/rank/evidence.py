"""What the papers hold on a question, before it is decided what of it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from index.search import Hit
from index.store.index import Index
from qa.rank.candidates import Candidate, candidates_of, rarity
from qa.rank.features import features_of
from qa.rank.numbered import Fits, certain, fits
from qa.rank.people import guard
from qa.rank.reader import Mark
from qa.rank.retrieve import retrieve
from qa.records import InNotebooks, LookUp, Nearby
from qa.understand.question import Question

#: Share of the threshold that the confidence of a sentence reaches at most that may be about another.
UNTOLD = 0.8


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its ranker score and calibrated confidence."""

    candidate: Candidate
    score: float
    confidence: float
    mark: Mark | None = None  #: its decisive words in the paper, if it was read


@dataclass(frozen=True, slots=True)
class RankedPassage(InNotebooks):
    """A passage near a question, in the order of its best sentence."""

    rank: int  #: from 1
    hit: Hit  #: with the scores of the hybrid search
    score: float | None  #: ranker score of its best sentence; None if not read: those follow by hybrid score
    passage: Nearby  #: its text and place


@dataclass(frozen=True, slots=True)
class Found:
    """What ranking brings for one question, best first."""

    hits: Sequence[Hit]
    ranked: Sequence[Ranked]
    presence: float  #: probability that the papers answer at all; never below the first one's confidence
    unasked: int = 0  #: papers found beyond those that were asked, where each is asked by itself


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the papers hold on a question, best first; an ``Answer`` before the decision."""

    question: Question
    hits: tuple[Hit, ...]
    ranked: tuple[Ranked, ...]
    presence: float  #: see ``Found``; lower where the papers lack what the question names
    notes: tuple[str, ...]  #: for people: how the question was read
    seconds: dict[str, float] = field(default_factory=dict)
    stated: LookUp | None = None  #: what was looked up, for a question about the papers themselves
    unasked: int = 0  #: see ``Found``
    absent: tuple[str, ...] = ()  #: what the question names and no paper asked mentions


def found(
    hits: Sequence[Hit],
    candidates: Sequence[Candidate],
    scores: NDArray[np.float64],
    judged: tuple[NDArray[np.float64], float],
    marks: Sequence[Mark | None] | None = None,
) -> Found:
    """Return the candidates with what was found out about each, the highest score first.

    ``judged`` is what ``Weights.judge`` returns for them.
    """
    confidence, presence = judged
    marks = marks or [None] * len(candidates)
    order = np.argsort(-scores, kind="stable")
    ranked = [Ranked(candidates[i], float(scores[i]), float(confidence[i]), marks[i]) for i in order]
    return Found(hits, ranked, presence)


def surely_about(item: Ranked, question: Question) -> bool:
    """Tell whether a sentence is about all that ``question`` names by number."""
    document, span = item.candidate.document, item.candidate.sentence.span
    return all(certain(document, span, one) for one in question.numbered)


def doubted(read: Found, question: Question, threshold: float) -> Found:
    """Return what fits the numbers of ``question`` first, and the rest not sure.

    The confidence of what may be about another than the one named stays below ``threshold``.
    """
    if not question.numbered:
        return read
    fitting: list[Ranked] = []
    rest: list[Ranked] = []
    for item in read.ranked:
        (fitting if surely_about(item, question) else rest).append(item)
    most = UNTOLD * threshold
    rest = [replace(item, confidence=min(item.confidence, most)) for item in rest]
    return replace(read, ranked=[*fitting, *rest])


def weigh(
    index: Index,
    question: Question,
    vector: NDArray[np.float32],
    *,
    passages: int,
    documents: frozenset[str] | None = None,
) -> tuple[list[Hit], list[Candidate], NDArray[np.float64]]:
    """Return the best passages, their sentences that can be about whom or what is meant, and the features."""
    hits = retrieve(index, question, vector, limit=passages, documents=documents, deeper=2 * passages)
    admits = guard(question, (index.documents[key] for key in {hit.passage.document_id for hit in hits}))
    candidates = [
        candidate
        for candidate in candidates_of(index, question, hits, vector)
        if admits(candidate.document, candidate.sentence.span)
        and fits(candidate.document, candidate.sentence.span, question.numbered) is not Fits.OTHER
    ]
    return hits, candidates, features_of(question, candidates, rarity(index, question))
