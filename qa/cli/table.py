"""The command ``loccit table``: one question, one row for each paper; see ``qa.cli.main``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from qa.cli.options import IndexOption, ModelOption, PaperOption
from qa.files.resources import index_folder

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
    from qa.cli.table_commands import show_table

    show_table(question, index_folder(index), form=form.value, history=after or [], papers=paper, model=model)
