"""Which papers a question about whole papers means: by place in the list, by name, or none for sure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.search import Hit
from index.store.index import Index
from index.terms import terms as terms_of
from index.terms import words as words_of
from qa.overview.kinds import asking_terms
from qa.rank.candidates import abbreviations_of
from qa.rank.retrieve import main_paper
from qa.understand.abbreviations import equivalents
from qa.understand.question import Question
from qa.understand.subjects import NOBODY

#: Most papers that are answered from, or offered, together.
MOST = 10
#: Papers that are compared with the question's words; of more, those of the best passages.
_FEW = 50
#: Sentences from the start of a paper that name it beside its title.
_OPENING = 12
#: Share of the words that name a paper which the paper must have, and its lead over the next paper.
_COVERED, _LEAD = 0.5, 1.25
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
#: Finds a paper's place in the list: "the second paper", "paper 2", "the last article".
_PLACED = re.compile(
    rf"\b(?:({'|'.join(_PLACES)})|(\d{{1,2}})(?:st|nd|rd|th)|(last)) (?:paper|article|document|pdf|report"
    r"|study|one)\b|\b(?:paper|article|document|pdf) (?:no\.? ?|number |#)?(\d{1,2})\b",
    re.IGNORECASE,
)
_PLURAL = frozenset({"papers", "articles", "documents", "reports", "both", "each"})


@dataclass(frozen=True, slots=True)
class Meant:
    """The papers that a question means."""

    papers: tuple[str, ...] = ()  #: ids, in the order of the list; empty where that is not clear
    possible: tuple[str, ...] = ()  #: ids of the papers that it could mean, where that is not clear


def meant_by(
    index: Index, question: Question, hits: Sequence[Hit], documents: frozenset[str] | None, *, several: bool
) -> Meant:
    """Return the papers that ``question`` means; neither papers nor possible ones if it names something else.

    ``hits`` are the passages nearest to it. If it is about ``several``, two papers that it names are meant.
    """
    scope = listed(index, documents)
    if len(scope) == 1:
        return Meant(tuple(scope))
    naming = naming_terms(question)
    if question.subject != NOBODY:  # the passages found are only of papers on such a person
        speaking = {hit.passage.document_id for hit in hits}
        scope = [key for key in scope if key in speaking] or scope
    plural = question.every_paper or several or not _PLURAL.isdisjoint(words_of(question.text))
    if not naming:
        if plural or len(scope) == 1:
            return Meant(tuple(scope[:MOST]))
        return Meant(possible=tuple(scope[:MOST]))
    covered = _COVERED / 2 if several else _COVERED  # each of two has half of the words
    named = _named(index, question, naming, scope, hits, covered)
    if not named:
        return Meant()
    if several:
        return Meant(tuple(key for key in scope if key in list(named)[:2])) if len(named) > 1 else Meant()
    best, *others = named
    close = [best, *(key for key in others if named[best] < _LEAD * named[key])]
    if len(close) == 1 or main_paper(hits) == best:
        return Meant((best,))
    return Meant(possible=tuple(close[:MOST]))


def listed(index: Index, documents: frozenset[str] | None) -> list[str]:
    """Return the ids of the papers in scope in the order in which the app lists them."""
    names = index.names
    scope = [key for key in names if documents is None or key in documents]
    return sorted(scope, key=lambda key: (names[key].casefold(), key))


def naming_terms(question: Question) -> dict[str, float]:
    """Return the terms that can name a paper, with their rarity in English: all but those that only ask."""
    return {term: rare for term, rare in question.rare.items() if term not in asking_terms() and rare > 0}


def by_place(index: Index, text: str, documents: frozenset[str] | None) -> tuple[list[str], list[int]]:
    """Return the papers that ``text`` names by their place in the list, and the places that it does not have.

    Places are counted from 1. Both are empty where none is named.
    """
    scope = listed(index, documents)
    places = []
    for word, ordinal, last, number in _PLACED.findall(text):
        places.append(
            len(scope) if last else _PLACES.index(word.lower()) + 1 if word else int(ordinal or number)
        )
    known = [place for place in dict.fromkeys(places) if 1 <= place <= len(scope)]
    return [scope[place - 1] for place in known], [place for place in places if place not in known]


@lru_cache(maxsize=512)
def _opening_terms(document_id: str, opening: str) -> frozenset[str]:
    return frozenset(terms_of(opening))  # the id tells papers apart in the cache


def _named(
    index: Index,
    question: Question,
    naming: dict[str, float],
    scope: Sequence[str],
    hits: Sequence[Hit],
    covered: float,
) -> dict[str, float]:
    """Return the papers whose title or opening has a share of ``covered`` of the words, best first.

    The values are the weights of the words that a paper has. A word counts by how rare it is in English and
    among the papers compared.
    """
    if len(scope) > _FEW:
        near = dict.fromkeys(hit.passage.document_id for hit in hits)
        scope = [key for key in near if key in set(scope)]
    shared: dict[str, set[str]] = {}
    for key in scope:
        document = index.documents[key]
        spans = index.opening(key, _OPENING)
        front = " ".join((document.title, *document.authors, *(span.of(document.text) for span in spans)))
        held = _opening_terms(key, front)
        same = equivalents(question, abbreviations_of(document))
        shared[key] = {term for term in naming if any(form <= held for form in same[term])}
    counts = {term: sum(term in found for found in shared.values()) for term in naming}
    weights = {term: rare * np.log1p(len(scope) / max(counts[term], 1)) for term, rare in naming.items()}
    total = sum(weights.values())
    sums = {key: float(sum(weights[term] for term in found)) for key, found in shared.items()}
    kept = sorted(
        (key for key in sums if sums[key] >= max(covered * total, 1e-9)), key=lambda key: -sums[key]
    )
    return {key: sums[key] for key in kept}
