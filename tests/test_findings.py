"""What an examination showed is quoted with the sentence that tells of the examination."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from index.store.open import open_index
from qa.answer import Answerer
from tests.answering import plain_weights
from tests.index_fakes import WordEncoder, build_papers, write_papers

if TYPE_CHECKING:
    from collections.abc import Iterator

PAPER = """The knee of a cyclist

Case presentation

An ultrasound of the left knee was performed. It showed a torn meniscus. Arthroscopy of the left knee was then
performed. Radiography showed no fracture. A biopsy of the synovium was negative. All was talked about.
Urine of the cyclist was collected.

The findings suggested infection.
"""
ULTRASOUND = "An ultrasound of the left knee was performed."


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    folder = tmp_path_factory.mktemp("findings")
    build_papers(folder / "index", write_papers(folder / "papers", {"knee.txt": PAPER}))
    with open_index(folder / "index") as index:
        yield Answerer(index, WordEncoder(), weights=plain_weights())


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("What did the ultrasound of the left knee show?", f"{ULTRASOUND} It showed a torn meniscus."),
        ("What were the findings of the ultrasound of the knee?", f"{ULTRASOUND} It showed a torn meniscus."),
        # That it was performed is what was asked.
        ("Was an ultrasound of the left knee performed?", ULTRASOUND),
        # What comes next is of another examination,
        (
            "What did the arthroscopy of the left knee show?",
            "Arthroscopy of the left knee was then performed.",
        ),
        # the first tells the result itself,
        ("What did the biopsy of the synovium show?", "A biopsy of the synovium was negative."),
        # or the next begins a paragraph.
        ("What did the urine of the cyclist show?", "Urine of the cyclist was collected."),
    ],
)
def test_a_quote_goes_on_to_the_findings_where_it_tells_of_the_examination_alone(
    answers: Answerer, question: str, quote: str
) -> None:
    first = answers.ask(question).citations[0]
    assert first.quote == quote
    document = answers.index.documents[first.document_id]
    assert first.span.of(document.text) == first.quote


def test_findings_that_belong_to_a_quote_are_not_quoted_again(answers: Answerer) -> None:
    quotes = [c.quote for c in answers.ask("What did the ultrasound show: a torn meniscus?").citations]
    assert sum("meniscus" in quote for quote in quotes) == 1
