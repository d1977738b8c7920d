"""Words of a question that name something which no paper asked mentions: the papers hardly answer it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import exp, log

from index.read.frequency import zipf
from index.search import Hit
from index.store.index import Index
from index.terms import terms as terms_of
from qa.rank.candidates import abbreviations_of, paper_stems
from qa.understand.abbreviations import equivalents
from qa.understand.question import TELLING, Question
from qa.understand.several import superlative_in
from qa.understand.spelling import SHORTEST, nearby

#: Most papers whose words are looked through for those of the question.
MOST_PAPERS = 10
#: Zipf frequency from which on a word is an everyday one, of which nobody wonders whether it is mentioned.
EVERYDAY = 3.5
#: Letters from which on a stem is the root of the words that begin with it.
LEAST_ROOT = 5
#: Zipf frequency below which a word is a term of the field, such as a drug; 0 may be a slip of the pen.
#: Shorter words are mostly abbreviations of what the papers write out, and tell nothing.
TERM, LEAST_TERM = 2.3, 5
#: What such a word adds to the log-odds that the papers answer. Fitted by logistic regression, with those
#: log-odds as offset, on the 497 questions of the dev halves of natural, seeds and case_reports that stand
#: alone: 27 have such a word, 3 of them are answerable.
DOUBT = -2.8
_WORD = re.compile(r"[^\W_][\w-]*")


def absent_from(
    index: Index, question: Question, hits: Sequence[Hit], documents: frozenset[str] | None
) -> tuple[str, ...]:
    """Return the words of ``question`` that name something which ``documents`` or all papers do not mention.

    ``hits`` are the passages nearest to it.
    """
    lacked = absent_words(index, question, hits, documents)
    everyday = len(lacked) == len(_telling(question))
    return tuple(unmentioned(index, lacked, documents, everyday=everyday))


def doubted(presence: float, absent: Sequence[str]) -> float:
    """Return the probability that the papers answer, of ``presence`` before ``absent`` words were known."""
    long = [word for word in absent if len(word) >= LEAST_TERM]
    named = any(word.isupper() or 0 < zipf(word) < TERM for word in long)
    if not named or not 0 < presence < 1:
        return presence
    return 1 / (1 + exp(-(log(presence / (1 - presence)) + DOUBT)))


def unmentioned(
    index: Index, absent: Sequence[str], documents: frozenset[str] | None, *, everyday: bool = False
) -> list[str]:
    """Return those of ``absent`` that name something, and that the papers asked do not spell otherwise.

    Abbreviations always do, an everyday word ("earlier") only if ``everyday``, where no other word of the
    question tells what is asked ("Does she smoke?"); another spelling has one other letter.
    """
    naming = [word for word in absent if everyday or word.isupper() or zipf(word) < EVERYDAY]
    if not naming:
        return []
    if documents is None:
        stems = [stem for stem, _ in index.lexical.terms]
    else:
        stems = list(frozenset[str]().union(*(paper_stems(index.documents[key]) for key in documents)))

    def near(word: str) -> bool:
        return any(len(stem) >= SHORTEST and nearby(stem, stems) for stem in terms_of(word))

    return [word for word in naming if word.isupper() or not near(word)]


def absent_words(
    index: Index, question: Question, hits: Sequence[Hit], documents: frozenset[str] | None
) -> list[str]:
    """Return the telling words of the question, everyday ones aside, that the papers asked lack.

    A paper that tells of a treatment does not lack "treated", nor one of a recurrence "recur".
    """
    papers = [index.documents[key] for key in documents or ()]
    if len(papers) > MOST_PAPERS:
        return []
    stems = frozenset[str]().union(*map(paper_stems, papers))
    near = papers or [index.documents[hit.passage.document_id] for hit in hits[:MOST_PAPERS]]
    forms = [equivalents(question, abbreviations_of(paper)) for paper in near]

    def held(stem: str) -> bool:
        root = len(stem) >= LEAST_ROOT
        if documents is None:
            return index.lexical.terms.begins(stem) if root else bool(index.lexical.document_frequency(stem))
        return stem in stems or (root and any(other.startswith(stem) for other in stems))

    def meant(stem: str) -> bool:
        others = (choice for found in forms for choice in found.get(stem, ()))
        return held(stem) or any(choice and all(map(held, choice)) for choice in others)

    return [word for word, telling in _telling(question).items() if not any(map(meant, telling))]


def _telling(question: Question) -> dict[str, list[str]]:
    """Return the words of the question that tell what is asked, each with its stems that do."""
    compared = superlative_in(question.text)
    words = dict.fromkeys(word for word in _WORD.findall(question.text) if len(word) > 2)
    rare = {
        word: [stem for stem in terms_of(word) if question.rare.get(stem, 0.0) >= TELLING]
        for word in words
        if word.lower() != compared
    }
    return {word: stems for word, stems in rare.items() if stems}
