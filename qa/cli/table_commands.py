"""What the command of ``qa.cli.table`` does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from qa.evidence_table import NOT_STATED, EvidenceTable, as_csv, as_json, as_markdown, said
from qa.settings import AskOptions
from qa.show.present import confidence_word, place_of, where
from qa.show.terminal import emit, out, visible, warn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def show_table(
    question: str,
    folder: Path,
    *,
    form: str,
    history: Sequence[str],
    papers: Sequence[str] | None,
    model: str | None,
) -> None:
    """Ask each paper by itself and print a row for each, as text, csv, markdown or json (``form``)."""
    from qa.conversation import Conversation
    from qa.evidence_table import evidence_table
    from qa.session import find_papers, opened
    from qa.understand.question import understand

    understand(question)  # before the index is opened
    with opened(folder, AskOptions(model)) as answerer:
        warn(answerer.index.warnings)
        documents = find_papers(answerer.index, papers)
        standalone = Conversation(tuple(history)).standalone(answerer.index, question, documents)
        made = evidence_table(answerer, standalone, documents=documents)
    _print(made, form)


def _print(made: EvidenceTable, form: str) -> None:
    if form == "csv":
        sys.stdout.write(as_csv(made))
    elif form == "markdown":
        sys.stdout.write(as_markdown(made))
    elif form == "json":
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
        place = where("", found.section, place_of(found))
        quote = Text(f"“{visible(found.quote)}”").append(f"\n{visible(place)}", style="dim")
        sure = f"{confidence_word(found.confidence).lower()} ({found.confidence:.2f})"
        shown.add_row(Text(visible(name)), quote, Text(sure))
    return shown
