"""The Ask page: the conversation, and the open source beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from index.errors import LoccitError
from qa.conversation import Conversation
from qa.files.examples import examples
from qa.show.export import as_text
from qa.show.present import answer_view, notice_view
from qa.understand.question import LONGEST
from qa.web import library, sign_in, state
from qa.web.component import show, show_error, show_title
from qa.web.history import Chosen, Turn
from qa.web.pages.evidence import evidence
from qa.web.pages.panel import opened, panel, sheet
from qa.web.pages.toolbar import exports, scope, scope_words
from qa.web.state import Asked

if TYPE_CHECKING:
    from qa.answer import Answerer
    from qa.web.pages.toolbar import Scope

_INTRO = "Loccit answers with verbatim quotes and their exact places, or says that the papers do not answer."
_TITLE = "Ask the papers"


def page() -> None:
    """Draw the page and answer the question that was just asked."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        answerer = _answerer()
    asked = _asked(enabled=answerer is not None)
    if answerer is None:  # the conversation stays readable
        with left:
            _conversation(None)
        return
    turns = state.chat().turns
    with left:
        chosen = scope(answerer, begun=bool(turns or asked))
        if not turns and not asked:
            _empty_chat(answerer)
        _conversation(answerer, room=1 if asked else 0)
        if asked:
            _answer(answerer, asked, chosen)
    if turns:
        with chosen.place:
            exports(answerer)
    with right:
        panel(answerer.index)
    if st.session_state.pop("sheet", False):
        sheet(answerer.index)


def _asked(*, enabled: bool) -> Asked | None:
    """Return the question that was just typed, edited, picked from the examples, or linked to."""
    typed = st.chat_input(
        "Ask about the papers", key="ask", max_chars=LONGEST, submit_mode="disable", disabled=not enabled
    )
    waiting: Asked | None = st.session_state.pop("asking", None)
    if not enabled:
        return None
    return Asked(typed) if typed else waiting or _linked()


def _linked() -> Asked | None:
    """Return the question of the URL, once per session."""
    if state.chat().turns or st.session_state.get("begun"):
        return None
    question = st.query_params.get("q", "").strip()
    return Asked(question[:LONGEST], standalone=True) if question else None


def _answerer() -> Answerer | None:
    """Return the answerer; if there is none, show why and what to do."""
    try:
        answerer = library.current()
    except LoccitError as error:
        show_title(_TITLE, "", "intro-failed")
        show_error("Questions cannot be answered yet", error, "failed")
        return None
    for at, warning in enumerate(answerer.index.warnings):
        view = notice_view("warning", "The index was damaged", warning, "Rebuild it: loccit build")
        show(view, f"damage-{at}")
    return answerer


def _empty_chat(answerer: Answerer) -> None:
    show_title(_TITLE, _INTRO, "intro")
    st.pills("Try one of these", examples(answerer.index), key="pill", on_change=_take_example)
    sign_in.show_privacy()


def _take_example() -> None:
    state.ask(st.session_state["pill"])
    st.session_state["pill"] = None


def _conversation(answerer: Answerer | None, room: int = 0) -> None:
    """Draw the last turns, less ``room`` for new ones."""
    turns = state.chat().turns
    if turns:
        show({"view": "intro", "title": _TITLE, "message": "", "compact": True}, "intro-compact")
    most = state.shown() - room
    hidden = len(turns) - most
    if hidden > 0:
        st.button(f"Show earlier questions ({hidden})", on_click=state.show_earlier, type="tertiary")
    for turn in turns[-most:]:
        _draw(turn, answerer)


def _answer(answerer: Answerer, asked: Asked, chosen: Scope) -> None:
    """Answer a question, add it to the chat, draw it and open its first source."""
    question = asked.question
    key = str(len(state.chat().turns) + 1)
    place = st.empty()
    with place.container():
        show({"view": "asked", "question": question}, f"asked-{key}")
        with st.spinner("Reading the papers …"):
            turn = _turn(answerer, key, asked, chosen)
    place.empty()
    state.add(turn)
    state.chat().chosen = _first_source(turn, question)
    st.query_params["q"] = turn.standalone
    _draw(turn, answerer, announce=True)


def _first_source(turn: Turn, question: str) -> Chosen | None:
    """Return the source to open: the one that the URL cites for this question, else the first."""
    count = len(turn.answer.citations) if turn.answer else 0
    if st.query_params.get("q", "").strip() != question:
        st.query_params.pop("cite", None)
    number = state.cited() or 1
    return Chosen(turn.key, min(number, count)) if count else None


def _turn(answerer: Answerer, key: str, asked: Asked, chosen: Scope) -> Turn:
    documents = chosen.documents
    scoped = scope_words(answerer.index, documents, chosen.right)
    conversation = Conversation() if asked.standalone else state.chat().conversation
    try:
        if chosen.right is not None:
            answerer = answerer.as_sure(chosen.right)
        with library.in_turn():
            answer, _ = conversation.ask(answerer, asked.question, documents)
    except LoccitError as error:
        return Turn(key, asked.question, None, scoped, documents, (error.message, error.remedy))
    return Turn(key, asked.question, answer, scoped, documents)


def _draw(turn: Turn, answerer: Answerer | None, *, announce: bool = False) -> None:
    key = f"turn-{turn.key}"
    if turn.answer is None:
        view = notice_view("error", "This question could not be answered", *turn.failure)
        show(view | {"view": "failed", "question": turn.question}, key)
        return
    view = answer_view(turn.answer, turn.key, scope=turn.scope, copy=as_text(turn.answer))
    chat = state.chat()
    view |= {
        "chosen": chat.chosen.number if chat.chosen and chat.chosen.turn == turn.key else 0,
        "announce": announce,
        "judged": chat.judged.get(turn.key),
        "unsaved": chat.unsaved.get(turn.key, ""),
        "tabled": turn.key in chat.tables or st.session_state.get("tabling") == turn.key,
        "now": answerer.index.generation if answerer else view["generation"],
    }
    show(view, key, lambda: opened(key))
    if answerer:
        evidence(answerer, turn)
