"""The Papers page: list, add, remove, re-read, roll back."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from index.embed.encoder import load_encoder
from index.errors import IndexMissing, LoccitError
from index.ingest.build import add, remove
from index.ingest.originals import keep_upload, kept_size, paths, remember
from index.read import SUFFIXES
from index.store.upkeep import rollback
from qa.files.resources import index_folder, keeps_files
from qa.show.present import counted, notice_view
from qa.show.shelf import (
    history_view,
    in_words,
    matching,
    outcomes_view,
    papers_view,
    removal_words,
    waiting_view,
)
from qa.web import library
from qa.web.background import Adding
from qa.web.component import event, show, show_error, show_title
from qa.web.pages.panel import open_paper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from index.embed.encoder import Encoder
    from index.ingest.report import FileOutcome, Progress
    from index.ingest.work import Read
    from index.store.generation import Index

_AT_ONCE = 20  #: papers shown before "Show more"


def page() -> None:
    """Draw the page."""
    index = _index()
    message = f"{counted(len(index.names), 'paper')}, index generation {index.generation}." if index else ""
    if kept := kept_size(index_folder()):
        message += f" Kept files: {kept / 1e6:.1f} MB."
    show_title("Papers", message, "intro-papers")
    _adding(index)
    if index is None:
        return
    _list(index)
    _rebuilding(index)
    _history()
    removing = st.session_state.pop("removing", None)
    if removing in index.names:
        _confirm_removal(index, removing)
    opening = st.session_state.pop("opening", None)
    if opening in index.names:
        open_paper(index, opening)


def _index() -> Index | None:
    """Return the current index; if there is none, say so. Papers can be added without one."""
    try:
        return library.current().index
    except IndexMissing:
        message = "Upload papers below, or build an index on the command line: loccit build"
        show(notice_view("info", "There is no index yet", message), "no-index")
    except LoccitError as error:
        show_error("The index cannot be used", error, "index-failed")
    return None


def _adding(index: Index | None) -> None:
    round_ = st.session_state.setdefault("upload-round", 0)  # a new key clears the field
    busy = _ended("outcomes") is not None
    with st.expander("Add papers", expanded=busy or index is None or "outcomes" in st.session_state):
        files = st.file_uploader(
            "PDF, JATS XML, Markdown or plain text",
            type=list(SUFFIXES),
            accept_multiple_files=True,
            key=f"upload-{round_}",
        )
        pressed = st.button("Add to the index", type="primary", disabled=busy or not files)
        if pressed and files:
            _add(files)
            st.session_state["upload-round"] = round_ + 1
            st.rerun()
        _follow("outcomes")


def _add(files: Sequence[UploadedFile]) -> None:
    """Store ``files`` and start indexing them."""
    folder = index_folder()
    stored: list[Path] = []
    refused: list[LoccitError] = []
    for file in files:
        try:
            stored.append(keep_upload(folder, file.name, file.getvalue()))
        except LoccitError as error:
            refused.append(error)
    if stored:
        _begin("outcomes", partial(_build, stored, folder), stored, refused)
    else:
        st.session_state["outcomes"] = outcomes_view((), refused)


def _begin(
    what: str,
    work: Callable[[Encoder, Progress, Read], Sequence[FileOutcome]],
    waiting: Sequence[Path],
    refused: Sequence[LoccitError] = (),
) -> None:
    """Start ``work`` in a thread; its outcomes go to the session state ``what`` when it ends."""
    try:
        encoder = _encoder()
    except LoccitError as error:
        st.session_state[what] = outcomes_view((), [*refused, error])
        return
    st.session_state[f"{what}-work"] = Adding(partial(work, encoder), waiting, refused)


def _ended(what: str) -> Adding | None:
    """Return the work that is still running; store the outcomes of work that has ended."""
    work: Adding | None = st.session_state.get(f"{what}-work")
    if work is None or work.running:
        return work
    del st.session_state[f"{what}-work"]
    st.session_state[what] = outcomes_view(work.outcomes, work.refused)
    return None


def _follow(what: str) -> None:
    """Draw the progress of the work, or its outcomes."""
    if f"{what}-work" in st.session_state:
        _progress(what)
    elif what in st.session_state:
        show(st.session_state[what], what)


@st.fragment(run_every=0.5)
def _progress(what: str) -> None:
    """Draw the progress of the work; redraw the page when it has ended."""
    work: Adding | None = st.session_state.get(f"{what}-work")
    if work is None or not work.running:
        st.rerun()
    st.progress(*in_words(work.stages, time.monotonic() - work.began))
    show(waiting_view(work.waiting, work.seen, work.refused), f"{what}-waiting-rows")


def _rebuilding(index: Index) -> None:
    """Offer to re-read the papers' files."""
    busy = _ended("rebuilt") is not None
    with st.expander("Re-read the papers", expanded=busy or "rebuilt" in st.session_state):
        files = {key: Path(path) for key, path in paths(index_folder()).items() if key in index.names}
        known = {key: path for key, path in files.items() if path.is_file()}  # changed or not
        message = (
            f"Found the files of {len(known)} of {counted(len(index.names), 'paper')}. Changed files replace "
            "their old versions. Unchanged files are read again only if this version of Loccit reads "
            "them differently. Until this is done, questions are answered from the current index."
        )
        show(notice_view("info", "Rebuild the index", message), "rebuilding")
        if known and st.button("Rebuild", disabled=busy):
            _begin("rebuilt", partial(_rebuild, known, index_folder()), list(known.values()))
            st.rerun()
        _follow("rebuilt")


