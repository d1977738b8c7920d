"""Measures of how well a sentence answers a question; what the ranker learns from.

One row a candidate sentence, one column a feature of ``NAMES``. Everything is
computed from the question, the sentence, its passage and its paper; nothing
depends on a collection's subject, so that weights learned on one hold on others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.search import zscores
from index.text import BlockKind, Document
from qa.rank.candidates import Candidate, rarity_in, tokens_of
from qa.understand.question import Question, Wanted, held_spans, holds
from qa.understand.subjects import NOBODY, asks_of_patient

NAMES = (
    "dense",  # cosine of question and sentence
    "dense_z",  # the same, standardised over the candidates
    "coverage",  # share of the question's words in the sentence, weighted by rarity
    "coverage_z",
    "meaning",  # the same, words that say the same counted half
    "pairs",  # share of neighbouring question words that stand near each other
    "rarest",  # whether the question's rarest word is there
    "around",  # coverage by the sentence and its two neighbours
    "here",  # coverage, weighted by rarity in the paper
    "here_around",  # the same by the sentence and its two neighbours
    "context",  # coverage by the sentence and its passage's title, section, table heads
    "missing_in_paper",  # weighted share of the question's words that the paper lacks
    "specific",  # share of the question's specific words that the sentence has or means
    "specific_missing",  # how specific the most specific word is that the paper lacks
    "specific_apart",  # the same for words that neither the passage's sentences nearby nor its context has
    "passage",  # hybrid score of the passage
    "passage_first",  # 1 / rank of the passage
    "passage_dense",
    "passage_lexical",  # BM25 relative to the best passage
    "time_held",  # a time is wanted and held; so for the next
    "age_held",
    "value_held",  # dose, percentage, number
    "reason_held",
    "name_held",  # person or place
    "time_lacked",  # a time is wanted and none held; so for the next
    "value_lacked",  # age, dose, percentage, number
    "reason_lacked",
    "name_lacked",  # person or place
    "kind_near",  # closeness of the wanted kind to a word of the question
    "unit_near",  # for any question: closeness of a number to a word of the question
    "length",  # log of the number of words
    "short",  # under five words
    "echo",  # share of the sentence's words that the question has
    "caption",
    "table",
    "label",  # of a table's row: how much of its first cell the question names
    "note",
    "abstract",  # the section, where the question is about an effect; so for the next five
    "introduction",
    "methods",
    "results",
    "discussion",
    "conclusion",
    "late",  # position in the paper, 0 to 1
    "leaning",  # opens with a word that leans on the sentence before
    "case",  # the question is about a patient, and the sentence too
    "not_case",  # the question is about a patient, the sentence not
)
_LEANING = re.compile(
    r"(?:this|these|those|it|they|however|moreover|furthermore|also|in addition|therefore|thus|such)\b", re.I
)
_SECTIONS = (
    ("abstract", r"abstract|summary"),
    ("introduction", r"introduction|background|objective|aim|purpose"),
    ("methods", r"method|materials|procedure|design|statistic|participants|intervention"),
    ("results", r"result|finding|case|outcome|patient"),
    ("discussion", r"discussion|comment|limitation"),
    ("conclusion", r"conclu"),
)
_SECTION_PATTERNS = tuple((name, re.compile(pattern, re.I)) for name, pattern in _SECTIONS)
_HELD = (
    frozenset({Wanted.TIME}),
    frozenset({Wanted.AGE}),
    frozenset({Wanted.DOSE, Wanted.PERCENT, Wanted.NUMBER}),
    frozenset({Wanted.REASON}),
    frozenset({Wanted.PERSON, Wanted.PLACE}),
)
_LACKED = (
    frozenset({Wanted.TIME}),
    frozenset({Wanted.AGE, Wanted.DOSE, Wanted.PERCENT, Wanted.NUMBER}),
    frozenset({Wanted.REASON}),
    frozenset({Wanted.PERSON, Wanted.PLACE}),
)
_ONE_PATIENT = re.compile(
    r"\b(?:she|he|her|his|him)\b|\b(?:the|our|this) (?:\w+ )?patient\b|\bin (?:the|our|this) case\b"
    r"|\b\d+[- ](?:year|month|week|day)[- ]old\b",
    re.I,
)
_CASE_SECTION = re.compile(
    r"\bcase (?:presentation|report|description|history)|^case\b|clinical (?:course|findings)", re.I
)
_EFFECT = re.compile(
    r"\beffects?\b|\bcompared? (?:to|with)\b|\bversus\b|\bvs\b|\befficacy\b|\boutcomes?\b", re.I
)
_NEAR = 60  # characters within which a value counts as belonging to a word


def features_of(
    question: Question, candidates: Sequence[Candidate], weights: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return the features, shape (candidates, len(NAMES)).

    ``weights`` is the rarity of each term of the question.
    """
    if not candidates:
        return np.zeros((0, len(NAMES)))
    total = sum(weights[t] for t in question.terms) or 1.0
    coverage = np.array([_sum(weights, c.matched) / total for c in candidates])
    meaning = np.array([_sum(weights, c.matched | c.meant) / total for c in candidates])
    dense = np.array([c.dense for c in candidates])
    dense_z, coverage_z = zscores(dense), zscores(coverage)
    best_lexical = max(max(c.hit.lexical for c in candidates), 1e-9)
    rarest = max(question.terms, key=lambda t: weights[t], default="")
    # What is the same for all sentences of a passage or a paper is worked out once.
    contexts = {c.hit.position: _stems_of(c.hit.passage.context) for c in candidates}
    papers = {c.document.id: _rare_in(question, c.document) for c in candidates}
    english = question.rare
    rows = []
    for at, candidate in enumerate(candidates):
        near = [c for c in candidates[max(at - 1, 0) : at + 2] if c.hit.position == candidate.hit.position]
        around = frozenset().union(*(c.matched for c in near))
        text = candidate.text
        in_context = candidate.matched | (contexts[candidate.hit.position] & set(question.terms))
        rows.append(
            [
                dense[at],
                dense_z[at],
                coverage[at],
                coverage_z[at],
                (coverage[at] + meaning[at]) / 2,
                _pairs(question.terms, text),
                float(rarest in candidate.matched),
                _sum(weights, around) / total,
                *_here(papers[candidate.document.id], candidate, around),
                _sum(weights, in_context) / total,
                _sum(weights, candidate.missing) / total,
                *_specific(english, candidate, around | in_context),
                candidate.hit.score,
                1.0 / candidate.hit.rank,
                candidate.hit.dense,
                candidate.hit.lexical / best_lexical,
                *_kinds(question, candidate, text),
                *_shape(question, candidate, text),
                *_sections(question, candidate),
                candidate.sentence.span.start / max(len(candidate.document.text), 1),
                float(_LEANING.match(text) is not None),
                *_case(question, candidate, text),
            ]
        )
    return np.array(rows, dtype=np.float64)


