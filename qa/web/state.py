"""What one browser session remembers: its chat, and what is to be done next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from qa.web.history import Chat, Chosen, Turn, history, owner

if TYPE_CHECKING:
    from qa.evidence_table import EvidenceTable

__all__ = ["Asked", "Chosen", "Turn"]

SHOWN = 10  #: answers drawn at once; all of a long conversation would slow every click
_TABLE = "-table"  #: ends the key by which the sources of a turn's evidence table are opened


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is to be answered now."""

    question: str
    standalone: bool = False  #: earlier questions are not read into it


def chat() -> Chat:
    """Return the chat at hand; after a reload, the one that the address names."""
    found: Chat | None = st.session_state.get("chat")
    if found is None:
        found = history().find(owner(), st.query_params.get("c", "")) or Chat()
        st.session_state["chat"] = found
        st.session_state["begun"] = bool(found.turns)
        _open_named(found)
    return found


def _open_named(chat: Chat) -> None:
    """Open the source that the address names, if the chat has its question."""
    question, number = st.query_params.get("q", "").strip(), cited()
    for turn in reversed(chat.turns):
        if number and question in (turn.question, turn.standalone):
            chat.chosen = Chosen(turn.key, number)
            return


def cited() -> int:
    """Return the number of the source that the address names; 0 if it names none."""
    named: str = st.query_params.get("cite", "")
    return int(named) if named.isascii() and named.isdigit() and len(named) < 4 else 0


def turns() -> list[Turn]:
    """Return the chat's turns, oldest first."""
    return chat().turns


def add(turn: Turn) -> None:
    """Add a turn, and keep the chat over a reload of the page."""
    found = chat()
    found.turns.append(turn)
    history().keep(owner(), found)
    st.session_state["begun"] = True
    name_chat()


def name_chat() -> None:
    """Name the chat in the address, on whichever page; drawing it again then finds it."""
    if not turns():
        return
    if owner():
        st.query_params["c"] = chat().key
    if "q" not in st.query_params:  # going to another page takes it out of the address
        st.query_params["q"] = turns()[-1].standalone


def reopen(key: str) -> None:
    """Go back to an earlier chat of the same owner."""
    found = history().find(owner(), key)
    if found:
        forget()
        st.session_state["chat"] = found
        name_chat()


def turn(key: str) -> Turn | None:
    """Return the turn with that key, its citations being those of its evidence table if it names that."""
    found = next((item for item in turns() if item.key == key.removesuffix(_TABLE)), None)
    made = table(key.removesuffix(_TABLE)) if key.endswith(_TABLE) else None
    if found is None or found.answer is None or made is None:
        return found
    return replace(found, key=key, answer=replace(found.answer, citations=made.citations))


def table(key: str) -> EvidenceTable | None:
    """Return the evidence table made for a turn; None if there is none."""
    return chat().tables.get(key)


def tabled(key: str) -> bool:
    """Tell whether a turn has an evidence table, or is about to get one."""
    return table(key) is not None or st.session_state.get("tabling") == key


def table_key(key: str) -> str:
    """Return the key by which the sources of a turn's table are opened."""
    return key + _TABLE


def in_table(key: str) -> bool:
    """Tell whether ``key`` is that of a turn's table."""
    return key.endswith(_TABLE)


def chosen() -> Chosen | None:
    """Return the source that is open; None if none is."""
    return chat().chosen


def choose(source: Chosen | None) -> None:
    """Open a source in the panel, or none."""
    chat().chosen = source


def ask(question: str, *, standalone: bool = False) -> None:
    """Have a question answered when the page is drawn next."""
    st.session_state["asking"] = Asked(question, standalone)


def asked() -> Asked | None:
    """Return, once, the question to be answered now."""
    found: Asked | None = st.session_state.pop("asking", None)
    return found


def judge(turn: str, helpful: bool) -> None:
    """Remember what was thought of an answer."""
    chat().judged[turn] = helpful
    chat().unsaved.pop(turn, None)


def not_judged(turn: str, why: str) -> None:
    """Remember why what was thought of an answer could not be kept."""
    chat().unsaved[turn] = why


def unsaved(turn: str) -> str:
    """Return why what was thought of an answer could not be kept; empty if it could."""
    return chat().unsaved.get(turn, "")


def judged(turn: str) -> bool | None:
    """Return what was thought of an answer; None if nothing was said."""
    return chat().judged.get(turn)


def shown() -> int:
    """Return how many of the last turns are drawn."""
    found: int = st.session_state.setdefault("shown", SHOWN)
    return found


def show_earlier() -> None:
    """Draw ten more turns."""
    st.session_state["shown"] = shown() + SHOWN


def forget() -> None:
    """Begin a new chat."""
    for key in ("shown", "sheet", "tabling"):
        st.session_state.pop(key, None)
    st.session_state["chat"] = Chat()
    for key in ("q", "cite", "c"):
        if key in st.query_params:
            del st.query_params[key]
