"""The source panel: a cited sentence between its neighbours in the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from index.errors import LoccitError, QuoteError
from qa.files.feedback import save
from qa.show.present import notice_view
from qa.show.sources import source_view
from qa.web import library, state
from qa.web import page_images as pages
from qa.web.component import event, show

if TYPE_CHECKING:
    from index.store.open import Index
    from index.text import Document
    from qa.records import Citation, NearMiss
    from qa.show.present import View

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
    if pressed.get("do") == "whole":
        st.session_state["whole"] = bool(pressed["on"])
        if component != "sheet":  # that is drawn again by itself
            st.rerun(FRAGMENT)
        return
    if pressed.get("do") == "judge":
        _judge(str(pressed["turn"]), bool(pressed["helpful"]))
    if pressed.get("do") == "ask":
        state.ask(str(pressed["question"]), standalone=True)
    if pressed.get("do") == "table":
        _table(str(pressed["turn"]))
    if pressed.get("do") != "open":
        return
    state.choose(state.Chosen(str(pressed["turn"]), int(pressed["number"])))
    _name_in_address(str(pressed["turn"]), int(pressed["number"]))
    if component == "sheet":
        return
    if pressed.get("narrow"):
        st.session_state["sheet"] = True
    else:
        st.rerun(FRAGMENT)


def _table(turn: str) -> None:
    """Have the evidence table of a turn made, or put it away."""
    if state.chat().tables.pop(turn, None) is None:
        st.session_state["tabling"] = turn


def _judge(turn: str, helpful: bool) -> None:
    """Keep what was thought of an answer; if that fails, the answer says so."""
    judged = state.turn(turn)
    if judged is None or judged.answer is None:
        return
    try:
        save(library.folder(), judged.answer, helpful)
    except LoccitError as error:
        state.not_judged(turn, f"Not saved. {error}")
    else:
        state.judge(turn, helpful)


def _name_in_address(turn: str, number: int) -> None:
    """Make the address one that opens this question and source again."""
    asked = state.turn(turn)
    if asked and not state.in_table(turn):  # a table is not made again by opening a link
        st.query_params["q"] = asked.standalone
        st.query_params["cite"] = str(number)


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
        document = index.documents[source.document_id]
        view = source_view(document, turn.answer, chosen.number, turn.key)
        return view | {"whole": _whole(document, source)}
    except QuoteError as error:
        return notice_view("warning", "The paper was read anew", error.message, error.remedy)


def _whole(document: Document, source: Citation | NearMiss) -> View | None:
    """Return the whole page of a source, its boxes only when it is looked at; None where there is none."""
    lost = pages.lost(library.folder(), document)
    if lost is None or source.page is None:
        return None
    if lost:
        return {"on": False, "lost": lost}
    if not st.session_state.get("whole", False):
        return {"on": False}
    boxes = pages.boxes_of(library.folder(), document, source.span)
    page = boxes[0][4] if boxes else source.page
    return {
        "on": True,
        "page": page,
        "address": pages.address(document, page),
        "boxes": [box[:4] for box in boxes if box[4] == page],
    }
