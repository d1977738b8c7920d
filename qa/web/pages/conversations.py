"""The list of kept conversations: open, search, rename, delete, and whether to keep them."""

from __future__ import annotations

import streamlit as st

from index.errors import LoccitError
from qa.show.present import counted
from qa.web import sign_in, state
from qa.web.component import event, show, show_error

_AT_ONCE = 100  #: conversations listed, the last used first; a search finds the others
_NAME = "conversations"


def show_unkept() -> None:
    """Say in one line why the conversation is not kept, if it is not."""
    if why := state.chat().unkept:
        show({"view": "whereabouts", "message": f"This conversation is not kept: {why}"}, "unkept")


def menu(*, begun: bool) -> None:
    """Draw the buttons for the conversations."""
    if begun:
        st.button("New", help="Start a new conversation", on_click=state.forget)
    opened = st.button("Conversations")
    st.session_state["listing"] = opened  # a run of the whole page, without the button, closes the list
    if opened:
        _listed()


@st.dialog("Conversations", position="left", on_dismiss="rerun")
def _listed() -> None:
    """Draw the list; choosing a conversation closes it."""
    if st.session_state.pop("leaving", False):
        st.rerun()
    words = st.text_input("Search conversations", key="seek", placeholder="Words of a question or a quote")
    store = state.store()
    try:
        found = store.listed(words)
        st.session_state.setdefault("keeping", store.keeping)
        rows = [
            {
                "key": one.key,
                "title": one.title,
                "changed": one.changed,
                "aside": counted(one.questions, "question"),
            }
            for one in found[:_AT_ONCE]
        ]
        view = {
            "view": _NAME,
            "rows": rows,
            "current": state.chat().key,
            "more": len(found) - len(rows),
            "searched": bool(words.strip()),
        }
        show(view, _NAME, _pressed)
        keeping = st.toggle("Keep new conversations", key="keeping")
        if keeping != store.keeping:
            store.keeping = keeping
    except LoccitError as error:
        show_error("Conversations cannot be read or kept", error, "no-conversations")
        return
    show({"view": "whereabouts", "message": _where(keeping)}, "kept-where")


def _where(keeping: bool) -> str:
    """Return where conversations are kept, and how to delete them."""
    where = "on this server, for you alone," if sign_in.person() else f"in {state.store().path}"
    if not keeping:
        return "New conversations end when this page is closed. Those above stay until you delete them."
    return f"Conversations are kept {where} until you delete them here."


def _pressed() -> None:
    pressed = event(_NAME)
    key = str(pressed.get("key", ""))
    try:
        match pressed.get("do"):
            case "reopen":
                state.reopen(key)
                st.session_state["leaving"] = True
            case "rename":
                state.store().rename(key, str(pressed["title"]))
            case "delete":
                state.store().delete(key or None)
                if key in ("", state.chat().key):
                    state.forget()
    except LoccitError:  # the list, which is drawn next, says why
        return
