"""The Evaluation page: the last report, the questions behind each figure, and a run from here."""

from __future__ import annotations

import shutil
import tomllib
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import LoccitError
from index.files import refusals
from qa.files.resources import seeds_folder
from qa.show.present import notice_view
from qa.show.sources import place_view
from qa.web import library
from qa.web.component import event, show
from qa.web.pages.report import EVERY, failing_questions, failures_view, load, overview, title_of
from qa.web.running import evaluations, report_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qa.show.present import View
    from qa.web.pages.report import Report

_REPORT = "report.json"
_EARLIER = "earlier.json"  #: the report before, which the next one is compared with
_AT_ONCE = 10  #: questions shown before "Show more"
_SPLITS = {"all": "All", "dev": "Development half", "test": "Test half"}
_INTRO = (
    "How good the answers are on questions whose right answers are known. Each figure leads to the questions "
    "that count against it, with the quote given and the quote that would have been right."
)


def page() -> None:
    """Draw the page."""
    show({"view": "intro", "title": "Evaluation", "message": _INTRO}, "intro-evaluation")
    folder = report_folder(library.folder())
    _running(folder)
    try:
        report = load(folder / _REPORT)
    except LoccitError as error:
        show(notice_view("error", "The last report cannot be read", error.message, error.remedy), "no-report")
        return
    if report is None:
        message = "Run an evaluation above; on the seed questions it takes some minutes."
        show(notice_view("info", "No report yet", message), "none-yet")
        return
    show(overview(report), "report", _pressed)
    _drill(report)


def _running(folder: Path) -> None:
    """Offer to start a run; while one is at work, show how far it is."""
    last = evaluations().last
    if last and last.running:
        st.session_state["evaluating"] = True
        _progress()
        return
    if st.session_state.pop("evaluating", False) and last and last.problem:
        show(notice_view("error", "The evaluation failed", last.problem), "evaluation-failed")
    with st.expander("Run an evaluation", expanded=not (folder / _REPORT).is_file()):
        split = st.segmented_control(
            "Seed questions", list(_SPLITS), format_func=_SPLITS.__getitem__, default="dev", required=True
        )
        if st.button("Run", type="primary"):
            _start(folder, split or "dev")


def _start(folder: Path, split: str) -> None:
    try:
        with refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if (folder / _REPORT).is_file():
                shutil.copyfile(folder / _REPORT, folder / _EARLIER)
        arguments = ["--split", split, "--out", str(folder), *_index(), *_against(folder, split)]
    except LoccitError as error:
        show(notice_view("error", "Not started", error.message, error.remedy), "not-started")
        return
    evaluations().start(arguments)
    st.rerun()


def _index() -> list[str]:
    """Return the option that takes this index, where it holds the papers asked about; else nothing."""
    try:
        held = library.current().index.names
    except LoccitError:
        return []
    manifest = tomllib.loads((seeds_folder() / "manifest.toml").read_text(encoding="utf-8"))
    seeds = {paper["sha256"] for paper in manifest["paper"]}
    return ["--index", str(library.folder())] if seeds <= set(held) else []


def _against(folder: Path, split: str) -> list[str]:
    """Return the option that compares with the report before; where that asked others, with the baseline."""
    try:
        earlier = load(folder / _EARLIER)
    except LoccitError:
        earlier = None
    same = earlier is not None and (earlier.get("set"), earlier.get("split")) == ("seeds", split)
    return ["--against", str(folder / _EARLIER) if same else "baseline"]


@st.fragment(run_every=1.0)
def _progress() -> None:
    last = evaluations().last
    if last is None or not last.running:
        st.rerun()
    share = last.done / last.total if last.total else 0.0
    count = f" · {last.done} of {last.total}" if last.total > 1 else ""
    st.progress(min(share, 1.0), f"{last.stage}{count}")
    if st.button("Stop"):
        last.stop()
        st.rerun()


def _pressed() -> None:
    pressed = event("report")
    if pressed.get("do") == "metric":
        st.session_state["metric"] = str(pressed["metric"])
        st.session_state["failures-shown"] = _AT_ONCE


def _drill(report: Report) -> None:
    """Draw the questions behind the figure that was pressed."""
    metric = st.session_state.get("metric")
    if metric is None:
        return
    found = failing_questions(report, metric)
    types = sorted({str(one.get("type", "")) for one in found})
    if len(types) > 1:
        kind = st.selectbox("Kind of question", types, index=None, placeholder="All kinds", key="kind")
        found = [one for one in found if kind in (None, one.get("type"))]
    most = st.session_state.setdefault("failures-shown", _AT_ONCE)
    count = f"{len(found)} question counts" if len(found) == 1 else f"{len(found)} questions count"
    every = metric == EVERY
    title = f"{len(found)} questions" if every else f"{count} against “{title_of(report, metric)}”"
    view = failures_view(found[:most], title, _held(), judged=every)
    show(view, "failures", _place_pressed)
    if len(found) > most:
        st.button(f"Show more ({len(found) - most})", on_click=_show_more)

    if placed := st.session_state.pop("placed", None):
        _in_its_paper(placed)


def _held() -> Mapping[str, str]:
    """Return the papers of the index by id; none where there is no index."""
    try:
        return library.current().index.names
    except LoccitError:
        return {}


def _place_pressed() -> None:
    pressed = event("failures")
    if pressed.get("do") == "place":
        st.session_state["placed"] = pressed


@st.dialog("In its paper", position="right")
def _in_its_paper(placed: View) -> None:
    """Show a quote of the report between its neighbours."""
    heading = "Quote given" if placed["given"] else "Right quote"
    try:
        document = library.current().index.documents[str(placed["document"])]
        show(place_view(document, str(placed["quote"]), int(placed["start"]), heading), "placed")
    except LoccitError as error:
        show(notice_view("warning", "The paper was read anew", error.message, error.remedy), "placed")


def _show_more() -> None:
    st.session_state["failures-shown"] += _AT_ONCE
