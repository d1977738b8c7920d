"""A multinomial logistic regression that is shipped as readable JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import FormatMismatch

#: Version of the weights' files.
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Softmax:
    """Probabilities of classes, linear in the features before the softmax."""

    classes: tuple[str, ...]
    weights: NDArray[np.float64]  #: shape (classes, features)
    bias: NDArray[np.float64]  #: shape (classes,)
    model: str  #: fingerprint of the encoder whose vectors it reads; see ``index.embed.encoder``
    further: dict[str, Any]  #: what else the file states, such as thresholds

    def probabilities(self, rows: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the probability of each class, shape ``(rows, classes)``; each row sums to 1."""
        odds = rows @ self.weights.T + self.bias
        shares: NDArray[np.float64] = np.exp(odds - odds.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares


def load(name: str, classes: Sequence[str]) -> Softmax:
    """Return the weights in the file ``name`` of this package.

    Raises:
        FormatMismatch: the file is of another version or for other classes.
    """
    stated = json.loads(resources.files("qa.overview").joinpath(name).read_bytes())
    if stated.get("format") != FORMAT or set(stated.get("classes", ())) != set(classes):
        what = f"{name}: format {stated.get('format')} with classes {stated.get('classes')}."
        raise FormatMismatch(what, f"Train again: python -m evals.train.{name.partition('.')[0]}.")
    return Softmax(
        classes=tuple(stated["classes"]),
        weights=np.array(stated["weights"], np.float64),
        bias=np.array(stated["bias"], np.float64),
        model=stated["model"],
        further=stated["further"],
    )
