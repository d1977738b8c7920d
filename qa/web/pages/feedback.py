"""The Feedback page: what people thought of answers, to look through and to take along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from evals.sets.feedback import as_lines
from index.errors import LoccitError
from qa.files.feedback import judgements
from qa.show.present import notice_view
from qa.web import library
from qa.web.component import show

if TYPE_CHECKING:
    from qa.files.feedback import Judgement
    from qa.show.present import View

_AT_ONCE = 50  #: judgements shown, the newest


def page() -> None:
    """Draw the page."""
    message = (
        "“Right” and “Wrong” under an answer are kept on this machine, beside the index, and go nowhere else."
    )
    show({"view": "intro", "title": "Feedback", "message": message}, "intro-feedback")
    try:
        found = judgements(library.folder())
    except LoccitError as error:
        show(notice_view("error", "No feedback can be read", error.message, error.remedy), "no-feedback")
        return
    if not found:
        show(notice_view("info", "Nothing yet", "Judge an answer on the Ask page."), "nothing-judged")
        return
    st.download_button(
        "Download as evaluation questions (JSON lines)",
        lambda: as_lines(found),
        file_name="loccit-feedback.jsonl",
        mime="application/jsonl",
        on_click="ignore",
    )
    show(_view(found[::-1][:_AT_ONCE]), "judged")


def _view(found: list[Judgement]) -> View:
    rows = [
        {
            "helpful": item.helpful,
            "question": item.question,
            "quotes": [citation["quote"] for citation in item.answer["citations"]] or ["Not in these papers"],
            "made": item.made.replace("T", " ").removesuffix("+00:00") + " UTC",
        }
        for item in found
    ]
    return {"view": "judged", "rows": rows}
