"""The open index, shared by all sessions: read-only, one per published generation."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from math import inf

import streamlit as st

from index.ingest.removed import removed
from index.place import Place, beside, current_at, open_at
from index.store.index import Index
from index.store.manifest import Manifest
from qa.answer import Answerer
from qa.calibration import stored
from qa.files.names import labels as labels_of
from qa.files.resources import calibrates, index_place
from qa.session import answering
from qa.settings import AskOptions
from qa.show import citation
from qa.show.shelf import table


def identity(index: Index) -> tuple[str, int, str]:
    """Return what tells a generation from all others, also from one whose number was used again."""
    return str(index.beside), index.generation, _digest(index.manifest)


@lru_cache(maxsize=8)
def _digest(manifest: Manifest) -> str:
    return hashlib.sha256(manifest.encode()).hexdigest()


class Turn:
    """A lock that people take, and background work that gives way to them. Thread-safe."""

    def __init__(self, quiet: float) -> None:
        self._quiet = quiet  #: seconds after which a person is no longer expected to ask again
        self._lock = threading.Lock()
        self._wanted = -inf  #: when a person last took it or gave it back

    def __enter__(self) -> None:
        self._wanted = time.monotonic()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._wanted = time.monotonic()
        self._lock.release()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hold it once no person has wanted it for a while."""
        while True:
            time.sleep(max(self._wanted + self._quiet - time.monotonic(), 0))
            with self._lock:
                if time.monotonic() - self._wanted >= self._quiet:
                    yield
                    return


#: Held while a question is answered: one uses all cores, so answering several at once delays every one.
TURN = Turn(quiet=10)
#: Caches what is computed from an index.
_once_per_generation = st.cache_resource(
    max_entries=2,
    show_spinner=False,
    hash_funcs={
        "index.store.generation.Generation": identity,
        "index.postgres.snapshot.Snapshot": identity,
    },
)


def current() -> Answerer:
    """Return an answerer of the current generation, with its encoder loaded.

    Raises:
        LoccitError: there is no index, or it cannot be used.
    """
    place = index_place()
    now = current_at(place)
    if now is None:  # nothing published, or CURRENT is damaged: not cached
        return _open(place)
    with st.spinner("Opening the papers …"):
        return _answerer(place, str(place), *now, stored(beside(place)))


def _open(place: Place) -> Answerer:
    return answering(open_at(place), AskOptions(calibration=calibrates()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _answerer(_place: Place, shown: str, number: int, digest: str, calibration: bytes | None) -> Answerer:
    """Open the index; its calibration, and what tells its generation from others, are the cache key."""
    return _open(_place)


@_once_per_generation
def years(index: Index) -> dict[str, int]:
    """Return the year of each paper that states one, by id."""
    return {key: byline.year for key, byline in index.bylines.items() if byline.year}


@_once_per_generation
def citation_keys(index: Index) -> dict[str, str]:
    """Return the citation key of each paper by id."""
    return citation.citation_keys(index.bylines)


@_once_per_generation
def labels(index: Index) -> dict[str, frozenset[str]]:
    """Return the papers of each collection, and of each tag as "#tag"."""
    tags = {f"#{name}": papers for name, papers in labels_of(index, "tag").items()}
    return labels_of(index, "collection") | tags


paper_table = _once_per_generation(table)
removed_papers = _once_per_generation(removed)


def paper_labels(index: Index) -> dict[str, str]:
    """Return the name of each paper by id; names that occur twice get their file name."""
    names = index.names
    counts = Counter(names.values())
    return {
        key: f"{name} ({index.documents[key].source})" if counts[name] > 1 else name
        for key, name in names.items()
    }
