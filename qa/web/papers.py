"""The Papers page: what is indexed, adding and removing, going back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from index.build import add, remove
from index.encode import load_encoder
from index.errors import IndexMissing, LoccitError
from index.publish import rollback
from qa import uploads
from qa.originals import paths, remember
from qa.present import notice_view
from qa.shelf import history_view, matching, outcomes_view, papers_view, removal_words, waiting_view
from qa.web import library
from qa.web.component import event, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streamlit.delta_generator import DeltaGenerator
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from index.build import BuildReport, FileOutcome
    from index.encode import Encoder
    from index.store import Index

_AT_ONCE = 20  #: papers shown before "Show more"
_STAGES = {"papers": "Reading papers", "texts": "Embedding the paper at hand", "saving": "Saving the index"}


def page() -> None:
    """Draw the page; carry out what was just confirmed."""
    index = _index()
    message = f"Index generation {index.generation} answers; {len(index.names)} papers." if index else ""
    show({"view": "intro", "title": "Papers", "message": message}, "intro-papers")
    _adding(index)
    if index is None:
        return
    _list(index)
    _rebuilding(index)
    _history()
    removing = st.session_state.pop("removing", None)
    if removing in index.names:
        _confirm_removal(index, removing)


def _index() -> Index | None:
    """Return the current index; where there is none, say so. Papers can be added all the same."""
    try:
        return library.current().index
    except IndexMissing:
        message = "Upload papers below, or build one on the command line: loccit build"
        show(notice_view("info", "There is no index yet", message), "no-index")
    except LoccitError as error:
        show(notice_view("error", "The index cannot be used", error.message, error.remedy), "index-failed")
    return None


def _adding(index: Index | None) -> None:
    round_ = st.session_state.setdefault("upload-round", 0)  # a new key empties the field
    with st.expander("Add papers", expanded=index is None or "outcomes" in st.session_state):
        files = st.file_uploader(
            "PDF, JATS XML, Markdown or plain text",
            type=["pdf", "xml", "md", "txt"],
            accept_multiple_files=True,
            key=f"upload-{round_}",
        )
        pressed = st.button("Add to the index", type="primary", disabled=not files)
        if pressed and files:
            _add(files)
            st.session_state["upload-round"] = round_ + 1
            st.rerun()
        if "outcomes" in st.session_state:
            show(st.session_state["outcomes"], "outcomes")


def _add(files: Sequence[UploadedFile]) -> None:
    """Store and index ``files``; remember what became of each."""
    folder = library.folder()
    stored: list[Path] = []
    refused: list[LoccitError] = []
    for file in files:
        try:
            stored.append(uploads.keep(folder, file.name, file.getvalue()))
        except LoccitError as error:
            refused.append(error)
    outcomes: tuple[FileOutcome, ...] = ()
    if stored:
        place = st.empty()
        with place.container():
            bar = st.progress(0.0, _STAGES["papers"])
            show(waiting_view(stored, refused), "waiting")
        try:
            outcomes = _build(stored, folder, bar).outcomes
        except LoccitError as error:
            refused.append(error)
        place.empty()
    st.session_state["outcomes"] = outcomes_view(outcomes, refused)


def _rebuilding(index: Index) -> None:
    """Offer to read the papers' files again; those that have not changed are not."""
    with st.expander("Read the papers again"):
        known = _known(index)
        message = (
            f"The files of {len(known)} of {len(index.names)} papers lie where they were read from. "
            "A new version of a file takes the old one’s place; an unchanged file is read again "
            "only where this version of Loccit reads otherwise. All else stays as it is, and the "
            "papers answer as now until it is done."
        )
        show(notice_view("info", "Rebuild the index", message), "rebuilding")
        if known and st.button("Rebuild"):
            bar = st.progress(0.0, _STAGES["papers"])
            try:
                outcomes, refused = _rebuild(index, known, bar), []
            except LoccitError as error:
                outcomes, refused = (), [error]
            st.session_state["rebuilt"] = outcomes_view(outcomes, refused)
            st.rerun()
        if "rebuilt" in st.session_state:
            show(st.session_state["rebuilt"], "rebuilt")


def _known(index: Index) -> dict[str, Path]:
    """Return the files of the index's papers that are still there, changed or not, by document id."""
    found = {key: Path(path) for key, path in paths(library.folder()).items() if key in index.names}
    return {key: path for key, path in found.items() if path.is_file()}


def _rebuild(index: Index, known: Mapping[str, Path], bar: DeltaGenerator) -> tuple[FileOutcome, ...]:
    """Read ``known`` again and take out the papers whose file holds another version now."""
    folder = library.folder()
    outcomes = _build(list(known.values()), folder, bar).outcomes
    now = {one.path.absolute(): one.document_id for one in outcomes if one.document_id}
    old = frozenset(key for key, path in known.items() if now.get(path, key) != key)
    if old:
        remove(old, folder)
    return outcomes


def _build(files: Sequence[Path], folder: Path, bar: DeltaGenerator) -> BuildReport:
    def progress(stage: str, done: int, total: int) -> None:
        words = (
            f"{_STAGES.get(stage, 'Working')} · {done} of {total}" if total > 1 else _STAGES.get(stage, "")
        )
        bar.progress(min(done / total, 1.0) if total else 0.0, words)

    report = add(files, folder, encoder=_encoder(), progress=progress)
    remember(folder, report.outcomes)
    return report


def _encoder() -> Encoder:
    """Return the encoder of the index; where there is none yet, the bundled one."""
    try:
        return library.current().encoder
    except IndexMissing:
        return load_encoder()


def _list(index: Index) -> None:
    words = st.text_input("Find a paper", key="find", placeholder=f"Among {len(index.names)} papers")
    found = matching(index, words)
    most = st.session_state.setdefault("papers-shown", _AT_ONCE)
    if not found:
        show(notice_view("info", "No paper is called so", "Try fewer words."), "none-found")
        return
    show(papers_view(index, found[:most]), "papers-list", _pressed)
    if len(found) > most:
        st.button(f"Show more ({len(found) - most})", on_click=_show_more)


def _show_more() -> None:
    st.session_state["papers-shown"] += _AT_ONCE


def _pressed() -> None:
    pressed = event("papers-list")
    if pressed.get("do") == "remove":
        st.session_state["removing"] = str(pressed["document"])


@st.dialog("Remove this paper?")
def _confirm_removal(index: Index, document_id: str) -> None:
    message = removal_words(index, document_id)
    show(notice_view("info", "Take it out of the index?", message), "removal")
    with st.container(horizontal=True):
        if st.button("Remove", type="primary"):
            try:
                remove(frozenset([document_id]), library.folder())
                uploads.forget(library.folder(), document_id)
            except LoccitError as error:
                show(
                    notice_view("error", "It could not be removed", error.message, error.remedy),
                    "not-removed",
                )
                return
            st.session_state.pop("outcomes", None)
            st.rerun()
        if st.button("Keep"):
            st.rerun()


def _history() -> None:
    with st.expander("History of the index"):
        try:
            view, previous = history_view(library.folder())
        except LoccitError as error:
            show(notice_view("error", "No history", error.message, error.remedy), "no-history")
            return
        show(view, "history")
        if previous is not None and st.button(f"Go back to generation {previous}"):
            try:
                rollback(library.folder())
            except LoccitError as error:
                show(notice_view("error", "Nothing was changed", error.message, error.remedy), "no-rollback")
                return
            st.rerun()
