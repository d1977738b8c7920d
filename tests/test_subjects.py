"""Whom papers and questions are about: a value of the wrong patient is never an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.understand.subjects import NOBODY, Subject, asked_about, impersonal, people_in, subjects_of

WOMAN, MAN = Subject("female", None), Subject("male", None)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("A 47-year-old woman came.", [Subject("female", 47)]),
        ("A 23 years old Caucasian man, a rower, came.", [Subject("male", 23)]),
        ("A previously healthy 9-month-old girl", [Subject("female", 0)]),
        (
            "A 70-year-old, right-handed gentleman and a 31-year-old lady",
            [Subject("male", 70), Subject("female", 31)],
        ),
        ("a 47-year-old woman; this 47-year-old woman", [Subject("female", 47)]),
        ("forty runners, 12 of them men", []),
        ("a 12-year-old scanner; women lay in it", []),
    ],
)
def test_people_are_those_introduced_with_age_and_sex(text: str, people: list[Subject]) -> None:
    assert list(people_in(text)) == people


def test_people_of_cited_papers_are_left_out() -> None:
    text = "A 47-year-old woman came. She coughed. She slept. Her lungs were clear. She left. "
    text += "A 30-year-old man [4] died."
    assert subjects_of(text) == (Subject("female", 47),)


def test_pronouns_alone_give_the_sex() -> None:
    assert subjects_of("The patient came. He sat. His hand shook, and he fell. He slept.") == (MAN,)
    assert subjects_of("The patient came. He sat. She sat. They slept.") == ()


def test_two_patients_of_one_paper_both_count() -> None:
    text = "A 40-year-old man came; he coughed, and his wife, a 38-year-old woman, said that she coughed too."
    assert subjects_of(text) == (Subject("male", 40), Subject("female", 38))


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("What was the woman's ferritin?", WOMAN),
        ("What did the young man row?", MAN),
        ("How old was the 47-year-old?", Subject(None, 47)),
        ("What did the 47-year-old woman breathe in?", Subject("female", 47)),
        ("Which drug did she get?", WOMAN),
        ("Was his chest painful?", MAN),
        ("What was the female patient's weight?", WOMAN),
        ("Is pneumonia more common in women?", NOBODY),
        ("What is the male to female ratio?", NOBODY),
        ("Is male infertility mentioned?", NOBODY),
        ("What did the man and the woman have in common?", NOBODY),
        ("What is ferritin?", NOBODY),
        ("creatinine man", Subject("male", None)),
        ("troponin, woman?", Subject("female", None)),
        ("Is there a female predominance?", NOBODY),
        ("Is it commoner in a man or a woman?", NOBODY),
    ],
)
def test_the_person_asked_about(question: str, subject: Subject) -> None:
    assert asked_about(question) == subject


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        (WOMAN, MAN, True),
        (WOMAN, Subject("female", 47), False),
        (Subject("female", 46), Subject("female", 47), True),
        (Subject(None, 47), Subject("male", 47), False),
        (Subject(None, 0), Subject(None, 1), True),
        (NOBODY, WOMAN, False),
    ],
)
def test_people_who_cannot_be_the_same(one: Subject, other: Subject, conflict: bool) -> None:
    assert one.conflicts(other) is conflict
    assert other.conflicts(one) is conflict


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("What was the woman's ferritin?", "What was the patient's ferritin?"),
        ("Did she cough?", "Did the patient cough?"),
        ("What was her ferritin?", "What was the patient's ferritin?"),
        ("Who examined her?", "Who examined the patient?"),
        ("Is it more common in women?", "Is it more common in women?"),
    ],
)
def test_age_and_sex_decide_between_papers_and_are_not_searched_for(question: str, searched: str) -> None:
    assert impersonal(question) == searched


@given(st.text(max_size=200))
def test_any_text_can_be_asked(text: str) -> None:
    """Every person detected has a sex or an age that the text states; nothing raises."""
    for person in people_in(text):
        assert person.sex in {"female", "male"}
        assert person.age == 0 or str(person.age) in text or not text.isascii()
    if asked_about(text) == NOBODY:
        assert impersonal(text) == text
