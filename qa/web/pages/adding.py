"""Adding papers: the drop zone of the Ask and Papers pages, the progress of the work, and the new papers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import streamlit as st

from index.embed.encoder import Encoder, load_encoder
from index.errors import IndexMissing, LoccitError
from index.ingest.build import add
from index.ingest.originals import UPLOADS, forget_unused, keep_upload, remember
from index.ingest.report import FileOutcome, Progress
from index.ingest.work import Read
from index.place import target_at
from index.read import SUFFIXES
from index.store.index import Index
from index.store.target import Target
from qa.files.resources import index_place, keeps_files, kept_folder
from qa.overview.roles import about_sentence
from qa.show.shelf import card, in_words, outcomes_view, waiting_view
from qa.web import library
from qa.web.background import Adding
from qa.web.component import event, show

_ONE_AT_A_TIME = threading.Lock()  #: held while papers are added, by any session
OUTCOMES = "outcomes"  #: what the work and the outcomes of uploads are called in the session state
_GATHERED = 0.7  #: seconds without another file after which a drag is complete
_WAIT = 60.0  #: seconds to wait for another process that writes
_CARDS = 12  #: most new papers that are introduced; of more, the others are only listed


@dataclass(slots=True)
class _Dropped:
    """Files that were dropped and are not being added yet. A drag of several arrives file by file."""

    seen: set[str] = field(default_factory=set)  #: ids of all files that the field has passed on
    stored: list[Path] = field(default_factory=list)
    refused: list[LoccitError] = field(default_factory=list)
    last: float = 0.0  #: when the last file arrived, by ``time.monotonic``


def drop_zone(index: Index | None) -> None:
    """Draw a field that takes papers, and what became of those it took last.

    ``index`` is the current one; None if there is none yet. What is dropped is added at once; what is dropped
    meanwhile, afterwards.
    """
    work = ended(OUTCOMES)
    dropped: _Dropped = st.session_state.setdefault("dropped", _Dropped())
    if not work and dropped.seen and not (dropped.stored or dropped.refused):  # all is done: clear the field
        st.session_state["dropped"] = dropped = _Dropped()
        st.session_state["upload-round"] = st.session_state.get("upload-round", 0) + 1
    key = f"upload-{st.session_state.get('upload-round', 0)}"
    st.file_uploader(
        "Add papers: drop PDF, Word, XML, HTML, Markdown or text files here",
        type=list(SUFFIXES),
        accept_multiple_files=True,
        key=key,
        on_change=_take,
        args=[key],
    )
    if not work and (dropped.stored or dropped.refused):
        _gather()
    else:
        follow(OUTCOMES, index)


def _take(key: str) -> None:
    """Store the files that have arrived."""
    dropped: _Dropped = st.session_state["dropped"]
    for file in st.session_state.get(key) or ():
        if file.file_id in dropped.seen:
            continue
        dropped.seen.add(file.file_id)
        dropped.last = time.monotonic()
        try:
            dropped.stored.append(keep_upload(kept_folder(), file.name, file.getvalue()))
        except LoccitError as error:
            dropped.refused.append(error)


@st.fragment(run_every=0.5)
def _gather() -> None:
    """Start to add the files that were dropped, once no more arrive."""
    dropped: _Dropped = st.session_state["dropped"]
    if time.monotonic() - dropped.last < _GATHERED:
        show(waiting_view(dropped.stored, {}, dropped.refused), "gathering")
        return
    stored, refused = dropped.stored, dropped.refused
    dropped.stored, dropped.refused = [], []
    if stored:
        begin(OUTCOMES, partial(added, stored, target_at(index_place())), stored, refused)
    else:
        st.session_state[OUTCOMES] = outcomes_view((), refused)
    st.rerun()


def begin(
    what: str,
    work: Callable[[Encoder, Progress, Read], Sequence[FileOutcome]],
    waiting: Sequence[Path],
    refused: Sequence[LoccitError] = (),
) -> None:
    """Start ``work`` in a thread; its outcomes go to the session state ``what`` when it ends."""
    try:
        encoder = current_encoder()
    except LoccitError as error:
        st.session_state[what] = outcomes_view((), [*refused, error])
        return
    st.session_state[f"{what}-work"] = Adding(partial(work, encoder), waiting, refused)


def current_encoder() -> Encoder:
    """Return the encoder of the index; without an index, the bundled one."""
    try:
        return library.current().encoder
    except IndexMissing:
        return load_encoder()


def added(
    files: Sequence[Path], target: Target, encoder: Encoder, progress: Progress, read: Read
) -> Sequence[FileOutcome]:
    """Add ``files`` to the index, after those of other windows. Runs in a thread without a session."""
    with _ONE_AT_A_TIME:
        try:
            report = add(files, target, encoder=encoder, progress=progress, read=read, wait=_WAIT)
            remember(target, report.outcomes, keep=keeps_files())
            return report.outcomes
        finally:  # refused files were stored too
            uploads = [file.parent.name for file in files if file.is_relative_to(target.folder / UPLOADS)]
            forget_unused(target, uploads)


def ended(what: str) -> Adding | None:
    """Return the work that is still running; store the outcomes of work that has ended."""
    work: Adding | None = st.session_state.get(f"{what}-work")
    if work is None or work.running:
        return work
    del st.session_state[f"{what}-work"]
    view = outcomes_view(work.outcomes, work.refused)
    before = st.session_state.get(what)  # of files that were dropped earlier and not dismissed
    st.session_state[what] = view | {"rows": [*before["rows"], *view["rows"]]} if before else view
    return None


def follow(what: str, index: Index | None) -> None:
    """Draw the progress of the work, or its outcomes until they are dismissed."""
    if f"{what}-work" in st.session_state:
        _progress(what)
    elif what in st.session_state:
        view = st.session_state[what]
        if index and "introduced" not in view:
            view["introduced"] = _introduce(view["rows"], index)
        show(view, what, lambda: _dismiss(what))


def _introduce(rows: Sequence[dict[str, object]], index: Index) -> int:
    """Give the rows of new papers a card each; return how many."""
    new = [row for row in rows if row.get("id") in index.names][:_CARDS]
    for row in new:
        row["card"] = card(index, str(row["id"]), about_sentence(index, str(row["id"])))
    return len(new)


def _dismiss(what: str) -> None:
    if event(what).get("do") == "dismiss":
        st.session_state.pop(what, None)


@st.fragment(run_every=0.5)
def _progress(what: str) -> None:
    """Draw the progress of the work; redraw the page when it has ended."""
    work: Adding | None = st.session_state.get(f"{what}-work")
    if work is None or not work.running:
        st.rerun()
    st.progress(*in_words(work.stages, time.monotonic() - work.began))
    show(waiting_view(work.waiting, work.seen, work.refused), f"{what}-waiting-rows")
