"""Questions about each of several papers: known as such, and asked of one at a time."""

from __future__ import annotations

import pytest

from qa.understand.several import of_each, of_named, of_one


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
def test_asked_of_one(question: str, one: str) -> None:
    assert of_each(question)
    assert of_one(question) == one


@pytest.mark.parametrize(
    "question", ["How old was the woman?", "Were both kidneys enlarged?", "Which drugs did the patients get?"]
)
def test_a_question_about_one_paper(question: str) -> None:
    assert not of_each(question)


@pytest.mark.parametrize(
    ("question", "each"),
    [
        (
            "How old were the man with gout and the woman with lupus?",
            ("How old was the man with gout?", "How old was the woman with lupus?"),
        ),
        (
            "What did the boy and the girl get when they fell ill?",
            ("What did the boy get when they fell ill?", "What did the girl get when they fell ill?"),
        ),
        (
            "Which drug did the renal patient get, and which the 70-year-old man with a cough?",
            ("Which drug did the renal patient get?", "Which drug did the 70-year-old man with a cough?"),
        ),
        (
            "How large was the tumour of the girl, and how wide the rash in the case of measles?",
            ("How large was the tumour of the girl?", "How wide the rash in the case of measles?"),
        ),
        (
            "What was given to the infant, the boy with asthma and the woman?",
            (
                "What was given to the infant?",
                "What was given to the boy with asthma?",
                "What was given to the woman?",
            ),
        ),
        (
            "How long did the lymphoma, the lupus and the renal-failure patients stay?",
            (
                "How long did the lymphoma patient stay?",
                "How long did the lupus patient stay?",
                "How long did the renal-failure patient stay?",
            ),
        ),
        (
            "How old were the gout and the HIV-positive women?",
            ("How old was the gout woman?", "How old was the HIV-positive woman?"),
        ),
        (
            "What was combined in the lung cancer report and in the oedema cases?",
            ("What was combined in the lung cancer report?", "What was combined in the oedema cases?"),
        ),
    ],
)
def test_asked_of_each_that_is_named(question: str, each: tuple[str, ...]) -> None:
    assert of_named(question) == each


@pytest.mark.parametrize(
    "question",
    [
        "How old was the woman with lupus and gout?",
        "Did the patient get steroids and antibiotics?",
        "What did the patient and her family decide?",
        "In the trial of two diets, what did the patients eat?",
        "In the case of the girl, how many of the 51 cells of a patient were counted?",
        "Was the woman older than the man?",
        "What did the fever and rash patients get?",
        "Were the liver and the kidney normal in the patients?",
        "Which drugs did the man, the one with the rash, get?",
        "What was given and who was the patient?",
    ],
)
def test_a_question_that_names_one(question: str) -> None:
    assert of_named(question) == ()
