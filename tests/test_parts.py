"""Questions with several parts: where they are taken apart, and what is said of the parts left open."""

from __future__ import annotations

import pytest

from qa.answer import Answerer
from qa.conversation import Conversation
from qa.records import Status
from qa.understand.parts import parts_of


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "What was the sodium and how was the woman treated?",
            ["What was the sodium?", "how was the woman treated?"],
        ),
        ("When and how was it stopped?", ["When was it stopped?", "how was it stopped?"]),
        ("Which drug was given, and why?", ["Which drug was given?", "why?"]),
        ("What was the CK? Did he recover?", ["What was the CK?", "Did he recover?"]),
        (
            "Compare the CK after heat stroke with that after burns",
            ["What was the CK after heat stroke?", "What was the CK after burns?"],
        ),
        (
            "How does the lactate of case 1 compare with case 2?",
            ["What was the lactate of case 1?", "What was the lactate of case 2?"],
        ),
    ],
)
def test_a_question_for_two_things(question: str, parts: list[str]) -> None:
    assert list(parts_of(question).questions) == parts


@pytest.mark.parametrize(
    "question",
    [
        "What were the signs and symptoms?",
        "How many patients were treated and were discharged?",
        "When the drug was stopped, what did she have?",
        "Compare the two papers",
        "compare lithium and thallium",
        "What happened to both patients and how were they treated?",
        "With what kind of lamp and for how long was it hardened?",
        "?",
        "",
    ],
)
def test_a_question_for_one_thing(question: str) -> None:
    assert list(parts_of(question).questions) == [question]


def test_both_parts_are_answered(answerer: Answerer) -> None:
    question = "What was the lactate dehydrogenase and why was ibuprofen stopped?"
    answer, after = Conversation().ask(answerer, question)
    assert answer.question == question
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    quotes = " ".join(citation.quote for citation in answer.citations)
    assert "412 U/L" in quotes
    assert "slow the healing" in quotes
    assert after.questions == (question,)


def test_the_open_part_is_named(answerer: Answerer) -> None:
    answer, _ = Conversation().ask(answerer, "What was the ferritin and what was the homocysteine?")
    assert answer.status is Status.PARTIAL
    assert answer.reasons[0] == "“what was the homocysteine?”: nothing was found."
    assert "910 ng/mL" in answer.citations[0].quote
