"""The command ``loccit table``: one question, one row for each paper; see ``qa.cli``."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from qa.evidence_table import NOT_STATED, EvidenceTable, as_csv, as_json, as_markdown, said
from qa.options import IndexOption, ModelOption, PaperOption
from qa.present import confidence_word, place_words, section_words
from qa.resources import index_folder
from qa.terminal import emit, out, visible

app = typer.Typer()


class Format(StrEnum):
    """How the table is printed."""

    TEXT = "text"
    CSV = "csv"
    MARKDOWN = "markdown"
    JSON = "json"


@app.command()
def table(
    question: Annotated[str, typer.Argument(help="A question in a sentence.")],
    form: Annotated[
        Format, typer.Option("--format", help="In CSV, an apostrophe stands before what could be a formula.")
    ] = Format.TEXT,
    after: Annotated[
        list[str] | None,
        typer.Option(
            "--after", help="An earlier question that this one follows up; repeatable.", show_default=False
        ),
    ] = None,
    paper: PaperOption = None,
    index: IndexOption = None,
    model: ModelOption = None,
) -> None:
    """Ask each paper by itself: one row for each, with its best quote or "not stated".

    loccit table "What was the CK on admission?"

    loccit table "Which steroid was given?" --format csv > steroids.csv
    """
    from qa.chat import resolve
    from qa.evidence_table import evidence_table
    from qa.question import understand
    from qa.session import find_papers, opened, people_of

    understand(question)  # before the index is opened
    with opened(index_folder(index), model=model) as answerer:
        documents = find_papers(answerer.index, paper)
        standalone = resolve(question, after or [], people_of(answerer.index, documents))
        made = evidence_table(answerer, standalone, documents=documents)
    _print(made, form)


def _print(made: EvidenceTable, form: Format) -> None:
    if form is Format.CSV:
        sys.stdout.write(as_csv(made))
    elif form is Format.MARKDOWN:
        sys.stdout.write(as_markdown(made))
    elif form is Format.JSON:
        emit(as_json(made))
    else:
        out().print(_shown(made))
        out().print(Text(visible(said(made)), style="dim"))


def _shown(made: EvidenceTable) -> Table:
    shown = Table(show_edge=False, pad_edge=False, show_lines=True)
    for head in ("paper", "quote", "confidence"):
        shown.add_column(head, overflow="fold")
    for row in made.rows:
        name = f"{row.name} ({row.year})" if row.year else row.name
        found = row.citation
        if found is None:
            shown.add_row(Text(visible(name)), Text(NOT_STATED, style="italic dim"), Text(""))
            continue
        place = place_words(found.page, found.page_label, found.line, found.last_line)
        where = " · ".join(part for part in (section_words(found.section), place) if part)
        quote = Text(f"“{visible(found.quote)}”").append(f"\n{visible(where)}", style="dim")
        sure = f"{confidence_word(found.confidence).lower()} ({found.confidence:.2f})"
        shown.add_row(Text(visible(name)), quote, Text(sure))
    return shown
