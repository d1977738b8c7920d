"""The kind of a question, told by a small classifier from the question's vector.

The words that name a topic are masked before the question is encoded: "What do the authors conclude about
x for x?" Otherwise the topic, most of the vector of a short question, hides what is asked. The features are
that vector and which of the words of the training questions occur. ``python -m evals.train.kinds`` trains
the weights and prints their figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.embed.encoder import Encoder
from index.terms import words as words_of
from qa.overview.softmax import Softmax, load


class Kind(StrEnum):
    """What a question asks for."""

    ORDINARY = "ordinary"  #: a specific fact
    LIST = "list"  #: all of several things: "Which drugs were given?"
    ABOUT = "about"  #: topic, aim, population or design of a paper
    FINDINGS = "findings"  #: the main results of a paper
    CONCLUSION = "conclusion"  #: conclusions, lessons, what is new
    LIMITATIONS = "limitations"
    SUMMARY = "summary"
    COMPARE = "compare"  #: two papers, patients or groups as a whole
    UNSUPPORTED = "unsupported"  #: opinion, advice, calculation, writing


#: The kinds that the ranking answers; the others are about whole papers, or not answered at all.
RANKED = (Kind.ORDINARY, Kind.LIST)
FILE = "kinds.json"
#: Least probability at which a question is refused as one that papers do not answer.
REFUSED = 0.7
#: Stands for words that name a topic, and for numbers.
_MASK, _NUMBER = "x", "1"
#: Weight of a word beside the vector, whose components are about 0.05.
_WORD = 0.3


@lru_cache(maxsize=1)
def kinds() -> Softmax:
    """Return the classifier as shipped."""
    return load(FILE, list(Kind))


@lru_cache(maxsize=1)
def asking_terms() -> frozenset[str]:
    """Return the terms with which whole papers are asked about, such as "conclus"; they name no paper."""
    return frozenset(kinds().further["asking"])


def masked(text: str, vocabulary: frozenset[str]) -> str:
    """Return ``text`` in lower case with one "x" for each run of words outside ``vocabulary``."""
    kept: list[str] = []
    for word in words_of(text):
        shown = word if word in vocabulary else _NUMBER if word.isdigit() else _MASK
        if shown != _MASK or kept[-1:] != [_MASK]:
            kept.append(shown)
    return " ".join(kept)


def features(texts: Sequence[str], vocabulary: Sequence[str], encoder: Encoder) -> NDArray[np.float64]:
    """Return one row per question: the vector of the masked text, then ``vocabulary``, 0.3 for each held."""
    known = frozenset(vocabulary)
    asked = [masked(text, known) for text in texts]
    held = [frozenset(text.split()) for text in asked]
    rows = [[_WORD * (word in words) for word in vocabulary] for words in held]
    return np.hstack([encoder.encode(asked), np.array(rows, np.float64)])


def kind_of(text: str, encoder: Encoder) -> Kind:
    """Return the kind of a question.

    Vectors of another model than the one trained on mean nothing here: their kind is ``ORDINARY``.
    A kind that is not ranked is taken only where all such kinds together are likely enough, because a
    question on a fact that is answered with a summary is worse than the reverse.
    """
    learned = kinds()
    if learned.model != encoder.fingerprint:
        return Kind.ORDINARY
    row = features([text], learned.further["vocabulary"], encoder)
    return decided(learned.classes, learned.probabilities(row)[0], learned.further["least"])


def decided(classes: Sequence[str], shares: NDArray[np.float64], least: float) -> Kind:
    """Return the kind for the probabilities ``shares`` of ``classes``; see ``kind_of``."""
    by_kind = {Kind(name): float(share) for name, share in zip(classes, shares, strict=True)}
    # Nothing is looked for where a question is not one for papers, so that must be surer.
    refused = [Kind.UNSUPPORTED] if by_kind[Kind.UNSUPPORTED] < REFUSED else []
    whole = [kind for kind in Kind if kind not in RANKED and kind not in refused]
    among = whole if sum(by_kind[kind] for kind in whole) >= least else RANKED
    return max(among, key=lambda kind: by_kind[kind])
