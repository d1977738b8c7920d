"""The toolbar above the conversation: scope, strictness, exports, conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from index.store.index import Index
from qa.answer import Answerer
from qa.calibration import in_words
from qa.records import Answer
from qa.show.citation import Reference, Style, references
from qa.show.export import as_csv, as_json_text, as_markdown, citations_of
from qa.show.library import as_bibtex, as_ris
from qa.web import library, state
from qa.web.pages.conversations import menu
from qa.web.state import Turn

#: Percentages to choose from, and the default (``evals.train.rankers.PRECISION``).
_SHARES, _DEFAULT = ("80", "85", "90", "95"), "90"
_MOST_NAMED = 5  #: papers named in the words for a scope
_STYLE_NAMES = {"vancouver": "Vancouver", "apa": "APA"}  #: by the value of ``Style``
_RIS = "application/x-research-info-systems"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which papers to ask, and how strictly."""

    documents: frozenset[str] | None  #: ids of the papers to ask; None for all
    right: float | None  #: share of sure answers that should be right; None for the default
    place: DeltaGenerator  #: container for ``exports``, filled once the current question is answered


def scope(answerer: Answerer, *, begun: bool) -> Scope:
    """Draw the toolbar and return the selected scope."""
    with st.container(key="toolbar", horizontal=True, vertical_alignment="center"):
        documents, right = selection(answerer)
        place = st.container(width="content")
        menu(begun=begun)
    return Scope(documents, right, place)


def selection(answerer: Answerer) -> tuple[frozenset[str] | None, float | None]:
    """Draw what selects papers and strictness; return the papers' ids and the share, see ``Scope``."""
    labels = library.paper_labels(answerer.index)
    count = len(labels)
    names = {key[:12]: key for key in labels}
    chosen = st.multiselect(
        "Papers to search",
        list(names),
        format_func=lambda short: labels[names[short]],
        key="papers",
        bind="query-params",
        placeholder=f"All {count} papers" if count > 1 else "1 paper",
        label_visibility="collapsed",
    )
    documents = _both(_years(answerer.index), _labelled(answerer.index))
    right = _right(answerer)
    if chosen:
        documents = _both(frozenset(names[short] for short in chosen), documents)
    return documents, right


def _right(answerer: Answerer) -> float | None:
    """Return the selected share of sure answers that should be right; None for the default."""
    with st.popover("Strictness"):
        chosen = st.radio(
            "Of 100 sure answers, this many should be right:",
            _SHARES,
            _SHARES.index(_DEFAULT),
            key="right",
            bind="query-params",
            horizontal=True,
        )
        st.caption("Stricter settings show more answers as possible.")
        st.caption(f"The passages are read by the {answerer.reader} reader.")
        if answerer.calibration:
            st.caption(f"Thresholds of {in_words(answerer.calibration)}.")
    return None if chosen == _DEFAULT else int(chosen) / 100


def scope_words(index: Index, documents: frozenset[str] | None, right: float | None) -> str:
    """Return in words which papers were asked and how strictly; empty for the defaults."""
    words = []
    if documents:
        names = sorted(index.names[item] for item in documents)
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        words.append(f"Searched only: {'; '.join(names[:_MOST_NAMED])}{more}.")
    elif documents is not None:
        words.append("No paper was searched: no paper meets all of the selections.")
    if right:
        words.append(f"Strictness: {right:.0%} of sure answers should be right.")
    return " ".join(words)


def _years(index: Index) -> frozenset[str] | None:
    """Return the papers of the selected years; None for all. Drawn if the papers have several years."""
    years = library.years(index)
    if len(set(years.values())) < 2:
        return None
    first, last = min(years.values()), max(years.values())
    with st.popover("Years"):
        low, high = st.slider(
            "Papers published in", first, last, (first, last), key="years", bind="query-params", format="%d"
        )
        without = len(index.names) - len(years)
        if without:
            papers, are = ("1 paper has", "it is") if without == 1 else (f"{without} papers have", "they are")
            st.caption(f"{papers} no year; {are} searched only when all years are selected.")
    if (low, high) == (first, last):
        return None
    return frozenset(key for key, year in years.items() if low <= year <= high)


def _labelled(index: Index) -> frozenset[str] | None:
    """Return the papers with a chosen collection or tag of the user's library; None for all."""
    held = library.labels(index)
    if not held:
        return None
    with st.popover("Library"):
        chosen = st.multiselect(
            "Papers in any of these collections, or with any of these tags",
            list(held),
            key="labels",
            bind="query-params",
            placeholder="All",
        )
    return frozenset[str]().union(*(held[name] for name in chosen)) if chosen else None


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """Return the papers of both scopes, None standing for all papers."""
    return other if one is None else one if other is None else one & other


def exports(answerer: Answerer) -> None:
    """Offer the conversation for download; each file is made when its button is pressed."""
    formats: tuple[tuple[str, str, str, Callable[[Sequence[Answer], Mapping[str, Reference]], str]], ...] = (
        ("Markdown", "md", "text/markdown", partial(as_markdown, style=style())),
        ("BibTeX, with quotes", "bib", "application/x-bibtex", as_bibtex),
        ("RIS, with quotes", "ris", _RIS, as_ris),
        ("CSV", "csv", "text/csv", partial(_spreadsheet, style=style())),
        ("JSON, with receipts", "json", "application/json", as_json_text),
    )
    turns = state.chat().turns
    questions = {turn.key: turn.question for turn in turns if turn.answer}
    with st.popover("Export"):
        one = st.selectbox(
            "Answers",
            ["", *reversed(questions)],
            format_func=lambda key: questions[key] if key else "The whole conversation",
            key="export-which",
        )
        st.radio(
            "Style of references",
            list(_STYLE_NAMES),
            format_func=_STYLE_NAMES.__getitem__,
            key="style",
            bind="query-params",
            horizontal=True,
        )
        count = 1 if one else len(questions)
        st.caption("One answer, as:" if count == 1 else f"{count} answers, as:")
        for label, ending, mime, write in formats:
            st.download_button(
                label,
                partial(_written, write, turns, one, answerer.index),
                file_name=f"loccit-conversation.{ending}",
                mime=mime,
                on_click="ignore",
                width="stretch",
            )


def style() -> Style:
    """Return the style of references, as chosen below “Export”."""
    return Style(st.session_state.get("style") or Style.VANCOUVER)


def _written(
    write: Callable[[Sequence[Answer], Mapping[str, Reference]], str],
    turns: Sequence[Turn],
    one: str,
    index: Index,
) -> str:
    """Return the file for the turn ``one``, or for all turns if it is empty.

    Called when the button is pressed, outside the session, hence the list of turns.
    """
    answers = [turn.answer for turn in turns if turn.answer and one in ("", turn.key)]
    cited = references(citations_of(answers), index.documents, library.citation_keys(index))
    return write(answers, cited)


def _spreadsheet(answers: Sequence[Answer], cited: Mapping[str, Reference], style: Style) -> str:
    """Return CSV with a byte order mark, by which spreadsheets detect UTF-8."""
    return "\ufeff" + as_csv(answers, cited, style)
