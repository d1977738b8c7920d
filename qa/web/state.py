"""The conversation of a browser session, and what is kept of it.

Conversations are kept by ``qa.files.conversations``: those of a signed-in person for that person only,
without sign-in for this machine. The URL names the conversation (``c``), never its owner, so a shared link
opens nobody else's. What cannot be kept stays in the session, with the reason.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import streamlit as st

from index.errors import StorageError
from qa.conversation import Conversation, LastAnswer
from qa.files.conversations import Conversations, Stored
from qa.files.resources import kept_folder
from qa.records import Answer, from_json

TABLE = "table"  #: key under which the sources of the evidence table are opened
#: Failure of a question until its answer is there: shown if the server stops meanwhile.
INTERRUPTED = ("There is no answer yet, or it was interrupted.", "Ask again.")
_UNREADABLE = ("This answer was stored by another version of Loccit, or is damaged.", "Ask again.")
_OFF = "keeping is switched off."


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to answer now."""

    question: str
    standalone: bool = False  #: ask it without the context of earlier questions
    paper: str = ""  #: id of the paper to ask; empty for those selected


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer, or with the error that prevented one."""

    key: str  #: unique in the chat
    question: str
    answer: Answer | None
    scope: str = ""  #: which papers were asked, unless all were
    documents: frozenset[str] | None = None  #: their ids; None for all
    failure: tuple[str, str] = ("", "")  #: message and remedy
    asked: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))  #: ISO 8601

    @property
    def standalone(self) -> str:
        """The question rewritten to need no earlier one."""
        return self.answer.resolved_question if self.answer else self.question

    @property
    def said(self) -> str:
        """Question and quotes, which a search of the conversations looks in."""
        quotes = [one.quote for one in self.answer.citations] if self.answer else []
        return "\n".join((self.question, *quotes))


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored of a turn."""

    turn: Turn
    judged: bool | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The source that the panel shows."""

    turn: str  #: key of the turn, or ``TABLE``
    number: int  #: of the citation or passage nearby, from 1


def new_key() -> str:
    """Return a key that no other chat or turn has, also in other windows."""
    return secrets.token_hex(4)


@dataclass(slots=True)
class Chat:
    """A conversation on the page, and what it shows. Mutable."""

    key: str = field(default_factory=new_key)  #: its name in the URL
    turns: list[Turn] = field(default_factory=list)  #: oldest first
    judged: dict[str, bool] = field(default_factory=dict)  #: whether an answer was judged right, by turn key
    unsaved: dict[str, str] = field(default_factory=dict)  #: why a judgement was not saved, by turn key
    chosen: Chosen | None = None
    revision: int = 0  #: as stored; 0 if the chat is not
    stored: set[str] = field(default_factory=set)  #: keys of the turns that are stored
    unkept: str = ""  #: why the chat is not kept

    @property
    def conversation(self) -> Conversation:
        """The questions and the last answer, for a follow-up."""
        answers = [turn.answer for turn in self.turns if turn.answer]
        last = LastAnswer.of(answers[-1]) if answers else None
        return Conversation(tuple(answer.question for answer in answers), last)

    def take(self, stored: Stored) -> None:
        """Take over the stored turns; those that could not be stored stay last."""
        kept = {key: _kept(key, body) for key, body in stored.turns}
        self.turns = [one.turn for one in kept.values()] + [one for one in self.turns if one.key not in kept]
        self.judged = {key: one.judged for key, one in kept.items() if one.judged is not None}
        self.revision, self.stored = stored.revision, set(kept)

    def body(self, turn: Turn) -> str:
        """Return what is stored of a turn, as JSON."""
        kept = Kept(turn, self.judged.get(turn.key))
        return json.dumps(asdict(kept), ensure_ascii=False, default=sorted)  # sets are sorted


def _kept(key: str, body: str) -> Kept:
    """Return a stored turn; of one that cannot be read, the question."""
    try:
        return from_json(Kept, body)
    except ValueError:
        question = ""
        with suppress(ValueError, KeyError, TypeError):
            question = str(json.loads(body)["turn"]["question"])
        return Kept(Turn(key, question, None, failure=_UNREADABLE), None)


def owner() -> str:
    """Return whose conversations this session sees: a signed-in person's, or those of this machine."""
    if st.user.get("is_logged_in", False):
        return f"person {st.user.get('iss', '')} {st.user.get('sub', '')}"
    return ""


