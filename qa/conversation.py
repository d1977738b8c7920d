"""Conversations: what was asked so far, and where the last answer stands.

A follow-up needs the earlier questions as text, to be made to stand alone
(``qa.understand.followup``), and the place of the last answer, to be asked of the paper spoken of. So it
takes at most two searches and two readings, however long the conversation. Where only the texts of earlier
questions are known, the last of them is answered once more to learn its place: standing alone, since the
answers before it are not known either. Questions further back are never asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.errors import QuestionError
from index.store.index import Index
from index.terms import words as words_of
from index.text import Span
from qa.answer import Answerer
from qa.quote.joined import joined
from qa.rank.absent import absent_words
from qa.rank.evidence import Evidence
from qa.rank.people import paper_subjects, reports_only_others
from qa.rank.retrieve import main_paper
from qa.records import UNSUPPORTED, Answer
from qa.understand.followup import (
    changes_person,
    context_of,
    in_general,
    just_before,
    leans,
    resolve,
    resolve_in,
)
from qa.understand.numbered import Mention, named_in
from qa.understand.parts import Parts, parts_of
from qa.understand.question import Place
from qa.understand.subjects import Subject, asked_about

#: Up to this many papers, the people they report on are looked up, and any paper may be the one meant.
FEW_PAPERS = 12
#: Questions before a follow-up in which the patient it leaves unnamed can be named by number.
RECENT = 2
#: Words that stand for a patient named before.
PRONOUNS = frozenset(("he", "she", "his", "her", "him", "hers"))
#: A question is answered from the paper spoken of if its best sentence there has at least this share of the
#: confidence of the best sentence of all papers: for a question that leans on those before, and for others.
LEANING, NOT_LEANING = 0.2, 0.35


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """Where the last answer of a conversation stands."""

    document_id: str = ""  #: the paper quoted first, or else nearest to the question; empty if none was near
    quoted: Span | None = None  #: the first quote; None after a refusal

    @classmethod
    def of(cls, answer: Answer) -> LastAnswer:
        """Return where ``answer`` stands."""
        if answer.citations:
            return cls(answer.citations[0].document_id, answer.citations[0].span)
        return cls(answer.nearby[0].document_id) if answer.nearby else cls()


@dataclass(frozen=True, slots=True)
class Gathered:
    """A question as it is meant in its conversation, with its evidence."""

    resolved: str  #: standing alone, with its spelling corrected
    evidence: Evidence
    documents: frozenset[str] | None  #: ids of the papers searched; None for all


@dataclass(frozen=True, slots=True)
class Conversation:
    """The questions asked so far, and where the last of them was answered. Immutable.

    ``Conversation()`` has just begun; ``Conversation(("What was the CK?", "And her AST?"))`` is one of which
    only the questions are known. Each answer comes with the conversation that goes on from it::

        answer, conversation = conversation.ask(answerer, "And her ALT?")
    """

    questions: tuple[str, ...] = ()  #: as asked, oldest first
    last: LastAnswer | None = None  #: None if the last question's answer is not known

    def ask(
        self, answerer: Answerer, question: str, documents: frozenset[str] | None = None
    ) -> tuple[Answer, Conversation]:
        """Return the answer to ``question`` and the conversation after it.

        Args:
            answerer: answers from one open index.
            question: as asked; it may lean on the questions before.
            documents: ids of the papers to search; None for all.

        Raises:
            QuestionError: the question is empty or too long.
            QuoteError: a quote differs from its paper's text; nothing is shown then.
        """
        parts = parts_of(question)
        if len(parts.questions) > 1:
            answer = joined(question, parts.questions, self._answers(answerer, parts, documents))
        else:
            answer = self._answer(answerer, question, documents)
        return answer, self.with_answer(answer)

    def _answers(self, answerer: Answerer, parts: Parts, documents: frozenset[str] | None) -> list[Answer]:
        """Return the answer to each part; one that leans on the part before is a follow-up of it."""
        answers: list[Answer] = []
        conversation = self
        for part in parts.questions:
            leaning = bool(answers) and not parts.apart
            answers.append(conversation._answer(answerer, part, documents, leaning=leaning))
            conversation = self if parts.apart else conversation.with_answer(answers[-1])
        return answers

    def _answer(
        self,
        answerer: Answerer,
        question: str,
        documents: frozenset[str] | None,
        *,
        leaning: bool = False,
    ) -> Answer:
        gathered = self.gather(answerer, question, documents, leaning=leaning)
        answer = answerer.decide(question, gathered.evidence, documents=gathered.documents)
        reasons = answer.reasons
        if gathered.documents != documents and UNSUPPORTED not in reasons:
            reasons = (_where(answerer.index, gathered, answer), *reasons)
        return replace(answer, resolved_question=gathered.resolved, reasons=reasons)

    def with_answer(self, answer: Answer) -> Conversation:
        """Return the conversation after one more question, to which ``answer`` was given."""
        return Conversation((*self.questions, answer.question), LastAnswer.of(answer))

    def standalone(self, index: Index, question: str, documents: frozenset[str] | None = None) -> str:
        """Return ``question`` so that it stands alone; nothing is searched for that."""
        return resolve(question, self.questions, people_of(index, documents))

    def gather(
        self,
        answerer: Answerer,
        question: str,
        documents: frozenset[str] | None = None,
        *,
        leaning: bool = False,
    ) -> Gathered:
        """Return the evidence for ``question``; arguments as for ``ask``.

        ``leaning`` says that it continues the question before, whether or not its words show it.

        The question is put to all papers, standing alone. A follow-up such as "And her AST?" is also put, in
        its own words, to the paper that the last answer came from, and read beside the questions before.
        That paper answers unless another one has something much more confident: then the question opens a
        new topic. Among many papers it must also point to one of them for that.

        Raises:
            QuestionError: the question is empty or too long.
        """
        index = answerer.index
        people = people_of(index, documents) if self.questions else ()
        context = context_of(self.questions, people)
        standalone = resolve_in(context, question, people)
        leaning |= leans(question, standalone) or not PRONOUNS.isdisjoint(words_of(question))
        meant = self._numbered_before() if leaning else ()
        everywhere = answerer.gather(standalone, documents=documents, numbered=meant)
        of_all = Gathered(everywhere.question.text, everywhere, documents)
        if not self.questions or everywhere.question.every_paper or changes_person(context, question):
            return of_all
        known = self.recalled(answerer, documents)
        papers = known._spoken_of(index)
        reported = (index.documents[key] for key in papers)
        if not papers or reports_only_others(reported, asked_about(question)):
            return of_all
        before, cited = known.said_before(index)
        beside = answerer.gather(question, documents=papers, before=before, cited=cited, numbered=meant)
        inside = Gathered(of_all.resolved, beside, papers)
        stays = _stays(index, question, inside, of_all, leaning=leans(question, standalone))
        return inside if stays else of_all

    def recalled(self, answerer: Answerer, documents: frozenset[str] | None = None) -> Conversation:
        """Return the conversation with its last answer known, answering the last question if it is not.

        It is answered as if nothing had been quoted before it.
        """
        if self.last is not None or not self.questions:
            return self
        return Conversation(self.questions[:-1], LastAnswer()).continued(
            answerer, self.questions[-1], documents
        )

    def continued(
        self, answerer: Answerer, question: str, documents: frozenset[str] | None = None
    ) -> Conversation:
        """Return the conversation after ``question``; one that cannot be asked leaves no answer."""
        try:
            return self.ask(answerer, question, documents)[1]
        except QuestionError:
            return Conversation((*self.questions, question), LastAnswer())

    def said_before(self, index: Index) -> tuple[str, Place | None]:
        """Return the last questions with the last quote, to be read beside a follow-up, and its place."""
        if self.last is None or self.last.quoted is None:
            return just_before(self.questions), None
        place = Place(self.last.document_id, self.last.quoted)
        return just_before(self.questions, index.quote(place.document_id, place.span)), place

    def _numbered_before(self) -> tuple[Mention, ...]:
        """Return what the last questions named by number: "And her age?" is still about patient 5."""
        before = map(named_in, reversed(self.questions[-RECENT:]))
        return next((named for named in before if named), ())

    def _spoken_of(self, index: Index) -> frozenset[str]:
        """Return the id of the paper that the last answer came from; empty if ``index`` does not have it."""
        paper = self.last.document_id if self.last else ""
        return frozenset((paper,)) if paper in index.names else frozenset()


class Conversations:
    """The conversations of a batch: a question that continues an earlier one finds its answer kept."""

    def __init__(self, answerer: Answerer, documents: frozenset[str] | None = None) -> None:
        """Ask ``documents``, or all papers if that is None."""
        self._answerer = answerer
        self._documents = documents
        self._known: dict[tuple[str, ...], Conversation] = {(): Conversation()}

    def after(self, questions: Sequence[str]) -> Conversation:
        """Return the conversation of ``questions`` with its last answer known.

        What is not kept of it is asked: at most its last question.
        """
        asked = tuple(questions)
        if asked not in self._known:
            earlier = self._known.get(asked[:-1])
            if earlier is None:
                self.keep(Conversation(asked).recalled(self._answerer, self._documents))
            else:
                self.keep(earlier.continued(self._answerer, asked[-1], self._documents))
        return self._known[asked]

    def keep(self, conversation: Conversation) -> None:
        """Keep ``conversation`` for the questions that continue it."""
        self._known[conversation.questions] = conversation

    def ask(self, history: Sequence[str], question: str) -> Answer:
        """Return the answer to ``question`` after ``history``, and keep it.

        Raises:
            QuestionError: the question is empty or too long.
            QuoteError: a quote differs from its paper's text; nothing is shown then.
        """
        answer, conversation = self.after(history).ask(self._answerer, question, self._documents)
        self.keep(conversation)
        return answer


def people_of(index: Index, documents: frozenset[str] | None = None) -> tuple[Subject, ...]:
    """Return the people that the papers report on; () for more than ``FEW_PAPERS`` papers."""
    keys = [key for key in index.documents if documents is None or key in documents]
    if len(keys) > FEW_PAPERS:
        return ()
    return tuple(dict.fromkeys(person for key in keys for person in paper_subjects(index.documents[key])))


def _where(index: Index, gathered: Gathered, answer: Answer) -> str:
    """Return the reason that names the paper searched, and after a refusal how to search all of them."""
    names = " and ".join(f"“{index.names[key]}”" for key in gathered.documents or ())
    where = f"Searched in {names}, the paper of the last answer."
    return where if answer.citations else f"{where} To search all papers, ask a full question."


def _stays(index: Index, question: str, inside: Gathered, of_all: Gathered, *, leaning: bool) -> bool:
    """Tell whether the paper spoken of answers ``question``, by the evidence ``inside`` it and ``of_all``.

    Among many papers some sentence always looks like an answer to "How large was the tumour?", but it is on
    another patient. So confidence counts only where the best hits are mostly of one other paper, or where a
    general question names what the paper spoken of lacks.
    """
    spoken_of = inside.documents or frozenset()
    found = inside.evidence
    lacking = not leaning and bool(absent_words(index, found.question, found.hits, spoken_of))
    few = len(index.documents if of_all.documents is None else of_all.documents) <= FEW_PAPERS
    points_there = main_paper(of_all.evidence.hits) in ("", *spoken_of)
    if points_there and not few and not (lacking and in_general(question)):
        return True
    share = LEANING if leaning else NOT_LEANING
    if lacking:  # what the question names is not in that paper: the more confident one answers
        share = 1.0
    return _confidence(inside.evidence) >= share * _confidence(of_all.evidence)


def _confidence(evidence: Evidence) -> float:
    if evidence.stated is not None:  # looked up in front matter, so nothing was ranked
        return max((citation.confidence for citation in evidence.stated.citations), default=0.0)
    return evidence.ranked[0].confidence if evidence.ranked else 0.0
