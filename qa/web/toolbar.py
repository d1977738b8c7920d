"""The row above the conversation: which papers are asked, exports, other conversations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from qa.export import as_bibtex, as_json_text, as_markdown, as_ris
from qa.web import library, state
from qa.web.history import history, owner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from index.store import Index
    from qa.answer import Answerer
    from qa.records import Answer
    from qa.web.state import Turn


def scope(answerer: Answerer, *, begun: bool) -> tuple[frozenset[str] | None, DeltaGenerator]:
    """Let papers and years be chosen.

    Returns:
        The ids of the papers to ask, None for all, and the place where ``exports`` belong: they are drawn
        once the question just asked has its answer.
    """
    labels = library.paper_labels(answerer.index)
    count = len(labels)
    names = {f"{key[:12]}": key for key in labels}
    with st.container(key="toolbar", horizontal=True, vertical_alignment="center"):
        chosen = st.multiselect(
            "Papers to ask",
            list(names),
            format_func=lambda short: labels[names[short]],
            key="papers",
            bind="query-params",
            placeholder=f"All {count} papers" if count > 1 else "The one paper",
            label_visibility="collapsed",
        )
        of_years = _years(answerer.index)
        place = st.container(width="content")
        if begun:
            st.button("New conversation", on_click=state.forget)
        _earlier()
    by_name = frozenset(names[short] for short in chosen) if chosen else None
    if by_name is None or of_years is None:
        return of_years if by_name is None else by_name, place
    return by_name & of_years, place


def scope_words(index: Index, documents: frozenset[str] | None) -> str:
    """Return in words which papers were asked; empty for all."""
    if documents is None:
        return ""
    if not documents:
        return "Asked no paper: none of those chosen is of the years chosen."
    names = sorted(index.names[item] for item in documents)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return "Asked only: " + "; ".join(names[:5]) + more


def _years(index: Index) -> frozenset[str] | None:
    """Let years be chosen where the papers are of several; return the papers of those years, None for all."""
    found = library.years(index)
    if len(set(found.values())) < 2:
        return None
    first, last = min(found.values()), max(found.values())
    with st.popover("Years"):
        low, high = st.slider(
            "Papers published in", first, last, (first, last), key="years", bind="query-params", format="%d"
        )
        without = len(index.names) - len(found)
        if without:
            st.caption(f"{without} papers state no year; they are asked only where all years are.")
    if (low, high) == (first, last):
        return None
    return frozenset(key for key, year in found.items() if low <= year <= high)


def exports(answerer: Answerer) -> None:
    """Offer the conversation as files, each made when it is asked for."""
    documents = answerer.index.documents
    formats: tuple[tuple[str, str, str, Callable[[list[Answer]], str]], ...] = (
        ("Markdown", "md", "text/markdown", as_markdown),
        ("JSON, with receipts", "json", "application/json", as_json_text),
        ("BibTeX, with quotes", "bib", "application/x-bibtex", lambda found: as_bibtex(found, documents)),
        (
            "RIS, with quotes",
            "ris",
            "application/x-research-info-systems",
            lambda found: as_ris(found, documents),
        ),
    )
    turns = state.turns()
    questions = {turn.key: turn.question for turn in turns if turn.answer}
    with st.popover("Export"):
        one = st.selectbox(
            "Answers",
            ["", *reversed(questions)],
            format_func=lambda key: questions[key] if key else "The whole conversation",
            key="export-which",
        )
        count = 1 if one else len(questions)
        st.caption("One answer, as:" if count == 1 else f"{count} answers, as:")
        for label, ending, mime, write in formats:
            st.download_button(
                label,
                partial(_written, write, turns, one),
                file_name=f"loccit-conversation.{ending}",
                mime=mime,
                on_click="ignore",
                width="stretch",
            )


def _written(write: Callable[[list[Answer]], str], turns: Sequence[Turn], one: str) -> str:
    """Return the file, of ``one`` turn or of all there are by then.

    Called when its button is pressed, where no session can be asked for its turns.
    """
    return write([turn.answer for turn in turns if turn.answer and one in ("", turn.key)])


def _earlier() -> None:
    """Offer the other conversations of this browser, or of the person signed in."""
    others = {item.key: item for item in history().of(owner()) if item.key != state.conversation().key}
    if not others:
        return
    with st.popover("Earlier"):
        st.selectbox(
            "Earlier conversations",
            list(others),
            index=None,
            format_func=lambda key: f"{others[key].turns[0].question[:80]} ({len(others[key].turns)})",
            key="earlier",
            placeholder="Choose one",
            on_change=_reopen,
        )


def _reopen() -> None:
    chosen = st.session_state["earlier"]
    if chosen:
        state.reopen(chosen)
