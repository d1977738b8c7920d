"""Understanding a question: the kind of answer, the content words, one paper or all; and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import QuestionError
from index.read.frequency import zipf
from index.terms import words
from qa.understand.question import LONGEST, Wanted, held_spans, holds, telling_words, understand


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How old was the potter?", Wanted.AGE),
        ("What dose of prednisolone was given?", Wanted.DOSE),
        ("What percentage of the runners was anaemic?", Wanted.PERCENT),
        ("What proportion fell ill?", Wanted.PERCENT),
        ("When did he row again?", Wanted.TIME),
        ("How many weeks had she coughed?", Wanted.TIME),
        ("How long was the stay?", Wanted.TIME),
        ("How many runners took part?", Wanted.NUMBER),
        ("What was the ferritin level?", Wanted.NUMBER),
        ("Why was ibuprofen stopped?", Wanted.REASON),
        ("Who examined the slides?", Wanted.PERSON),
        ("Where was the study done?", Wanted.PLACE),
        ("Was atropine studied?", Wanted.YES_NO),
        ("Which drug was stopped?", Wanted.ANY),
    ],
)
def test_the_kind_of_answer(question: str, wanted: Wanted) -> None:
    assert understand(question).wanted is wanted


@pytest.mark.parametrize(
    ("wanted", "holding", "lacking"),
    [
        (Wanted.TIME, "for three weeks", "for a while"),
        (Wanted.AGE, "a 47-year-old potter", "a young potter"),
        (Wanted.DOSE, "40 mg daily", "40 potters"),
        (Wanted.PERCENT, "86% of them", "86 of them"),
        (Wanted.NUMBER, "nineteen nurses: 19", "some nurses"),
        (Wanted.REASON, "stopped because it hurts", "stopped on Monday"),
        (Wanted.PERSON, "by Mara Lindqvist", "by hand"),
        (Wanted.PLACE, "in Norway", "in spring"),
    ],
)
def test_whether_a_sentence_holds_that_kind(wanted: Wanted, holding: str, lacking: str) -> None:
    assert holds(wanted, holding) is True
    assert holds(wanted, lacking) is False
    assert held_spans(wanted, holding)
    assert held_spans(wanted, lacking) == []


@pytest.mark.parametrize("wanted", [Wanted.ANY, Wanted.YES_NO])
def test_some_kinds_cannot_be_recognised(wanted: Wanted) -> None:
    assert holds(wanted, "anything, 3 mg, because") is None
    assert held_spans(wanted, "anything, 3 mg, because") == []


@pytest.mark.parametrize(
    ("question", "every"),
    [
        ("How old were both patients?", True),
        ("What did each paper find?", True),
        ("Compare the troponin of the two patients", True),
        ("What do all of the reports recommend?", True),
        ("Were both lungs affected?", False),
        ("What did the patient get every morning?", False),
        ("Were all drugs stopped?", False),
    ],
)
def test_questions_that_ask_for_an_answer_from_each_paper(question: str, every: bool) -> None:
    assert understand(question).every_paper is every


def test_words_that_only_ask_are_not_searched_for() -> None:
    asked = understand("What was the patient's ferritin level?")
    assert asked.terms == ("ferritin",)
    assert telling_words(asked) == "ferritin"


def test_a_question_of_only_such_words_keeps_them() -> None:
    asked = understand("How many patients?")
    assert asked.terms
    assert telling_words(asked) == "How many patients?"


def test_a_compound_weighs_no_more_than_a_word() -> None:
    asked = understand("Was interleukin-6 measured in runners?")
    assert sum(asked.shares) == pytest.approx(3)
    assert len(asked.shares) == len(asked.terms)


def test_the_frequency_of_each_word_is_looked_up_once() -> None:
    question = "What was the ferritin of the patient on rosuvastatin after melatonin and atropine?"
    before = zipf.cache_info()
    understand(question)
    after = zipf.cache_info()
    assert after.hits + after.misses - before.hits - before.misses == len(set(words(question)))


@pytest.mark.parametrize("question", ["", " \t\n", "\u3000", "?!", "...", "\u2014"])
def test_a_question_without_a_word_is_refused_with_a_remedy(question: str) -> None:
    with pytest.raises(QuestionError) as caught:
        understand(question)
    assert caught.value.remedy


def test_the_longest_question_and_one_character_more() -> None:
    assert understand("x" * LONGEST).text == "x" * LONGEST
    with pytest.raises(QuestionError, match=f"{LONGEST + 1} characters"):
        understand("x" * (LONGEST + 1))


@given(st.text(max_size=300))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        asked = understand(text)
    except QuestionError:
        assert not any(character.isalnum() for character in text)
        return
    assert asked.text == " ".join(text.split())
    assert len(asked.terms) == len(asked.shares) == len(set(asked.terms))
    for start, end in held_spans(asked.wanted, asked.text):
        assert 0 <= start < end <= len(asked.text)
