"""The source panel: a cited sentence between its neighbours in the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from index.errors import QuoteError
from qa.present import notice_view
from qa.sources import source_view
from qa.web import state
from qa.web.component import event, show

if TYPE_CHECKING:
    from index.store import Index
    from qa.present import View
    from qa.records import Citation, NearMiss

FRAGMENT = "source-panel"
_EMPTY = {
    "view": "empty",
    "title": "Source",
    "message": "Press a citation to read the sentence where it stands in its paper.",
}


@st.fragment(key=FRAGMENT)
def panel(index: Index) -> None:
    """Draw the panel; pressing a citation reruns nothing but this."""
    with st.container(key="source"):
        show(_view(index), "panel", lambda: opened("panel"))


@st.dialog("Source", position="right", on_dismiss="rerun")
def sheet(index: Index) -> None:
    """Draw the panel over the page, on screens too narrow for two columns."""
    show(_view(index), "sheet", lambda: opened("sheet"))


def opened(component: str) -> None:
    """Take note of the source whose button was pressed in ``component``."""
    pressed = event(component)
    if pressed.get("do") != "open":
        return
    state.choose(state.Chosen(str(pressed["turn"]), int(pressed["number"])))
    if pressed.get("narrow"):
        st.session_state["sheet"] = True
    elif component != "sheet":
        st.rerun(FRAGMENT)


def _view(index: Index) -> View:
    chosen = state.chosen()
    turn = state.turn(chosen.turn) if chosen else None
    if chosen is None or turn is None or turn.answer is None:
        return _EMPTY
    found: list[Citation | NearMiss] = [*turn.answer.citations, *turn.answer.near_misses]
    if not 1 <= chosen.number <= len(found):
        return _EMPTY
    source = found[chosen.number - 1]
    if source.document_id not in index.documents:
        message = f"“{source.title or source.source}” is no longer in the index. The quote stays as it was."
        return notice_view("warning", "This paper was removed", message)
    try:
        return source_view(index.documents[source.document_id], turn.answer, chosen.number, turn.key)
    except QuoteError as error:
        return notice_view("warning", "The paper was read anew", error.message, error.remedy)
