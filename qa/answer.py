"""From a question to an ``Answer``: search, rank, decide, quote.

Nothing here writes words of its own about the papers' content: an answer is
quotes with their places, or the statement that there is none.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from copy import copy
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from index.terms import terms as terms_of
from index.text import Span
from qa.candidates import abbreviations_of, candidates_of, paper_stems, rarity
from qa.cite import cite, near_miss
from qa.features import features_of
from qa.language import other_language
from qa.metadata import look_up
from qa.question import equivalents, holds, understand
from qa.records import Answer, Receipt, Scores, Status
from qa.rerank import chosen, joined, load_reranker
from qa.retrieve import about, of_another, retrieve
from qa.select import load_weights
from qa.several import of_one
from qa.short import short_answer
from qa.spelling import Speller
from qa.subjects import NOBODY, asks_of_patient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.encode import Encoder
    from index.search import Hit
    from index.store import Index
    from qa.candidates import Candidate
    from qa.question import Question
    from qa.reader import Mark
    from qa.records import Citation, NearMiss
    from qa.rerank import Reranker
    from qa.select import Ranker, Weights

WORD = re.compile(r"[^\W_][\w-]*")


#: Most papers that a question about "each patient" is put to.
MOST_PAPERS = 10
#: Most words that a reason names.
MOST_WORDS = 5
#: Specificity (see ``qa.question``) from which on it tells something that a word is absent.
TELLING = 0.25
#: Share of the threshold that the other papers' answers to such a question need.
BESIDE = 0.5
#: How many passages are read with the question; where it is put to each paper, of each at least, and of all.
READ = 8
READ_EACH = 3
READ_ALL = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """How to answer."""

    passages: int = 20  #: how many passages are looked into
    read: int = READ  #: how many of them are read with the question; 0 for the first stage of ranking alone
    quotes: int = 3  #: most quotes shown for one question
    quotes_per_paper: int = 2
    near_misses: int = 3
    threshold: float | None = None  #: least confidence shown; None for the one the calibrator was fitted to
    relative: float = 0.5  #: a further quote needs at least this share of the best confidence
    abbreviations: bool = True  #: read them as what they stand for; False only to measure what that gives


DEFAULT = Settings()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its ranker score and calibrated confidence."""

    candidate: Candidate
    score: float
    confidence: float
    mark: Mark | None = None  #: its decisive words in the paper, if it was read


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the papers hold on a question, best first; an ``Answer`` before the decision."""

    question: Question
    hits: tuple[Hit, ...]
    ranked: tuple[Ranked, ...]
    notes: tuple[str, ...]  #: for people: how the question was read
    seconds: dict[str, float] = field(default_factory=dict)


class Answerer:
    """Answers questions from one open index.

    Holds no state of a conversation; safe in threads where the encoder is.
    """

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        *,
        weights: Weights | None = None,
        ranker: Ranker | None = None,
        settings: Settings = DEFAULT,
    ) -> None:
        """Join an open index and the encoder of its questions.

        With weights or a ranker of one's own, there is no second stage.
        """
        self.index = index
        self.encoder = encoder
        self._first = weights or load_weights()
        self._ranker = ranker or self._first
        self._own = weights is None and ranker is None
        self._reads = settings.read > 0 and self._own
        self.settings = settings
        self._speller = Speller(index.lexical)

    def configured(self, settings: Settings) -> Answerer:
        """Return the same answerer with other ``settings``."""
        other = copy(self)
        other.settings = settings
        other._reads = settings.read > 0 and self._own
        return other

    def ranked_by(self, ranker: Ranker) -> Answerer:
        """Return the same answerer with another order of the sentences, and no second stage."""
        other = copy(self)
        other._ranker, other._own, other._reads = ranker, False, False
        return other

    def as_sure(self, right: float) -> Answerer:
        """Return the same answerer, of whose shown answers a share of ``right`` should be right.

        Raises:
            UsageError: no threshold is known for so high a share.
        """
        return self.configured(replace(self.settings, threshold=self.weights.threshold_for(right)))

    @property
    def reranker(self) -> Reranker | None:
        """The second stage of ranking, loaded when it is first needed; None without one."""
        return load_reranker() if self._reads else None

    @property
    def weights(self) -> Weights:
        """The learned weights that give the confidence."""
        return self.reranker.weights if self.reranker else self._first

    @property
    def ranker(self) -> Ranker | Reranker:
        """What puts the sentences into their order."""
        return self.reranker or self._ranker

    @property
    def threshold(self) -> float:
        """Least confidence at which a quote is shown."""
        stated = self.settings.threshold
        return self.weights.threshold if stated is None else stated

    def gather(self, text: str, *, documents: frozenset[str] | None = None) -> Evidence:
        """Return the ranked sentences for a standalone question, from ``documents`` or all papers.

        Raises:
            QuestionError: the question is empty or too long.
        """
        started = perf_counter()
        question, notes = self._understood(text)
        vector = self.encoder.encode([question.searched])[0]
        encoded = perf_counter()
        rank = self._rank_each if question.every_paper else self._rank
        if question.named:
            hits, ranked = self._rank_named(question, documents)
        else:
            hits, ranked = rank(question, vector, documents)
        seconds = {"encode": encoded - started, "search and rank": perf_counter() - encoded}
        return Evidence(question, tuple(hits), tuple(ranked), notes, seconds)

    def _understood(self, text: str) -> tuple[Question, tuple[str, ...]]:
        """Return the question with its spelling put right, and what is to be said about that."""
        understand(text)  # refuses what is no question, before its words are looked at
        spelt, notes = self._speller.correct(" ".join(text.split()))
        return replace(understand(spelt), abbreviations=self.settings.abbreviations), notes

    def _rank_each(
        self, question: Question, vector: NDArray[np.float32], documents: frozenset[str] | None
    ) -> tuple[list[Hit], list[Ranked]]:
        """Return the same for a question about several papers: each found is asked it in the singular."""
        passages = self.settings.passages
        hits = retrieve(
            self.index, question, vector, limit=passages, documents=documents, deeper=2 * passages
        )
        papers = list(dict.fromkeys(hit.passage.document_id for hit in hits))[:MOST_PAPERS]
        single = replace(understand(of_one(question.text)), abbreviations=question.abbreviations)
        vector = self.encoder.encode([single.searched])[0]
        most = max(READ_EACH, READ_ALL // max(len(papers), 1))
        each = [self._rank(single, vector, frozenset((paper,)), most=most) for paper in papers]
        ranked = sorted((item for _, found in each for item in found), key=lambda item: -item.score)
        return [hit for found, _ in each for hit in found], ranked

    def _rank_named(
        self, question: Question, documents: frozenset[str] | None
    ) -> tuple[list[Hit], list[Ranked]]:
        """Return the passages for a question about several that it names, and the best sentence for each."""
        hits: dict[int, Hit] = {}
        best: dict[tuple[str, Span], Ranked] = {}
        for text in question.named:
            one = replace(understand(text), abbreviations=question.abbreviations)
            near, found = self._rank(one, self.encoder.encode([one.searched])[0], documents)
            hits.update({hit.position: hit for hit in near})
            if found:
                first = found[0].candidate
                best.setdefault((first.document.id, first.sentence.span), found[0])
        return list(hits.values()), sorted(best.values(), key=lambda item: -item.confidence)

    def _rank(
        self,
        question: Question,
        vector: NDArray[np.float32],
        documents: frozenset[str] | None,
        *,
        most: int | None = None,
    ) -> tuple[list[Hit], list[Ranked]]:
        """Return the best passages and their sentences, best first; at most ``most`` passages are read."""
        hits, candidates, features = weigh(
            self.index, question, vector, passages=self.settings.passages, documents=documents
        )
        scores = self._ranker.scores(question, candidates, features)
        if self.reranker is None or not candidates:
            # The confidence was fitted to the scores of the learned weights, whatever decides the order.
            told = (
                scores if self._ranker is self._first else self._first.scores(question, candidates, features)
            )
            return hits, by_score(candidates, scores, self._first.confidence(features, told))
        most = min(most or self.settings.read, self.settings.read)
        choice = chosen(candidates, scores, most, abbreviations=question.abbreviations)
        readings = self.reranker.reader.read(question.text, choice.texts)
        kept = [candidates[i] for i in choice.kept]
        features = joined(features, scores, choice, readings)
        scores = self.weights.ranker.log_odds(features)
        return hits, by_score(kept, scores, self.weights.confidence(features, scores), choice.marks(readings))

    def search(self, text: str, *, limit: int = 10, documents: frozenset[str] | None = None) -> list[Hit]:
        """Return the passages nearest to a standalone question, whether or not they answer it.

        The hybrid search finds them; those that answers are looked for in are put
        in the order of their best sentence, the rest follows.

        Raises:
            QuestionError: the question is empty or too long.
        """
        question, _ = self._understood(text)
        vector = self.encoder.encode([question.searched])[0]
        hits, ranked = self._rank(question, vector, documents)
        if limit > len(hits):
            hits = retrieve(self.index, question, vector, limit=limit, documents=documents)
        best = {item.candidate.hit.position: at for at, item in reversed(list(enumerate(ranked)))}
        ordered = sorted(hits, key=lambda hit: (best.get(hit.position, len(ranked)), hit.rank))
        return [replace(hit, rank=rank) for rank, hit in enumerate(ordered[:limit], 1)]

    def ask(self, question: str, *, documents: frozenset[str] | None = None) -> Answer:
        """Return the answer to a standalone ``question``, from ``documents`` or all papers.

        Raises:
            QuestionError: the question is empty or too long.
            QuoteError: a quote differs from its paper's text; nothing is shown then.
        """
        evidence = self.gather(question, documents=documents)
        return self.decide(question, evidence, documents=documents)

    def decide(self, question: str, evidence: Evidence, *, documents: frozenset[str] | None = None) -> Answer:
        """Return the answer that ``evidence``, gathered for ``question``, supports.

        Raises:
            QuoteError: a quote differs from its paper's text; nothing is shown then.
        """
        about_paper = look_up(self.index, evidence, documents)
        if about_paper is not None:
            citations, reasons = about_paper.citations, about_paper.reasons
            status = (Status.PARTIAL if reasons else Status.ANSWERED) if citations else Status.NOT_FOUND
        else:
            citations = tuple(
                self._cite(number, item, evidence.question)
                for number, item in enumerate(self._choose(evidence), 1)
            )
            status, reasons = self._judge(evidence, citations, documents)
        best = evidence.ranked[0].confidence if evidence.ranked else 0.0
        return Answer(
            question=question,
            resolved_question=evidence.question.text,
            status=status,
            confidence=max((c.confidence for c in citations), default=best),
            citations=citations,
            near_misses=() if citations else self._near_misses(evidence),
            reasons=evidence.notes + reasons,
            receipt=self._receipt(evidence),
        )

    def _choose(self, evidence: Evidence) -> list[Ranked]:
        """Pick what to quote: sure enough, no paper crowding out others, nothing said twice."""
        every = evidence.question.every_paper
        if not evidence.ranked or evidence.ranked[0].confidence < self.threshold:
            return []
        if evidence.question.named:
            return [item for item in evidence.ranked if item.confidence >= self.threshold * BESIDE]
        # Where one paper answers for sure, the others are asked the same and need less to be shown beside it.
        least = self.threshold * (BESIDE if every else 1.0)
        sure = [item for item in evidence.ranked if item.confidence >= least]
        most = max(self.settings.quotes, 10) if every else self.settings.quotes
        per_paper = 1 if every else self.settings.quotes_per_paper
        floor = 0.0 if every else self.settings.relative * evidence.ranked[0].confidence
        if not every:
            sure = _fitting_first(evidence, sure, self.settings.relative)
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

    def _cite(self, number: int, item: Ranked, question: Question) -> Citation:
        candidate = item.candidate
        hit = candidate.hit
        span = candidate.sentence.span
        passage = Span(min(hit.passage.span.start, span.start), max(hit.passage.span.end, span.end))
        scores = Scores(
            ranker=item.score,
            passage=hit.score,
            lexical=hit.lexical,
            dense=candidate.dense,
            terms=tuple(term for term in question.terms if term in candidate.matched),
        )
        return cite(
            candidate.document,
            candidate.sentence,
            passage,
            number=number,
            confidence=item.confidence,
            short=short_answer(question, candidate, item.mark),
            scores=scores,
        )

    def _judge(
        self, evidence: Evidence, citations: Sequence[Citation], documents: frozenset[str] | None
    ) -> tuple[Status, tuple[str, ...]]:
        question = evidence.question
        if not citations:
            return Status.NOT_FOUND, self._reasons(evidence, documents)
        if question.every_paper:
            quoted = {citation.document_id for citation in citations}
            looked_at = dict.fromkeys(hit.passage.document_id for hit in evidence.hits)
            silent = [self.index.documents[paper].name for paper in looked_at if paper not in quoted]
            if silent:
                return Status.PARTIAL, tuple(f"Nothing sure enough was found in “{name}”." for name in silent)
        if len(citations) < len(question.named):
            some = f"{len(citations)} of the {len(question.named)} that the question names"
            return Status.PARTIAL, (f"Something sure enough was found on {some} only.",)
        return Status.ANSWERED, ()

    def _reasons(self, evidence: Evidence, documents: frozenset[str] | None) -> tuple[str, ...]:
        """Say why nothing is quoted."""
        question = evidence.question
        language = other_language(question.text)
        if language is not None:
            return (f"The question seems to be in {language}, and the papers are searched in English.",)
        reasons = []
        if question.subject != NOBODY and not evidence.hits:
            reasons.append("No paper here is about the person the question names.")
        absent = self._absent_words(evidence, documents)
        if absent:
            asked = "the papers" if documents is None else "the papers asked"
            listed = ", ".join(f"“{word}”" for word in absent[:MOST_WORDS])
            listed += f" and {len(absent) - MOST_WORDS} more words" if len(absent) > MOST_WORDS else ""
            reasons.append(f"No passage of {asked} mentions {listed}.")
        if not reasons:
            reasons.append("No sentence is likely enough to answer the question.")
        return tuple(reasons)

    def _absent_words(self, evidence: Evidence, documents: frozenset[str] | None) -> list[str]:
        """Return the telling words of the question, everyday ones aside, that the papers asked lack."""
        question = evidence.question
        rare = dict(zip(question.terms, question.specific, strict=True))
        papers = [self.index.documents[key] for key in documents or ()]
        if len(papers) > MOST_PAPERS:
            return []
        stems = frozenset[str]().union(*map(paper_stems, papers))
        near = papers or [
            self.index.documents[hit.passage.document_id] for hit in evidence.hits[:MOST_PAPERS]
        ]
        forms = [equivalents(question, abbreviations_of(paper)) for paper in near]

        def held(stem: str) -> bool:
            if documents is None:
                return bool(self.index.lexical.document_frequency(stem))
            return stem in stems

        def meant(stem: str) -> bool:
            others = (choice for found in forms for choice in found.get(stem, ()))
            return held(stem) or any(choice and all(map(held, choice)) for choice in others)

        absent = []
        for word in dict.fromkeys(WORD.findall(question.text)):
            telling = [stem for stem in terms_of(word) if rare.get(stem, 0.0) >= TELLING]
            if telling and len(word) > 2 and not any(map(meant, telling)):
                absent.append(word)
        return absent

    def _near_misses(self, evidence: Evidence) -> tuple[NearMiss, ...]:
        hits = evidence.hits[: self.settings.near_misses]
        return tuple(near_miss(self.index.documents[hit.passage.document_id], hit) for hit in hits)

    def _receipt(self, evidence: Evidence) -> Receipt:
        papers = hashlib.sha256("".join(sorted(self.index.documents)).encode()).hexdigest()
        return Receipt(
            index=papers,
            generation=self.index.generation,
            model=self.encoder.fingerprint,
            ranker=self.ranker.fingerprint,
            threshold=self.threshold,
            settings={key: getattr(self.settings, key) for key in Settings.__slots__},
            seconds={stage: round(value, 6) for stage, value in evidence.seconds.items()},
        )


def _fitting_first(evidence: Evidence, sure: list[Ranked], relative: float) -> list[Ranked]:
    """Put a sentence that holds the wanted kind (a time, a dose) before a best one that lacks it.

    "Rather quickly" does not tell when. The first is taken that has ``relative``
    of the best confidence.
    """
    wanted, best = evidence.question.wanted, sure[0]
    if holds(wanted, best.candidate.text) is not False:
        return sure
    near = (item for item in evidence.ranked if item.confidence >= relative * best.confidence)
    fitting = next((item for item in near if holds(wanted, item.candidate.text)), None)
    return sure if fitting is None else [fitting, *(item for item in sure if item is not fitting)]


def by_score(
    candidates: Sequence[Candidate],
    scores: NDArray[np.float64],
    confidence: NDArray[np.float64],
    marks: Sequence[Mark | None] | None = None,
) -> list[Ranked]:
    """Return the candidates with what was found out about each, the highest score first."""
    marks = marks or [None] * len(candidates)
    order = np.argsort(-scores, kind="stable")
    return [Ranked(candidates[i], float(scores[i]), float(confidence[i]), marks[i]) for i in order]


def weigh(
    index: Index,
    question: Question,
    vector: NDArray[np.float32],
    *,
    passages: int,
    documents: frozenset[str] | None = None,
) -> tuple[list[Hit], list[Candidate], NDArray[np.float64]]:
    """Return the best passages, their sentences that can be about the person meant, and their features."""
    hits = retrieve(index, question, vector, limit=passages, documents=documents, deeper=2 * passages)
    patient = question.subject == NOBODY and asks_of_patient(question.text)
    candidates = [
        candidate
        for candidate in candidates_of(index, question, hits, vector)
        if about(candidate.document, candidate.sentence.span, question.subject)
        and not (patient and of_another(candidate.document, candidate.sentence.span))
    ]
    return hits, candidates, features_of(question, candidates, rarity(index, question))


def alike(one: str, other: str) -> bool:
    """Tell whether two sentences say nearly the same: all numbers and four of five words are shared."""
    first, second = frozenset(terms_of(one)), frozenset(terms_of(other))
    numbers = any(character.isdigit() for term in first ^ second for character in term)
    return not numbers and len(first & second) >= 0.8 * max(len(first | second), 1)
