"""State of one browser session: its chat and the question to answer next."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from qa.web.history import Chat, Chosen, Turn, history, owner

SHOWN = 10  #: answers drawn at once; drawing a long conversation would slow every click
TABLE = "-table"  #: suffix of the key under which the sources of a turn's evidence table are opened


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to answer now."""

    question: str
    standalone: bool = False  #: ask it without the context of earlier questions


def chat() -> Chat:
    """Return the current chat; after a reload, the one that the URL names."""
    current: Chat | None = st.session_state.get("chat")
    if current is None:
        current = history().find(owner(), st.query_params.get("c", "")) or Chat()
        st.session_state["chat"] = current
        st.session_state["begun"] = bool(current.turns)
        _open_cited(current)
    return current


def _open_cited(chat: Chat) -> None:
    """Open the source that the URL names, if the chat has its question."""
    question, number = st.query_params.get("q", "").strip(), cited()
    for turn in reversed(chat.turns):
        if number and question in (turn.question, turn.standalone):
            chat.chosen = Chosen(turn.key, number)
            return


def cited() -> int:
    """Return the number of the source that the URL names, or 0."""
    value: str = st.query_params.get("cite", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0


def add(turn: Turn) -> None:
    """Add a turn to the chat and keep the chat for a reload."""
    chat().turns.append(turn)
    history().keep(owner(), chat())
    st.session_state["begun"] = True
    name_chat()


def name_chat() -> None:
    """Put the chat into the URL of every page, so that a reload finds it."""
    if not chat().turns:
        return
    if owner():
        st.query_params["c"] = chat().key
    if "q" not in st.query_params:  # changing pages removes it from the URL
        st.query_params["q"] = chat().turns[-1].standalone


def reopen(key: str) -> None:
    """Return to an earlier chat of the same owner."""
    earlier = history().find(owner(), key)
    if earlier:
        forget()
        st.session_state["chat"] = earlier
        name_chat()


def turn(key: str) -> Turn | None:
    """Return the turn with that key; the key of a table gives its turn with the table's citations."""
    asked = next((item for item in chat().turns if item.key == key.removesuffix(TABLE)), None)
    table = chat().tables.get(key.removesuffix(TABLE)) if key.endswith(TABLE) else None
    if asked is None or asked.answer is None or table is None:
        return asked
    return replace(asked, key=key, answer=replace(asked.answer, citations=table.citations))


def ask(question: str, *, standalone: bool = False) -> None:
    """Answer a question when the page is drawn next."""
    st.session_state["asking"] = Asked(question, standalone)


def shown() -> int:
    """Return how many of the last turns are drawn."""
    count: int = st.session_state.setdefault("shown", SHOWN)
    return count


def show_earlier() -> None:
    """Draw ten more turns."""
    st.session_state["shown"] = shown() + SHOWN


def forget() -> None:
    """Start a new chat."""
    for key in ("shown", "sheet", "tabling"):
        st.session_state.pop(key, None)
    st.session_state["chat"] = Chat()
    for key in ("q", "cite", "c"):
        if key in st.query_params:
            del st.query_params[key]
