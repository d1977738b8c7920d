"""The evidence table below an answer: made on request, one row per paper, with downloads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import LoccitError
from qa.evidence_table import as_csv, as_markdown, evidence_table, said
from qa.show.present import table_row_view
from qa.web import state
from qa.web.component import show, show_error
from qa.web.pages.panel import opened

if TYPE_CHECKING:
    from qa.answer import Answerer
    from qa.web.history import Turn


def evidence(answerer: Answerer, turn: Turn) -> None:
    """Draw the table of ``turn`` if it has one; make it first if that was just requested."""
    key = turn.key
    if st.session_state.get("tabling") == key:
        del st.session_state["tabling"]
        _make(answerer, turn)
    table = state.chat().tables.get(key)
    if table is None:
        return
    name = f"evidence-{key}"
    view = {
        "view": "evidence",
        "turn": key + state.TABLE,
        "question": table.question,
        "said": said(table),
        "rows": [table_row_view(row.name, row.year, row.citation) for row in table.rows],
    }
    show(view, name, lambda: opened(name))
    with st.container(horizontal=True, key=f"evidence-files-{key}"):
        st.download_button(
            "Table as CSV",
            lambda: as_csv(table).encode("utf-8-sig"),  # spreadsheets detect UTF-8 by the byte order mark
            file_name="loccit-evidence.csv",
            mime="text/csv",
            on_click="ignore",
            key=f"csv-{key}",
        )
        st.download_button(
            "Table as Markdown",
            lambda: as_markdown(table),
            file_name="loccit-evidence.md",
            mime="text/markdown",
            on_click="ignore",
            key=f"md-{key}",
        )


def _make(answerer: Answerer, turn: Turn) -> None:
    if turn.answer is None:
        return
    bar = st.progress(0.0, "Asking each paper …")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Asking each paper · {done} of {total}")

    # Rows use the threshold of the answer.
    answerer = answerer.configured(replace(answerer.settings, threshold=turn.answer.receipt.threshold))
    try:
        state.chat().tables[turn.key] = evidence_table(
            answerer, turn.answer.resolved_question, documents=turn.documents, progress=progress
        )
    except LoccitError as error:
        show_error("No evidence table", error, f"no-table-{turn.key}")
    bar.empty()
