"""Follow-ups are rewritten as standalone questions; standalone questions stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.understand.followup import leans, resolve
from qa.understand.subjects import Subject

POTTER = "What was the woman's ferritin on admission?"
ROWER = "How long did the man have chest pain?"
PEOPLE = (Subject("female", 47), Subject("male", 23))


@pytest.mark.parametrize(
    ("question", "history", "alone"),
    [
        ("Was she treated with steroids?", [POTTER], "Was the woman treated with steroids?"),
        ("What was her procalcitonin?", [POTTER], "What was the woman's procalcitonin?"),
        ("Did he row again?", [ROWER], "Did the man row again?"),
        ("What helped him with ibuprofen?", [ROWER], "What helped the man with ibuprofen?"),
    ],
)
def test_pronouns_become_the_person_named_before(question: str, history: list[str], alone: str) -> None:
    assert resolve(question, history) == alone


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("And the procalcitonin?", "What was the woman's procalcitonin on admission?"),
        ("And her eosinophils?", "What was the woman's eosinophils on admission?"),
        ("What about procalcitonin?", "What was the woman's procalcitonin on admission?"),
        ("And the man's?", "What was the man's ferritin on admission?"),
        ("What about the man?", "What was the man's ferritin on admission?"),
    ],
)
def test_fragments_take_the_form_of_the_question_before(question: str, alone: str) -> None:
    assert resolve(question, [POTTER]) == alone


def test_an_attribute_asks_about_the_same_thing() -> None:
    found = resolve("And the reference range?", [POTTER])
    assert "ferritin" in found
    assert "reference range" in found
    assert "woman" in found


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("And her AST?", "What did the AST of the woman show?"),  # whose it is stands there already
        ("Did she survive?", "Did the woman survive?"),  # whom it is about is enough
        ("What operation was done?", "What operation was done (EMG), in the woman?"),
    ],
)
def test_context_is_added_once_and_only_if_needed(question: str, alone: str) -> None:
    assert resolve(question, ["What did the EMG of the woman show?"]) == alone


def test_a_question_word_alone_asks_about_the_same_thing() -> None:
    assert resolve("Why?", ["Was ibuprofen stopped?"]).endswith("Was ibuprofen stopped?")


def test_it_means_the_thing_mentioned_before() -> None:
    assert resolve("When was it stopped?", ["Did the man take ibuprofen?"]).startswith(
        "When was the ibuprofen stopped"
    )


@pytest.mark.parametrize(
    ("people", "name"), [(PEOPLE, "the 23-year-old man"), ((), "the man"), (PEOPLE[:1], "the man")]
)
def test_the_other_patient(people: tuple[Subject, ...], name: str) -> None:
    found = resolve("What about the other patient?", [POTTER], people)
    assert found == f"What was {name}'s ferritin on admission?"


def test_a_chain_carries_person_and_thing_over_several_questions() -> None:
    history = [POTTER, "And the procalcitonin?", "What about the man?"]
    found = resolve("Was he given ibuprofen?", history, PEOPLE)
    assert found == "Was the man given ibuprofen?"


@pytest.mark.parametrize(
    "question",
    [
        "What is the treatment of myocarditis?",
        "How large was the effect of melatonin on sleep?",
        "How long did the man have chest pain?",
        "Which journal published the paper on runners?",
        "What caused myopia in the schoolchildren?",
        "Who discovered melatonin?",
    ],
)
def test_a_new_topic_is_left_as_it_is(question: str) -> None:
    assert resolve(question, [POTTER]) == question


@pytest.mark.parametrize("history", [[], [""], ["  "]])
def test_the_first_question_is_left_as_it_is(history: list[str]) -> None:
    assert resolve("  Did she \n cough? ", history) == "Did she cough?"


def test_a_pronoun_of_the_other_sex_is_not_the_person_before() -> None:
    """No person is better than the wrong one."""
    assert "woman" not in resolve("Did he row again?", [POTTER])


def test_a_pronoun_finds_the_person_past_a_question_on_something_else() -> None:
    found = resolve("Was she discharged?", [POTTER, "What is the treatment of choice?"])
    assert found == "Was the woman discharged?"


@given(st.text(max_size=120), st.lists(st.text(max_size=80), max_size=4))
def test_any_input_is_resolved_to_one_line(question: str, history: list[str]) -> None:
    found = resolve(question, history, PEOPLE)
    assert found == " ".join(found.split())
    assert resolve(question, history, PEOPLE) == found


def test_follow_ups_that_take_context() -> None:
    assert leans("And her ALT?", resolve("And her ALT?", [POTTER], PEOPLE))
    assert not leans(" Was  ferritin raised?", resolve("Was ferritin raised?", [POTTER], PEOPLE))


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("How old were both patients?", "How old were both patients?"),
        ("How old was she?", "How old was the 47-year-old woman?"),
        ("And in both cases?", "What was the LDH of both cases on admission?"),
        ("What about both patients?", "What was the LDH of both patients on admission?"),
        ("Did all patients get it?", "Did all patients get LDH?"),
    ],
)
def test_a_question_about_other_people_keeps_nobody_from_before(question: str, standalone: str) -> None:
    history = ["What was the LDH of the 47-year-old woman on admission?"]
    assert resolve(question, history, PEOPLE) == standalone
