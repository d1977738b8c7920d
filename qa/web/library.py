"""The open index, shared by all sessions: read-only, one per published generation."""

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
    """Return an answerer of the current generation, with its encoder loaded.

    Raises:
        LoccitError: there is no index, or it cannot be used.
    """
    place = folder()
    number, digest = read_pointer(place) or (0, "")
    if not number:
        return Answerer(*_open(str(place)))  # nothing published, or CURRENT is damaged: not cached
    with st.spinner("Opening the index and loading the language model …"):
        return _answerer(str(place), number, digest)


def _open(place: str) -> tuple[Index, Encoder]:
    index = open_index(Path(place))
    return index, question_encoder(index)


@st.cache_resource(max_entries=2, show_spinner=False)
def _answerer(place: str, number: int, digest: str) -> Answerer:
    """Open the index; ``number`` and ``digest`` of its generation are the cache key."""
    return Answerer(*_open(place))


@st.cache_resource(max_entries=2, show_spinner=False)
def _years(place: str, generation: int, _index: Index) -> dict[str, int]:
    return {key: year for key in _index.names if (year := _index.documents[key].year)}


def years(index: Index) -> dict[str, int]:
    """Return the year of each paper that states one, by id; computed once per generation."""
    return _years(str(index.folder), index.generation, index)


@contextmanager
def in_turn() -> Iterator[None]:
    """Serialize questions: one uses all cores, so answering several at once delays every one."""
    with _TURN:
        yield


def paper_labels(index: Index) -> dict[str, str]:
    """Return the name of each paper by id; names that occur twice get their file name."""
    names = index.names
    counts = Counter(names.values())
    return {
        key: f"{name} ({index.documents[key].source})" if counts[name] > 1 else name
        for key, name in names.items()
    }
