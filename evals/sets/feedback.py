"""Judgements from the chat as questions of an evaluation.

"Right" makes the quotes shown gold, or the question unanswerable if none was shown. "Wrong" makes a question
once somebody has chosen the right sentence, or said that the papers do not answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals.sets.cases import UNPLACED, Case, Gold, entry_of, lines_of
from index.errors import UsageError
from qa.files.feedback import Judgement


def cases_of(judgements: Sequence[Judgement]) -> tuple[Case, ...]:
    """Return the questions of the decided ``judgements``.

    Raises:
        UsageError: none is decided.
    """
    cases = tuple(_case(one) for one in judgements if one.gold is not None)
    if not cases:
        raise UsageError(
            "feedback: no answer has been judged yet.", "Press Right or Wrong below an answer: loccit chat"
        )
    return cases


def as_lines(judgements: Sequence[Judgement]) -> str:
    """Return all judgements as a question file.

    "answerable" is null where nobody has said what is right: ``read_cases`` refuses that.
    """
    return lines_of(
        entry_of(_case(one)) | ({"answerable": None} if one.gold is None else {}) for one in judgements
    )


def _case(judgement: Judgement) -> Case:
    gold = tuple(Gold(one.document, UNPLACED, quote=one.quote) for one in judgement.gold or ())
    name = f"feedback-{judgement.number}"
    return Case(name, judgement.question, answerable=bool(gold), gold=gold, type="feedback")
