"""What would have been right, asked below an answer that was judged wrong."""

from __future__ import annotations

import streamlit as st

from index.errors import LoccitError
from index.text import Document, Span
from qa.answer import Answerer
from qa.files.feedback import Right, save
from qa.files.resources import index_place
from qa.quote.cite import section_of
from qa.show.present import View, place_of, where
from qa.web import library, state
from qa.web.component import event, show, show_error
from qa.web.state import Turn

_MOST = 5  #: sentences to choose from


@st.fragment
def correction(answerer: Answerer, turn: Turn) -> None:
    """Offer sentences of the papers to choose the right one from; a search finds others."""
    with st.container(key=f"correction-{turn.key}", border=True):
        words = st.text_input(
            "What would have been right? Search the papers for the sentence, or choose below.",
            key=f"right-{turn.key}",
            placeholder="Words of the right sentence",
        )
        try:
            rows = _sentences(answerer, turn, words.strip())
        except LoccitError as error:
            show_error("This cannot be searched", error, f"unsearched-{turn.key}")
            return
        name = f"sentences-{turn.key}"
        show({"view": "correction", "turn": turn.key, "rows": rows}, name, lambda: _chosen(name, turn, rows))


def show_saved() -> None:
    """Say once that a correction was saved."""
    if st.session_state.pop("corrected", False):
        st.toast("Saved. It is listed under Feedback.")


def _sentences(answerer: Answerer, turn: Turn, words: str) -> list[View]:
    """Return the sentences that fit ``words``, or else the question, best first; searched once."""
    asked = (turn.key, words, answerer.index.generation)
    held = st.session_state.get("sentences")
    if held and held[0] == asked:
        return list(held[1])
    with library.TURN:
        evidence = answerer.gather(words or turn.standalone, documents=turn.documents)
    documents = answerer.index.documents
    looked_up = evidence.stated.citations if evidence.stated else ()
    places = [(documents[one.document_id], one.span) for one in looked_up]
    places += [(one.candidate.document, one.candidate.sentence.span) for one in evidence.ranked]
    rows = [_row(number, *place) for number, place in enumerate(places[:_MOST])]
    st.session_state["sentences"] = (asked, rows)
    return rows


def _row(number: int, document: Document, span: Span) -> View:
    place = place_of(document.map.place(span))
    return {
        "number": number,
        "id": document.id,
        "name": document.name,
        "untitled": not document.title,
        "text": span.of(document.text),
        "place": where("", section_of(document, span), place),
    }


def _chosen(name: str, turn: Turn, rows: list[View]) -> None:
    """Store what was chosen: a sentence, or that no paper answers; nothing if the question was skipped."""
    pressed = event(name)
    right = rows[int(pressed["number"])] if pressed.get("do") == "right" else None
    if turn.answer and pressed.get("do") in ("right", "none"):
        gold = [Right(right["id"], right["text"])] if right else []
        try:
            save(index_place(), turn.answer, helpful=False, owner=state.owner(), gold=gold)
        except LoccitError as error:
            state.chat().unsaved[turn.key] = f"Not saved. {error}"
        else:
            st.session_state["corrected"] = True
    st.session_state.pop("correcting", None)
    st.rerun()
