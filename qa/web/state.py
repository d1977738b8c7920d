"""What one browser session remembers: its questions and answers, and the source that is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from qa.records import Answer

SHOWN = 10  #: answers drawn at once; all of a long conversation would slow every click


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it: an answer, or a failure in words."""

    key: str  #: counts the session's questions from "1"
    question: str
    answer: Answer | None
    scope: str = ""  #: which papers were asked, where not all were
    failure: tuple[str, str] = ("", "")  #: message and remedy


@dataclass(frozen=True, slots=True)
class Chosen:
    """The source that is open."""

    turn: str  #: key of the turn
    number: int  #: of the citation, or near miss, from 1


def turns() -> list[Turn]:
    """Return the conversation, oldest first; append to it to add a turn."""
    found: list[Turn] = st.session_state.setdefault("turns", [])
    return found


def answers() -> list[Answer]:
    """Return the answers of the conversation, oldest first."""
    return [item.answer for item in turns() if item.answer]


def turn(key: str) -> Turn | None:
    """Return the turn with that key; None if there is none."""
    return next((item for item in turns() if item.key == key), None)


def chosen() -> Chosen | None:
    """Return the source that is open; None if none is."""
    found: Chosen | None = st.session_state.get("chosen")
    return found


def choose(source: Chosen | None) -> None:
    """Open a source in the panel, or none."""
    st.session_state["chosen"] = source


def judge(turn: str, helpful: bool) -> None:
    """Remember what was thought of an answer."""
    st.session_state.setdefault("judged", {})[turn] = helpful


def judged(turn: str) -> bool | None:
    """Return what was thought of an answer; None if nothing was said."""
    found: bool | None = st.session_state.get("judged", {}).get(turn)
    return found


def shown() -> int:
    """Return how many of the last turns are drawn."""
    found: int = st.session_state.setdefault("shown", SHOWN)
    return found


def show_earlier() -> None:
    """Draw ten more turns."""
    st.session_state["shown"] = shown() + SHOWN


def forget() -> None:
    """Begin a new conversation."""
    for key in ("turns", "chosen", "shown", "sheet", "judged"):
        st.session_state.pop(key, None)
    for key in ("q", "cite"):
        if key in st.query_params:
            del st.query_params[key]
