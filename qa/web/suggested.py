"""Questions to suggest: tried once per generation in the background, and shown if the papers answer them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

import streamlit as st

from index.errors import LoccitError
from qa.answer import Answerer
from qa.overview.suggested import GENERAL, of_a_paper
from qa.records import Status
from qa.web.library import TURN

_MOST = 5  #: questions suggested
_MOST_GENERAL = 2  #: of those that are put to all papers
_PAPERS, _MOST_EACH = 6, 2  #: papers asked by themselves, and questions suggested of each
_PAUSE = 0.3  #: seconds between two tries, in which a person's question goes first


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that the papers answer."""

    question: str
    paper: str = ""  #: id of the paper to ask; empty for all


class Suggestions:
    """The questions found so far for one generation. Thread-safe."""

    latest: Suggestions | None = None  #: only these are looked for; older ones are given up

    def __init__(self, answerer: Answerer) -> None:
        self.found: tuple[Suggestion, ...] = ()
        self._answerer = answerer
        # The small reader is several times faster; what it does not answer is not tried with the large one.
        self._quick = answerer.configured(replace(answerer.settings, closely=0))
        self._thread = threading.Thread(target=self._try_all, daemon=True)
        Suggestions.latest = self
        self._thread.start()

    @property
    def trying(self) -> bool:
        """Whether more may be found."""
        return self._thread.is_alive()

    def _try_all(self) -> None:
        index = self._answerer.index
        try:
            for question in GENERAL:
                if len(self.found) < _MOST_GENERAL:
                    self._try(Suggestion(question), self._answerer)
            for key in list(index.names)[:_PAPERS]:
                paper = key if len(index.names) > 1 else ""
                kept = 0
                for question in of_a_paper(index.documents[key]):
                    if kept < _MOST_EACH and len(self.found) < _MOST:
                        kept += self._try(Suggestion(question, paper), self._quick, self._answerer)
        except LoccitError:  # the index was damaged or removed; the page says so itself
            return

    def _try(self, one: Suggestion, *answerers: Answerer) -> bool:
        """Keep a question if each of ``answerers`` answers it; tell whether they do."""
        if one.question in {other.question for other in self.found}:
            return False
        documents = frozenset([one.paper]) if one.paper else None
        for answerer in answerers:
            time.sleep(_PAUSE)
            with TURN.aside():
                if Suggestions.latest is not self:
                    return False
                if answerer.ask(one.question, documents=documents).status is not Status.ANSWERED:
                    return False
        self.found += (one,)
        return True


@st.cache_resource(
    max_entries=2,
    show_spinner=False,
    hash_funcs={"qa.answer.Answerer": lambda one: (str(one.index.beside), one.index.generation)},
)
def suggestions(answerer: Answerer) -> Suggestions:
    """Return the questions to suggest; the first call for a generation starts to look for them."""
    return Suggestions(answerer)
