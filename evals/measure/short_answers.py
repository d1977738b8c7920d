"""Exact match and token F1 of short answers, as SQuAD defines them.

Rajpurkar et al. 2016, "SQuAD: 100,000+ questions for machine comprehension of
text", with the normalisation of its official script, evaluate-v1.1.py: lower
case, no punctuation, no articles, single spaces. The best match among the accepted
answers counts.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Return ``text`` normalised for comparison."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def exact_match(given: str, accepted: Iterable[str]) -> float | None:
    """Return 1 if ``given`` equals an accepted answer, else 0; None if none is stated."""
    return max((float(normalised(given) == normalised(text)) for text in accepted), default=None)


def token_f1(given: str, accepted: Iterable[str]) -> float | None:
    """Return the best harmonic mean of word precision and recall; None if no answer is stated."""
    return max((_f1(normalised(given).split(), normalised(text).split()) for text in accepted), default=None)


def _f1(given: list[str], accepted: list[str]) -> float:
    if not given or not accepted:  # empty matches empty only
        return float(given == accepted)
    shared = (Counter(given) & Counter(accepted)).total()
    return 2 * shared / (len(given) + len(accepted))
