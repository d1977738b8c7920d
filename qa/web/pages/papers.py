"""The Papers page: a table of all papers, adding, removing, re-reading, and going back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from index.embed.encoder import Encoder
from index.errors import IndexMissing, LoccitError
from index.ingest.build import remove
from index.ingest.originals import kept_size, paths
from index.ingest.removed import bring_back, forgetting
from index.ingest.report import FileOutcome, Progress
from index.ingest.work import Read
from index.place import target_at
from index.store.index import Index
from index.store.target import Target
from index.store.upkeep import rollback
from qa.files.resources import folder_of, index_place, kept_folder
from qa.show.present import counted, notice_view
from qa.show.shelf import details, history_view
from qa.web import library
from qa.web.component import event, show, show_error, show_title
from qa.web.pages.adding import added, begin, current_encoder, drop_zone, ended, follow
from qa.web.pages.panel import open_paper

_NO_WAY_BACK = "Add the paper again from its file."


def page() -> None:
    """Draw the page."""
    index = _index()
    message = f"{counted(len(index.names), 'paper')}." if index else ""
    if kept := kept_size(kept_folder()):
        message += f" Kept files: {kept / 1e6:.1f} MB."
    show_title("Papers", message, "intro-papers")
    _refused()
    if index:
        _removed(index)
    drop_zone(index)
    if index is None:
        return
    _table(index)
    _rebuilding(index)
    _history()
    opening = st.session_state.pop("opening", None)
    if opening in index.names:
        open_paper(index, opening)


def _index() -> Index | None:
    """Return the current index; if there is none, say so. Papers can be added without one."""
    try:
        return library.current().index
    except IndexMissing:
        message = "Drop papers below, or give a folder on the command line: loccit build FOLDER"
        show(notice_view("info", "There are no papers yet", message), "no-index")
    except LoccitError as error:
        show_error("The papers cannot be used", error, "index-failed")
    return None


def _table(index: Index) -> None:
    """Draw the table of papers, with the details of the one that was opened."""
    opened = st.session_state.get("paper", "")
    view = {
        "view": "papers",
        "papers": library.paper_table(index),
        "details": details(index, opened) if opened in index.names else None,
    }
    show(view, "papers-list", _pressed)


def _pressed() -> None:
    pressed = event("papers-list")
    document = str(pressed.get("document", ""))
    if pressed.get("do") == "details":
        st.session_state["paper"] = "" if st.session_state.get("paper") == document else document
    elif pressed.get("do") == "open":
        st.session_state["opening"] = document
    elif pressed.get("do") == "remove":
        _try("The paper could not be removed", partial(_remove, document))


def _remove(document_id: str) -> None:
    target = target_at(index_place())
    with forgetting(target):
        remove(frozenset([document_id]), target)


def _removed(index: Index) -> None:
    """List the papers that were removed lately, each with a button that undoes it."""
    names = library.removed_papers(index)
    if names:
        view = {"view": "removed", "papers": [{"id": key, "name": name} for key, name in names.items()]}
        show(view, "removed-papers", _undo)


def _undo() -> None:
    document = str(event("removed-papers").get("document", ""))
    _try(
        "The paper could not be brought back",
        lambda: bring_back(document, folder_of(index_place(), _NO_WAY_BACK), current_encoder()),
    )


def _try(title: str, change: Callable[[], object]) -> None:
    """Make a change of the index; keep the error for the page if that fails."""
    try:
        change()
    except LoccitError as error:
        st.session_state["refused-change"] = title, error


def _refused() -> None:
    if "refused-change" in st.session_state:
        title, error = st.session_state.pop("refused-change")
        show_error(title, error, "refused-change-shown")


def _rebuilding(index: Index) -> None:
    """Offer to re-read the papers' files."""
    busy = ended("rebuilt") is not None
    with st.expander("Read the files again", expanded=busy or "rebuilt" in st.session_state):
        files = {key: Path(path) for key, path in paths(kept_folder()).items() if key in index.names}
        known = {key: path for key, path in files.items() if path.is_file()}  # changed or not
        message = (
            f"The files of {len(known)} of {counted(len(index.names), 'paper')} are still there. "
            "A changed file replaces its paper. An unchanged one is read again only if this version of "
            "Loccit reads it differently. Until this is done, answers come from the papers as they are now."
        )
        show(notice_view("info", "After you changed files, or updated Loccit", message), "rebuilding")
        if known and st.button("Read again", disabled=busy):
            st.session_state.pop("rebuilt", None)
            begin("rebuilt", partial(_rebuild, known, target_at(index_place())), list(known.values()))
            st.rerun()
        follow("rebuilt", index)


def _rebuild(
    known: Mapping[str, Path], target: Target, encoder: Encoder, progress: Progress, read: Read
) -> Sequence[FileOutcome]:
    """Re-read the files ``known`` and remove the papers whose file now holds another version."""
    outcomes = added(list(known.values()), target, encoder, progress, read)
    now = {one.path.absolute(): one.document_id for one in outcomes if one.document_id}
    old = frozenset(key for key, path in known.items() if now.get(path, key) != key)
    if old:
        remove(old, target)
    return outcomes


def _history() -> None:
    folder = index_place()
    if not isinstance(folder, Path):  # a database keeps no earlier generation
        return
    with st.expander("Earlier collections"):
        try:
            view, previous = history_view(folder)
        except LoccitError as error:
            show_error("The earlier collections cannot be read", error, "no-history")
            return
        show(view, "history")
        if previous is not None and st.button(f"Go back to collection {previous}"):
            _try("Nothing was changed", partial(rollback, folder))
            st.rerun()
