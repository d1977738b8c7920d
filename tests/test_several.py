"""Questions about each of several papers: recognised, and rewritten for one paper."""

from __future__ import annotations

import pytest

from qa.understand.several import negated, of_each, of_one, superlative_in, without_superlative


@pytest.mark.parametrize(
    ("question", "one"),
    [
        ("How old were both women?", "How old was the woman?"),
        ("What incidence do the papers report?", "What incidence does the paper report?"),
        ("How common is it according to the two articles?", "How common is it according to the article?"),
        ("What was found in all three of the studies?", "What was found in the study?"),
        ("Were the two patients' CK levels high?", "Was the patient's CK levels high?"),
        ("Was it seen in both?", "Was it seen in the case?"),
        ("What did each of the two case reports find?", "What did the case report find?"),
        ("How does survival vary across the studies?", "How does survival vary in the study?"),
    ],
)
def test_a_question_of_one_paper(question: str, one: str) -> None:
    assert of_each(question)
    assert of_one(question) == one


@pytest.mark.parametrize(
    "question", ["How old was the woman?", "Were both kidneys enlarged?", "Which drugs did the patients get?"]
)
def test_a_question_about_one_paper(question: str) -> None:
    assert not of_each(question)


@pytest.mark.parametrize(
    ("question", "word", "values"),
    [
        ("Which patient had the highest CK on admission?", "highest", "What was the CK on admission?"),
        ("Who was the oldest patient?", "oldest", "What was the patient?"),
        ("Which dog was largest?", "largest", "Which dog was"),
    ],
)
def test_a_superlative_is_known_and_left_out(question: str, word: str, values: str) -> None:
    assert superlative_in(question) == word
    assert without_superlative(question) == values


def test_no_superlative() -> None:
    assert superlative_in("What was the best treatment of at least two patients?") == ""


def test_what_is_denied() -> None:
    assert negated("Which patients did NOT receive it?")
    assert negated("She wasn\u2019t treated.")
    assert not negated("He noted a knot.")
