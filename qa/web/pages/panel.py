"""The source panel: a cited sentence in its context in the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from index.errors import LoccitError, QuoteError
from qa.files.feedback import save, withdraw
from qa.files.resources import index_folder
from qa.show.present import notice_view, source_view
from qa.web import page_images as pages
from qa.web import state
from qa.web.component import event, show
from qa.web.state import Asked, Chosen

if TYPE_CHECKING:
    from index.store.generation import Index
    from index.text import Document
    from qa.records import Citation, Nearby
    from qa.show.present import View

FRAGMENT = "source-panel"
_EMPTY = {
    "view": "empty",
    "title": "Source",
    "message": "Press a citation to read the sentence in its context.",
}


@st.fragment(key=FRAGMENT)
def panel(index: Index) -> None:
    """Draw the panel; pressing a citation reruns this fragment only."""
    with st.container(key="source"):
        show(_view(index), "panel", lambda: opened("panel"))


@st.dialog("Source", position="right", on_dismiss="rerun")
def sheet(index: Index) -> None:
    """Draw the panel over the page, on narrow screens."""
    show(_view(index), "sheet", lambda: opened("sheet"))


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
        case "table":
            st.session_state["to-table"] = str(pressed["turn"])
        case "open":
            _open(str(pressed["turn"]), int(pressed["number"]))
            if component != "sheet" and pressed.get("narrow"):
                st.session_state["sheet"] = True
            elif component != "sheet":
                st.rerun(FRAGMENT)


def _judge(key: str, helpful: bool) -> None:
    """Save a judgement, or withdraw the same one; if that fails, the answer shows why."""
    chat, judged = state.chat(), state.turn(key)
    if judged is None or judged.answer is None:
        return
    again = chat.judged.get(key) == helpful
    try:
        if again:
            withdraw(index_folder(), state.owner(), answer=judged.answer)
        else:
            save(index_folder(), judged.answer, helpful, owner=state.owner())
    except LoccitError as error:
        chat.unsaved[key] = f"Not saved. {error}"
        return
    chat.unsaved.pop(key, None)
    if again:
        del chat.judged[key]
    else:
        chat.judged[key] = helpful
    st.session_state["correcting"] = "" if again or helpful else key
    state.keep(key)


def _open(key: str, number: int) -> None:
    """Open a source, and name it in the URL with its question."""
    state.chat().chosen = Chosen(key, number)
    turn = state.turn(key)
    if turn and key != state.TABLE:
        st.query_params["q"] = turn.standalone
        st.query_params["cite"] = str(number)


def _view(index: Index) -> View:
    chosen = state.chat().chosen
    turn = state.turn(chosen.turn) if chosen else None
    if chosen is None or turn is None or turn.answer is None:
        return _EMPTY
    sources: list[Citation | Nearby] = [*turn.answer.citations, *turn.answer.nearby]
    if not 1 <= chosen.number <= len(sources):
        return _EMPTY
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
