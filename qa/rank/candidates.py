"""The sentences that may answer a question, with what each shares with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.search import Hit
from index.store.index import Index
from index.terms import line_counts, read_counts
from index.terms import terms as terms_of
from index.text import BlockKind, Document, Sentence
from qa.understand.abbreviations import definitions, equivalents
from qa.understand.question import Question
from qa.understand.synonyms import synonyms_of

_WORD = re.compile(r"[^\W_]+(?:[-\u2010\u2011/.'\u2019][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Token:
    """A stem and where its word stands."""

    stem: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, with the hit that brought it."""

    sentence: Sentence
    document: Document
    hit: Hit
    dense: float  #: cosine of question and sentence
    matched: frozenset[str]  #: stems of the question that it has, in any form
    meant: frozenset[str]  #: stems of the question for which it has a word that says the same
    missing: frozenset[str]  #: stems of the question that its paper lacks

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.sentence.span.of(self.document.text)


@lru_cache(maxsize=200_000)
def _stems(word: str) -> tuple[str, ...]:
    return tuple(terms_of(word))


@lru_cache(maxsize=20_000)
def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the stems of ``text`` with their places; stop words are left out."""
    return tuple(
        Token(stem, match.start(), match.end())
        for match in _WORD.finditer(text)
        for stem in _stems(match.group())
    )


@lru_cache(maxsize=256)
def _paper_counts(document_id: str, text: str, stems: str) -> tuple[Counter[str], int]:
    counts, lines = read_counts(stems) if stems else line_counts(text)
    return Counter(counts), lines  # the id tells papers apart


@lru_cache(maxsize=256)
def _paper_abbreviations(document_id: str, text: str) -> dict[str, str]:  # as above
    return definitions(text)


def paper_stems(document: Document) -> Set[str]:
    """Return the stems of all words of a paper."""
    return _paper_counts(document.id, document.text, document.stems)[0].keys()


def rarity_in(document: Document, terms: Iterable[str]) -> dict[str, float]:
    """Return the inverse document frequency of ``terms`` over the lines of one paper; 0 for one it lacks.

    The words that name a paper stand all over it; those that tell what is asked
    of it do not.
    """
    counts, total = _paper_counts(document.id, document.text, document.stems)
    return {
        term: float(np.log(1 + (total - counts[term] + 0.5) / (counts[term] + 0.5))) if counts[term] else 0.0
        for term in terms
    }


def abbreviations_of(document: Document) -> dict[str, str]:
    """Return the paper's own abbreviations, long forms by short."""
    return _paper_abbreviations(document.id, document.text)


def rarity(index: Index, question: Question) -> dict[str, float]:
    """Return the weight of each term: its share of its idf over passages, which counts 0.1 at least."""
    total = max(len(index.passages), 1)
    found = {term: index.lexical.document_frequency(term) for term in question.terms}
    rare = {t: max(float(np.log(1 + (total - n + 0.5) / (n + 0.5))), 0.1) for t, n in found.items()}
    return {term: rare[term] * share for term, share in zip(question.terms, question.shares, strict=True)}


def candidates_of(
    index: Index, question: Question, hits: Sequence[Hit], vector: NDArray[np.float32]
) -> list[Candidate]:
    """Return the sentences of the passages hit, best passage first."""
    found: list[Candidate] = []
    alike = {term: synonyms_of(term) for term in question.terms}
    of_paper: dict[str, tuple[Mapping[str, Sequence[frozenset[str]]], frozenset[str]]] = {}
    sentences = [index.sentences_of(hit.position) for hit in hits]
    rows = np.array([row for inside in sentences for row, _ in inside], np.int64)
    dense = iter((index.sentence_vectors[rows] @ vector).tolist())
    for hit, inside in zip(hits, sentences, strict=True):
        document = index.documents[hit.passage.document_id]
        if document.id not in of_paper:
            forms = equivalents(question, abbreviations_of(document))
            held = paper_stems(document)
            lacked = (t for t in question.terms if not any(c <= held for c in (*forms[t], *alike[t])))
            of_paper[document.id] = forms, frozenset(lacked)
        same, missing = of_paper[document.id]
        for _, sentence in inside:
            text = sentence.span.of(document.text)
            stems = frozenset(token.stem for token in tokens_of(text))
            if sentence.kind is BlockKind.TABLE:
                stems |= frozenset(token.stem for token in tokens_of(hit.passage.context))
            found.append(
                Candidate(
                    sentence=sentence,
                    document=document,
                    hit=hit,
                    dense=next(dense),
                    matched=frozenset(t for t in question.terms if any(c <= stems for c in same[t])),
                    meant=frozenset(t for t in question.terms if any(c <= stems for c in alike[t])),
                    missing=missing,
                )
            )
    return found
