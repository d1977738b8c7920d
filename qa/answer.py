"""From a question to an ``Answer``: search, rank, decide, quote.

Nothing here writes words of its own about the papers' content: an answer is
quotes with their places, or the statement that there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from index.embed.encoder import Encoder
from index.search import Hit
from index.store.index import Index
from qa.overview.answer import looked_up
from qa.overview.kinds import Kind
from qa.quote.choose import choose, silent_papers, states
from qa.quote.cite import cite_ranked, nearby
from qa.quote.reasons import open_numbers, reasons_for
from qa.quote.versions import beside_versions
from qa.rank.absent import absent_from, doubted
from qa.rank.evidence import Evidence, Found, Ranked, RankedPassage
from qa.rank.retrieve import retrieve
from qa.rank.select import Ranker
from qa.rank.stages import Stages, shipped
from qa.records import (
    Answer,
    Calibration,
    LookUp,
    Nearby,
    Receipt,
    Status,
    papers_digest,
)
from qa.settings import DEFAULT, READ_ALL, READ_EACH, Settings
from qa.understand.numbered import Mention
from qa.understand.question import Place, Question, understand
from qa.understand.several import of_one, superlative_in, without_superlative
from qa.understand.spelling import Speller
from qa.understand.subjects import NOBODY

#: Most papers that a question about "each patient" is put to.
MOST_PAPERS = 10
#: The same for one about the highest of several values, and the passages in which they are looked for.
MOST_COMPARED, WIDE = 20, 100


class Answerer:
    """Answers questions from one open index.

    Holds no state of a conversation; safe in threads where the encoder is.
    """

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        *,
        stages: Stages | None = None,
        settings: Settings = DEFAULT,
        speller: Speller | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """Join an open index, its question encoder and the stages of ranking (the shipped ones if None).

        ``warnings`` are shown with those of the index.
        """
        self.index = index
        self.encoder = encoder
        self.stages = stages or shipped()
        self.settings = settings if self.stages.closer else replace(settings, closely=0)
        self._speller = speller or Speller(index.lexical)
        self._warnings = warnings

    def _changed(
        self, stages: Stages, settings: Settings | None = None, warnings: tuple[str, ...] | None = None
    ) -> Answerer:
        return Answerer(
            self.index,
            self.encoder,
            stages=stages,
            settings=settings or self.settings,
            speller=self._speller,
            warnings=self._warnings if warnings is None else warnings,
        )

    def configured(self, settings: Settings) -> Answerer:
        """Return an answerer with other ``settings``."""
        return self._changed(self.stages, settings)

    def ranked_by(self, order: Ranker) -> Answerer:
        """Return an answerer with another order of the sentences, and no second stage."""
        return self._changed(Stages(self.stages.weights, order))

    def calibrated(self, by: Calibration | None, *warnings: str) -> Answerer:
        """Return an answerer with the thresholds of ``by``, or with the shipped ones.

        They apply while the stages of ranking are those that ``by`` was fitted with.
        """
        return self._changed(replace(self.stages, calibration=by), warnings=(*self._warnings, *warnings))

    def as_sure(self, right: float) -> Answerer:
        """Return an answerer whose sure answers should be right with a share of ``right``.

        Raises:
            UsageError: no threshold is known for so high a share.
        """
        threshold = self.stages.deciding(self.settings).threshold_for(right)
        return self.configured(replace(self.settings, threshold=threshold))

    @property
    def calibration(self) -> Calibration | None:
        """What the thresholds are from; None for the shipped ones."""
        return self.stages.deciding(self.settings).calibration

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to tell about the index, and about a calibration that is not used; in words."""
        return (*self.index.warnings, *self._warnings)

    @property
    def fingerprint(self) -> str:
        """Identifies in receipts what orders the sentences."""
        return self.stages.fingerprint(self.settings)

    @property
    def reader(self) -> str:
        """The largest reader used: "small" or "large"; empty where nothing is read."""
        if not self.settings.read or self.stages.reranker is None:
            return ""
        return "large" if self.settings.closely else "small"

    @property
    def threshold(self) -> float:
        """Least confidence of a sure answer."""
        return self.stages.threshold(self.settings)

    @property
    def possible(self) -> float:
        """Least probability that the papers answer at which possible answers are shown."""
        return min(self.stages.deciding(self.settings).possible, self.threshold)

    def gather(
        self,
        text: str,
        *,
        documents: frozenset[str] | None = None,
        before: str = "",
        cited: Place | None = None,
        numbered: tuple[Mention, ...] = (),
    ) -> Evidence:
        """Return the ranked sentences for a question, from ``documents`` or all papers.

        ``before`` is what was asked and quoted before, where it may lean on that, and ``cited`` is where the
        last quote stands; without, it stands alone. ``numbered`` is what earlier questions named by number
        and this one leaves unsaid.

        Raises:
            QuestionError: the question is empty or too long.
        """
        started = perf_counter()
        question, notes = self._understood(text)
        question = replace(question, before=before, cited=cited, numbered=question.numbered or numbered)
        vector = self.encoder.encode([question.searched])[0]
        encoded = perf_counter()
        near = partial(self._near, question, vector)
        hits, stated, documents, kind = looked_up(self.index, self.encoder, question, vector, documents, near)
        question = replace(question, listing=kind is Kind.LIST)
        if stated is not None:
            seconds = {"encode": encoded - started, "look up": perf_counter() - encoded}
            sure = max((citation.confidence for citation in stated.citations), default=0.0)
            return Evidence(question, tuple(hits), (), sure, notes, seconds, stated)
        rank = self._rank_each if question.every_paper else self._rank
        found = rank(question, vector, documents)
        question, found = self._compared(question, vector, found, documents)
        absent = absent_from(self.index, question, found.hits, documents)
        seconds = {"encode": encoded - started, "search and rank": perf_counter() - encoded}
        return Evidence(
            question,
            tuple(found.hits),
            tuple(found.ranked),
            doubted(found.presence, absent),
            notes,
            seconds,
            unasked=found.unasked,
            absent=absent,
        )

    def _near(
        self, question: Question, vector: NDArray[np.float32], documents: frozenset[str] | None
    ) -> list[Hit]:
        """Return the passages nearest to ``question``, with further ones of the paper most are from."""
        limit = self.settings.passages
        return retrieve(self.index, question, vector, limit=limit, documents=documents, deeper=2 * limit)

    def _understood(self, text: str) -> tuple[Question, tuple[str, ...]]:
        """Return the spell-corrected question and notes on what was corrected."""
        understand(text)  # raises for anything that is not a question before its words are corrected
        spelt, notes = self._speller.correct(" ".join(text.split()))
        return replace(understand(spelt), abbreviations=self.settings.abbreviations), notes

    def _rank_each(
        self, question: Question, vector: NDArray[np.float32], documents: frozenset[str] | None
    ) -> Found:
        """Rank a question about several papers: each paper found is asked it in the singular."""
        text = without_superlative(question.text) if question.compared else question.text
        single = replace(understand(of_one(text)), abbreviations=question.abbreviations)
        one = self.encoder.encode([single.searched])[0]
        if question.compared:  # each value counts, so more passages and papers are looked at
            near, most = retrieve(self.index, single, one, limit=WIDE, documents=documents), MOST_COMPARED
        else:
            near, most = self._near(question, vector, documents), MOST_PAPERS
        papers = list(dict.fromkeys(hit.passage.document_id for hit in near))
        read = max(READ_EACH, READ_ALL // max(len(papers[:most]), 1))
        each = [self._rank(single, one, frozenset((paper,)), read=read) for paper in papers[:most]]
        # Scores compare the sentences of one search, probabilities those of several.
        ranked = sorted((item for found in each for item in found.ranked), key=lambda item: -item.confidence)
        presence = max((found.presence for found in each), default=0.0)
        hits = [hit for found in each for hit in found.hits]
        return Found(hits, ranked, presence, unasked=len(papers[most:]))

    def _compared(
        self,
        question: Question,
        vector: NDArray[np.float32],
        found: Found,
        documents: frozenset[str] | None,
    ) -> tuple[Question, Found]:
        """Return question and evidence; for a superlative that no sentence states, the values of each paper.

        One value is not given for the highest of several. Where only one is found, nothing changes.
        """
        word = superlative_in(question.text)
        if not word or question.every_paper or question.subject != NOBODY:
            return question, found
        best = found.ranked[0] if found.ranked else None
        sure = best is not None and best.confidence >= self.threshold
        told = best is not None and states(best, word)
        # Of several, only a sure sentence can state it; a value of one is given as it is.
        if (sure and told) or ((sure or told) and not question.among):
            return question, found
        compared = replace(question, compared=word)
        each = self._rank_each(compared, vector, documents)
        evidence = Evidence(compared, tuple(each.hits), tuple(each.ranked), each.presence, ())
        several = len(choose(evidence, self.settings, self.threshold, self.possible)) > 1
        return (compared, each) if several else (question, found)

    def _rank(
        self,
        question: Question,
        vector: NDArray[np.float32],
        documents: frozenset[str] | None,
        *,
        read: int | None = None,
    ) -> Found:
        return self.stages.rank(self.index, question, vector, self.settings, documents=documents, read=read)

    def search(
        self, text: str, *, limit: int = 10, documents: frozenset[str] | None = None
    ) -> list[RankedPassage]:
        """Return the passages nearest to a standalone question, whether or not they answer it.

        The hybrid search finds them. Those that are read for an answer come first, by
        the score of their best sentence; the rest follows by hybrid score.

        Raises:
            QuestionError: the question is empty or too long.
        """
        question, _ = self._understood(text)
        vector = self.encoder.encode([question.searched])[0]
        settings = replace(self.settings, closely=0)  # the third stage reads too few passages to list
        found = self.stages.rank(self.index, question, vector, settings, documents=documents)
        hits = found.hits
        if limit > len(hits):
            hits = retrieve(self.index, question, vector, limit=limit, documents=documents)
        best: dict[int, float] = {}  # in the order of the scores
        for item in found.ranked:
            best.setdefault(item.candidate.hit.position, item.score)
        places = {position: place for place, position in enumerate(best)}
        ordered = sorted(hits, key=lambda hit: (places.get(hit.position, len(places)), hit.rank))
        return [
            RankedPassage(
                rank, hit, best.get(hit.position), nearby(self.index.documents[hit.passage.document_id], hit)
            )
            for rank, hit in enumerate(ordered[:limit], 1)
        ]

    def nearest(self, text: str, *, limit: int, documents: frozenset[str] | None = None) -> list[Hit]:
        """Return at most ``limit`` passages in the order of the hybrid search; nothing is read.

        Raises:
            QuestionError: the question is empty or too long.
        """
        question, _ = self._understood(text)
        vector = self.encoder.encode([question.searched])[0]
        return retrieve(self.index, question, vector, limit=limit, documents=documents)

    def ask(self, question: str, *, documents: frozenset[str] | None = None) -> Answer:
        """Return the answer to a standalone ``question``, from ``documents`` or all papers.

        Raises:
            QuestionError: the question is empty or too long.
            QuoteError: a quote differs from its paper's text; nothing is shown then.
        """
        evidence = self.gather(question, documents=documents)
        return self.decide(question, evidence, documents=documents)

    def decide(
        self,
        question: str,
        evidence: Evidence,
        *,
        documents: frozenset[str] | None = None,
        possible: float | None = None,
    ) -> Answer:
        """Return the answer that ``evidence``, gathered for ``question``, supports.

        ``possible`` is the least probability that the papers answer at which quotes are shown; None for the
        one that was fitted.

        Raises:
            QuoteError: a quote differs from its paper's text; nothing is shown then.
        """
        if evidence.stated is not None:
            citations, reasons = evidence.stated.citations, evidence.stated.reasons
            status = self._status_of(evidence.stated)
        else:
            least = self.possible if possible is None else min(possible, self.threshold)
            chosen = choose(evidence, self.settings, self.threshold, least)
            quoted, versions = beside_versions(self.index, evidence.ranked, chosen)
            citations = tuple(
                cite_ranked(self.index, number, item, evidence.question)
                for number, item in enumerate(quoted, 1)
            )
            status = self._status(evidence, chosen)
            reasons = versions + reasons_for(self.index, evidence, status, quoted, documents)
        best = evidence.ranked[0].confidence if evidence.ranked else 0.0
        return Answer(
            question=question,
            resolved_question=evidence.question.text,
            status=status,
            confidence=max((c.confidence for c in citations), default=best),
            presence=evidence.presence,
            citations=citations,
            nearby=() if citations or evidence.stated else self._nearby(evidence),
            reasons=evidence.notes + reasons,
            receipt=self._receipt(evidence),
            which=evidence.stated.which if evidence.stated else (),
        )

    def _status_of(self, stated: LookUp) -> Status:
        if not stated.citations:
            return Status.POSSIBLE if stated.which else Status.NOT_FOUND
        if max(citation.confidence for citation in stated.citations) < self.threshold:
            return Status.POSSIBLE
        return Status.PARTIAL if stated.reasons else Status.ANSWERED

    def _status(self, evidence: Evidence, quoted: Sequence[Ranked]) -> Status:
        if not quoted:
            return Status.NOT_FOUND
        if quoted[0].confidence < self.threshold:
            return Status.POSSIBLE
        silent = silent_papers(evidence, {item.candidate.document.id for item in quoted})
        lacking = silent or evidence.question.compared or open_numbers(evidence, quoted)
        return Status.PARTIAL if lacking else Status.ANSWERED

    def _nearby(self, evidence: Evidence) -> tuple[Nearby, ...]:
        hits = evidence.hits[: self.settings.nearby]
        return tuple(nearby(self.index.documents[hit.passage.document_id], hit) for hit in hits)

    def _receipt(self, evidence: Evidence) -> Receipt:
        return Receipt(
            index=papers_digest(self.index.documents),
            generation=self.index.generation,
            model=self.encoder.fingerprint,
            ranker=self.fingerprint,
            threshold=self.threshold,
            settings={key: getattr(self.settings, key) for key in Settings.__slots__},
            seconds={stage: round(value, 6) for stage, value in evidence.seconds.items()},
            calibration=self.calibration,
        )
