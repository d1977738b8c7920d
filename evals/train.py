"""Trains the sentence ranker and the confidence of answers: ``python -m evals.train --data DIR``.

Sets are split by document with a hash, so that the same papers are always test
papers, whatever is trained: 60 % ranker, 20 % calibrator, 20 % test (never read
here). The result is ``qa/weights.json``, with the report of the training beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evals import corpora
from evals.collection import index_documents
from index.encode import load_encoder
from index.store import open_index
from qa.features import NAMES, candidates_of, features_of, rarity
from qa.question import understand
from qa.retrieve import retrieve
from qa.select import FORMAT, evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from evals.corpora import Case, Corpus
    from index.encode import Encoder
    from index.store import Index

#: What the calibrator sees of a candidate; see ``qa.select.evidence``.
EVIDENCE = (
    "score",
    "lead",
    "dense",
    "coverage",
    "rarest",
    "around",
    "missing_in_paper",
    "passage_dense",
    "kind_lacked",
    "kind_near",
)
#: Share of shown answers that should be right, on the calibration data.
PRECISION = 0.9
PASSAGES = 12


@dataclass(frozen=True, slots=True)
class Sample:
    """The candidates of one question, as the ranker sees them."""

    corpus: str
    features: NDArray[np.float64]  #: (candidates, features)
    right: NDArray[np.bool_]  #: which candidates answer
    answerable: bool


def part_of(document_id: str) -> str:
    """Return "ranker", "calibrator" or "test": a fixed share of documents each."""
    share = int(hashlib.sha256(f"split:{document_id}".encode()).hexdigest()[:8], 16) % 100
    return "ranker" if share < 60 else "calibrator" if share < 80 else "test"


def sample(
    index: Index,
    case: Case,
    vector: NDArray[np.float32],
    corpus: str,
    documents: frozenset[str] | None = None,
) -> Sample:
    """Return the sample of ``case``, searched as questions are, among ``documents``."""
    question = understand(case.question)
    hits = retrieve(index, question, vector, limit=PASSAGES, documents=documents)
    found = candidates_of(index, question, hits, vector)
    right = np.array(
        [any(g.document_id == c.document.id and g.span.overlaps(c.sentence.span) for g in case.gold) for c in found],
        dtype=bool,
    )
    return Sample(corpus, features_of(question, found, rarity(index, question.terms)), right, case.answerable)


def chosen_cases(corpus: Corpus, part: str, most: int) -> list[Case]:
    """Return up to ``most`` cases whose gold documents are all in ``part``, in an order fixed by hash."""
    where = {document.id: part_of(document.id) for document in corpus.documents}
    cases = [
        case
        for case in corpus.cases
        if all(where[gold.document_id] == part for gold in case.gold) and (case.gold or _drawn(case, part))
    ]
    cases.sort(key=lambda case: hashlib.sha256(f"{part}:{case.id}".encode()).hexdigest())
    return cases[:most]


def _drawn(case: Case, part: str) -> bool:
    """Tell whether a case without gold belongs to ``part``."""
    return part_of(case.id) == part


def samples(
    index: Index, corpus: Corpus, cases: Sequence[Case], encoder: Encoder, *, without_gold: bool = False
) -> Iterator[Sample]:
    """Yield the samples of ``cases``; ``without_gold`` leaves their gold papers out of the search."""
    vectors = encoder.encode([case.question for case in cases])
    everything = frozenset(index.documents)
    for case, vector in zip(cases, vectors, strict=True):
        if without_gold:
            rest = everything - {gold.document_id for gold in case.gold}
            unanswerable = corpora.Case(case.id, case.question, answerable=False, gold=())
            yield sample(index, unanswerable, vector, f"{corpus.name} without its paper", rest)
        else:
            yield sample(index, case, vector, corpus.name)


def fit_ranker(found: Sequence[Sample]) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of a logistic regression over the candidates of ``found``.

    Each question counts the same, its right and wrong candidates half each.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    usable = [s for s in found if s.right.any() and not s.right.all()]
    rows = np.concatenate([s.features for s in usable])
    right = np.concatenate([s.right for s in usable])
    share = np.concatenate(
        [np.where(s.right, 0.5 / s.right.sum(), 0.5 / (~s.right).sum()) for s in usable]
    )
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=1.0, max_iter=2000).fit(scaler.transform(rows), right, sample_weight=share)
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - (weights * scaler.mean_).sum())


def fit_calibrator(found: Sequence[Sample], scores: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of the probability that the first candidate of a question answers."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rows, right = first_candidates(found, scores)
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=1.0, max_iter=2000).fit(scaler.transform(rows), right)
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - (weights * scaler.mean_).sum())


def first_candidates(
    found: Sequence[Sample], scores: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the calibrator's columns of each question's first candidate, and whether it answers."""
    rows, right = [], []
    for item, values in zip(found, scores, strict=True):
        if len(values):
            best = int(np.argmax(values))
            rows.append(evidence(item.features, values, EVIDENCE)[best])
            right.append(bool(item.right[best]))
    return np.array(rows), np.array(right)


def hit_at(found: Sequence[Sample], scores: Sequence[NDArray[np.float64]], count: int) -> float:
    """Return the share of answerable questions with a right sentence among the first ``count``."""
    hits = [
        bool(item.right[np.argsort(-values, kind="stable")[:count]].any())
        for item, values in zip(found, scores, strict=True)
        if item.answerable
    ]
    return float(np.mean(hits)) if hits else 0.0