def _rebuild(
    known: Mapping[str, Path], folder: Path, encoder: Encoder, progress: Progress, read: Read
) -> Sequence[FileOutcome]:
    """Re-read the files ``known`` and remove the papers whose file now holds another version."""
    outcomes = _build(list(known.values()), folder, encoder, progress, read)
    now = {one.path.absolute(): one.document_id for one in outcomes if one.document_id}
    old = frozenset(key for key, path in known.items() if now.get(path, key) != key)
    if old:
        remove(old, folder)
    return outcomes


def _build(
    files: Sequence[Path], folder: Path, encoder: Encoder, progress: Progress, read: Read
) -> Sequence[FileOutcome]:
    """Add ``files`` to the index. Runs in a thread without a Streamlit session."""
    report = add(files, folder, encoder=encoder, progress=progress, read=read)
    remember(folder, report.outcomes, keep=keeps_files())
    return report.outcomes


def _encoder() -> Encoder:
    """Return the encoder of the index; without an index, the bundled one."""
    try:
        return library.current().encoder
    except IndexMissing:
        return load_encoder()


def _list(index: Index) -> None:
    words = st.text_input(
        "Find a paper", key="find", placeholder=f"Search {counted(len(index.names), 'paper')}"
    )
    ids = matching(index, words)
    most = st.session_state.setdefault("papers-shown", _AT_ONCE)
    if not ids:
        show(notice_view("info", "No paper matches", "Try fewer words."), "none-found")
        return
    show(papers_view(index, ids[:most]), "papers-list", _pressed)
    if len(ids) > most:
        more = {"papers-shown": most + _AT_ONCE}
        st.button(f"Show more ({len(ids) - most})", on_click=st.session_state.update, args=[more])


def _pressed() -> None:
    pressed = event("papers-list")
    if pressed.get("do") == "remove":
        st.session_state["removing"] = str(pressed["document"])
    elif pressed.get("do") == "open":
        st.session_state["opening"] = str(pressed["document"])


@st.dialog("Remove this paper?")
def _confirm_removal(index: Index, document_id: str) -> None:
    show(notice_view("info", "This changes the index", removal_words(index, document_id)), "removal")
    with st.container(horizontal=True):
        if st.button("Remove", type="primary"):
            try:
                remove(frozenset([document_id]), index_folder())
            except LoccitError as error:
                show_error("The paper could not be removed", error, "not-removed")
                return
            st.session_state.pop("outcomes", None)
            st.rerun()
        if st.button("Keep"):
            st.rerun()


def _history() -> None:
    with st.expander("History of the index"):
        try:
            view, previous = history_view(index_folder())
        except LoccitError as error:
            show_error("The history cannot be read", error, "no-history")
            return
        show(view, "history")
        if previous is not None and st.button(f"Go back to generation {previous}"):
            try:
                rollback(index_folder())
            except LoccitError as error:
                show_error("Nothing was changed", error, "no-rollback")
                return
            st.rerun()
