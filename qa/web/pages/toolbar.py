"""The row above the conversation: which papers are asked, exports, other conversations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from qa.show.export import as_bibtex, as_json_text, as_markdown, as_ris
from qa.web import library, state
from qa.web.history import history, owner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from index.store.open import Index
    from qa.answer import Answerer
    from qa.records import Answer
    from qa.web.state import Turn

#: Percentages that can be chosen, and the usual one (``evals.train.rankers.PRECISION``).
_SHARES, _USUAL = ("70", "80", "90"), "80"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked, and how sure an answer has to be."""

    documents: frozenset[str] | None  #: ids of the papers to ask; None for all
    right: float | None  #: share of the answers shown that should be right; None for the usual one
    place: DeltaGenerator  #: where ``exports`` belong, once the question just asked has its answer


def scope(answerer: Answerer, *, begun: bool) -> Scope:
    """Let papers, years and the sureness of answers be chosen."""
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
        right = _right()
        place = st.container(width="content")
        if begun:
            st.button("New conversation", on_click=state.forget)
        _earlier()
    documents = frozenset(names[short] for short in chosen) if chosen else None
    if documents is not None and of_years is not None:
        documents &= of_years
    return Scope(of_years if documents is None else documents, right, place)


def _right() -> float | None:
    """Let it be chosen how many of the answers shown should be right; None for the usual share."""
    with st.popover("How sure"):
        chosen = st.radio(
            "Of 100 answers shown, so many should be right:",
            _SHARES,
            _SHARES.index(_USUAL),
            key="right",
            bind="query-params",
            horizontal=True,
        )
        st.caption("The more, the oftener a question that the papers do answer is refused.")
    return None if chosen == _USUAL else int(chosen) / 100


def scope_words(index: Index, documents: frozenset[str] | None, right: float | None) -> str:
    """Return in words which papers were asked and how sure answers had to be; empty where as usual."""
    sure = f"Shown only if as sure as answers of which {right:.0%} are right." if right else ""
    return " ".join(words for words in (_papers_asked(index, documents), sure) if words)


def _papers_asked(index: Index, documents: frozenset[str] | None) -> str:
    if documents is None:
        return ""
    if not documents:
        return "Asked no paper: none of those chosen is of the years chosen."
    names = sorted(index.names[item] for item in documents)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"Asked only: {'; '.join(names[:5])}{more}."


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
    others = {item.key: item for item in history().of(owner()) if item.key != state.chat().key}
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
