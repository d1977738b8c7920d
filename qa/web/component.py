"""The only way for text of papers to reach the page.

A component that receives JSON and writes text nodes. Streamlit's Markdown would alter
the text and fetch images that it names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from index.errors import LoccitError
from qa.show.present import View, notice_view

_FOLDER = Path(__file__).parent / "static"
PAGE_STYLES = _FOLDER / "page.css"  #: styles of the page around the components
LOGO = _FOLDER / "logo.svg"
_SCRIPTS = ("parts", "answer", "evidence", "source", "shelf", "first", "kept", "keys", "main")


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        "loccit_text",
        html='<div class="loccit"></div>',
        css=(_FOLDER / "text.css").read_text(encoding="utf-8"),
        js="\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS),
    )


def show(view: View, key: str, on_event: Callable[[], None] = lambda: None) -> None:
    """Draw ``view``; ``on_event`` is called when something in it is pressed, see ``event``."""
    _component()(key=key, data=view, on_event_change=on_event)


def show_title(title: str, message: str, key: str) -> None:
    """Draw a page's title and introduction."""
    show({"view": "intro", "title": title, "message": message}, key)


def show_error(title: str, error: LoccitError, key: str) -> None:
    """Draw what failed, why, and what to do."""
    show(notice_view("error", title, error.message, error.remedy), key)


def event(key: str) -> View:
    """Return what was pressed in the component ``key``; for use in its ``on_event``."""
    state = st.session_state.get(key)
    return dict(state["event"]) if state and state.get("event") else {}


def show_progress(stage: str, done: int, total: int) -> None:
    """Draw a bar with the stage and, of several steps, how many are done."""
    count = f" · {done} of {total}" if total > 1 else ""
    st.progress(min(done / total, 1.0) if total else 0.0, f"{stage}{count}")