def _sum(weights: Mapping[str, float], chosen: frozenset[str]) -> float:
    """Add up in the order of the question's terms: that of a set differs from one process to the next."""
    return sum(weight for term, weight in weights.items() if term in chosen)


def _stems_of(text: str) -> frozenset[str]:
    return frozenset(token.stem for token in tokens_of(text))


def _specific(
    rare: Mapping[str, float], candidate: Candidate, near: frozenset[str]
) -> tuple[float, float, float]:
    """Weigh words by how rare they are in English, not in the papers, which lack what they do not know."""
    known = candidate.matched | candidate.meant
    total = sum(rare.values())
    return (
        _sum(rare, known) / total if total else 1.0,
        max((rare[t] for t in candidate.missing), default=0.0),
        max((weight for t, weight in rare.items() if t not in near | known), default=0.0),
    )


def _rare_in(question: Question, document: Document) -> dict[str, float]:
    rare = rarity_in(document, question.terms)
    return {t: weight * share for (t, weight), share in zip(rare.items(), question.shares, strict=True)}


def _here(rare: Mapping[str, float], candidate: Candidate, around: frozenset[str]) -> tuple[float, float]:
    """Weigh words by how rare they are in the paper: those that name it tell nothing of its sentences."""
    total = sum(rare.values()) or 1.0
    known = candidate.matched | candidate.meant
    return _sum(rare, known) / total, _sum(rare, around | known) / total


