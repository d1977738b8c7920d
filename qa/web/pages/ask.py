"""The Ask page: the conversation, and the open source beside it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import streamlit as st

from index.errors import LoccitError, StorageError
from qa.answer import Answerer
from qa.conversation import Conversation
from qa.records import Answer
from qa.show.citation import references
from qa.show.export import as_text, one_quote
from qa.show.present import answer_view, notice_view, since
from qa.understand.parts import parts_of
from qa.understand.question import LONGEST
from qa.web import library, state
from qa.web.component import show, show_error
from qa.web.pages.conversations import menu, show_unkept
from qa.web.pages.correction import correction, show_saved
from qa.web.pages.first import TITLE, beside, suggest, title
from qa.web.pages.panel import opened, panel, sheet
from qa.web.pages.table import add_question
from qa.web.pages.toolbar import Scope, exports, scope, scope_words, style
from qa.web.state import Asked, Chat, Chosen, Turn

_SCOPE = ("papers", "years", "labels", "right")  #: query parameters of the toolbar
_AT_ONCE = 10  #: answers drawn at once; drawing a long conversation would slow every click


def page() -> None:
    """Draw the page and answer the question that was just asked."""
    starting = _starting()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        answerer = _answerer(starting=starting)
    # The question box is the first thing on an empty page; later it stays at the bottom.
    with left if starting else nullcontext():
        # A database that is down, or a disk, may be back by the next question.
        asked = _asked(enabled=isinstance(answerer, Answerer | StorageError))
    if isinstance(answerer, LoccitError):  # the conversation stays readable
        with left:
            menu(begun=bool(state.chat().turns))
            if asked:
                state.put(_failed(state.new_key(), asked, answerer), state.chat())
            else:
                show_error("Questions cannot be answered yet", answerer, "failed")
            _conversation(None)
        with right:
            beside(None)
        return
    _go_to_table()
    with left:
        if starting:
            suggest(answerer)
        chosen = scope(answerer, begun=not starting)
        _conversation(answerer, room=1 if asked else 0)
        if asked:
            _answer(answerer, asked, chosen)
        show_unkept()
        show_saved()
    if not starting:
        with chosen.place:
            exports(answerer)
    with right:
        panel(answerer.index)
    if st.session_state.pop("sheet", False):
        sheet(answerer.index)


def _go_to_table() -> None:
    """Open the evidence table with the question whose button was pressed, and the papers selected here.

    A follow-up is asked as it was searched, standing alone; two questions in one are two columns.
    """
    turn = state.turn(st.session_state.pop("to-table", ""))
    if turn:
        for question in parts_of(turn.standalone).questions:
            add_question(question)
        kept = {name: st.query_params.get_all(name) for name in _SCOPE if name in st.query_params}
        st.switch_page(st.session_state["pages"]["table"], query_params=kept)


def _starting() -> bool:
    """Tell whether nothing was asked yet."""
    asking = st.session_state.get("ask") or "asking" in st.session_state or _linked()
    return not (state.chat().turns or asking)


def _asked(*, enabled: bool) -> Asked | None:
    """Return the question that was just typed, edited, picked from the examples, or linked to."""
    # Not submit_mode="disable": the box stays disabled for good if the end of a fragment's run reaches the
    # browser together with the end of the page's. A second question waits for the first, see ``_answer``.
    typed = st.chat_input("Ask about the papers", key="ask", max_chars=LONGEST, disabled=not enabled)
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


def _answerer(*, starting: bool) -> Answerer | LoccitError:
    """Draw the title if the conversation is ``starting``; return the answerer, or why there is none."""
    if starting:
        title()
    try:
        answerer = library.current()
    except LoccitError as error:
        return error
    for at, warning in enumerate(answerer.index.warnings):
        view = notice_view("warning", "The index was damaged", warning, "Build it again: loccit build FOLDER")
        show(view, f"damage-{at}")
    for at, warning in enumerate(answerer.warnings[len(answerer.index.warnings) :]):
        show(notice_view("warning", "Your own thresholds", warning), f"calibration-{at}")
    return answerer


def _conversation(answerer: Answerer | None, room: int = 0) -> None:
    """Draw the last turns, less ``room`` for new ones."""
    turns = state.chat().turns
    if turns:
        show({"view": "intro", "title": TITLE, "message": "", "compact": True}, "intro-compact")
    most: int = st.session_state.setdefault("shown", _AT_ONCE)
    hidden = len(turns) - most + room
    if hidden > 0:
        more = {"shown": most + _AT_ONCE}
        words = f"Show earlier questions ({hidden})"
        st.button(words, on_click=st.session_state.update, args=[more], type="tertiary")
    for turn in turns[max(hidden, 0) :]:
        _draw(turn, answerer)


def _answer(answerer: Answerer, asked: Asked, chosen: Scope) -> None:
    """Answer a question, add it to the chat, draw it and open its first source."""
    question = asked.question
    key, chat = state.new_key(), state.chat()
    state.put(Turn(key, question, None, failure=state.INTERRUPTED), chat)
    place = st.empty()
    with place.container():
        show({"view": "asked", "question": question}, f"asked-{key}")
        with st.spinner("Reading the papers …"):
            earlier = chat.turns[:-1]
            turn = _turn(answerer, key, asked, chosen, chat)
            state.put(turn, chat)  # the run ends here if another question was sent meanwhile
    place.empty()
    chat.chosen = _first_source(turn, question)
    st.query_params["q"] = turn.standalone
    if chat.turns[: len(earlier)] != earlier:  # the one before was answered only now
        st.rerun()
    _draw(turn, answerer, announce=True)


def _first_source(turn: Turn, question: str) -> Chosen | None:
    """Return the source to open: the one that the URL cites for this question, else the first."""
    count = len(turn.answer.citations) if turn.answer else 0
    if st.query_params.get("q", "").strip() != question:
        st.query_params.pop("cite", None)
    number = state.cited() or 1
    return Chosen(turn.key, min(number, count)) if count else None


def _turn(answerer: Answerer, key: str, asked: Asked, chosen: Scope, chat: Chat) -> Turn:
    documents = frozenset((asked.paper,)) if asked.paper else chosen.documents
    scoped = scope_words(answerer.index, documents, chosen.right)
    try:
        if chosen.right is not None:
            answerer = answerer.as_sure(chosen.right)
        with library.TURN:
            conversation = Conversation() if asked.standalone else chat.conversation
            answer, _ = conversation.ask(answerer, asked.question, documents)
    except LoccitError as error:
        return replace(_failed(key, asked, error), scope=scoped, documents=documents)
    return Turn(key, asked.question, answer, scoped, documents)


def _failed(key: str, asked: Asked, error: LoccitError) -> Turn:
    return Turn(key, asked.question, None, failure=(error.message, error.remedy))


def _draw(turn: Turn, answerer: Answerer | None, *, announce: bool = False) -> None:
    key = f"turn-{turn.key}"
    if turn.answer is None:
        view = notice_view("error", "This question could not be answered", *turn.failure)
        show(view | {"view": "failed", "question": turn.question}, key)
        return
    view = answer_view(turn.answer, turn.key, scope=turn.scope, **_copies(turn.answer, answerer))
    chat = state.chat()
    names = answerer.index.names if answerer else {}
    view |= {
        "which": [{"id": key, "name": names[key]} for key in turn.answer.which if key in names],
        "chosen": chat.chosen.number if chat.chosen and chat.chosen.turn == turn.key else 0,
        "announce": announce,
        "last": turn.key == chat.turns[-1].key,  # shown from its beginning when a conversation is opened
        "judged": chat.judged.get(turn.key),
        "unsaved": chat.unsaved.get(turn.key, ""),
        "since": since(turn.answer, answerer.index) if answerer else [],
        "asked": turn.asked,
    }
    show(view, key, lambda: opened(key))
    if answerer and st.session_state.get("correcting") == turn.key:
        correction(answerer, turn)


def _copies(answer: Answer, answerer: Answerer | None) -> dict[str, Any]:
    """Return what the copy buttons copy: the answer, and each quote by number, with references."""
    documents = answerer.index.documents if answerer else {}
    keys = library.citation_keys(answerer.index) if answerer else {}
    cited = references(answer.citations, documents, keys)
    return {
        "copy": as_text([answer], cited, style()),
        "copies": {
            one.number: one_quote(answer, one, cited[one.document_id], style()) for one in answer.citations
        },
    }
