"""The source panel: a cited sentence in its context in the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from index.errors import LoccitError, QuoteError
from qa.files.feedback import save
from qa.files.resources import index_folder
from qa.show.present import notice_view, source_view
from qa.web import page_images as pages
from qa.web import state
from qa.web.component import event, show
from qa.web.pages.first import beside
from qa.web.state import Asked, Chosen

if TYPE_CHECKING:
    from index.store.generation import Index
    from index.text import Document
    from qa.records import Citation, Nearby
    from qa.show.present import View

FRAGMENT = "source-panel"


@st.fragment(key=FRAGMENT)
def panel(index: Index) -> None:
    """Draw the open source, or else the papers; pressing a citation reruns this fragment only."""
    view = _view(index)
    if view is None:
        with st.container(key="papers-beside" if state.chat().turns else "papers-first"):
            beside(index)
        return
    with st.container(key="source"):
        show(view, "panel", lambda: opened("panel"))


@st.dialog("Source", position="right", on_dismiss="rerun")
def sheet(index: Index) -> None:
    """Draw the panel over the page, on narrow screens."""
    if view := _view(index):
        show(view, "sheet", lambda: opened("sheet"))


def opened(component: str) -> None:
    """Handle what was pressed in ``component``."""
    pressed = event(component)
    match pressed.get("do"):
        case "whole":
            st.session_state["whole"] = bool(pressed["on"])
            if component != "sheet":  # a dialog redraws itself
                st.rerun(FRAGMENT)
        case "judge":
            _judge(str(pressed["turn"]), bool(pressed["helpful"]))
        case "ask":
            question, paper = str(pressed["question"]), str(pressed.get("paper", ""))
            st.session_state["asking"] = Asked(question, standalone=True, paper=paper)
        case "table":  # make the evidence table, or close it
            if state.chat().tables.pop(str(pressed["turn"]), None) is None:
                st.session_state["tabling"] = str(pressed["turn"])
        case "open":
            _open(str(pressed["turn"]), int(pressed["number"]))
            if component != "sheet" and pressed.get("narrow"):
                st.session_state["sheet"] = True
            elif component != "sheet":
                st.rerun(FRAGMENT)


def _judge(key: str, helpful: bool) -> None:
    """Save a judgement; if that fails, the answer shows why."""
    chat, judged = state.chat(), state.turn(key)
    if judged is None or judged.answer is None:
        return
    try:
        save(index_folder(), judged.answer, helpful)
    except LoccitError as error:
        chat.unsaved[key] = f"Not saved. {error}"
    else:
        chat.judged[key] = helpful
        chat.unsaved.pop(key, None)


def _open(key: str, number: int) -> None:
    """Open a source, and name it in the URL with its question; number 0 closes the one that is open."""
    state.chat().chosen = Chosen(key, number) if number else None
    if not number:
        st.query_params.pop("cite", None)
    turn = state.turn(key)
    if turn and not key.endswith(state.TABLE):  # a link does not make the table again
        st.query_params["q"] = turn.standalone
        st.query_params["cite"] = str(number)


def _view(index: Index) -> View | None:
    chosen = state.chat().chosen
    turn = state.turn(chosen.turn) if chosen else None
    if chosen is None or turn is None or turn.answer is None:
        return None
    sources: list[Citation | Nearby] = [*turn.answer.citations, *turn.answer.nearby]
    if not 1 <= chosen.number <= len(sources):
        return None
    source = sources[chosen.number - 1]
    if source.document_id not in index.documents:
        message = f"“{source.title or source.source}” is no longer in the index. The quote is unchanged."
        return notice_view("warning", "This paper was removed", message)
    try:
        document = index.documents[source.document_id]
        view = source_view(document, turn.answer, chosen.number, turn.key)
        return view | {"whole": _whole(document, source)}
    except QuoteError as error:
        return notice_view("warning", "The paper has changed", error.message, error.remedy)


def _whole(document: Document, source: Citation | Nearby) -> View | None:
    """Return the page image of a source, with boxes only if it is shown; None without pages."""
    lost = pages.lost(document)
    if lost is None or source.page is None:
        return None
    if lost:
        return {"on": False, "lost": lost}
    if not st.session_state.get("whole", False):
        return {"on": False}
    boxes = pages.boxes_of(document, source.span)
    page = boxes[0].page if boxes else source.page
    return {
        "on": True,
        "page": page,
        "address": pages.address(document, page),
        "boxes": [[box.left, box.top, box.right, box.bottom] for box in boxes if box.page == page],
    }
