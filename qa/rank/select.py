"""Ranks the sentences of the top passages, and says how likely they are to answer.

Three models, all logistic and all readable JSON: the ranker orders the candidates of one question; the
calibrator turns its score and a few features into the probability that a sentence answers (Platt 1999); the
third does so, for the first sentence, with the probability that the papers answer at all. That is another
question: the right sentence may be the second. They are fitted by ``python -m evals.train.rankers``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import FormatMismatch, UsageError
from index.files import require_folder, sha256_of
from qa.rank.candidates import Candidate
from qa.rank.features import NAMES
from qa.records import Calibration
from qa.understand.question import Question

#: Version of the weights' file.
FORMAT = 2
_TRAIN = "Train again: python -m evals.train.rankers."


class Ranker(Protocol):
    """Orders candidate sentences: learned weights, or a cross-encoder that reads both texts."""

    @property
    def fingerprint(self) -> str:
        """Identify the weights in receipts."""
        ...

    def scores(
        self, question: Question, candidates: Sequence[Candidate], features: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return one score a candidate, higher for better, shape ``(candidates,)``."""
        ...


_CROSS_ENCODER = ("config.json", "model.safetensors", "tokenizer.json")
_SAVED = "Give the folder of a sentence-transformers CrossEncoder saved with safetensors."


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression over named columns."""

    names: tuple[str, ...]
    weights: NDArray[np.float64]  #: one a name
    bias: float

    def log_odds(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds of each row, shape ``(rows,)``."""
        odds: NDArray[np.float64] = rows @ self.weights + self.bias
        return odds

    def probability(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of each row, shape ``(rows,)``."""
        chance: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-self.log_odds(rows)))
        return chance


@dataclass(frozen=True, slots=True)
class Weights:
    """The learned ranker and calibrator."""

    ranker: Logistic
    calibrator: Logistic
    presence: Logistic  #: whether the papers answer, from the first candidate
    threshold: float  #: least confidence of a sure answer
    possible: float  #: least probability that the papers answer at which possible answers are shown
    fingerprint: str  #: sha256 of the file
    #: By the share of sure answers that should be right: the least confidence for it, on the dev halves.
    thresholds: tuple[tuple[float, float], ...] = ()
    calibration: Calibration | None = None  #: what the thresholds are from, if they are not the shipped ones

    def calibrated(self, by: Calibration) -> Weights:
        """Return the weights with the thresholds of ``by``, and its correction of the confidence."""
        return replace(
            self, threshold=by.threshold, possible=by.possible, thresholds=by.thresholds, calibration=by
        )

    def threshold_for(self, right: float) -> float:
        """Return the least confidence at which a share of ``right`` of the sure answers is right.

        That held on the questions that the calibrator was fitted to; for other papers it is an estimate.

        Raises:
            UsageError: these weights know no threshold for so high a share.
        """
        found = [threshold for share, threshold in self.thresholds if share >= right - 1e-9]
        if not found:
            known = ", ".join(f"{share:.2f}" for share, _ in self.thresholds) or "none"
            raise UsageError(f"no threshold is known for a share of {right:.2f}.", f"Known are: {known}.")
        return found[0]

    def scores(
        self, question: Question, candidates: Sequence[Candidate], features: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the log-odds of the ranker; see ``Ranker``."""
        return self.ranker.log_odds(features)

    def judge(
        self, features: NDArray[np.float64], scores: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """Return the probability that each candidate answers, and the one that the papers do.

        The first has the shape ``(candidates,)``; none is surer than one with a higher score, so that the
        best alone decides what is answered. The second is never below that of the best candidate.
        """
        if not len(scores):
            return np.zeros(0), 0.0
        confidence = self.calibrator.probability(
            evidence(features, scores, self.calibrator.names, self.ranker.names)
        )
        order = np.argsort(-scores, kind="stable")
        confidence[order] = np.minimum.accumulate(confidence[order])
        best = order[0]
        rows = evidence(features, scores, self.presence.names, self.ranker.names)
        presence = max(self.presence.probability(rows[best : best + 1])[0], confidence[best])
        if self.calibration is not None:
            confidence = corrected(confidence, self.calibration.slope, self.calibration.offset)
        return confidence, float(max(presence, confidence[best]))


def corrected(confidence: NDArray[np.float64], slope: float, offset: float) -> NDArray[np.float64]:
    """Return probabilities whose log-odds are ``slope`` times those of ``confidence``, plus ``offset``."""
    if (slope, offset) == (1.0, 0.0):
        return confidence
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-(slope * log_odds(confidence) + offset)))
    return result


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of probabilities, those of 0 and 1 as of the nearest within 1e-9."""
    kept = np.clip(probability, 1e-9, 1 - 1e-9)
    odds: NDArray[np.float64] = np.log(kept / (1 - kept))
    return odds


def evidence(
    features: NDArray[np.float64],
    scores: NDArray[np.float64],
    names: Sequence[str],
    columns: Sequence[str] = NAMES,
) -> NDArray[np.float64]:
    """Return the columns ``names``: features, called ``columns``, "score", "lead" and "second_read".

    "lead" is how far a candidate's score stands above the next one; negative for all but the first.
    "second_read" is the second highest score of the reader, the same for all candidates.
    """
    found = []
    for name in names:
        if name == "score":
            found.append(scores)
        elif name == "lead":
            order = np.sort(scores)[::-1]
            second = order[1] if len(order) > 1 else order[0] - 1.0
            found.append(np.where(scores == order[0], order[0] - second, scores - order[0]))
        elif name == "second_read":
            read = np.sort(features[:, columns.index("read")])
            found.append(np.full(len(scores), read[-2:][0]))
        else:
            found.append(features[:, columns.index(name)])
    return np.stack(found, axis=1)


def parse(data: bytes, name: str, columns: Sequence[str] = NAMES) -> Weights:
    """Return the weights in ``data``, the contents of the file ``name``, for features called ``columns``.

    Raises:
        FormatMismatch: the file is of another version or for other features.
    """
    found = json.loads(data)
    if found.get("format") != FORMAT:
        raise FormatMismatch(
            f"{name}: weights of format {found.get('format')}, this program reads {FORMAT}.", _TRAIN
        )
    if tuple(found["ranker"]["names"]) != tuple(columns):
        raise FormatMismatch(f"{name}: weights for other features than this program has.", _TRAIN)
    models = {
        key: Logistic(
            tuple(found[key]["names"]), np.array(found[key]["weights"], np.float64), float(found[key]["bias"])
        )
        for key in ("ranker", "calibrator", "presence")
    }
    return Weights(
        threshold=float(found["threshold"]),
        possible=float(found["possible"]),
        fingerprint=hashlib.sha256(data).hexdigest(),
        thresholds=tuple((float(one["right"]), float(one["threshold"])) for one in found["thresholds"]),
        ranker=models["ranker"],
        calibrator=models["calibrator"],
        presence=models["presence"],
    )


@lru_cache(maxsize=4)
def load_weights(path: Path | None = None, columns: tuple[str, ...] = NAMES) -> Weights:
    """Return the weights at ``path``, by default those of the first stage shipped with the package."""
    source = resources.files("qa.rank") / "weights.json" if path is None else path
    return parse(source.read_bytes(), str(source), columns)


class CrossEncoderRanker:
    """Orders candidates by a cross-encoder read from a local folder (safetensors only)."""

    def __init__(self, folder: Path) -> None:
        """Load the model; nothing is downloaded and no code of the model is run.

        Raises:
            UsageError: it is not the folder of a cross-encoder with safe weights and one score.
        """
        require_folder(folder, _SAVED)
        lacking = [name for name in _CROSS_ENCODER if not (folder / name).is_file()]
        if lacking:
            raise UsageError(f"{folder}: not a cross-encoder ({', '.join(lacking)} missing).", _SAVED)
        from sentence_transformers import CrossEncoder

        try:
            self._model = CrossEncoder(
                str(folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, TypeError) as error:  # what the library raises for bad files
            raise UsageError(f"{folder}: the cross-encoder cannot be loaded ({error}).", _SAVED) from error
        if self._model.num_labels != 1:
            raise UsageError(
                f"{folder}: the model gives {self._model.num_labels} scores a pair.",
                "Take one that gives one.",
            )
        self._fingerprint = sha256_of(folder / "model.safetensors")

    @property
    def fingerprint(self) -> str:
        """The sha256 of the model's weights."""
        return self._fingerprint

    def scores(
        self,
        question: Question,
        candidates: Sequence[Candidate],
        features: NDArray[np.float64],  # the other implementation of the seam needs them
    ) -> NDArray[np.float64]:
        """Return the model's score of question and sentence; see ``Ranker``."""
        pairs = [(question.text, candidate.text) for candidate in candidates]
        return np.asarray(self._model.predict(pairs, show_progress_bar=False), np.float64)
