"""Answers and evidence tables in notebooks: nothing of a paper becomes markup, and frames have types."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pandas
import pytest

from qa.evidence_table import evidence_table
from qa.records import Answer
from qa.show.citation import Reference
from qa.show.evidence import NOTHING, Cell, EvidenceTable, Row
from tests.web.papers import HOSTILE, TITLE

if TYPE_CHECKING:
    from qa.answer import Answerer

LDH, FERRITIN = "What was the LDH on admission?", "What was the ferritin on day 9?"
OURS = {"div", "p", "b", "br", "ol", "ul", "li", "small", "mark", "table", "tr", "th", "td", "i"}


class Seen(HTMLParser):
    """Collects the tags, the attributes and the text of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(answer: Answer, text: str) -> Answer:
    """Return ``answer`` with ``text`` wherever text of papers or people can be."""
    first = replace(answer.citations[0], quote=text, title=text, section=text, short=None, source=text)
    return replace(answer, question=text, resolved_question=text, reasons=(text,), citations=(first,))


def test_an_answer_shows_quote_place_and_confidence(answerer: Answerer) -> None:
    answer = answerer.ask(LDH)
    seen = Seen(answer._repr_html_())
    assert seen.tags <= OURS
    first = answer.citations[0]
    assert f"“{first.quote}”" in seen.text
    assert f"line {first.line}" in seen.text
    assert f"confidence {min(round(100 * first.confidence), 99)}%" in seen.text
    assert first.quote.split()[0] in answer._repr_markdown_()
    assert "mathjax_ignore" in answer._repr_html_()


def test_a_table_row_has_its_heads_and_a_refusal_its_closest_passages(answerer: Answerer) -> None:
    row = Seen(answerer.ask(FERRITIN)._repr_html_()).text
    assert "Day 9: 188 ng/mL" in row
    nothing = answerer.ask("Which zebra was painted green?")
    assert nothing.nearby
    text = Seen(nothing._repr_html_()).text
    assert "Not found in these papers" in text
    assert "Closest passages" in text
    assert nothing.nearby[0].quote in text


def test_a_passage_found_shows_its_text_and_place(answerer: Answerer) -> None:
    first = answerer.search(LDH, limit=1)[0]
    seen = Seen(first._repr_html_())
    assert seen.tags <= OURS
    assert first.passage.quote in seen.text
    assert f"line {first.passage.line}" in seen.text
    assert "> " in first._repr_markdown_()
    assert f"line {first.passage.line}" in first._repr_markdown_()


@pytest.mark.parametrize("text", [*HOSTILE, TITLE])
def test_no_text_of_a_paper_becomes_markup(answerer: Answerer, text: str) -> None:
    answer = hostile(answerer.ask(LDH), text)
    cells = Cell(answer.citations[0], sure=False), Cell(None, sure=False)
    row = Row(text, Reference("key", "id", text, text), cells)
    table = EvidenceTable((text, text), (row,), 0, 1, 0.5, (text, ""))
    for html in (answer._repr_html_(), table._repr_html_()):
        seen = Seen(html)
        assert seen.tags <= OURS
        assert seen.attributes <= {"class", "value"}
        assert text in seen.text


def test_an_evidence_table_becomes_a_data_frame_with_types(answerer: Answerer) -> None:
    made = evidence_table(answerer, ["What was the troponin on admission?", LDH])
    frame = made.to_pandas()
    assert list(frame["question"]) == list(made.questions) * 2
    first, second = frame.iloc[0], frame.iloc[1]
    (troponin, _) = made.citations
    assert first["quote"] == troponin.quote
    assert first["confidence"] == troponin.confidence
    assert first["end"] - first["start"] == len(first["quote"])
    assert (first["status"], second["status"]) == ("answered", "not_found")
    assert pandas.isna(second["quote"])
    assert pandas.isna(second["confidence"])
    assert str(frame.dtypes["year"]) == str(frame.dtypes["start"]) == "Int64"
    assert NOTHING in Seen(made._repr_html_()).text
    assert f"*{NOTHING}*" in made._repr_markdown_()
    row = made.rows[0]
    formula = replace(made, rows=(replace(row, paper=replace(row.paper, title="=1+1", year=2020)),))
    assert list(formula.to_pandas()[["title", "year"]].iloc[0]) == ["=1+1", 2020]
    assert list(replace(made, rows=()).to_pandas().columns) == list(frame.columns)


def test_the_cells_of_the_example_run_in_order(root: Path, tmp_path: Path) -> None:
    cells = json.loads((root / "docs" / "example.ipynb").read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)
    script = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    (tmp_path / "seeds").symlink_to(root / "seeds")
    script = script.replace(
        "opened.__exit__", "print(len(frame), frame.confidence.max() > 0)\nopened.__exit__"
    )
    environment = {**os.environ, "MPLBACKEND": "agg", "LOCCIT_READER": "small"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "4 True\n"), done.stderr
