"""The open index, shared by all sessions of the app: read-only, one for each published generation."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from index.embed.onnx import question_encoder
from index.store.open import open_index, read_pointer
from qa.answer import Answerer
from qa.files.resources import index_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index.embed.encoder import Encoder
    from index.store.open import Index

_TURN = threading.Lock()


def folder() -> Path:
    """Return the folder of the index that this app serves."""
    return index_folder()


def current() -> Answerer:
    """Return what answers now: the generation that is current, opened and with its encoder loaded.

    Raises:
        LoccitError: there is no index, or it cannot be used; the error says what to do.
    """
    place = folder()
    number, digest = read_pointer(place) or (0, "")
    if not number:
        return Answerer(*_open(str(place)))  # nothing published or CURRENT damaged: looked at anew each time
    with st.spinner("Opening the index and loading the language model …"):
        return _answerer(str(place), number, digest)


def _open(place: str) -> tuple[Index, Encoder]:
    index = open_index(Path(place))
    return index, question_encoder(index)


@st.cache_resource(max_entries=2, show_spinner=False)
def _answerer(place: str, number: int, digest: str) -> Answerer:
    """Open the generation ``number``, whose manifest has that ``digest``: both are the cache's key."""
    return Answerer(*_open(place))


@st.cache_resource(max_entries=2, show_spinner=False)
def _years(place: str, generation: int, _index: Index) -> dict[str, int]:
    return {key: year for key in _index.names if (year := _index.documents[key].year)}


def years(index: Index) -> dict[str, int]:
    """Return the year of each paper that states one, by id; every paper is looked at once a generation."""
    return _years(str(index.folder), index.generation, index)


@contextmanager
def in_turn() -> Iterator[None]:
    """Answer one question after the other: each is read on all cores, and side by side all would be late."""
    with _TURN:
        yield


def paper_labels(index: Index) -> dict[str, str]:
    """Return what each paper is called in lists, by id; with its file where two would be called alike."""
    names = index.names
    counts = Counter(names.values())
    return {
        key: f"{name} ({index.documents[key].source})" if counts[name] > 1 else name
        for key, name in names.items()
    }
