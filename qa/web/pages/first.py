"""The start of a conversation: what Loccit does, questions to try, the papers and a drop zone."""

from __future__ import annotations

import streamlit as st

from index.store.index import Index
from qa.answer import Answerer
from qa.show.shelf import listing
from qa.web import sign_in
from qa.web.component import event, show
from qa.web.pages.adding import drop_zone
from qa.web.state import Asked
from qa.web.suggested import suggestions

TITLE = "Ask the papers"
INTRO = "Loccit answers with verbatim quotes and their exact places, or says that the papers do not answer."
_LISTED = 200  #: most papers listed beside the conversation; the Papers page has all


def title() -> None:
    """Draw what Loccit is for, and put the focus into the question box."""
    show({"view": "intro", "title": TITLE, "message": INTRO, "focus": True}, "intro")


def suggest(answerer: Answerer) -> None:
    """Draw questions to try."""
    looking = suggestions(answerer).trying
    st.fragment(_suggested, run_every=1.0 if looking else None)(answerer, looking=looking)
    sign_in.show_privacy()


def _suggested(answerer: Answerer, *, looking: bool) -> None:
    """Draw the questions found so far; draw the page anew once no more will follow and no list is open."""
    found = suggestions(answerer)
    finished = looking and not found.trying and not st.session_state.get("listing")
    if "asking" in st.session_state or finished:
        st.rerun()
    names = answerer.index.names if len(answerer.index.names) > 1 else {}
    view = {
        "view": "suggested",
        "trying": found.trying,
        "questions": [
            {"question": one.question, "paper": one.paper, "name": names.get(one.paper, "")}
            for one in found.found
        ],
    }
    show(view, "suggested", _take_suggestion)


def _take_suggestion() -> None:
    pressed = event("suggested")
    if pressed:
        st.session_state["asking"] = Asked(str(pressed["question"]), paper=str(pressed.get("paper", "")))


def beside(index: Index | None) -> None:
    """Draw the papers and the drop zone, where nothing is open."""
    if st.session_state.pop("to-papers", False):
        st.switch_page(st.session_state["pages"]["papers"])
    if index:
        papers = listing(index)
        view = {"view": "listing", "papers": papers[:_LISTED], "count": len(papers)}
        show(view, "listing", _open_paper)
    drop_zone(index)


def _open_paper() -> None:
    """Open the details of a paper on the Papers page."""
    st.session_state["paper"] = str(event("listing").get("document", ""))
    st.session_state["to-papers"] = True
