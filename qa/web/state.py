"""Conversations: the chat of a browser session, and the chats kept in memory for a reload of the page.

A chat is visible to its owner only: a signed-in person, or a browser with its random cookie (set by
``qa.web.server``, not readable by scripts). The URL names the chat (``c``), never its owner, so a shared link
opens nobody's history.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from qa.conversation import Conversation, LastAnswer
from qa.web.server import COOKIE

if TYPE_CHECKING:
    from qa.records import Answer

TABLE = "table"  #: key under which the sources of the evidence table are opened


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to answer now."""

    question: str
    standalone: bool = False  #: ask it without the context of earlier questions
    paper: str = ""  #: id of the paper to ask; empty for those selected


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer, or with the error that prevented one."""

    key: str  #: number of the question in the chat, from "1"
    question: str
    answer: Answer | None
    scope: str = ""  #: which papers were asked, unless all were
    documents: frozenset[str] | None = None  #: their ids; None for all
    failure: tuple[str, str] = ("", "")  #: message and remedy

    @property
    def standalone(self) -> str:
        """The question rewritten to need no earlier one."""
        return self.answer.resolved_question if self.answer else self.question


@dataclass(frozen=True, slots=True)
class Chosen:
    """The source that the panel shows."""

    turn: str  #: key of the turn, or ``TABLE``
    number: int  #: of the citation or passage nearby, from 1


@dataclass(slots=True)
class Chat:
    """A conversation on the page, and what it shows. Mutable."""

    key: str = field(default_factory=lambda: secrets.token_hex(4))  #: its name in the URL
    turns: list[Turn] = field(default_factory=list)  #: oldest first
    judged: dict[str, bool] = field(default_factory=dict)  #: whether an answer was judged right, by turn key
    unsaved: dict[str, str] = field(default_factory=dict)  #: why a judgement was not saved, by turn key
    chosen: Chosen | None = None

    @property
    def conversation(self) -> Conversation:
        """The questions and the last answer, for a follow-up."""
        answers = [turn.answer for turn in self.turns if turn.answer]
        last = LastAnswer.of(answers[-1]) if answers else None
        return Conversation(tuple(answer.question for answer in answers), last)


class History:
    """All chats of this server, at most ``kept``; the least recently used is dropped. Thread-safe."""

    def __init__(self, kept: int = 500) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], Chat] = OrderedDict()

    def find(self, owner: str, key: str) -> Chat | None:
        """Return the chat ``key`` of ``owner``, None if there is none."""
        with self._lock:
            chat = self._held.get((owner, key))
            if chat:
                self._held.move_to_end((owner, key))
            return chat

    def keep(self, owner: str, chat: Chat) -> None:
        """Keep a chat for its owner; do nothing if ``owner`` is empty."""
        if not owner:
            return
        with self._lock:
            self._held[owner, chat.key] = chat
            self._held.move_to_end((owner, chat.key))
            while len(self._held) > self._kept:
                self._held.popitem(last=False)

    def of(self, owner: str) -> list[Chat]:
        """Return the chats of ``owner``, most recently used first."""
        with self._lock:
            return [chat for (who, _), chat in reversed(self._held.items()) if who == owner]


@st.cache_resource(show_spinner=False)
def history() -> History:
    """Return this server's history."""
    return History()


def owner() -> str:
    """Return the owner of this session's chats: a signed-in person or a browser; empty if unknown."""
    if st.user.get("is_logged_in", False):
        return f"person {st.user.get('iss', '')} {st.user.get('sub', '')}"
    token = st.context.cookies.get(COOKIE, "")
    return f"browser {token}" if token else ""


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
    """Return the turn with that key; for ``TABLE`` the sources of the evidence table."""
    if key == TABLE:
        table: Turn | None = st.session_state.get(TABLE)
        return table
    return next((item for item in chat().turns if item.key == key), None)


def forget() -> None:
    """Start a new chat."""
    for key in ("shown", "sheet"):
        st.session_state.pop(key, None)
    st.session_state["chat"] = Chat()
    for key in ("q", "cite", "c"):
        st.query_params.pop(key, None)
