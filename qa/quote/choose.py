"""Which of the sentences found are quoted: from each paper its share, nothing said twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from index.terms import terms
from qa.rank.evidence import Evidence, Ranked
from qa.rank.numbered import counts_among, subjects_told
from qa.settings import Settings
from qa.understand.question import Question
from qa.understand.several import negated

#: Most quotes for a question about each of several papers or patients, unless the settings allow more.
MOST_OF_EACH = 20
#: How much of the usual share of the best confidence a quote needs where values are to be compared.
COMPARED = 0.3
#: Of the best confidence, the share that a further possible answer needs, and its least confidence. They cost
#: 2 of the 237 right sentences among possible answers on the dev halves of three sets, and 0.4 of 3 quotes.
POSSIBLE, NEGLIGIBLE = 0.15, 0.05
#: Most quotes for a question that wants all of several things, and the share of the best confidence that each
#: needs. On the 9 such questions of a dev half, 16 of 25 gold sentences are shown, where 3 quotes show 9.
MOST_LISTED, LISTED = 10, 0.3


def choose(evidence: Evidence, settings: Settings, threshold: float, possible: float) -> list[Ranked]:
    """Return what to quote, in order; nothing where the papers are unlikely to answer.

    Where the first sentence is sure, its confidence reaching ``threshold``, others stand beside it that have
    at least ``settings.relative`` of its confidence. Else the best few are shown if the probability that the
    papers answer reaches ``possible``: the first, and others that are not much less likely. A question about
    each of several papers is answered from each alike, one that chooses among numbered patients from what is
    said of each, and one that wants all of several things by more sentences.
    """
    if not evidence.ranked:
        return []
    best, question = evidence.ranked[0].confidence, evidence.question
    every = question.every_paper or bool(question.compared)
    sure = best >= threshold
    if not sure and evidence.presence < possible:
        return []
    # Of values to be compared, none should be missing.
    relative = settings.relative * (COMPARED if question.compared else 1.0)
    if sure or question.compared:
        least = relative * best
    else:  # of each of several papers, even what is unlikely
        least = 0.0 if every else min(max(POSSIBLE * best, NEGLIGIBLE), best)
    listing = question.listing and not every
    if listing:
        least = min(max(LISTED * best, NEGLIGIBLE), best)
    # The share of a paper leaves room for others; where one is asked, there are none.
    shared = sure and len({item.candidate.document.id for item in evidence.ranked}) > 1
    usual = 1 if every else settings.quotes_per_paper if shared else settings.quotes
    quoted: list[Ranked] = []
    papers: Counter[str] = Counter()
    for item in _of_one_mind(evidence, relative * best):
        paper = item.candidate.document.id
        series = _in_series(item, question)
        per_paper = MOST_OF_EACH if series else MOST_LISTED if listing else usual
        most = MOST_OF_EACH if every or series else MOST_LISTED if listing else settings.quotes
        most = max(settings.quotes, most)
        low = item.confidence < (relative * best if series else least)
        if len(quoted) >= most or papers[paper] >= per_paper or low or _said(item, quoted, every=every):
            continue
        quoted.append(item)
        papers[paper] += 1
    first = {item.candidate.document.id: at for at, item in reversed(list(enumerate(quoted)))}
    return sorted(quoted, key=lambda item: first[item.candidate.document.id])


def states(item: Ranked, word: str) -> bool:
    """Tell whether a sentence has ``word`` of the question, or one that says the same."""
    return not (item.candidate.matched | item.candidate.meant).isdisjoint(terms(word))


def papers_left_out(evidence: Evidence, quoted: Sequence[Ranked], relative: float) -> set[str]:
    """Return the ids of the papers with sentences nearly as good as those quoted, which are not quoted."""
    if not quoted:
        return set()
    least = relative * max(item.confidence for item in quoted)
    good = {item.candidate.document.id for item in evidence.ranked if item.confidence >= least}
    return good - {item.candidate.document.id for item in quoted}


def _in_series(item: Ranked, question: Question) -> bool:
    """Tell whether a question chooses among things that a paper numbers, and the sentence is about one."""
    if not question.among:
        return False
    candidate = item.candidate
    told = subjects_told(candidate.document, candidate.sentence.span)
    among = {noun for noun, _ in told} & question.among
    return bool(among) and counts_among(candidate.document, among)


def _of_one_mind(evidence: Evidence, least: float) -> Sequence[Ranked]:
    """Return the ranked sentences; where a question chooses among several, those that deny as it does.

    Whether a patient was treated or not is said in nearly the same words.
    """
    if not evidence.question.among:
        return evidence.ranked
    denied = negated(evidence.question.text)
    alike_in_mind = [item for item in evidence.ranked if negated(item.candidate.text) is denied]
    return alike_in_mind if any(item.confidence >= least for item in alike_in_mind) else evidence.ranked


def _said(item: Ranked, quoted: Sequence[Ranked], *, every: bool) -> bool:
    """Tell whether a quote says the same of the same; where each paper is asked, each may say it."""
    here = item.candidate
    for one in quoted:
        other = one.candidate
        same_paper = other.document.id == here.document.id
        if (every and not same_paper) or not alike(here.text, other.text):
            continue
        if not same_paper or subjects_told(here.document, here.sentence.span) == subjects_told(
            other.document, other.sentence.span
        ):
            return True
    return False


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