def store() -> Conversations:
    """Return the stored conversations of this session's owner."""
    return Conversations(kept_folder(), owner())


@contextmanager
def _noting(chat: Chat) -> Iterator[None]:
    """Note in ``chat`` why it cannot be kept."""
    try:
        yield
    except StorageError as error:
        chat.unkept = str(error)


def chat() -> Chat:
    """Return the current chat; after a reload or a restart, the one that the URL names."""
    current: Chat | None = st.session_state.get("chat")
    if current is None:
        current = _stored(st.query_params.get("c", ""))
        st.session_state["chat"] = current
        st.session_state["begun"] = bool(current.turns)
        _open_cited(current)
    return current


def _stored(key: str) -> Chat:
    """Return the stored chat ``key``; a new one if there is none or it cannot be read."""
    found = Chat()
    with _noting(found):
        if key and (stored := store().find(key)):
            found.key = key
            found.take(stored)
    return found


def _open_cited(chat: Chat) -> None:
    """Open the source that the URL names if the chat has its question, else the first of the last answer."""
    question, number = st.query_params.get("q", "").strip(), cited()
    named = [turn for turn in chat.turns if number and question in (turn.question, turn.standalone)]
    if named:
        chat.chosen = Chosen(named[-1].key, number)
    elif chat.turns and (last := chat.turns[-1]).answer and last.answer.citations:
        chat.chosen = Chosen(last.key, 1)


def cited() -> int:
    """Return the number of the source that the URL names, or 0."""
    value: str = st.query_params.get("cite", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0


def refresh() -> None:
    """Take over what other windows changed in the chat, and name it in the URL. Once per run of a page."""
    current = chat()
    if current.revision:
        with _noting(current):
            revision = store().revision(current.key)
            if not revision and store().path.exists():  # deleted, in another window
                forget()
            elif revision != current.revision and (stored := store().find(current.key)):
                current.take(stored)
    _name()


def put(turn: Turn, current: Chat) -> None:
    """Add a turn to the chat, or replace the one with its key, and keep it.

    The session is used last: there Streamlit ends a run that a later one, already at work, replaces.
    """
    turns = current.turns
    at = next((at for at, one in enumerate(turns) if one.key == turn.key), len(turns))
    turns[at : at + 1] = [turn]
    keep(turn.key, current)
    st.session_state["begun"] = True
    _name()


def keep(key: str, current: Chat) -> None:
    """Store the turn with that key again, and those that could not be stored before."""
    with _noting(current):
        current.unkept = _OFF
        if store().keeping:
            current.unkept = ""
            waiting = [one for one in current.turns if one.key == key or one.key not in current.stored]
            if not all(_store(current, turn) for turn in waiting):
                # It was deleted in another window, and stays so: what was asked since is a new one.
                current.key, current.revision, current.turns, current.stored = new_key(), 0, waiting, set()
                all(_store(current, turn) for turn in waiting)


def _store(current: Chat, turn: Turn) -> bool:
    """Store a turn; return False if the chat has been deleted."""
    title = "" if current.revision else current.turns[0].question
    revision = store().put(current.key, turn.key, current.body(turn), turn.said, title=title)
    if revision:
        current.revision = revision
        current.stored.add(turn.key)
    return bool(revision)


def _name() -> None:
    """Put the chat into the URL of every page, so that a reload finds it."""
    if not chat().turns:
        return
    if chat().revision:
        st.query_params["c"] = chat().key
    if "q" not in st.query_params:  # changing pages removes it from the URL
        st.query_params["q"] = chat().turns[-1].standalone


def reopen(key: str) -> None:
    """Return to a stored conversation."""
    earlier = _stored(key)
    forget()
    st.session_state["chat"] = earlier
    st.session_state["begun"] = True
    _open_cited(earlier)
    _name()


def turn(key: str) -> Turn | None:
    """Return the turn with that key; for ``TABLE`` the sources of the evidence table."""
    if key == TABLE:
        table: Turn | None = st.session_state.get(TABLE)
        return table
    return next((item for item in chat().turns if item.key == key), None)


def forget() -> None:
    """Start a new chat."""
    for key in ("shown", "sheet", "correcting"):
        st.session_state.pop(key, None)
    st.session_state["chat"] = Chat()
    for key in ("q", "cite", "c"):
        st.query_params.pop(key, None)
