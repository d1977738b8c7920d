"""The stages of ranking, joined: sentences are weighed, the best passages read, the best of those again."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.embed.mpnet import installed_parts, is_installed
from index.errors import UsageError
from index.store.index import Index
from qa.rank.closer import load_closer, read_again
from qa.rank.evidence import Found, doubted, found, weigh
from qa.rank.rerank import Reranker, load_reranker, second_stage
from qa.rank.select import Ranker, Weights, load_weights
from qa.records import Calibration
from qa.settings import READER_VARIABLE, ReaderName, Settings
from qa.understand.question import Question


@dataclass(frozen=True, slots=True)
class Stages:
    """What orders the sentences and says how likely each is to answer."""

    weights: Weights  #: of the first stage
    order: Ranker | None = None  #: orders in place of the weights; their confidence stays
    reranker: Reranker | None = None  #: the second stage; None for the first alone
    closer: Reranker | None = None  #: the third stage, which needs the second; None for two
    calibration: Calibration | None = None  #: replaces the thresholds of the stages that it was fitted with

    def _last_reading(self, settings: Settings) -> Reranker | None:
        """Return the last stage that reads; None if none does."""
        if self.reranker is None or not settings.read:
            return None
        return self.closer if self.closer is not None and settings.closely else self.reranker

    def deciding(self, settings: Settings) -> Weights:
        """Return the weights that give the confidence: those of the last stage that runs."""
        last = self._last_reading(settings)
        weights = last.weights if last else self.weights
        fitted = self.calibration
        return weights.calibrated(fitted) if fitted and fitted.stages == self.identity(settings) else weights

    def threshold(self, settings: Settings) -> float:
        """Return the lowest confidence of a sure answer."""
        return self.deciding(settings).threshold if settings.threshold is None else settings.threshold

    def fingerprint(self, settings: Settings) -> str:
        """Identify in receipts what decides the order."""
        return (self._last_reading(settings) or self.order or self.weights).fingerprint

    def identity(self, settings: Settings) -> str:
        """Return a digest over all that the confidence depends on, except for the encoder.

        A fingerprint names the last stage only; the ones before it give that its candidates.
        """
        reads = bool(settings.read) and self.reranker is not None
        used = (
            self.weights,
            self.order,
            self.reranker if reads else None,
            self.closer if reads and settings.closely else None,
        )
        amounts = (settings.passages, settings.read * reads, settings.closely * reads, settings.abbreviations)
        named = ":".join(map(str, (*(one.fingerprint if one else "" for one in used), *amounts)))
        return hashlib.sha256(named.encode()).hexdigest()

    def rank(
        self,
        index: Index,
        question: Question,
        vector: NDArray[np.float32],
        settings: Settings,
        *,
        documents: frozenset[str] | None = None,
        read: int | None = None,
    ) -> Found:
        """Return the best passages and their sentences, best first.

        At most ``read`` passages are read, if that is fewer than the settings say; in the third stage as much
        less.
        """
        hits, candidates, features = weigh(
            index, question, vector, passages=settings.passages, documents=documents
        )
        weighed = self.weights.scores(question, candidates, features)
        scores = weighed if self.order is None else self.order.scores(question, candidates, features)
        if self.reranker is None or not settings.read or not candidates:
            # The confidence was fitted to the scores of the learned weights, whatever decides the order.
            first = found(hits, candidates, scores, self.deciding(settings).judge(features, weighed))
            return doubted(first, question, self.threshold(settings))
        most = min(read or settings.read, settings.read)
        stage = second_stage(self.reranker.reader, question, candidates, features, scores, most)
        scores = self.reranker.weights.ranker.log_odds(stage.features)
        if self.closer is not None and settings.closely:
            closely = max(settings.closely * most // settings.read, 1)
            stage = read_again(self.closer.reader, index, question, candidates, stage, scores, closely)
            scores = self.closer.weights.ranker.log_odds(stage.features)
        kept = [candidates[i] for i in stage.kept]
        judged = self.deciding(settings).judge(stage.features, scores)
        return doubted(found(hits, kept, scores, judged, stage.marks), question, self.threshold(settings))


def reader_used(stated: str = "") -> str:
    """Return which reader answers: ``stated``, else what LOCCIT_READER names, else the largest installed one.

    Raises:
        UsageError: there is no such reader, or it is not installed.
    """
    wanted = stated or os.environ.get(READER_VARIABLE, "")
    if wanted not in ("", *ReaderName):
        raise UsageError(f"there is no reader “{wanted}”.", f"Choose {' or '.join(ReaderName)}.")
    if wanted == ReaderName.LARGE:
        installed_parts()  # says what is missing
    return wanted or ("large" if is_installed() else "small")


def shipped(reader: str = "") -> Stages:
    """Return the stages as shipped: two for the "small" ``reader``, three for the "large" one.

    Raises:
        FormatMismatch: their files do not belong together.
        UsageError: the bundled model is not installed; the reader does not exist or is not installed.
        ModelMismatch: the weights of a model are not the genuine ones.
        StorageError: the cache of the large model cannot be written.
    """
    closer = load_closer() if reader_used(reader) == "large" else None
    return Stages(load_weights(), reranker=load_reranker(), closer=closer)
