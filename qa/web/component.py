"""The one way by which text of papers reaches the page.

A component that receives JSON and writes text nodes only. Markdown would alter
such text and fetch pictures that it names.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.components.v2.types import ComponentRenderer

    from qa.show.present import View

_FOLDER = Path(__file__).parent / "static"
_NAME = "loccit_text"
_SCRIPTS = ("parts", "answer", "evidence", "source", "shelf", "main")


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        _NAME,
        html='<div class="loccit"></div>',
        css=(_FOLDER / "text.css").read_text(encoding="utf-8"),
        js="\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS),
    )


def show(view: View, key: str, on_event: Callable[[], None] | None = None) -> None:
    """Draw ``view``; ``on_event`` is called when something in it was pressed, see ``event``."""
    _component()(key=key, data=view, on_event_change=on_event or _nothing)


def event(key: str) -> View:
    """Return what was pressed in the component ``key``; for use in its ``on_event``."""
    state = st.session_state.get(key)
    found = state.get("event") if state else None
    return dict(found) if found else {}


def _nothing() -> None:
    """Do nothing: a component that sends no events still declares them."""


def page_styles() -> None:
    """Put the styles of the page around the components in place."""
    st.html(f"<style>{(_FOLDER / 'page.css').read_text(encoding='utf-8')}</style>")
