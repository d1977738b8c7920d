"""The Ask page: the conversation, and beside it the source that is open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import LoccitError
from qa.examples import examples
from qa.export import as_bibtex, as_json_text, as_markdown, as_ris, as_text
from qa.present import answer_view, notice_view
from qa.question import LONGEST
from qa.session import ask
from qa.web import library, state
from qa.web.component import show
from qa.web.panel import opened, panel, sheet
from qa.web.state import Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.answer import Answerer
    from qa.records import Answer

_INTRO = (
    "Loccit answers in the papers’ own words: quotes with their exact place, or the statement "
    "that the papers do not say."
)


def page() -> None:
    """Draw the page, and answer the question that was just asked."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        answerer = _answerer()
    asked = _asked(enabled=answerer is not None)
    if answerer is None:  # the conversation stays readable
        with left:
            _conversation()
        return
    with left:
        documents = _scope(answerer, begun=bool(state.turns() or asked))
        if not state.turns() and not asked:
            _empty_chat(answerer)
        _conversation(room=1 if asked else 0)
        if asked:
            _answer(answerer, asked, documents)
    with right:
        panel(answerer.index)
    if st.session_state.pop("sheet", False):
        sheet(answerer.index)


def _asked(*, enabled: bool) -> str | None:
    """Return the question that was just asked, typed or taken from the examples."""
    typed = st.chat_input(
        "Ask about the papers", key="ask", max_chars=LONGEST, submit_mode="disable", disabled=not enabled
    )
    example: str | None = st.session_state.pop("example", None)
    return (typed or example or _linked()) if enabled else None


def _linked() -> str | None:
    """Return the question that the address names, once: a link opens it, and so does a reload."""
    if state.turns() or st.session_state.get("begun"):
        return None
    question = st.query_params.get("q", "").strip()
    return question[:LONGEST] or None


def _answerer() -> Answerer | None:
    """Return what answers; where nothing can, say why and what to do."""
    try:
        answerer = library.current()
    except LoccitError as error:
        show({"view": "intro", "title": "Ask the papers", "message": ""}, "intro-failed")
        show(notice_view("error", "No questions can be answered yet", error.message, error.remedy), "failed")
        return None
    for at, warning in enumerate(answerer.index.warnings):
        view = notice_view("warning", "The index was damaged", warning, "Rebuild it: loccit build")
        show(view, f"damage-{at}")
    return answerer


def _scope(answerer: Answerer, *, begun: bool) -> frozenset[str] | None:
    """Let the papers be chosen; return their ids, None for all."""
    labels = library.paper_labels(answerer.index)
    count = len(labels)
    names = {f"{key[:12]}": key for key in labels}
    with st.container(key="toolbar", horizontal=True, vertical_alignment="center"):
        chosen = st.multiselect(
            "Papers to ask",
            list(names),
            format_func=lambda short: labels[names[short]],
            key="papers",
            bind="query-params",
            placeholder=f"All {count} papers" if count > 1 else "The one paper",
            label_visibility="collapsed",
        )
        if begun:
            _export(answerer)
            st.button("New conversation", on_click=state.forget)
    return frozenset(names[short] for short in chosen) if chosen else None


def _export(answerer: Answerer) -> None:
    """Offer the conversation as files, each made when it is asked for."""
    documents = answerer.index.documents
    formats: tuple[tuple[str, str, str, Callable[[list[Answer]], str]], ...] = (
        ("Markdown", "md", "text/markdown", as_markdown),
        ("JSON, with receipts", "json", "application/json", as_json_text),
        ("BibTeX, with quotes", "bib", "application/x-bibtex", lambda found: as_bibtex(found, documents)),
        (
            "RIS, with quotes",
            "ris",
            "application/x-research-info-systems",
            lambda found: as_ris(found, documents),
        ),
    )
    with st.popover("Export"):
        last = st.toggle("Only the last answer", key="export-last")
        for label, ending, mime, write in formats:
            st.download_button(
                label,
                partial(_written, write, last=last),
                file_name=f"loccit-conversation.{ending}",
                mime=mime,
                on_click="ignore",
                width="stretch",
            )


def _written(write: Callable[[list[Answer]], str], *, last: bool) -> str:
    return write(state.answers()[-1 if last else 0 :])


def _empty_chat(answerer: Answerer) -> None:
    show({"view": "intro", "title": "Ask the papers", "message": _INTRO}, "intro")
    st.pills("Try one of these", examples(answerer.index), key="pill", on_change=_take_example)


def _take_example() -> None:
    st.session_state["example"] = st.session_state["pill"]
    st.session_state["pill"] = None


def _conversation(room: int = 0) -> None:
    """Draw the last turns, leaving room for so many more."""
    turns = state.turns()
    if turns:
        show({"view": "intro", "title": "Ask the papers", "message": "", "compact": True}, "intro-compact")
    most = state.shown() - room
    hidden = len(turns) - most
    if hidden > 0:
        st.button(f"Show earlier questions ({hidden})", on_click=state.show_earlier, type="tertiary")
    for turn in turns[-most:]:
        _draw(turn)


def _answer(answerer: Answerer, question: str, documents: frozenset[str] | None) -> None:
    """Answer ``question``, remember it and draw it; its first source is opened."""
    turns = state.turns()
    key = str(len(turns) + 1)
    place = st.empty()
    with place.container():
        show({"view": "asked", "question": question}, f"asked-{key}")
        with st.spinner("Reading the papers …"):
            turn = _turn(answerer, key, question, documents)
    place.empty()
    turns.append(turn)
    st.session_state["begun"] = True
    state.choose(_first_source(turn, question))
    st.query_params["q"] = question
    _draw(turn, announce=True)


def _first_source(turn: Turn, question: str) -> state.Chosen | None:
    """Return the source to open: the one that the address names with this question, else the first."""
    count = len(turn.answer.citations) if turn.answer else 0
    named = st.query_params.get("cite", "") if st.query_params.get("q", "").strip() == question else ""
    number = int(named) if named.isascii() and named.isdigit() and len(named) < 4 else 1
    if "cite" in st.query_params and not named:
        del st.query_params["cite"]
    return state.Chosen(turn.key, min(max(number, 1), count)) if count else None


def _turn(answerer: Answerer, key: str, question: str, documents: frozenset[str] | None) -> Turn:
    names = answerer.index.names
    scope = "Asked only: " + "; ".join(names[item] for item in sorted(documents)) if documents else ""
    history = [turn.question for turn in state.turns() if turn.answer]
    try:
        answer = ask(answerer, question, history, documents)
    except LoccitError as error:
        return Turn(key, question, None, scope, (error.message, error.remedy))
    return Turn(key, question, answer, scope)


def _draw(turn: Turn, *, announce: bool = False) -> None:
    key = f"turn-{turn.key}"
    if turn.answer is None:
        view = notice_view("error", "This question could not be answered", *turn.failure)
        show(view | {"view": "failed", "question": turn.question}, key)
        return
    view = answer_view(turn.answer, turn.key, scope=turn.scope, copy=as_text(turn.answer))
    chosen = state.chosen()
    view["chosen"] = chosen.number if chosen and chosen.turn == turn.key else 0
    view["announce"] = announce
    view["judged"] = state.judged(turn.key)
    show(view, key, lambda: opened(key))