def _pairs(terms: Sequence[str], text: str) -> float:
    """Return the share of neighbouring terms that stand within three words of each other."""
    if len(terms) < 2:
        return 0.0
    places: dict[str, list[int]] = {}
    for at, token in enumerate(tokens_of(text)):
        places.setdefault(token.stem, []).append(at)
    near = 0
    for first, second in pairwise(terms):
        near += any(0 < abs(b - a) <= 3 for a in places.get(first, ()) for b in places.get(second, ()))
    return near / (len(terms) - 1)


def _kinds(question: Question, candidate: Candidate, text: str) -> tuple[float, ...]:
    held = holds(question.wanted, text)
    words = [(t.start, t.end) for t in tokens_of(text) if t.stem in candidate.matched]
    whole_row = candidate.sentence.kind is BlockKind.TABLE
    return (
        *(float(held is True and question.wanted in kinds) for kinds in _HELD),
        *(float(held is False and question.wanted in kinds) for kinds in _LACKED),
        _closeness(words, held_spans(question.wanted, text), whole_row=whole_row),
        _closeness(words, held_spans(Wanted.NUMBER, text), whole_row=whole_row),
    )


def _case(question: Question, candidate: Candidate, text: str) -> tuple[float, float]:
    """Tell whether question and sentence are about a patient rather than about patients in general."""
    if question.subject == NOBODY and not question.every_paper and not asks_of_patient(question.text):
        return 0.0, 0.0
    path = " ".join(candidate.document.section_path(candidate.hit.passage.section))
    reported = _CASE_SECTION.search(path) or candidate.sentence.kind is BlockKind.TABLE
    about_one = bool(_ONE_PATIENT.search(text) or reported)
    return float(about_one), float(not about_one)


def _closeness(
    words: Sequence[tuple[int, int]], values: Sequence[tuple[int, int]], *, whole_row: bool
) -> float:
    """Return 1 where a value touches a word, falling to 0 at ``_NEAR`` characters; 1 in a row."""
    if not words or not values:
        return 0.0
    if whole_row:
        return 1.0
    gap = min(max(v[0] - w[1], w[0] - v[1], 0) for w in words for v in values)
    return max(0.0, 1.0 - gap / _NEAR)


def _shape(question: Question, candidate: Candidate, text: str) -> tuple[float, ...]:
    words = tokens_of(text)
    kind = candidate.sentence.kind
    shared = sum(token.stem in question.terms for token in words)
    return (
        float(np.log1p(len(words))),
        float(len(words) < 5),
        shared / max(len(words), 1),
        float(kind is BlockKind.CAPTION),
        float(kind is BlockKind.TABLE),
        _label(candidate, text) if kind is BlockKind.TABLE else 0.0,
        float(kind is BlockKind.NOTE),
    )


def _label(candidate: Candidate, text: str) -> float:
    """Return the share of a row's first cell that the question names: "Sodium (Na)" has two names."""
    names = [frozenset(t.stem for t in tokens_of(part)) for part in re.split(r"[()]", text.split("\t")[0])]
    known = candidate.matched | candidate.meant
    return max((len(name & known) / len(name) for name in names if name), default=0.0)


def _sections(question: Question, candidate: Candidate) -> list[float]:
    """Tell the section, for questions about an effect: what a study found is not in its methods."""
    if not _EFFECT.search(question.text):
        return [0.0] * len(_SECTIONS)
    path = " ".join(candidate.document.section_path(candidate.hit.passage.section))
    found = next((name for name, pattern in _SECTION_PATTERNS if pattern.search(path)), None)
    return [float(name == found) for name, _ in _SECTIONS]
