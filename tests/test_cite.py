"""Every quote is the paper's text at the place it cites, or nothing is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import QuestionError, QuoteError
from index.store.index import Index
from index.text import Span
from qa.answer import Answerer
from qa.quote.cite import check, cite, quote, section_of, table_context
from qa.records import Answer, Citation, Scores, Status
from tests.answering import PAPERS, paper, rows_of, sentence

NONE = Scores(ranker=0.0, passage=0.0, lexical=0.0, dense=0.0, terms=())
WORDS = sorted({word for text in PAPERS.values() for word in text.split()})
QUESTION = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join),
    st.builds("What was the {}?".format, st.sampled_from(WORDS)),
    st.text(min_size=1, max_size=60),
)


def made(index: Index, containing: str) -> Citation:
    document, found = sentence(index, containing)
    return cite(document, found, found.span, number=1, confidence=0.9, short=None, scores=NONE)


def verbatim(index: Index, answer: Answer) -> None:
    """Compare each text that an answer shows with the paper, without the code under test."""
    for citation in answer.citations:
        text = index.documents[citation.document_id].text
        assert citation.quote == text[citation.span.start : citation.span.end]
        assert citation.quote.strip()
        assert citation.passage.contains(citation.span)
        assert citation.source == index.documents[citation.document_id].source
        if citation.short is not None:
            assert citation.span.contains(citation.short)
            assert text[citation.short.start : citation.short.end].strip()
        if citation.table is not None:
            assert "\t".join(citation.table.cells) == citation.quote
            for shown in (citation.table.caption, *citation.table.header):
                assert shown in text
    for near in answer.nearby:
        assert near.quote == index.documents[near.document_id].text[near.span.start : near.span.end]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=QUESTION)
def test_every_quote_of_every_answer_is_verbatim(answerer: Answerer, cases: Index, question: str) -> None:
    try:
        answer = answerer.ask(question)
    except QuestionError:
        return
    verbatim(cases, answer)
    assert (answer.status is Status.NOT_FOUND) == (not answer.citations)
    assert not (answer.citations and answer.nearby)
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    if answer.status is Status.NOT_FOUND:
        assert answer.reasons


@given(start=st.integers(0, 700), length=st.integers(0, 200))
def test_a_quote_is_the_text_or_an_error(cases: Index, start: int, length: int) -> None:
    document = paper(cases, "lung.txt")
    expected = document.text[start : start + length]
    if len(expected) == length and expected.strip():
        assert quote(document, Span(start, start + length)) == expected
    else:
        with pytest.raises(QuoteError):
            quote(document, Span(start, start + length))


def test_a_sound_citation_passes(cases: Index) -> None:
    check(paper(cases, "lung.txt"), made(cases, "412 U/L"))


def test_a_doctored_quote_is_refused(cases: Index) -> None:
    citation = made(cases, "412 U/L")
    doctored = replace(citation, quote=citation.quote.replace("412", "421"))
    with pytest.raises(QuoteError, match="not verbatim"):
        check(paper(cases, "lung.txt"), doctored)


@pytest.mark.parametrize("by", [-1, 1, 50])
def test_a_moved_span_is_refused(cases: Index, by: int) -> None:
    citation = made(cases, "412 U/L")
    moved = Span(citation.span.start + by, citation.span.end + by)
    with pytest.raises(QuoteError):
        check(paper(cases, "lung.txt"), replace(citation, span=moved, passage=moved))


def test_a_doctored_document_is_refused(cases: Index) -> None:
    citation = made(cases, "412 U/L")
    document = paper(cases, "lung.txt")
    with pytest.raises(QuoteError):
        check(replace(document, text=document.text.replace("412", "421")), citation)
    with pytest.raises(QuoteError):
        check(replace(document, text=document.text[: citation.span.end - 1]), citation)


def test_the_quote_of_another_paper_is_refused(cases: Index) -> None:
    with pytest.raises(QuoteError):
        check(replace(paper(cases, "lung.txt"), id="0" * 64), made(cases, "412 U/L"))


def test_a_short_answer_outside_the_quote_is_refused(cases: Index) -> None:
    citation = made(cases, "412 U/L")
    with pytest.raises(QuoteError):
        check(paper(cases, "lung.txt"), replace(citation, short=Span(0, 5)))


def test_a_quote_outside_its_passage_is_refused(cases: Index) -> None:
    with pytest.raises(QuoteError):
        check(paper(cases, "lung.txt"), replace(made(cases, "412 U/L"), passage=Span(0, 5)))


def test_the_place_is_the_line_of_the_file(cases: Index) -> None:
    citation = made(cases, "He rowed again")
    assert citation.line is not None
    assert "He rowed again after six months." in PAPERS["heart.txt"].splitlines()[citation.line - 1]
    assert (citation.page, citation.section) == (None, "Case presentation")
    assert section_of(paper(cases, "heart.txt"), citation.span) == "Case presentation"


def test_a_row_keeps_its_table(cases: Index) -> None:
    assert len(rows_of(cases)) == 3
    table = made(cases, "Procalcitonin").table
    assert table is not None
    assert table.label == "Table 1"
    assert table.caption == "Table 1. Laboratory values of the woman"
    assert table.header == ("Test", "Admission", "Day 9", "Reference range")
    assert table.cells == ("Procalcitonin", "0.04 ng/mL", "0.03 ng/mL", "<0.1 ng/mL")


def test_a_sentence_has_no_table(cases: Index) -> None:
    document, found = sentence(cases, "412 U/L")
    assert table_context(document, found.span) is None
