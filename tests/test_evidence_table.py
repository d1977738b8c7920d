"""The evidence table: one row per paper, verbatim or "nothing found", in files without formulas."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.evidence_table import (
    EvidenceTable,
    Row,
    as_csv,
    as_markdown,
    evidence_table,
    said,
)
from qa.show.export import guarded, short_words

if TYPE_CHECKING:
    from pathlib import Path

    from qa.answer import Answerer
    from tests.commands import Loccit

QUESTION = "What was the troponin on admission?"


@pytest.fixture(scope="module")
def made(answerer: Answerer) -> EvidenceTable:
    return evidence_table(answerer, QUESTION)


def test_every_paper_has_a_row_and_those_that_state_it_come_first(
    made: EvidenceTable, answerer: Answerer
) -> None:
    assert {row.document_id for row in made.rows} == set(answerer.index.names)
    stated = [row.citation is not None for row in made.rows]
    assert stated == sorted(stated, reverse=True)
    assert stated[0]
    assert not stated[-1]
    assert [citation.number for citation in made.citations] == list(range(1, sum(stated) + 1))
    for citation in made.citations:
        assert answerer.index.quote(citation.document_id, citation.span) == citation.quote
        assert citation.confidence >= made.threshold
    assert "1,250 ng/L" in made.citations[0].quote


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "What was the LDH on admission?",
        "How long had both patients coughed?",
        "Was ibuprofen stopped?",
    ],
)
@pytest.mark.parametrize("threshold", [0.3, 0.999])
def test_the_table_knows_what_the_answer_knows(answerer: Answerer, question: str, threshold: float) -> None:
    strict = answerer.configured(replace(answerer.settings, threshold=threshold))
    answer = strict.ask(question)
    assert answer.citations
    rows = {row.document_id: row for row in evidence_table(strict, question, answer=answer).rows}
    assert rows == {row.document_id: row for row in evidence_table(strict, question).rows}
    for citation in answer.citations:
        row = rows[citation.document_id]
        assert row.citation
        assert row.citation.confidence >= citation.confidence
        assert row.sure == (row.citation.confidence >= threshold)


def test_only_papers_in_scope_are_searched_and_the_rest_are_counted(answerer: Answerer) -> None:
    (paper, *_) = answerer.index.names
    told: list[tuple[int, int]] = []
    one = evidence_table(
        answerer,
        QUESTION,
        documents=frozenset((paper,)),
        progress=lambda done, total: told.append((done, total)),
    )
    assert [row.document_id for row in one.rows] == [paper]
    assert told == [(1, 1)]
    cut = evidence_table(answerer, QUESTION, most=1)
    assert cut.left_out == len(answerer.index.names) - 1 == 1
    assert "Not searched: 1 paper less similar to the question." in said(cut)
    assert cut.citations  # the paper nearest to the question is the one asked


def test_csv_is_verbatim_except_for_the_apostrophe(made: EvidenceTable) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(made))))
    assert len(rows) == len(made.rows)
    for row, found in zip(made.rows, rows, strict=True):
        assert found["paper"] == row.name
        assert found["stated"] == ("yes" if row.citation else "no")
        assert found["quote"] == (row.citation.quote if row.citation else "nothing found")
        if row.citation:
            assert int(found["end"]) - int(found["start"]) == len(row.citation.quote)
            assert found["short_answer"] == short_words(row.citation)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "\uff1d1"]
)
def test_possible_formulas_are_escaped(made: EvidenceTable, cell: str) -> None:
    assert guarded(cell) == "'" + cell
    hostile = replace(made, rows=(Row("id", cell, cell, None, "", None, sure=False),))
    (row,) = csv.DictReader(io.StringIO(as_csv(hostile), newline=""))
    assert row["paper"] == "'" + cell


@given(st.text(min_size=1))
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert guarded(cell) in (cell, "'" + cell)
    assert guarded(cell)[0] not in "=+-@\t\r\n"


def test_markdown_has_a_line_for_each_paper_and_no_markup_of_theirs(made: EvidenceTable) -> None:
    hostile = "a | <b> ![x](http://x.example.org) `c`\n| new"
    table = replace(made, rows=(*made.rows, Row("id", hostile, "f.txt", 2020, "", None, sure=False)))
    lines = [line for line in as_markdown(table).splitlines() if line.startswith("| ")]
    assert len(lines) == 1 + len(table.rows)
    assert "<b>" not in as_markdown(table).replace(r"\<b\>", "")
    assert r"a \| \<b\>" in lines[-1]
    assert "*nothing found*" in lines[-1]


def test_an_uncertain_quote_is_not_called_a_statement(made: EvidenceTable) -> None:
    unsure = replace(made, rows=(replace(made.rows[0], sure=False), *made.rows[1:]))
    (row, *_) = csv.DictReader(io.StringIO(as_csv(unsure)))
    assert row["stated"] == "possibly"
    assert "1 more may" in said(unsure)
    assert "more may" not in said(made)
    assert "not sure" in as_markdown(unsure)


@pytest.mark.parametrize("form", ["text", "csv", "markdown", "json"])
def test_the_table_command_in_each_format(form: str, seed_index: Path, loccit: Loccit) -> None:
    question = ("And her ALT?", "--after", "What was the woman's AST on admission?")
    output = loccit("table", *question, "--format", form, "--index", seed_index)
    assert output.code == 0
    assert "ALT" in output.out
    assert "258" in output.out


def test_no_row_has_more_confidence_than_its_sentence_among_all_papers(answerer: Answerer) -> None:
    """Within one paper, some sentence always fits best; that does not make it an answer."""
    for question in (QUESTION, "What was the ferritin on admission?", "Who rowed again after six months?"):
        wide = answerer.configured(replace(answerer.settings, passages=200, read=0)).gather(question)
        among_all = {
            (one.candidate.document.id, one.candidate.sentence.span): one.confidence for one in wide.ranked
        }
        for citation in evidence_table(answerer, question).citations:
            assert citation.confidence <= among_all[citation.document_id, citation.span]
