"""Which of the sentences found are quoted: from each paper its share, nothing said twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from index.terms import terms

if TYPE_CHECKING:
    from collections.abc import Set

    from qa.rank.evidence import Evidence, Ranked
    from qa.settings import Settings

#: Most quotes for a question about each of several papers, unless the settings allow more.
MOST_OF_EACH = 10


def choose(evidence: Evidence, settings: Settings, threshold: float, possible: float) -> list[Ranked]:
    """Return what to quote, in order; nothing where the papers are unlikely to answer.

    Where the first sentence is sure, its confidence reaching ``threshold``, others stand beside it that have
    at least ``settings.relative`` of its confidence. Else the best few are shown if the probability that the
    papers answer reaches ``possible``. A question about each of several papers is answered from each alike.
    """
    if not evidence.ranked:
        return []
    best, every = evidence.ranked[0].confidence, evidence.question.every_paper
    sure = best >= threshold
    if not sure and evidence.presence < possible:
        return []
    least = settings.relative * best if sure else 0.0
    most = max(settings.quotes, MOST_OF_EACH) if every else settings.quotes
    per_paper = 1 if every else settings.quotes_per_paper if sure else most
    quoted: list[Ranked] = []
    papers: Counter[str] = Counter()
    for item in evidence.ranked:
        paper = item.candidate.document.id
        full = len(quoted) == most or papers[paper] == per_paper or item.confidence < least
        # Where each paper is asked, one that says the same as another has answered too.
        said = () if every else (other.candidate.text for other in quoted)
        if full or any(alike(item.candidate.text, text) for text in said):
            continue
        quoted.append(item)
        papers[paper] += 1
    first = {item.candidate.document.id: at for at, item in reversed(list(enumerate(quoted)))}
    return sorted(quoted, key=lambda item: first[item.candidate.document.id])


def silent_papers(evidence: Evidence, speaking: Set[str]) -> list[str]:
    """Return the ids of the papers asked by a question about each that are not among the ``speaking``."""
    if not evidence.question.every_paper:
        return []
    asked = dict.fromkeys(hit.passage.document_id for hit in evidence.hits)
    return [paper for paper in asked if paper not in speaking]


def alike(one: str, other: str) -> bool:
    """Tell whether two sentences say nearly the same: all numbers and four of five words are shared."""
    first, second = frozenset(terms(one)), frozenset(terms(other))
    numbers = any(character.isdigit() for term in first ^ second for character in term)
    return not numbers and len(first & second) >= 0.8 * max(len(first | second), 1)
