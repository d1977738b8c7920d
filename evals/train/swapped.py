"""Questions about a thing that no paper here tells of: real ones, with one name in them exchanged.

A question whose drug, test or person is in none of the papers must not be answered with another drug's value.
Collected questions are seldom like that, so they are made here, for the confidence to learn from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from evals.sets.cases import Case
from index.embed.encoder import Encoder
from index.store.index import Index
from index.terms import terms as terms_of
from qa.rank.candidates import paper_stems
from qa.understand.question import understand

#: How rare a word is in English, 0 to 1, from which on it names something.
NAMED = 0.5
#: From how many of the names nearest in meaning one is taken: for a drug mostly a drug.
NEAREST = 12
_WORD = re.compile(r"[^\W\d_]{4,}")


def names_in(question: str) -> list[str]:
    """Return the words of a question that are rare in English, as typed."""
    asked = understand(question)
    return [
        word
        for word in dict.fromkeys(_WORD.findall(asked.searched))
        if min((asked.rare.get(term, 0.0) for term in terms_of(word)), default=0.0) >= NAMED
    ]


def swapped(
    cases: Iterable[Case], index: Index, others: Sequence[str], encoder: Encoder, chance: random.Random
) -> Iterator[Case]:
    """Yield unanswerable questions made of the answerable ones that stand alone.

    Args:
        cases: questions on the papers of ``index``.
        index: holds the papers.
        others: names to put in, of which those that no paper holds are used.
        encoder: tells which names are near in meaning.
        chance: decides which name is exchanged for which.
    """
    held = frozenset[str]().union(*map(paper_stems, index.documents.values()))
    foreign = [name for name in others if held.isdisjoint(terms_of(name))]
    vectors = encoder.encode(foreign)
    for case in cases:
        names = names_in(case.question) if case.answerable and not case.history else []
        if not names:
            continue
        name = chance.choice(names)
        near = np.argsort(-vectors @ encoder.encode([name])[0])[:NEAREST]
        other = foreign[int(chance.choice(near))]
        question = case.question.replace(name, other if name[:1].islower() else other[:1].upper() + other[1:])
        yield replace(case, id=f"{case.id} swapped", question=question, answerable=False, gold=())
