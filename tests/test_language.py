"""A question in another language is refused with that reason; English, however technical, never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.sets.named import load
from qa.answer import Answerer
from qa.understand.language import other_language


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wie hoch war die Kreatinkinase bei der Aufnahme?", "German"),
        ("Wann wurde Mycophenolat wieder begonnen?", "German"),
        ("¿Cuál fue la creatina quinasa al ingreso?", "Spanish"),
        ("Quand le mycophénolate a-t-il été repris ?", "French"),
        ("Quale era il valore della creatinchinasi?", "Italian"),
        ("Wanneer werd mycofenolaat hervat?", "Dutch"),
        ("Qual foi a dose de azitromicina?", "Portuguese"),
        ("Kiedy wznowiono leczenie mykofenolanem?", "Polish"),
        ("フェリチンはいくつですか", "another script"),
        ("铁蛋白是多少?", "another script"),
        ("Какой был уровень ферритина?", "another script"),
        ("كم كان مستوى الفيريتين؟", "another script"),
    ],
)
def test_other_languages(question: str, language: str) -> None:
    assert other_language(question) == language


@pytest.mark.parametrize(
    "question",
    [
        "What was the woman's CK on admission?",
        "Does ustekinumab worsen keratoconjunctivitis?",
        "ustekinumab keratoconjunctivitis vedolizumab",
        "anti-HMG-CoA reductase antibody titre",
        "TNF-α, IL-1β and IFN-γ?",
        "ferritin",
        "Wie?",  # too short to tell
        "9641 39.5",
        "?",
        "",
    ],
)
def test_english_and_undecidable_text_are_no_other_language(question: str) -> None:
    assert other_language(question) is None


def test_no_seed_question_is_taken_for_another_language() -> None:
    cases = load("seeds", None, "all", papers=None, limit=None).cases
    assert [case.question for case in cases if other_language(case.question)] == []


@given(st.text(max_size=60))
def test_any_text_gives_a_language_or_none(text: str) -> None:
    found = other_language(text)
    assert found is None or found in {"another script"} or found.istitle()


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wie hoch war die Laktatdehydrogenase bei der Aufnahme?", "German"),
        ("フェリチンはいくつですか", "another script"),
    ],
)
def test_the_refusal_says_so_in_one_line(answerer: Answerer, question: str, language: str) -> None:
    answer = answerer.ask(question)
    assert answer.status == "not_found"
    assert answer.nearby
    (reason,) = answer.reasons
    assert language in reason
    assert "English" in reason
