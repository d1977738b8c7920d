"""The Table page: columns, rows as they come, stop and continue, order, filter, sources and files."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from index.errors import QuoteError
from qa.answer import Answerer
from qa.evidence_table import growing
from qa.show.evidence import EvidenceTable
from qa.web.background import Tabling
from tests.browser import SIZES, both_themes, settled, watched_page
from tests.web.papers import HOSTILE, NAMES, QUESTION, TITLE
from tests.web.serving import ask, check_accessible, source_panel, start
from tests.web.test_app import views

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page


CK, STEROID = "What was the woman's CK on admission?", "Which steroid was given?"


def add(page: Page, question: str) -> Locator:
    """Add a question and return the table once it is complete."""
    box = page.get_by_placeholder("Ask each paper a question")
    box.fill(question)
    box.press("Enter")
    return complete(page, question)


def complete(page: Page, question: str) -> Locator:
    """Return the table once it has the question and is complete."""
    table = page.get_by_role("region", name="Evidence table")
    table.get_by_role("columnheader", name=question).wait_for()
    own = page.locator(".st-key-table-progress")  # Streamlit has a "Stop" of its own where a run takes long
    own.get_by_role("button", name="Stop").wait_for(state="detached", timeout=120_000)
    settled(page)
    return table


def names(table: Locator) -> list[str]:
    return table.locator(".grid > table > tbody > tr > th").all_text_contents()


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_the_table_of_an_answer_keeps_hostile_text_and_opens_its_source(
    browser: Browser, chat: str, size: tuple[int, int], root: Path
) -> None:
    with watched_page(browser, size) as page:
        start(page, chat)
        question = QUESTION.format(NAMES[0])
        ask(page, question).get_by_role("button", name="Evidence table").click()
        table = complete(page, question)
        assert len(names(table)) == 3
        assert TITLE in names(table)
        row = table.locator("tr", has_text=TITLE)
        assert HOSTILE[0] in (row.text_content() or "")
        assert table.get_by_text("not found in this paper").count()
        for theme in both_themes(page):
            check_accessible(page)
            page.screenshot(path=root / "tests" / "out" / f"table-{theme}-{size[0]}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        row.locator(".words").first.click()
        page.locator(".source:visible, [role=dialog] .source").first.get_by_text(TITLE).first.wait_for()
        assert page.evaluate("window.hurt === undefined")


@pytest.mark.browser
def test_the_table_of_a_follow_up_asks_what_was_searched(page: Page) -> None:
    ask(page, CK)
    ask(page, "And her ALT?").get_by_role("button", name="Evidence table").click()
    complete(page, "What was the woman's ALT on admission?")


@pytest.mark.browser
def test_columns_are_added_ordered_filtered_removed_and_linked(
    browser: Browser, page: Page, chat: str
) -> None:
    page.goto(f"{chat}/table")
    add(page, CK)
    table = add(page, STEROID)
    cells = table.locator(".grid > table > tbody > tr > td:not(.year)")
    expect(cells).to_have_count(6)
    table.get_by_text("9641 unit/L").first.wait_for()
    for heading, order in (("Paper", sorted), ("Paper", lambda found: sorted(found)[::-1])):
        table.get_by_role("button", name=heading).click()
        settled(page)
        assert [name.casefold() for name in names(table)] == order([name.casefold() for name in names(table)])
    table.get_by_role("button", name=CK, exact=False).first.click()
    settled(page)
    assert "9641" in (cells.first.text_content() or "")
    cells.first.locator(".cite").click()
    source_panel(page).get_by_text("CK", exact=True).wait_for()
    box = page.get_by_placeholder("Filter by words")
    box.fill("9641 seronegative")
    box.press("Enter")
    settled(page)
    assert len(names(table)) == 1
    expect(cells.first.locator(".cite")).to_have_attribute("aria-pressed", "true")  # the source stays open
    check_accessible(page)
    with watched_page(browser) as other:
        other.goto(page.url)
        complete(other, STEROID).get_by_text("9641 unit/L").first.wait_for()
    table.get_by_role("button", name=f"Remove the question: {STEROID}").click()
    table.get_by_role("columnheader", name=STEROID).wait_for(state="detached")
    assert STEROID.split()[1] not in page.url


@pytest.mark.browser
def test_the_cell_whose_source_is_open_stays_in_view_beside_it(page: Page, chat: str) -> None:
    asked = (CK, STEROID, "What was the ALT?", "How was the diagnosis made?")
    page.goto(f"{chat}/table?" + urlencode({"question": asked}, doseq=True))
    table = complete(page, asked[-1])
    wide = table.locator(".grid").evaluate("grid => grid.clientWidth")
    whole = """cell => {
        const grid = cell.closest(".grid").getBoundingClientRect(), own = cell.getBoundingClientRect();
        const name = cell.parentElement.firstElementChild.getBoundingClientRect();
        const page = { left: name.right, top: Math.max(grid.top, 0), right: grid.right, bottom: innerHeight };
        return own.left >= page.left - 1 && own.right <= page.right + 1 && own.top >= page.top - 1
            && own.bottom <= Math.min(grid.bottom, page.bottom) + 1 && own.width >= 18 * 16 - 24;
    }"""
    cells = table.locator("td:has(.cite)")
    for cell in (cells.last, cells.first):
        cell.locator(".cite").click()
        expect(cell.locator(".cite")).to_have_attribute("aria-pressed", "true")
        source_panel(page).wait_for()
        page.wait_for_function(
            f"([cell, wide]) => cell.closest('.grid').clientWidth < wide && ({whole})(cell)",
            arg=[cell.element_handle(), wide],
        )


@pytest.mark.browser
def test_a_table_that_grows_stays_scrolled_to_where_it_was(page: Page, chat: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    asked = (CK, STEROID, "What was the ALT?")
    page.goto(f"{chat}/table?" + urlencode({"question": asked}, doseq=True))
    grid = complete(page, asked[-1]).locator(".grid")
    grid.evaluate("grid => grid.scrollTo(200, 0)")
    add(page, "How was the diagnosis made?")
    assert grid.evaluate("grid => grid.scrollLeft") == 200


@pytest.mark.browser
def test_the_rows_shown_are_exported_as_text(page: Page, chat: str) -> None:
    question = QUESTION.format(NAMES[0])
    page.goto(f"{chat}/table?question={question}")
    complete(page, question)
    page.get_by_placeholder("Filter by words").fill("zebrafish")
    page.get_by_placeholder("Filter by words").press("Enter")
    settled(page)
    page.get_by_role("button", name="Export").click()
    page.get_by_text("1 row, as filtered").wait_for()
    files = {}
    for name in ("Excel (XLSX)", "CSV", "Markdown"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        files[name] = download.value.path().read_bytes()
    (row,) = csv.DictReader(io.StringIO(files["CSV"].decode("utf-8-sig"), newline=""))
    assert row["question"] == question
    assert HOSTILE[0] in row["quote"]
    book = load_workbook(io.BytesIO(files["Excel (XLSX)"]))
    assert HOSTILE[0] in book["Table"]["C2"].value
    assert [cell.value for cell in book["Quotes"][2]][:3] == [row["question"], row["status"], row["quote"]]
    assert b"Zebrafish" in files["Markdown"]
    assert page.evaluate("window.hurt === undefined")


def test_a_table_stops_in_the_middle_and_goes_on(answerer: Answerer) -> None:
    tables = list(growing(answerer, ["How long had both patients coughed?"]))
    reached, proceed = threading.Event(), threading.Event()

    def slowly() -> Iterator[EvidenceTable]:
        for table in tables:
            yield table
            reached.set()
            proceed.wait()

    turn = threading.Lock()
    work = Tabling(slowly(), turn)
    assert not work.running
    work.go_on()
    reached.wait()
    work.stop()
    proceed.set()
    with turn:  # the thread has ended or is about to
        assert not work.running
    assert work.table is not None
    assert not work.done
    for _ in iter(lambda: work.done, True):
        work.go_on()
    assert work.table == tables[-1]


def test_a_table_that_fails_keeps_its_rows_and_says_why(answerer: Answerer) -> None:
    table = next(growing(answerer, ["How long had the woman coughed?"]))

    def failing() -> Iterator[EvidenceTable]:
        yield table
        raise QuoteError("heart.txt: the text at 1:9 has changed.", "Ask again.")

    work = Tabling(failing(), threading.Lock())
    work.go_on()
    while work.running:
        pass
    assert work.table == table
    assert work.error
    assert "has changed" in work.error.message


def _draw_page() -> None:
    """Draw the Table page (a script of its own for the app)."""
    from qa.web.pages import table

    table.page()


def test_each_tab_has_work_of_its_own(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCCIT_INDEX", str(built))
    tabs = []
    for _ in range(2):
        tab = AppTest.from_function(_draw_page, default_timeout=300)
        tab.query_params["question"] = CK
        tabs.append(tab.run())
    (_, stopped), (_, going_on) = (tab.session_state["table-work"] for tab in tabs)
    tabs[0].chat_input[0].set_value(STEROID).run()
    (_, after) = tabs[0].session_state["table-work"]
    assert tabs[0].query_params["question"] == [CK, STEROID]
    assert stopped.stopped
    assert after is not stopped
    assert not going_on.stopped
    assert tabs[1].run().session_state["table-work"][1] is going_on
    assert not any(tab.exception for tab in tabs)
    while after.running or going_on.running:
        pass


def _draw_300() -> None:
    """Draw a table of 300 papers and three questions (a script of its own for the app)."""
    import streamlit as st

    from qa.web.pages import table

    table._rows(st.session_state["made"], running=False)


def test_300_papers_and_three_questions_are_drawn_in_steps(answerer: Answerer) -> None:
    (*_, made) = growing(answerer, ["What was the LDH on admission?", "What was the CK?", "Who coughed?"])
    rows = [
        replace(
            made.rows[at % 2], name=f"Paper {at}", paper=replace(made.rows[at % 2].paper, document_id=str(at))
        )
        for at in range(300)
    ]
    app = AppTest.from_function(_draw_300, default_timeout=60)
    app.session_state["made"] = replace(made, rows=tuple(rows))
    app.run()
    (view,) = views(app, "evidence")
    assert [len(row["cells"]) for row in view["rows"]] == [3] * 50
    (more,) = app.button
    assert more.label == "Show more (250)"
    more.click().run()
    assert len(views(app, "evidence")[0]["rows"]) == 100
    app.text_input[0].set_value("Paper 299").run()
    assert [row["name"] for row in views(app, "evidence")[0]["rows"]] == ["Paper 299"]
    app.text_input[0].set_value("").run()
    app.selectbox[0].set_value("Possible").run()
    assert not views(app, "evidence")[0]["rows"]
    assert not app.exception
