"""Questions about a paper itself are answered from its front matter; questions about content are not."""

from __future__ import annotations

import pytest

from index.store.index import Index
from qa.answer import Answerer
from qa.quote.metadata import asked_field
from qa.records import Status
from tests.answering import paper


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("What is the DOI of the paper on potters?", "doi"),
        ("Who wrote the case report?", "author"),
        ("Who are the authors?", "author"),
        ("Who is the corresponding author?", "corresponding author"),
        ("Under which licence may it be reused?", "licence"),
        ("Is the article open access?", "licence"),
        ("In which journal was it published?", "journal"),
        ("What are the keywords?", "keywords"),
        ("What is the title of the paper?", "title"),
        ("When was the manuscript received?", "received"),
        ("When was the paper accepted?", "accepted"),
        ("When was the article published?", "published"),
        ("What is the year of publication?", "published"),
    ],
)
def test_fields_asked_for(question: str, field: str) -> None:
    assert asked_field(question) == field


@pytest.mark.parametrize(
    "question",
    [
        "When was the patient discharged?",
        "Who performed the biopsy?",
        "What dose did she receive?",
        "Which treatment was accepted by the patient?",
        "What is the key finding?",
        "When did the symptoms begin?",
        "How long was the review of systems?",
    ],
)
def test_questions_about_content(question: str) -> None:
    assert asked_field(question) is None


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("What is the DOI of the report on the potter?", "10.5555/potter.2019"),
        ("Who wrote the report on the potter?", "Mara Lindqvist, Tomas Okoye"),
        ("When was the report on the potter received?", "03/02/2019"),
        ("When was the report on the potter accepted?", "14/05/2019"),
        (
            "Who is the corresponding author of the report on the potter?",
            "Mara Lindqvist, mara@clinic.example",
        ),
    ],
)
def test_the_front_matter_is_quoted(answerer: Answerer, cases: Index, question: str, short: str) -> None:
    answer = answerer.ask(question)
    assert answer.status is Status.ANSWERED
    (citation,) = answer.citations
    assert citation.source == "lung.txt"
    assert citation.short is not None
    assert short in cases.quote(citation.document_id, citation.short)
    assert citation.span.contains(citation.short)


def test_a_field_that_the_paper_does_not_state_is_not_made_up(answerer: Answerer, cases: Index) -> None:
    answer = answerer.ask("What is the DOI?", documents=frozenset({paper(cases, "heart.txt").id}))
    assert all("10." not in citation.quote for citation in answer.citations)


def test_only_the_selected_papers_are_searched(answerer: Answerer, cases: Index) -> None:
    chosen = paper(cases, "lung.txt").id
    answer = answerer.ask(
        "What are the titles of both papers? What is the title of each?", documents=frozenset({chosen})
    )
    assert {citation.document_id for citation in answer.citations} == {chosen}


def test_both_papers_state_their_title(answerer: Answerer) -> None:
    answer = answerer.ask("What is the title of each paper?")
    assert {c.quote for c in answer.citations} == {
        "Lungs of a potter: a case report",
        "Myocarditis in a rower",
    }
