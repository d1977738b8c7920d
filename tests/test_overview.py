"""Questions about whole papers are answered with sentences of the paper meant, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from index.embed.encoder import question_encoder
from index.store.index import Index
from index.store.open import open_index
from index.text import BlockKind, Row, Span, Table
from qa.answer import Answerer
from qa.overview.papers import listed
from qa.overview.roles import HEADINGS, body_of, features
from qa.overview.suggested import of_a_paper
from qa.rank.stages import shipped
from qa.records import UNSUPPORTED, Status
from qa.show.present import headline


@pytest.fixture(scope="module")
def answers(seed_index: Path) -> Iterator[Answerer]:
    with open_index(seed_index) as index:
        yield Answerer(index, question_encoder(index), stages=shipped("small"))


@pytest.fixture
def index(answers: Answerer) -> Index:
    return answers.index


WHOLE = (
    "What is the second paper about?",
    "What are the main findings of the second paper?",
    "What do the authors of the second paper conclude?",
    "Summarise the second paper",
)


@pytest.mark.parametrize("question", WHOLE)
def test_the_second_paper_is_the_second_in_the_list(answers: Answerer, question: str) -> None:
    answer = answers.ask(question)
    assert answer.status in (Status.ANSWERED, Status.POSSIBLE)
    assert {citation.document_id for citation in answer.citations} == {listed(answers.index, None)[1]}


@pytest.mark.parametrize("question", WHOLE)
def test_quotes_are_sentences_of_the_running_text(answers: Answerer, question: str) -> None:
    for citation in answers.ask(question).citations:
        document = answers.index.documents[citation.document_id]
        assert citation.quote == citation.span.of(document.text)
        block = next(block for block in document.blocks if block.span.overlaps(citation.span))
        assert block.kind is BlockKind.PARAGRAPH
        assert citation.quote.rstrip().endswith(".")
        assert 0 < citation.confidence < 1


def test_a_summary_has_three_to_six_different_sentences_in_reading_order(answers: Answerer) -> None:
    for paper in answers.index.names:
        citations = answers.ask("Summarise this paper", documents=frozenset((paper,))).citations
        assert 3 <= len(citations) <= 6
        starts = [citation.span.start for citation in citations]
        assert starts == sorted(set(starts))
        assert [citation.number for citation in citations] == list(range(1, len(citations) + 1))


def test_the_question_asks_which_paper_where_nothing_names_one(answers: Answerer) -> None:
    answer = answers.ask("What is this paper about?")
    assert (answer.status, answer.citations) == (Status.POSSIBLE, ())
    assert answer.which == tuple(listed(answers.index, None))
    assert all(answers.index.names[key] in answer.reasons[0] for key in answer.which)
    assert headline(answer) == "In which paper?"


def test_words_of_the_question_name_the_paper(answers: Answerer, index: Index) -> None:
    covid = next(key for key in index.names if "COVID-19" in index.text(key)[:3000])
    answer = answers.ask("What is the COVID-19 paper about?", documents=None)
    assert answer.which == ()
    assert {citation.document_id for citation in answer.citations} == {covid}


def test_a_comparison_quotes_both_papers(answers: Answerer, index: Index) -> None:
    answer = answers.ask("Compare the two papers")
    papers = [citation.document_id for citation in answer.citations]
    assert set(papers) == set(index.names)
    assert papers == sorted(papers, key=papers.index)  # grouped by paper
    assert all(papers.count(paper) <= 2 for paper in papers)


def test_a_comparison_of_a_value_is_asked_of_each_paper(answers: Answerer) -> None:
    evidence = answers.gather("Compare the CK of the two patients")
    assert evidence.stated is None
    assert evidence.question.every_paper


@pytest.mark.parametrize("question", ["Should I take statins?", "Write an email to the authors"])
def test_opinions_and_other_work_are_declined(answers: Answerer, question: str) -> None:
    answer = answers.ask(question)
    assert (answer.status, answer.reasons, answer.which) == (Status.NOT_FOUND, (UNSUPPORTED,), ())


def test_features_know_headings_and_place(index: Index) -> None:
    paper = next(iter(index.names))
    body = body_of(index, paper)
    rows = features(body)
    assert rows.shape == (len(body.sentences), 384 + 4 + len(HEADINGS))
    assert rows[0, 385] == 0  # log of 1 + the place
    assert rows[-1, 386] == 0
    spans = [sentence.span for sentence in body.sentences]
    assert spans == sorted(spans)
    assert all(40 <= len(span) <= 600 for span in spans)


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ("Table 1. Values|Test;Result|Sodium;140|Potassium (K);4|CK;9|CD4;7", ["potassium", "CK"]),
        ("Table 1. Values|Test;Result|Age;40|prior 1;2|Platelet count 480 128 108;5|Dose (1 2);3", []),
        ("Table 1. Values|Test;0 50 100|Age;40|Dose;2", []),
        ("Figure 1. Values|Test;Result|Age;40|Dose;2", []),
        ("Fig. 2 Values|Test;Result|Age;40|Dose;2", []),
    ],
)
def test_only_rows_with_names_in_words_are_suggested(index: Index, lines: str, values: list[str]) -> None:
    caption, *rows = [
        [Span(*cell.span()) for cell in re.compile("[^;|]+").finditer(lines, *line.span())]
        for line in re.finditer(r"[^|]+", lines)
    ]
    head, *body = [Row(Span(cells[0].start, cells[-1].end), tuple(cells)) for cells in rows]
    table = Table(Span(0, len(lines)), "", caption[0], head.cells, tuple(body))
    document = replace(next(iter(index.documents.values())), text=lines, tables=(table,))
    asked = [question for question in of_a_paper(document) if question.startswith("What was the ")]
    assert asked == [f"What was the {name}?" for name in values]
