"""The Evaluation page (the last report, and a run started from here) and the Feedback page."""

from __future__ import annotations

import shutil
import tomllib
from contextlib import suppress
from pathlib import Path

import streamlit as st

from evals.report.contents import read_report
from evals.report.render import fragment
from evals.sets.feedback import as_lines
from index.errors import LoccitError
from index.files import refusals
from index.store.index import Index
from qa.files.feedback import Judgement, judgements, withdraw
from qa.files.resources import index_place, kept_folder, seeds_folder
from qa.show.present import notice_view
from qa.web import library, state
from qa.web.background import evaluations
from qa.web.component import event, show, show_error, show_progress, show_title

_REPORT = "report.json"
_EARLIER = "earlier.json"  #: the report before, which the next one is compared with
_SPLITS = {"all": "All", "dev": "Development half", "test": "Test half"}
_INTRO = (
    "How good the answers are, measured on questions whose right answers are known. Each figure links to the "
    "questions that it fails on, and each question shows the quote wanted and the quote given."
)
_NOT_COMPARED = (
    "No earlier evaluation was made on the same papers. Among more papers every question is harder, so "
    "lower figures after adding papers are no fall in quality, and such evaluations are not compared."
)
_ABOUT_FEEDBACK = (
    "Answers judged “Right” or “Wrong” are evaluation questions: loccit eval --set feedback. They are stored "
    "with the index and nowhere else, and outlast their conversation; remove them here."
)
_AT_ONCE = 50  #: judgements shown, newest first


def page() -> None:
    """Draw the page."""
    show_title("Evaluation", _INTRO, "intro-evaluation")
    folder = kept_folder() / "evaluation"
    _running(folder)
    path = folder / _REPORT
    if not path.is_file():
        message = "Run an evaluation above; the seed questions take a few minutes."
        show(notice_view("info", "No report yet", message), "none-yet")
        return
    try:
        drawn, compared = _drawn(str(path), path.stat().st_mtime_ns)
        if not compared:
            show(
                notice_view("info", "Not compared with an earlier evaluation", _NOT_COMPARED), "not-compared"
            )
        st.html(drawn)
    except LoccitError as error:
        show_error("The last report cannot be read", error, "no-report")


@st.cache_resource(max_entries=2, show_spinner=False)
def _drawn(path: str, stamp: int) -> tuple[str, bool]:
    """Return the report at ``path`` as HTML, and whether it is compared with an earlier one.

    Drawn once per modification time ``stamp``.
    """
    report = read_report(Path(path))
    return fragment(report), "comparison" in report


def _running(folder: Path) -> None:
    """Offer to start a run; during a run, show its progress."""
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
    except LoccitError as error:
        show_error("Not started", error, "not-started")
        return
    index = _index()
    options = ["--split", split, "--out", str(folder), *(["--index", str(index_place())] if index else [])]
    evaluations().start([*options, *_against(folder, split, index)])
    st.rerun()


def _seeds() -> set[str]:
    """Return the ids of the papers that the questions are about."""
    manifest = tomllib.loads((seeds_folder() / "manifest.toml").read_text(encoding="utf-8"))
    return {paper["sha256"] for paper in manifest["paper"]}


def _index() -> Index | None:
    """Return this index if it holds the seed papers; without it, they are searched by themselves."""
    try:
        index = library.current().index
    except LoccitError:
        return None
    return index if _seeds() <= set(index.names) else None


def _against(folder: Path, split: str, index: Index | None) -> list[str]:
    """Return the option that names what to compare with; none if no run was made on the same papers."""
    papers = len(index.names) if index else len(_seeds())
    try:
        earlier = read_report(folder / _EARLIER)
        same = (earlier["set"], earlier["split"], earlier["sets"]["seeds"]["papers"])
        if same == ("seeds", split, papers):
            return ["--against", str(folder / _EARLIER)]
    except (LoccitError, KeyError):
        pass
    return ["--against", "baseline"] if papers == len(_seeds()) else []


@st.fragment(run_every=1.0)
def _progress() -> None:
    last = evaluations().last
    if last is None or not last.running:
        st.rerun()
    show_progress(last.stage, last.done, last.total)
    if st.button("Stop"):
        last.stop()
        st.rerun()


def feedback_page() -> None:
    """Draw the judgements of answers, and offer them for download."""
    show_title("Feedback", _ABOUT_FEEDBACK, "intro-feedback")
    try:
        problems: list[str] = []
        judged = judgements(index_place(), owner=state.owner(), say=problems.append)
    except LoccitError as error:
        show_error("Feedback cannot be read", error, "no-feedback")
        return
    for problem in problems:
        show(notice_view("warning", "Feedback is damaged", problem), "damaged-feedback")
    if not judged and not problems:
        show(notice_view("info", "No feedback yet", "Judge an answer on the Ask page."), "nothing-judged")
    if not judged:
        return
    st.download_button(
        "Download as evaluation questions (JSON lines)",
        lambda: as_lines(judged),
        file_name="loccit-feedback.jsonl",
        mime="application/jsonl",
        on_click="ignore",
    )
    rows = [
        {
            "helpful": item.helpful,
            "question": item.question,
            "quotes": _quotes(item),
            "made": item.made,
            "number": item.number,
        }
        for item in judged[::-1][:_AT_ONCE]
    ]
    show({"view": "judged", "rows": rows}, "judged", _pressed)


def _pressed() -> None:
    """Withdraw a judgement; if that fails, it stays in the list."""
    pressed = event("judged")
    with suppress(LoccitError):
        if pressed.get("do") == "withdraw":
            withdraw(index_place(), state.owner(), number=int(pressed["number"]))


def _quotes(item: Judgement) -> list[str]:
    """Return what was right, or would have been."""
    if item.gold is None:
        return ["Nobody has said yet what would have been right."]
    right = "" if item.helpful else "Right: "
    return [f"{right}{one.quote}" for one in item.gold] or [f"{right}Not in these papers"]
