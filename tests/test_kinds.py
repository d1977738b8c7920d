"""How a question asks decides its kind, whatever paper or topic it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.embed.encoder import Encoder, question_encoder
from index.errors import FormatMismatch
from index.store.open import open_index
from qa.overview import softmax
from qa.overview.kinds import RANKED, Kind, decided, kind_of, kinds, masked
from tests.index_fakes import WordEncoder


@pytest.fixture(scope="module")
def encoder(seed_index: Path) -> Iterator[Encoder]:
    with open_index(seed_index) as index:
        yield question_encoder(index)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is the paper on scurvy about?", Kind.ABOUT),
        ("What were the main findings of the asthma trial?", Kind.FINDINGS),
        ("what do the authors conclude about zinc tablets", Kind.CONCLUSION),
        ("take-home message of the frostbite report?", Kind.CONCLUSION),
        ("Which limitations do the malaria researchers admit?", Kind.LIMITATIONS),
        ("Please summarise the leprosy paper", Kind.SUMMARY),
        ("gist of the leprosy case", Kind.SUMMARY),
        ("Compare the two papers", Kind.COMPARE),
        ("Should I take magnesium for my cramps?", Kind.UNSUPPORTED),
        ("Write a letter to the editor", Kind.UNSUPPORTED),
    ],
)
def test_whole_paper_questions_are_recognised(encoder: Encoder, question: str, kind: Kind) -> None:
    assert kind_of(question, encoder) is kind


LOOK_ALIKES = (
    "What did the spleen biopsy show?",
    "What was concluded from the ultrasound?",
    "How old was the woman?",
    "Was the dose of colchicine limited by nausea?",
    "What limitation of elbow flexion did the boy have?",
    "Compare the ferritin of the two patients",
    "How long was the man on warfarin?",
    "Why was the catheter removed?",
)


def test_most_look_alikes_on_facts_are_ranked_as_usual(encoder: Encoder) -> None:
    taken = [question for question in LOOK_ALIKES if kind_of(question, encoder) not in RANKED]
    assert len(taken) <= 2, taken


def test_vectors_of_another_model_have_no_kind() -> None:
    assert kind_of("Summarise the leprosy paper", WordEncoder()) is Kind.ORDINARY


def test_the_topic_is_masked() -> None:
    known = frozenset({"what", "do", "the", "authors", "conclude", "about", "for"})
    question = "What do the authors conclude about 20 mg folinic acid for psoriasis?"
    assert masked(question, known) == "what do the authors conclude about 1 x for x"


def test_a_kind_about_papers_needs_the_least_probability() -> None:
    import numpy as np

    classes = ("ordinary", "about", "summary")
    every = [*classes, *(str(kind) for kind in Kind if kind not in classes)]
    shares = np.array([0.4, 0.25, 0.35, *[0.0] * (len(every) - 3)])
    assert decided(every, shares, 0.59) is Kind.SUMMARY
    assert decided(every, shares, 0.61) is Kind.ORDINARY


def test_weights_for_other_classes_are_refused() -> None:
    assert set(kinds().classes) == set(Kind)
    with pytest.raises(FormatMismatch, match=r"evals\.train\.kinds"):
        softmax.load("kinds.json", ["ordinary"])
