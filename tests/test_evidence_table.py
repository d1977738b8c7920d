"""The evidence table: papers as rows, questions as columns, verbatim, in files without formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from index.errors import UsageError
from index.ingest.build import build
from index.store.open import open_index
from qa.answer import Answerer
from qa.evidence_table import Alone, evidence_table, growing
from qa.rank.stages import shipped
from qa.records import Status
from qa.show.evidence import (
    NOT_ASKED,
    NOTHING,
    EvidenceTable,
    as_csv,
    as_markdown,
    cell_text,
    filtered,
    has_values,
    numbered,
    ordered,
    said,
    table_view,
)
from qa.show.export import COLUMNS, guarded, short_words
from qa.show.spreadsheet import as_xlsx
from tests.index_fakes import write_papers

if TYPE_CHECKING:
    from qa.rank.evidence import Evidence
    from tests.commands import Loccit

QUESTION = "What was the troponin on admission?"
QUESTIONS = (QUESTION, "What was the LDH on admission?", "How long had the woman coughed?")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "\uff1d1")


@pytest.fixture(scope="module")
def made(answerer: Answerer) -> EvidenceTable:
    return evidence_table(answerer, QUESTION)


@pytest.fixture(scope="module")
def several(answerer: Answerer) -> EvidenceTable:
    return evidence_table(answerer, QUESTIONS)


def renamed(table: EvidenceTable, text: str) -> EvidenceTable:
    """Return the first row with a quote, with ``text`` as name, title and quote."""
    row = next(row for row in table.rows if row.confidence)
    cells = tuple(
        replace(cell, citation=replace(cell.citation, quote=text, short=None, table=None))
        if cell.citation
        else cell
        for cell in row.cells
    )
    paper = replace(row.paper, title=text, source=text)
    return replace(table, rows=(replace(row, name=text, paper=paper, cells=cells),))


def test_every_paper_has_a_row_and_those_that_state_it_come_first(
    made: EvidenceTable, answerer: Answerer
) -> None:
    assert {row.paper.document_id for row in made.rows} == set(answerer.index.names)
    assert [row.cells[0].status for row in made.rows] == [Status.ANSWERED, Status.NOT_FOUND]
    (citation,) = made.citations
    assert citation.number == 1
    assert answerer.index.quote(citation.document_id, citation.span) == citation.quote
    assert citation.confidence >= made.threshold
    assert "1,250 ng/L" in citation.quote


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "What was the LDH on admission?",
        "How long had both patients coughed?",
        "Was ibuprofen stopped?",
        "Which zebra was painted?",
    ],
)
@pytest.mark.parametrize("threshold", [0.3, 0.999])
def test_cells_are_those_of_the_answer_and_of_papers_asked_alone(
    answerer: Answerer, question: str, threshold: float
) -> None:
    strict = answerer.configured(replace(answerer.settings, threshold=threshold))
    answer = strict.ask(question)
    table = evidence_table(strict, question)
    for row in table.rows:
        (cell,) = row.cells
        paper = frozenset((row.paper.document_id,))
        whole = [one for one in answer.citations if one.document_id in paper]
        shown = [*whole, *strict.ask(question, documents=paper).citations]
        if cell.citation:
            assert cell.citation.span in [one.span for one in shown]
            assert cell.sure == (cell.citation.confidence >= threshold)
        if whole:
            assert cell.citation
            assert cell.citation.confidence >= max(one.confidence for one in whole)
    assert evidence_table(strict, question, answers=[answer]).rows == table.rows


def test_a_sure_cell_has_all_quotes_of_its_paper_and_so_have_the_files(answerer: Answerer) -> None:
    question = "Ferritin and procalcitonin on admission?"
    loose = answerer.configured(replace(answerer.settings, threshold=0.5))
    table = evidence_table(loose, question)
    cells = [row.cells[0] for row in table.rows]
    assert any(cell.further for cell in cells)
    for row, cell in zip(table.rows, cells, strict=True):
        alone = loose.ask(question, documents=frozenset((row.paper.document_id,)))
        assert {one.span for one in cell.citations} >= {one.span for one in alone.citations}
        assert all(one.confidence >= 0.5 * cell.citations[0].confidence for one in cell.further)
    assert [one.number for one in table.citations] == list(
        range(1, sum(len(one.citations) for one in cells) + 1)
    )
    silent = [cell for cell in cells if not cell.citation]
    rows = [*csv.DictReader(io.StringIO(as_csv(table)))]
    assert len(rows) == len(table.to_pandas()) == len(table.citations) + len(silent)
    stated = [row["start"] for row in rows if row["start"]]
    assert stated == [str(one.span.start) for one in table.citations]
    assert list(table.to_pandas()["confidence"].dropna()) == [one.confidence for one in table.citations]
    assert all(one.quote.split("\t")[0] in as_markdown(table) for one in table.citations)
    shown = table_view(table, "0", 10)["rows"]
    assert [len(row["cells"][0]["further"]) for row in shown] == [len(cell.further) for cell in cells]
    strict = evidence_table(answerer.configured(replace(answerer.settings, threshold=0.999)), question)
    assert not any(row.cells[0].further for row in strict.rows)  # of unsure ones, the best is enough


#: Case reports that say the same in different words, some much more clearly than others.
REPORTS = {
    "Septic arthritis after a cat bite": "A 22-year-old, booked patient came with a swollen knee.",
    "A cavity that grew in silence": "A 61-year-old welder came to our clinic with night sweats.",
    "Syncope on the ski lift": "A man aged 45 years was admitted after two episodes of syncope.",
    "Blisters after a new tablet": "A girl of 9 years was brought with blisters on both hands.",
    "An unusual cause of colic": "A retired teacher, 70 years old, suffered from colic after meals.",
    "A tremor that came with tea": "The patient was 33 years old, and her left hand trembled.",
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    """Answers from ``REPORTS`` with the bundled model and the small reader."""
    from index.embed.encoder import load_encoder

    folder, encoder = tmp_path_factory.mktemp("reports"), load_encoder()
    rest = (
        "The examination was otherwise normal.\n\nDiscussion\n\nSuch cases are rare and easily overlooked.\n"
    )
    papers = {
        f"{at}.txt": f"{title}\n\nCase report\n\n{opening} {rest}"
        for at, (title, opening) in enumerate(REPORTS.items())
    }
    build([write_papers(folder / "papers", papers)], folder / "index", encoder=encoder)
    with open_index(folder / "index") as index:
        yield Answerer(index, encoder, stages=shipped("small"))


def test_a_question_for_all_of_several_things_is_told_from_one_for_a_fact(reports: Answerer) -> None:
    asked = ("Which drugs were given?", "List all complications.", "How old was the patient?")
    assert [reports.gather(one).question.listing for one in asked] == [True, True, False]


def test_a_paper_is_heard_however_clearly_others_speak(reports: Answerer) -> None:
    table = evidence_table(reports, "How old was the patient?")
    assert {row.name: row.cells[0].citation and row.cells[0].citation.quote for row in table.rows} == REPORTS


@pytest.mark.parametrize(
    "question", ["What was the dose of cisplatin?", "How old was the woman with Kounis syndrome?"]
)
def test_no_paper_surely_answers_a_question_about_what_it_never_names(
    reports: Answerer, question: str
) -> None:
    cells = [row.cells[0] for row in evidence_table(reports, question).rows]
    assert not any(cell.sure for cell in cells)
    assert sum(cell.citation is None for cell in cells) >= 3


def test_a_column_is_the_same_beside_others(answerer: Answerer, several: EvidenceTable) -> None:
    for at, question in enumerate(QUESTIONS):
        one = {row.paper.document_id: row.cells[0] for row in evidence_table(answerer, question).rows}
        for row in several.rows:
            cell, same = row.cells[at], one[row.paper.document_id]
            assert cell.sure == same.sure
            assert (cell.citation and replace(cell.citation, number=1)) == (
                same.citation and replace(same.citation, number=1)
            )
    assert evidence_table(answerer, [*QUESTIONS, f" {QUESTION}  "]) == several
    with pytest.raises(UsageError, match="no question"):
        evidence_table(answerer, [])


class Counting:
    """Counts the questions that are put to single papers."""

    def __init__(self, answerer: Answerer) -> None:
        self.answerer, self.alone = answerer, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.answerer, name)

    def gather(self, question: str, *, documents: frozenset[str] | None = None) -> Evidence:
        self.alone += documents is not None and len(documents) == 1
        return self.answerer.gather(question, documents=documents)


def test_only_what_is_new_is_asked_and_a_stopped_table_says_so(answerer: Answerer) -> None:
    questions = ["How long had both patients coughed?", "Was ibuprofen stopped in both patients?"]
    counting, alone = Counting(answerer), Alone()

    def grown(*questions: str, documents: frozenset[str] | None = None) -> list[EvidenceTable]:
        found = growing(counting, questions, documents=documents, alone=alone)  # type: ignore[arg-type]
        return list(found)

    stopped, *_ = grown(questions[0])
    assert stopped.asked < len(stopped.rows)
    assert any("not asked all questions" in line for line in said(stopped))
    first = counting.alone
    assert first > 0
    grown(questions[0])
    assert counting.alone == first
    tables = grown(*questions)
    assert counting.alone > first
    assert [len(table.questions) for table in tables] == [2] * len(tables)
    assert all(len(table.rows) == 2 for table in tables)
    second = counting.alone
    again = grown(*questions)[-1]
    assert counting.alone == second
    assert again == tables[-1]
    assert numbered(ordered(again)) == evidence_table(answerer, questions)
    # A quote that its paper no longer has is asked for again.
    alone[next(iter(alone))] = (replace(again.citations[0], quote="Another reading."),)
    assert grown(*questions)[-1] == again
    assert counting.alone == second + 1


def test_only_papers_in_scope_are_searched_and_the_rest_are_counted(answerer: Answerer) -> None:
    (paper, *_) = answerer.index.names
    told: list[tuple[int, int]] = []
    one = evidence_table(
        answerer,
        QUESTION,
        documents=frozenset((paper,)),
        progress=lambda done, total: told.append((done, total)),
    )
    assert [row.paper.document_id for row in one.rows] == [paper]
    assert told[-1] == (1, 1)
    assert one.left_out == 0
    assert evidence_table(answerer, QUESTION, documents=frozenset()).rows == ()
    cut = evidence_table(answerer, QUESTION, most=1)
    assert cut.left_out == len(answerer.index.names) - 1 == 1
    assert "Not searched: 1 paper less similar to the questions." in said(cut)
    assert cut.citations  # the paper nearest to the question is the one asked


def test_rows_are_ordered_and_filtered(several: EvidenceTable) -> None:
    heart, lung = ordered(several, "paper", falling=True).rows
    assert "Myocarditis" in heart.name
    assert ordered(several, "paper").rows == (lung, heart)
    assert lung.paper.year == 2019
    assert heart.paper.year is None
    assert ordered(several, "year").rows == ordered(several, "year", falling=True).rows == (lung, heart)
    assert ordered(several, 0).rows == ordered(several, 1, falling=True).rows == (heart, lung)
    for words, rows in (
        ("TROPONIN rower", (heart,)),
        ("2019 lindqvist", (lung,)),
        ("zebra", ()),
        ("", (heart, lung)),
    ):
        assert set(filtered(several, words).rows) == set(rows)
    assert filtered(several, status=Status.POSSIBLE).rows == ()
    assert set(filtered(several, "", Status.NOT_FOUND).rows) == {heart, lung}


def test_a_column_of_values_is_one_where_all_quotes_mark_one(several: EvidenceTable) -> None:
    assert has_values(several, 0)
    cell = next(row.cells[0] for row in several.rows if row.cells[0].citation)
    assert cell.citation
    assert cell_text(cell, value=True).splitlines()[0] == short_words(cell.citation) == "1,250 ng/L"
    unsure = replace(cell, sure=False)
    assert cell_text(unsure, value=True) == cell_text(unsure)
    assert "(possible, " in cell_text(replace(unsure, citation=replace(cell.citation, line=None, section="")))
    unmarked = replace(cell, citation=replace(cell.citation, short=None))
    row = replace(several.rows[0], cells=(unmarked, *several.rows[0].cells[1:]))
    assert not has_values(replace(several, rows=(*several.rows, row)), 0)


def test_csv_has_a_row_per_paper_and_question(several: EvidenceTable) -> None:
    rows = iter(csv.DictReader(io.StringIO(as_csv(several))))
    for row in several.rows:
        for question, cell in zip(QUESTIONS, row.cells, strict=True):
            found = next(rows)
            assert (found["question"], found["title"]) == (question, row.paper.title)
            assert found["status"] == cell.status
            assert found["reference"].startswith(("Lindqvist", "Myocarditis"))
            assert found["quote"] == (cell.citation.quote if cell.citation else "")
            if cell.citation:
                assert int(found["end"]) - int(found["start"]) == len(cell.citation.quote)
                assert found["short_answer"] == short_words(cell.citation)
    assert next(rows, None) is None


def test_xlsx_has_the_table_and_its_quotes(several: EvidenceTable) -> None:
    book = load_workbook(io.BytesIO(as_xlsx(several)))
    table, quotes = (list(book[name].iter_rows(values_only=True)) for name in ("Table", "Quotes"))
    assert table[0] == ("Paper", "Year", *QUESTIONS, "Reference")
    assert quotes[0] == COLUMNS
    assert len(quotes) == 1 + 2 * len(QUESTIONS)
    for row, shown in zip(several.rows, table[1:], strict=True):
        assert shown[:2] == (row.name, row.paper.year)
        for cell, text in zip(row.cells, shown[2:-1], strict=True):
            assert (cell.citation.quote in str(text)) if cell.citation else (text == NOTHING)
    (first,) = (line for line in csv.DictReader(io.StringIO(as_csv(several))) if "1,250" in line["quote"])
    (same,) = (dict(zip(COLUMNS, row, strict=True)) for row in quotes[1:] if "1,250" in str(row[2]))
    assert {key: str(value) for key, value in same.items() if isinstance(value, str)} == {
        key: value
        for key, value in first.items()
        if value and key not in ("start", "end", "confidence", "year")
    }
    assert same["end"] == int(first["end"])
    assert book["Table"].freeze_panes == "B2"
    assert book["Table"].auto_filter.ref == "A1:F3"


@pytest.mark.parametrize("cell", FORMULAS)
def test_possible_formulas_stay_text(made: EvidenceTable, cell: str) -> None:
    assert guarded(cell) == "'" + cell
    hostile = renamed(made, cell)
    (row,) = csv.DictReader(io.StringIO(as_csv(hostile), newline=""))
    assert row["title"] == row["quote"] == "'" + cell
    sheet = load_workbook(io.BytesIO(as_xlsx(hostile)))["Quotes"]
    found = {head.value: below for head, below in zip(*sheet.iter_rows(), strict=True)}
    for name in ("title", "quote", "file"):
        assert found[name].data_type == "s"
        assert found[name].quotePrefix
        assert found[name].value.removeprefix("<U+000D>") == cell.removeprefix("\r")


def test_a_quote_that_no_cell_can_hold_is_said_to_be_cut(made: EvidenceTable) -> None:
    sheet = load_workbook(io.BytesIO(as_xlsx(renamed(made, "word " * 10_000))))["Table"]
    assert len(sheet["C2"].value) == 32_767
    assert sheet["C2"].value.endswith("[cut: the cell is full]")


@given(st.text(min_size=1))
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert guarded(cell) in (cell, "'" + cell)
    assert guarded(cell)[0] not in "=+-@\t\r\n"


def test_markdown_has_a_line_for_each_paper_and_no_markup_of_theirs(several: EvidenceTable) -> None:
    hostile = "a | <b> ![x](http://x.example.org) `c`\n| new"
    table = replace(several, rows=(*several.rows, *renamed(several, hostile).rows))
    text = as_markdown(table)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(lines) == 1 + len(table.rows)
    assert all(line.replace(r"\|", "").count("|") == 2 + len(QUESTIONS) for line in lines)
    assert "<b>" not in text.replace(r"\<b\>", "")
    assert r"a \| \<b\>" in lines[-1]
    assert f"*{NOTHING}*" in lines[1]
    assert "[@" in lines[1]
    assert "## References" in text


def test_an_uncertain_quote_is_not_called_an_answer(made: EvidenceTable) -> None:
    first, second = made.rows
    unsure = replace(made, rows=(replace(first, cells=(replace(first.cells[0], sure=False),)), second))
    (row, *_) = csv.DictReader(io.StringIO(as_csv(unsure)))
    assert row["status"] == "possible"
    assert said(unsure) == ["None of 2 papers answers with confidence; 1 may answer."]
    assert "may answer" not in said(made)[0]
    assert "possible" in as_markdown(unsure)
    waiting = replace(made, rows=(first, replace(second, cells=(NOT_ASKED,))))
    assert "*not asked*" in as_markdown(waiting)


@pytest.mark.parametrize("form", ["text", "csv", "markdown", "json"])
def test_the_table_command_in_each_format(form: str, seed_index: Path, loccit: Loccit) -> None:
    questions = ("And her ALT?", "And her CK?", "--after", "What was the woman's AST on admission?")
    output = loccit("table", *questions, "--format", form, "--index", seed_index)
    assert output.code == 0
    assert "ALT" in output.out
    assert "258" in output.out
    assert "9641" in output.out


def test_a_question_for_an_opinion_says_why_no_paper_answers(seed_index: Path, loccit: Loccit) -> None:
    output = loccit("table", "Which treatment would you recommend?", "--index", seed_index)
    assert NOTHING in output.out
    assert "it gives no opinions" in output.out


def test_the_table_command_writes_a_workbook(
    seed_index: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from qa.cli.main import main

    with pytest.raises(SystemExit) as left:
        main(["table", "When was MMF restarted?", "--format", "xlsx", "--index", str(seed_index)])
    assert left.value.code == 0
    book = load_workbook(io.BytesIO(capfdbinary.readouterr().out))
    assert book["Table"]["C1"].value == "When was MMF restarted?"
