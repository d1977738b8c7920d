"""What was answered before a follow-up: the questions before it are asked in their turn, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import QuestionError
from qa.session import ask

if TYPE_CHECKING:
    from qa.answer import Answerer
    from qa.records import Answer


class Conversations:
    """The answers given in the conversations of one set, by all that was asked up to them."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self._given: dict[tuple[str, ...], Answer] = {}

    def keep(self, history: tuple[str, ...], question: str, answer: Answer) -> None:
        """Remember what ``question`` was answered after ``history``, for those that come after it."""
        self._given[*history, question] = answer

    def before(self, history: tuple[str, ...]) -> list[Answer]:
        """Return the answer to the last question of ``history``, as a conversation takes it; [] without one.

        Raises:
            QuestionError: that was no question.
        """
        if not history:
            return []
        if history not in self._given:
            earlier = self.before(history[:-1])
            self.keep(
                history[:-1], history[-1], ask(self._answerer, history[-1], history[:-1], answers=earlier)
            )
        return [self._given[history]]

    def last(self, history: tuple[str, ...]) -> Answer | None:
        """Return the same answer by itself; None where there was no question, or none that could be asked."""
        try:
            return next(iter(self.before(history)), None)
        except QuestionError:
            return None
