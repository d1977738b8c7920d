"""What a question asks of the paper that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.question import understand
from qa.residual import residual
from qa.retrieve import named_paper, retrieve
from tests.answering import paper
from tests.index_fakes import WordEncoder

if TYPE_CHECKING:
    from index.store import Index


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("What was the ferritin of the potter?", "What was the ferritin?"),
        ("Which drug was given for the lungs of the potter?", "Which drug was given?"),
        ("Why did the oxygen saturation of the potter fall?", "Why did the oxygen saturation fall?"),
        ("Was she discharged?", ""),  # nothing names the paper
        ("The lungs of the potter?", ""),  # nothing is left
    ],
)
def test_words_of_the_title_are_left_out(cases: Index, question: str, rest: str) -> None:
    assert residual(understand(question), paper(cases, "lung.txt")) == rest


def test_words_that_stand_everywhere_in_a_paper_name_it(cases: Index) -> None:
    """“Myocarditis” is in the title, in the abstract and in the conclusion."""
    rest = residual(understand("When can sport begin again after myocarditis?"), paper(cases, "heart.txt"))
    assert rest == "When can sport begin again?"


def test_the_paper_that_most_of_the_best_passages_are_in_is_the_one_named(cases: Index) -> None:
    def found(text: str) -> str | None:
        question = understand(text)
        vector = WordEncoder().encode([question.searched])[0]
        return named_paper(retrieve(cases, question, vector, limit=20))

    assert (
        found("What was the ferritin of the potter with eosinophilic pneumonia?")
        == paper(cases, "lung.txt").id
    )
    assert named_paper([]) is None


def test_more_of_the_paper_named_is_looked_into(cases: Index) -> None:
    question = understand("What was the ferritin of the potter with eosinophilic pneumonia?")
    vector = WordEncoder().encode([question.searched])[0]
    few = retrieve(cases, question, vector, limit=4)
    more = retrieve(cases, question, vector, limit=4, deeper=5)
    assert more[:4] == few
    assert 4 < len(more) <= 9
    assert {hit.passage.document_id for hit in more[4:]} == {paper(cases, "lung.txt").id}
