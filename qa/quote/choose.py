"""Which of the sentences found are quoted: sure enough, from each paper its share, nothing said twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from index.terms import terms

if TYPE_CHECKING:
    from qa.rank.evidence import Evidence, Ranked
    from qa.settings import Settings

#: Share of the threshold that the other papers' answers to a question about each of them need.
BESIDE = 0.5
#: Most quotes for a question about each of several papers, unless the settings allow more.
MOST_OF_EACH = 10


def choose(evidence: Evidence, settings: Settings, threshold: float) -> list[Ranked]:
    """Return what to quote, in order; nothing where the best is below ``threshold``.

    A threshold that was asked for, ``settings.threshold``, holds for every quote. Below the usual one a quote
    may stand beside a sure one.
    """
    every = evidence.question.every_paper
    if not evidence.ranked or evidence.ranked[0].confidence < threshold:
        return []
    beside = threshold * BESIDE if settings.threshold is None else threshold
    # Where one paper answers for sure, the others are asked the same and need less to be shown beside it.
    least = beside if every else threshold
    sure = [item for item in evidence.ranked if item.confidence >= least]
    most = max(settings.quotes, MOST_OF_EACH) if every else settings.quotes
    per_paper = 1 if every else settings.quotes_per_paper
    floor = 0.0 if every else settings.relative * evidence.ranked[0].confidence
    quoted: list[Ranked] = []
    papers: Counter[str] = Counter()
    for item in sure:
        paper = item.candidate.document.id
        full = len(quoted) == most or papers[paper] == per_paper or item.confidence < floor
        # Where each paper is asked, one that says the same as another has answered too.
        said = () if every else (other.candidate.text for other in quoted)
        if full or any(alike(item.candidate.text, text) for text in said):
            continue
        quoted.append(item)
        papers[paper] += 1
    first = {item.candidate.document.id: at for at, item in reversed(list(enumerate(quoted)))}
    return sorted(quoted, key=lambda item: (first[item.candidate.document.id], sure.index(item)))


def alike(one: str, other: str) -> bool:
    """Tell whether two sentences say nearly the same: all numbers and four of five words are shared."""
    first, second = frozenset(terms(one)), frozenset(terms(other))
    numbers = any(character.isdigit() for term in first ^ second for character in term)
    return not numbers and len(first & second) >= 0.8 * max(len(first | second), 1)
