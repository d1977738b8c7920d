"""What one browser session remembers: its conversation, and what is to be done next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from qa.web.history import Chosen, Conversation, Turn, history, owner

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


def conversation() -> Conversation:
    """Return the conversation at hand; after a reload, the one that the address names."""
    found: Conversation | None = st.session_state.get("conversation")
    if found is None:
        found = history().find(owner(), st.query_params.get("c", "")) or Conversation()
        st.session_state["conversation"] = found
        st.session_state["begun"] = bool(found.turns)
        _open_named(found)
    return found


def _open_named(conversation: Conversation) -> None:
    """Open the source that the address names, where the conversation has its question."""
    question, number = st.query_params.get("q", "").strip(), cited()
    for turn in reversed(conversation.turns):
        if number and question in (turn.question, turn.standalone):
            conversation.chosen = Chosen(turn.key, number)
            return


def cited() -> int:
    """Return the number of the source that the address names; 0 if it names none."""
    named: str = st.query_params.get("cite", "")
    return int(named) if named.isascii() and named.isdigit() and len(named) < 4 else 0


def turns() -> list[Turn]:
    """Return the conversation's turns, oldest first."""
    return conversation().turns


def add(turn: Turn) -> None:
    """Add a turn, and keep the conversation over a reload of the page."""
    found = conversation()
    found.turns.append(turn)
    history().keep(owner(), found)
    st.session_state["begun"] = True
    name_conversation()


def name_conversation() -> None:
    """Name the conversation in the address, on whichever page; drawing it again then finds it."""
    if not turns():
        return
    if owner():
        st.query_params["c"] = conversation().key
    if "q" not in st.query_params:  # going to another page takes it out of the address
        st.query_params["q"] = turns()[-1].standalone


def reopen(key: str) -> None:
    """Go back to an earlier conversation of the same owner."""
    found = history().find(owner(), key)
    if found:
        forget()
        st.session_state["conversation"] = found
        name_conversation()


def turn(key: str) -> Turn | None:
    """Return the turn with that key, its citations being those of its evidence table if it names that."""
    found = next((item for item in turns() if item.key == key.removesuffix(_TABLE)), None)
    made = table(key.removesuffix(_TABLE)) if key.endswith(_TABLE) else None
    if found is None or found.answer is None or made is None:
        return found
    return replace(found, key=key, answer=replace(found.answer, citations=made.citations))


def table(key: str) -> EvidenceTable | None:
    """Return the evidence table made for a turn; None if there is none."""
    return conversation().tables.get(key)


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
    return conversation().chosen


def choose(source: Chosen | None) -> None:
    """Open a source in the panel, or none."""
    conversation().chosen = source


def ask(question: str, *, standalone: bool = False) -> None:
    """Have a question answered when the page is drawn next."""
    st.session_state["asking"] = Asked(question, standalone)


def asked() -> Asked | None:
    """Return, once, the question to be answered now."""
    found: Asked | None = st.session_state.pop("asking", None)
    return found


def judge(turn: str, helpful: bool) -> None:
    """Remember what was thought of an answer."""
    conversation().judged[turn] = helpful
    conversation().unsaved.pop(turn, None)


def not_judged(turn: str, why: str) -> None:
    """Remember why what was thought of an answer could not be kept."""
    conversation().unsaved[turn] = why


def unsaved(turn: str) -> str:
    """Return why what was thought of an answer could not be kept; empty if it could."""
    return conversation().unsaved.get(turn, "")


def judged(turn: str) -> bool | None:
    """Return what was thought of an answer; None if nothing was said."""
    return conversation().judged.get(turn)


def shown() -> int:
    """Return how many of the last turns are drawn."""
    found: int = st.session_state.setdefault("shown", SHOWN)
    return found


def show_earlier() -> None:
    """Draw ten more turns."""
    st.session_state["shown"] = shown() + SHOWN


def forget() -> None:
    """Begin a new conversation."""
    for key in ("shown", "sheet", "tabling"):
        st.session_state.pop(key, None)
    st.session_state["conversation"] = Conversation()
    for key in ("q", "cite", "c"):
        if key in st.query_params:
            del st.query_params[key]
