"""The Table page: questions as columns, papers as rows, a cell opens its source beside the table.

A page of its own, because a table belongs to no conversation: it has its own questions and papers, needs the
width, and is reached by a link. "Evidence table" below an answer opens it with that question.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from index.errors import LoccitError
from qa.answer import Answerer
from qa.evidence_table import Alone, growing
from qa.files.resources import index_place
from qa.records import Answer, Receipt, Status
from qa.show.evidence import EvidenceTable, as_csv, as_markdown, filtered, numbered, ordered, table_view
from qa.show.present import counted, notice_view
from qa.show.spreadsheet import as_xlsx
from qa.understand.question import LONGEST
from qa.web import library, state
from qa.web.background import Tabling
from qa.web.component import event, show, show_error, show_title
from qa.web.pages.panel import panel, sheet
from qa.web.pages.toolbar import selection
from qa.web.state import TABLE, Chosen, Turn

_INTRO = "Each paper is asked each question. Cells are quotes; press one to see it in its paper."
#: Questions that most papers answer.
_EXAMPLES = (
    "How many patients were included?",
    "Which treatment was given?",
    "What was the main result?",
    "Which limitations are mentioned?",
)
_MOST_QUESTIONS = 10
_AT_ONCE = 50  #: rows shown before "Show more"
_REMEMBERED = 50_000  #: answers of papers asked by themselves
_STATUSES = {
    "All rows": None,
    "Answered": Status.ANSWERED,
    "Possible": Status.POSSIBLE,
    "Not found": Status.NOT_FOUND,
}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def page() -> None:
    """Draw the page and make the table that the questions and papers ask for."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        begun = st.session_state.get("questions") or st.query_params.get_all("question")
        show_title("Evidence table", "" if begun else _INTRO, "intro-table")
        try:
            answerer = library.current()
        except LoccitError as error:
            show_error("No table can be made yet", error, "no-table")
            return
        with st.container(key="toolbar", horizontal=True, vertical_alignment="center"):
            documents, right_share = selection(answerer)
        questions = _questions()
        if questions:
            _table(answerer, questions, documents, right_share)
    chosen = state.chat().chosen
    shown = bool(questions and chosen and chosen.turn == TABLE)
    with right, st.container(key="beside-table" if shown else "no-source"):
        if shown:
            panel(answerer.index)
        else:
            st.html("<i></i>")  # Streamlit leaves out an empty container
    if st.session_state.pop("sheet", False) and shown:
        sheet(answerer.index)


def _questions() -> tuple[str, ...]:
    """Draw the field for a further question and return all; the URL has them, too."""
    questions: list[str] = st.session_state.setdefault(
        "questions", [one[:LONGEST] for one in st.query_params.get_all("question") if one.strip()]
    )
    full = len(questions) >= _MOST_QUESTIONS
    words = f"A table has at most {_MOST_QUESTIONS} questions" if full else "Ask each paper a question"
    typed = st.chat_input(words, key="column", max_chars=LONGEST, disabled=full)
    if not questions and not typed:
        st.pills("Try one of these", _EXAMPLES, key="column-pill", on_change=_take_example)
    if typed:
        add_question(typed)
    del questions[_MOST_QUESTIONS:]
    if st.query_params.get_all("question") != questions:
        st.query_params["question"] = questions
    return tuple(questions)


def add_question(question: str) -> None:
    """Make a question a column of the session's table."""
    questions = st.session_state.setdefault("questions", [])
    if (question := " ".join(question.split())) and question not in questions:
        questions.append(question)


def _take_example() -> None:
    add_question(st.session_state["column-pill"] or "")
    st.session_state["column-pill"] = None


def _table(
    answerer: Answerer, questions: tuple[str, ...], documents: frozenset[str] | None, right: float | None
) -> None:
    """Draw the table as far as it is made."""
    try:
        answerer = answerer if right is None else answerer.as_sure(right)
    except LoccitError as error:
        show_error("No table can be made", error, "table-failed")
        return
    work = _tabling(answerer, questions, documents)
    if work.error:
        show_error("The table cannot be completed", work.error, "table-error")
        st.button("Try again", on_click=st.session_state.pop, args=["table-work"])
    running, table = work.running, work.table
    st.session_state["table-drawn"] = table, time.monotonic()
    if running or not work.done:
        _progress(work, running=running)
    if table and table.rows:
        _rows(table, running=running)
    elif table:
        show(notice_view("info", "No paper is selected", "Select papers or years above."), "no-rows")


def _tabling(answerer: Answerer, questions: tuple[str, ...], documents: frozenset[str] | None) -> Tabling:
    """Return the work of this tab on its table; begin it if what is asked, or what the chat answers, is new.

    Another tab has work of its own, and may stop it. What single papers answered is shared.
    """
    answers = tuple(
        turn.answer
        for turn in state.chat().turns
        if turn.answer and turn.answer.resolved_question in questions
    )
    index, threshold = library.identity(answerer.index), answerer.threshold
    decides = f"{answerer.fingerprint} {answerer.calibration}"
    asked = index, decides, threshold, questions, documents, answers
    before: tuple[object, Tabling] | None = st.session_state.get("table-work")
    if before and before[0] == asked:
        return before[1]
    if before:
        before[1].stop()
    alone = _alone(str(index_place()), decides, threshold)
    if len(alone) > _REMEMBERED:
        alone.clear()
    tables = growing(answerer, questions, documents=documents, answers=answers, alone=alone)
    work = Tabling(tables, library.TURN)
    work.go_on()
    st.session_state["table-work"] = asked, work
    return work


