"""Conversations that survive a reload of the page, kept in memory and visible to their owner only.

The owner is a signed-in person, or a browser with its random cookie (set by
``qa.web.server``, not readable by scripts). The URL names the chat (``c``), never its
owner, so a shared link opens nobody's history.
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
    from qa.evidence_table import EvidenceTable
    from qa.records import Answer

KEPT = 500  #: chats kept at once, over all owners; the least recently used is dropped


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

    turn: str  #: key of the turn or of its evidence table
    number: int  #: of the citation or near miss, from 1


@dataclass(slots=True)
class Chat:
    """A conversation on the page, and what it shows. Mutable."""

    key: str = field(default_factory=lambda: secrets.token_hex(4))  #: its name in the URL
    turns: list[Turn] = field(default_factory=list)  #: oldest first
    tables: dict[str, EvidenceTable] = field(default_factory=dict)  #: by turn key
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
    """All chats of this server. Thread-safe."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], Chat] = OrderedDict()

    def find(self, owner: str, key: str) -> Chat | None:
        """Return the chat ``key`` of ``owner``; None if it does not exist or ``owner`` is empty."""
        with self._lock:
            chat = self._held.get((owner, key)) if owner else None
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
            return [item for (who, _), item in reversed(self._held.items()) if owner and who == owner]


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
