"""The source panel: a cited sentence in its paper."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import streamlit as st

from index.errors import IndexMissing, LoccitError, QuoteError
from index.store.index import Index
from index.text import Document
from qa.files.feedback import save, withdraw
from qa.files.resources import index_place
from qa.records import Answer, Citation, Nearby
from qa.show.present import View, notice_view, paper_view, source_view
from qa.web import documents, state
from qa.web.component import event, show
from qa.web.pages.first import beside
from qa.web.state import Asked, Chosen, Turn

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
        show(view | {"bordered": True}, "panel", lambda: opened("panel"))


@st.dialog("Source", position="right", on_dismiss="rerun")
def sheet(index: Index) -> None:
    """Draw the panel over the page, on narrow screens."""
    if view := _view(index):
        show(view, "sheet", lambda: opened("sheet"))


@st.dialog("Paper", width="large")
def open_paper(index: Index, document_id: str) -> None:
    """Draw a paper of the index over the page."""
    document = index.documents[document_id]
    pdf = _pdf(index, document, {})
    text = not pdf or "lost" in pdf
    show(paper_view(document, text=text) | {"pdf": pdf}, f"paper-{document_id[:12]}")


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
            withdraw(index_place(), state.owner(), answer=judged.answer)
        else:
            save(index_place(), judged.answer, helpful, owner=state.owner())
    except LoccitError as error:
        chat.unsaved[key] = f"Not saved. {error}"
        return
    chat.unsaved.pop(key, None)
    if again:
        del chat.judged[key]
    else:
        chat.judged[key] = helpful
    st.session_state["correcting"] = "" if again or helpful else key
    state.keep(key, chat)


def _open(key: str, number: int) -> None:
    """Open a source, and name it in the URL with its question; number 0 closes the one that is open."""
    state.chat().chosen = Chosen(key, number) if number else None
    if not number:
        st.query_params.pop("cite", None)
    turn = state.turn(key)
    if turn and key != state.TABLE:
        st.query_params["q"] = turn.standalone
        st.query_params["cite"] = str(number)


def _view(index: Index) -> View | None:
    """Return the open source, None if none is open."""
    try:
        return _source(index)
    except QuoteError as error:
        return notice_view("warning", "The paper has changed", error.message, error.remedy)
    except IndexMissing:  # a database that has another generation by now: the page opens it
        st.rerun()
    except LoccitError as error:
        return notice_view("error", "The paper cannot be read", error.message, error.remedy)


def _source(index: Index) -> View | None:
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
    document = index.documents[source.document_id]
    whole: bool = st.session_state.get("whole", True)
    same = {number: item for number, item in enumerate(sources, 1) if item.document_id == document.id}
    pdf = _pdf(index, document, same)
    drawn = whole and pdf is not None and "lost" not in pdf
    view = source_view(document, turn.answer, chosen.number, turn.key, whole=whole and not drawn)
    return view | {"whole": whole, "pdf": pdf} | ({"blocks": []} if drawn else {})


def _pdf(index: Index, document: Document, sources: Mapping[int, Citation | Nearby]) -> View | None:
    """Return what the PDF viewer shows; None if there is no PDF, or no viewer."""
    view = documents.pdf_view(document, sources)
    if view is None or "lost" in view:
        return view
    key: str = st.session_state.setdefault("annotating", secrets.token_urlsafe(16))
    return view | {"annotated": documents.annotated_address(document.id, key, index, _answers())}


def _answers() -> list[Answer]:
    """Return the answers of the conversation, and of the evidence table."""
    turns: list[Turn | None] = [*state.chat().turns, state.turn(state.TABLE)]
    return [turn.answer for turn in turns if turn and turn.answer]
