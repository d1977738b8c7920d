"""Chats that outlive a reload of the page, kept in the server's memory and for their owner only.

A browser is known by a random cookie that scripts cannot read (``qa.web.server``
sets it), a signed-in person by who the sign-in says they are. The address names the
chat (``c``), never its owner: a link in other hands opens nobody's history.
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

KEPT = 500  #: chats held at once, of all owners; the one unused for longest gives way


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it: an answer, or a failure in words."""

    key: str  #: counts the chat's questions from "1"
    question: str
    answer: Answer | None
    scope: str = ""  #: which papers were asked, where not all were
    documents: frozenset[str] | None = None  #: their ids
    failure: tuple[str, str] = ("", "")  #: message and remedy

    @property
    def standalone(self) -> str:
        """The question as it is asked without those before it."""
        return self.answer.resolved_question if self.answer else self.question


@dataclass(frozen=True, slots=True)
class Chosen:
    """The source that is open."""

    turn: str  #: key of the turn, or of its table
    number: int  #: of the citation, or near miss, from 1


@dataclass(slots=True)
class Chat:
    """A conversation on the page: its turns and what is looked at. Changes as it goes on."""

    key: str = field(default_factory=lambda: secrets.token_hex(4))  #: its name in the address
    turns: list[Turn] = field(default_factory=list)  #: oldest first
    tables: dict[str, EvidenceTable] = field(default_factory=dict)  #: by key of the turn
    judged: dict[str, bool] = field(default_factory=dict)  #: by key of the turn
    unsaved: dict[str, str] = field(default_factory=dict)  #: why a judgement was not kept, likewise
    chosen: Chosen | None = None

    @property
    def conversation(self) -> Conversation:
        """What was asked and answered so far, for the next question to follow up."""
        answers = [turn.answer for turn in self.turns if turn.answer]
        last = LastAnswer.of(answers[-1]) if answers else None
        return Conversation(tuple(answer.question for answer in answers), last)


class History:
    """All chats of this server. Safe in threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], Chat] = OrderedDict()

    def find(self, owner: str, key: str) -> Chat | None:
        """Return the chat ``key`` of ``owner``; None if there is none, or ``owner`` is empty."""
        with self._lock:
            found = self._held.get((owner, key)) if owner else None
            if found:
                self._held.move_to_end((owner, key))
            return found

    def keep(self, owner: str, chat: Chat) -> None:
        """Hold a chat for its owner; nothing is held if ``owner`` is empty."""
        if not owner:
            return
        with self._lock:
            self._held[owner, chat.key] = chat
            self._held.move_to_end((owner, chat.key))
            while len(self._held) > self._kept:
                self._held.popitem(last=False)

    def of(self, owner: str) -> list[Chat]:
        """Return the chats of ``owner``, the one used last first."""
        with self._lock:
            return [item for (who, _), item in reversed(self._held.items()) if owner and who == owner]


@st.cache_resource(show_spinner=False)
def history() -> History:
    """Return the one history of this process."""
    return History()


def owner() -> str:
    """Return whose chats are shown: of a signed-in person, else of this browser; "" if not known."""
    if st.user.get("is_logged_in", False):
        return f"person {st.user.get('iss', '')} {st.user.get('sub', '')}"
    token = st.context.cookies.get(COOKIE, "")
    return f"browser {token}" if token else ""
