"""Conversations: what was asked so far, and where the last answer stands.

A follow-up is searched alone and together with the question before it, and read beside the last questions
and the last quote. So it takes two searches and one reading, however long the conversation. Where only the
texts of earlier questions are known, the last of them is answered once more to learn its place, as if nothing
had been answered before it. Questions further back are never asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.errors import QuestionError
from qa.understand.followup import said_before
from qa.understand.question import Before, LastAnswer, in_context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.store.open import Index
    from qa.answer import Answerer
    from qa.rank.evidence import Evidence
    from qa.records import Answer


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
        before = self.recalled(answerer, documents).before(answerer.index)
        answer = answerer.ask(question, documents=documents, before=before)
        return answer, self.with_answer(answer)

    def gather(self, answerer: Answerer, question: str, documents: frozenset[str] | None = None) -> Evidence:
        """Return the evidence for ``question``; arguments as for ``ask``.

        Raises:
            QuestionError: the question is empty or too long.
        """
        before = self.recalled(answerer, documents).before(answerer.index)
        return answerer.gather(question, documents=documents, before=before)

    def before(self, index: Index) -> Before | None:
        """Return what the next question may lean on; None if there is nothing yet."""
        if not self.questions:
            return None
        last = self.last or LastAnswer()
        known = last if last.document_id in index.documents else LastAnswer()
        quote = index.quote(known.document_id, known.quoted) if known.quoted else ""
        return Before(self.questions[-1], said_before(self.questions, quote), known)

    def with_answer(self, answer: Answer) -> Conversation:
        """Return the conversation after one more question, to which ``answer`` was given."""
        return Conversation((*self.questions, answer.question), last_answer(answer))

    def standalone(self, question: str) -> str:
        """Return ``question`` with the one before it; nothing is searched for that."""
        return in_context(question, self.questions[-1]) if self.questions else " ".join(question.split())

    def recalled(self, answerer: Answerer, documents: frozenset[str] | None = None) -> Conversation:
        """Return the conversation with its last answer known, answering the last question if it is not."""
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


def last_answer(answer: Answer) -> LastAnswer:
    """Return where ``answer`` stands."""
    if answer.citations:
        return LastAnswer(answer.citations[0].document_id, answer.citations[0].span)
    return LastAnswer(answer.near_misses[0].document_id) if answer.near_misses else LastAnswer()
