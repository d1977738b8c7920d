"""Follow-ups: a question is also searched together with the one before it, which says what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qa.understand.question import Wanted, in_context, understand
from qa.understand.subjects import NOBODY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.understand.question import Question

#: Characters of the last quote that are read beside a question, at most.
LONGEST_QUOTE = 320


def said_before(history: Sequence[str], quote: str = "") -> str:
    """Return what is read beside a follow-up: the last two questions, and the quote that answered."""
    return " ".join(" ".join((*history[-2:], quote[:LONGEST_QUOTE])).split())


def together(question: Question, last: Question) -> Question:
    """Return ``question`` and the ``last`` one as a single question.

    The kind of answer and the person are those of ``question``, or of the last where it names none.
    """
    both = understand(in_context(question.text, last.text))
    return replace(
        both,
        wanted=last.wanted if question.wanted is Wanted.ANY else question.wanted,
        subject=last.subject if question.subject == NOBODY and not question.every_paper else question.subject,
        every_paper=question.every_paper,
        abbreviations=question.abbreviations,
    )
