"""Spelling: variants are the same word, typing errors are corrected and reported, correct words stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.store.open import open_index
from qa.answer import Answerer
from qa.rank.stages import Stages
from qa.understand.spelling import Speller
from tests.answering import plain_weights
from tests.index_fakes import WordEncoder, build_papers, write_papers

PAPER = {
    "edema.txt": """Swelling of the legs

Abstract

Edema of both legs was seen in hospitalized children with anemia and a tumor. The color was pale.

Results

Hemoglobin rose after transfusion. Furosemide was given in the pediatric ward. Mycophenolate was stopped.
"""
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    folder = tmp_path_factory.mktemp("spelling")
    build_papers(folder / "index", write_papers(folder / "papers", PAPER))
    with open_index(folder / "index") as index:
        yield Answerer(index, WordEncoder(), stages=Stages(plain_weights()))


@pytest.fixture(scope="module")
def speller(asked: Answerer) -> Speller:
    return Speller(asked.index.lexical)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Was there oedema?", "Was there edema?"),
        ("Was the child hospitalised?", "Was the child hospitalized?"),
        ("Was the tumour seen?", "Was the tumor seen?"),
        ("Which paediatric ward?", "Which pediatric ward?"),
        ("Did haemoglobin rise?", "Did hemoglobin rise?"),
        ("Was anaemia found?", "Was anemia found?"),
        ("What was the colour?", "What was the color?"),
    ],
)
def test_variants_are_the_same_word_and_need_no_note(speller: Speller, typed: str, printed: str) -> None:
    assert speller.correct(typed) == (printed, ())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("mycophenolat", "mycophenolate"), ("furosemied", "furosemide"), ("transfusoin", "transfusion")],
)
def test_typing_errors_are_corrected_and_reported(speller: Speller, typed: str, meant: str) -> None:
    found, notes = speller.correct(f"When was the {typed} given?")
    assert found == f"When was the {meant} given?"
    assert notes == (f"Read “{typed}” as “{meant}”.",)


@pytest.mark.parametrize(
    "question",
    [
        "Was furosemide given?",  # held
        "Was fentanyl given?",  # a word, though not of this paper
        "Was FUROSEMIED given?",  # capitals: a name
        "Was it in vivo?",  # short words
        "What about 5-HT3?",
        "",
    ],
)
def test_correct_words_stay(speller: Speller, question: str) -> None:
    assert speller.correct(question) == (question, ())


@given(st.text(max_size=120))
def test_only_words_are_changed(speller: Speller, text: str) -> None:
    found, notes = speller.correct(text)
    assert len(notes) <= len(text)
    if not any(character.isalpha() for character in text):
        assert found == text


def test_the_answer_reports_the_corrected_spelling(asked: Answerer) -> None:
    answer = asked.ask("When was mycophenolat stopped?")
    assert "Read “mycophenolat” as “mycophenolate”." in answer.reasons
    assert answer.resolved_question == "When was mycophenolate stopped?"
    assert answer.question == "When was mycophenolat stopped?"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("seperate", "separate"), ("recieve", "receive"), ("comon", "common"), ("stoped", "stopped")],
)
def test_a_misspelling_that_word_lists_hold_is_read_as_the_papers_word(
    typed: str, meant: str, tmp_path: Path
) -> None:
    text = "Wards\n\nAbstract\n\nThe common wards stopped to receive children in separate rooms.\n"
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers", {"wards.txt": text}))
    with open_index(tmp_path / "index") as index:
        speller = Speller(index.lexical)
        assert speller.correct(f"Did they {typed} it?") == (
            f"Did they {meant} it?",
            (f"Read “{typed}” as “{meant}”.",),
        )
        assert speller.correct("A serous trail of brine?") == ("A serous trail of brine?", ())


def test_a_misspelling_of_a_word_that_the_papers_lack_stays(speller: Speller) -> None:
    assert speller.correct("Did they recieve it?") == ("Did they recieve it?", ())