@st.cache_resource(max_entries=4, show_spinner=False)
def _alone(place: str, fingerprint: str, threshold: float) -> Alone:
    """Return what papers answered by themselves, so that only new questions and papers are asked."""
    return {}


def _progress(work: Tabling, *, running: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="table-progress"):
        (st.fragment(_watch, run_every=1.0) if running else _watch)(work)
        if running:
            st.button("Stop", on_click=work.stop)
        elif work.error is None:
            st.button("Continue", on_click=work.go_on)


def _watch(work: Tabling) -> None:
    """Draw how many papers were asked; redraw the page when the table has grown."""
    table, moment = st.session_state["table-drawn"]
    running = work.running
    if time.monotonic() - moment > 0.8 and (work.table is not table or not running) and not work.stopped:
        st.rerun()
    done, total = (table.asked, max(len(table.rows), 1)) if table else (0, 1)
    words = f"{done} of {counted(total, 'paper')} asked" if table else "Searching all papers …"
    st.progress(done / total, words if running else f"Stopped: {words}")


def _rows(table: EvidenceTable, *, running: bool) -> None:
    """Draw the rows that the filter lets through, in the order chosen."""
    by, falling = st.session_state.get("table-order", ("", False))
    if isinstance(by, int) and by >= len(table.questions):
        by = ""
    words, status, place = _filter()
    kept = filtered(table, words, status)
    # Rows do not move under the pointer while the table grows, unless an order was chosen.
    shown = numbered(kept if running and by == "" else ordered(kept, by, falling=falling))
    with place:
        _exports(shown)
    opened = _keep_open(shown)
    most = st.session_state.setdefault("table-shown", _AT_ONCE)
    view = table_view(shown, TABLE, most)
    view |= {"by": by, "falling": falling, "chosen": opened}
    show(view, "evidence", _pressed)
    if len(shown.rows) > most:
        more = {"table-shown": most + _AT_ONCE}
        words = f"Show more ({len(shown.rows) - most})"
        st.button(words, on_click=st.session_state.update, args=[more], type="tertiary")


def _filter() -> tuple[str, Status | None, DeltaGenerator]:
    """Draw the filter; return its words and outcome, and the place beside it."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="table-filter"):
        words = st.text_input(
            "Filter the rows",
            key="table-words",
            placeholder="Filter by words in paper, year or quote",
            label_visibility="collapsed",
        )
        status = st.selectbox(
            "Show", list(_STATUSES), key="table-status", width=140, label_visibility="collapsed"
        )
        place = st.container(width="content")
    return words, _STATUSES[status], place


def _exports(table: EvidenceTable) -> None:
    """Offer the rows shown for download; each file is made when its button is pressed."""
    formats = (
        ("Excel (XLSX)", "xlsx", _XLSX, as_xlsx),
        # Spreadsheets detect UTF-8 by the byte order mark.
        ("CSV", "csv", "text/csv", lambda table: as_csv(table).encode("utf-8-sig")),
        ("Markdown", "md", "text/markdown", lambda table: as_markdown(table).encode()),
    )
    with st.popover("Export"):
        st.caption(f"{counted(len(table.rows), 'row')}, as filtered and ordered:")
        for label, ending, mime, write in formats:
            name = f"loccit-table.{ending}"
            st.download_button(
                label,
                partial(write, table),
                name,
                mime,
                f"table-{ending}",
                on_click="ignore",
                width="stretch",
            )


def _keep_open(table: EvidenceTable) -> int:
    """Offer the quotes as sources to the panel; the one that is open stays open, whatever its new number.

    Returns that number, 0 if none is open.
    """
    chat, before = state.chat(), st.session_state.get(TABLE)
    number = chat.chosen.number if chat.chosen and chat.chosen.turn == TABLE else 0
    st.session_state[TABLE] = _sources(table)
    if not number or before is None or number > len(before.answer.citations):
        return 0
    opened = before.answer.citations[number - 1]
    same = (one.number for one in table.citations if replace(one, number=opened.number) == opened)
    found = next(same, 0)
    chat.chosen = Chosen(TABLE, found) if found else None
    return found


def _sources(table: EvidenceTable) -> Turn:
    """Return the quotes in the form in which the panel takes sources."""
    receipt = Receipt("", table.generation, "", "", table.threshold, {}, {})
    words = " ".join(table.questions)
    answer = Answer(words, words, Status.ANSWERED, 1.0, 1.0, table.citations, (), (), receipt)
    return Turn(TABLE, words, answer)


def _pressed() -> None:
    pressed = event("evidence")
    match pressed.get("do"):
        case "sort":
            by, falling = st.session_state.get("table-order", ("", False))
            same = pressed["by"] == by
            st.session_state["table-order"] = pressed["by"], same and not falling
        case "drop":
            questions: list[str] = st.session_state["questions"]
            questions[:] = [one for one in questions if one != pressed["question"]]
            st.session_state["table-order"] = "", False
        case "open":
            state.chat().chosen = Chosen(TABLE, int(pressed["number"]))
            st.session_state["sheet"] = bool(pressed.get("narrow"))
