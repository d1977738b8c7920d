"""The Feedback page: judgements of answers, listed and offered for download."""

from __future__ import annotations

import streamlit as st

from evals.sets.feedback import as_lines
from index.errors import LoccitError
from qa.files.feedback import judgements
from qa.show.present import notice_view, utc_words
from qa.web import library
from qa.web.component import show, show_error, show_title

_AT_ONCE = 50  #: judgements shown, newest first
_INTRO = "“Right” and “Wrong” below an answer are stored on this machine, beside the index, and nowhere else."


def page() -> None:
    """Draw the page."""
    show_title("Feedback", _INTRO, "intro-feedback")
    try:
        judged = judgements(library.folder())
    except LoccitError as error:
        show_error("Feedback cannot be read", error, "no-feedback")
        return
    if not judged:
        show(notice_view("info", "No feedback yet", "Judge an answer on the Ask page."), "nothing-judged")
        return
    st.download_button(
        "Download as evaluation questions (JSON lines)",
        lambda: as_lines(judged),
        file_name="loccit-feedback.jsonl",
        mime="application/jsonl",
        on_click="ignore",
    )
    rows = [
        {
            "helpful": item.helpful,
            "question": item.question,
            "quotes": [citation["quote"] for citation in item.answer["citations"]] or ["Not in these papers"],
            "made": utc_words(item.made),
        }
        for item in judged[::-1][:_AT_ONCE]
    ]
    show({"view": "judged", "rows": rows}, "judged")
