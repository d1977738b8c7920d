"""Longer flows through the app in Chromium: edit, reload, links, evidence table, keyboard."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from tests.browser import SIZES, both_themes, settled, watched_page
from tests.web.papers import HOSTILE, LICHENS, NAMES, ON_LICHENS, QUESTION, TITLE, YEAR, lichens_pdf
from tests.web.serving import (
    ANSWERED,
    REFUSED,
    ask,
    check_accessible,
    open_page,
    serving,
    source_panel,
    start,
    tab_to,
)
from tests.web.test_browser_papers import BUILD

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.commands import Loccit

pytestmark = pytest.mark.browser

FIRST = "What was the woman's AST on admission?"


def shown(page: Page) -> list[str]:
    """Return the questions whose answers are drawn."""
    return page.locator("article.turn:has(footer) > h2").all_text_contents()


def test_the_searched_question_can_be_edited(page: Page) -> None:
    ask(page, FIRST)
    answer = ask(page, "And her ALT?")
    edit = answer.get_by_role("button", name="Edit")
    edit.focus()
    page.keyboard.press("Enter")
    field = answer.get_by_role("textbox")
    assert "ALT" in field.input_value()
    page.keyboard.press("Escape")
    assert edit.evaluate("element => element.getRootNode().activeElement === element")
    page.keyboard.press("Enter")
    check_accessible(page)
    field.fill("What was the woman's CK on admission?")
    page.keyboard.press("Enter")
    third = page.locator("article.turn:has(footer)").nth(2)
    third.wait_for()
    assert third.locator("h2").text_content() == "What was the woman's CK on admission?"
    assert "9641" in (third.text_content() or "")
    assert third.get_by_text("Searched as").count() == 0


def test_a_conversation_survives_a_reload_in_its_browser_only(browser: Browser, page: Page) -> None:
    ask(page, REFUSED)
    ask(page, ANSWERED)
    open_page(page, "Papers")
    page.locator(".shelved").first.wait_for()
    page.reload()
    page.locator(".shelved").first.wait_for()
    settled(page)
    open_page(page, "Ask")
    page.locator("article.turn footer").nth(1).wait_for()
    assert shown(page) == [REFUSED, ANSWERED]
    page.reload()
    page.locator("article.turn footer").nth(1).wait_for()
    assert shown(page) == [REFUSED, ANSWERED]
    settled(page)
    with watched_page(browser) as other:
        other.goto(page.url)
        other.locator("article.turn footer").wait_for()
        assert REFUSED not in shown(other)  # the URL asks its question, but opens no history
    page.get_by_role("button", name="New conversation").click()
    page.locator("article.turn").first.wait_for(state="detached")
    settled(page)
    page.get_by_role("button", name="Earlier").click()
    page.get_by_role("combobox", name="Earlier conversations").click()
    page.get_by_role("option", name=REFUSED).click()
    page.locator("article.turn footer").nth(1).wait_for()
    assert shown(page) == [REFUSED, ANSWERED]


def test_a_link_restores_question_scope_years_and_source(browser: Browser, chat: str) -> None:
    with watched_page(browser) as page:
        start(page, chat)
        page.get_by_role("button", name="Years").click()
        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**years=**")
        page.keyboard.press("Escape")
        answer = ask(page, "Which antibodies were positive?")
        assert answer.get_by_text("Searched only: Seronegative").is_visible()
        answer.locator(".cite").nth(1).click()
        page.wait_for_url("**cite=2**")
        address = page.url
        answer.locator(".cite").first.click()
        page.wait_for_url("**cite=1**")
        page.goto(address)  # this browser still has the conversation
        page.locator(".source").get_by_text("2 of ").wait_for()
        assert page.locator("article.turn:has(footer)").count() == 1
    with watched_page(browser) as page:
        page.goto(address)
        answer = page.locator("article.turn:has(footer)")
        answer.wait_for()
        assert answer.get_by_text("Searched only: Seronegative").is_visible()
        page.locator(".source").get_by_text("2 of ").wait_for()


def test_a_stricter_setting_makes_an_answer_a_possible_one(browser: Browser, chat: str) -> None:
    question = "What was the woman's CK on admission?"
    with watched_page(browser) as page:
        start(page, f"{chat}/?right=95")
        answer = ask(page, question)
        assert answer.get_by_text("Possible answers, not sure").is_visible()
        assert answer.get_by_text("95% of sure answers should be right").is_visible()
        page.get_by_role("button", name="Strictness").click()
        page.get_by_text("Stricter settings show").wait_for()
        for _ in both_themes(page):
            check_accessible(page)
        page.get_by_role("radiogroup").get_by_text("80").click()
        page.wait_for_url("**right=80**")
        page.keyboard.press("Escape")
        settled(page)
        ask(page, question)
        page.locator("article.turn.answered").wait_for()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_an_evidence_table_is_shown_and_downloaded(
    browser: Browser, chat: str, size: tuple[int, int], root: Path
) -> None:
    with watched_page(browser, size) as page:
        start(page, chat)
        answer = ask(page, QUESTION.format(NAMES[0]))
        button = answer.get_by_role("button", name="Evidence table")
        button.click()
        table = page.get_by_role("region", name="Evidence table")
        table.wait_for()
        rows = table.locator("xpath=./table/tbody/tr")
        assert rows.count() == 3
        assert TITLE in (rows.first.locator("th").text_content() or "")
        assert HOSTILE[0] in (rows.first.text_content() or "")
        assert rows.filter(has_text="nothing found").count()
        check_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=root / "tests" / "out" / f"evidence-{size[0]}.png", full_page=True)
        with page.expect_download() as download:
            page.get_by_role("button", name="Table as CSV").click()
        text = download.value.path().read_bytes().decode("utf-8-sig")
        first = next(csv.DictReader(io.StringIO(text, newline="")))
        assert first["paper"] == TITLE
        assert HOSTILE[0] in first["quote"]
        table.locator(".cite").first.click()
        page.locator(".source:visible, [role=dialog] .source").first.get_by_text(TITLE).wait_for()
        if size[0] <= 640:
            page.keyboard.press("Escape")
        assert page.evaluate("window.hurt === undefined")


def test_exports_hold_a_hostile_paper_unchanged(page: Page) -> None:
    ask(page, QUESTION.format(NAMES[2]))
    assert page.title() == "Loccit"
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON, with receipts").click()
    (answer,) = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert answer["citations"][0]["title"] == TITLE
    assert HOSTILE[2] in answer["citations"][0]["quote"]
    for name in ("Markdown", "BibTeX, with quotes", "RIS, with quotes"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert "Zebrafish" in download.value.path().read_text(encoding="utf-8")
    assert page.evaluate("window.hurt === undefined")


def test_a_quote_is_copied_with_its_reference(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, QUESTION.format(NAMES[2]))
    button = page.get_by_role("button", name="Copy quote 1 with its reference").first
    button.click()
    page.get_by_role("button", name="Copy quote 1 with its reference").filter(has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert HOSTILE[2] in copied
    assert f"\n\n{TITLE}. {YEAR}." in copied
    page.get_by_role("button", name="Export").click()
    page.get_by_text("APA", exact=True).click()
    page.keyboard.press("Escape")
    settled(page)
    button.click()
    page.wait_for_timeout(200)
    assert f"\n\n{TITLE}. ({YEAR})." in page.evaluate("navigator.clipboard.readText()")


def test_a_single_answer_can_be_exported(page: Page) -> None:
    ask(page, REFUSED)
    ask(page, ANSWERED)
    # Streamlit keeps a chat scrolled to its end until the user scrolls, so use the mouse wheel.
    page.mouse.move(400, 400)
    page.mouse.wheel(0, -10_000)
    settled(page)
    page.get_by_role("button", name="Export").click()
    page.get_by_text("2 answers, as:").wait_for()
    check_accessible(page)
    page.get_by_role("combobox", name="Answers").click()
    page.get_by_role("option", name=ANSWERED).wait_for()  # the last answer is listed, too
    page.get_by_role("option", name=REFUSED).click()
    page.get_by_text("One answer, as:").wait_for()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON, with receipts").click()
    (answer,) = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert answer["question"] == REFUSED


def test_low_confidence_is_visible(page: Page) -> None:
    style = "element => getComputedStyle(element).borderInlineStartStyle"
    sure = ask(page, "What did CT of the abdomen and pelvis reveal?").locator("li").first
    assert sure.locator("blockquote").evaluate(style) == "solid"
    assert sure.get_by_text("High confidence · ").is_visible()
    answer = ask(page, "How was the woman treated?")
    doubtful = answer.locator("li.unsure").first
    assert doubtful.locator("blockquote").evaluate(style) == "dashed"
    assert doubtful.get_by_text("confidence · ").is_visible()
    assert answer.get_by_text("Possible answers, not sure: ").is_visible()


def test_all_pages_work_by_keyboard_alone(page: Page) -> None:
    tab_to(page, "TEXTAREA")
    page.keyboard.type(ANSWERED)
    page.keyboard.press("Enter")
    page.locator("article.turn footer").wait_for()
    steps = (
        ("BUTTON Evidence table", True, page.get_by_role("region", name="Evidence table")),
        ("A Papers", True, page.locator(".shelved").first),
        ("Earlier collections", False, page.get_by_role("region", name="Earlier collections")),
        ("A Evaluation", True, page.locator(".tiles li").first),
        ("SUMMARY", False, page.locator("details[open]").first),
    )
    for words, back, opened in steps:
        settled(page)
        tab_to(page, words, back=back)
        page.keyboard.press("Enter")
        opened.wait_for()


def test_the_whole_page_is_shown_until_the_file_changes(
    browser: Browser, own_folder: Path, root: Path, tmp_path: Path, loccit: Loccit
) -> None:
    path = tmp_path / "lichens.pdf"
    path.write_bytes(lichens_pdf())
    assert loccit("add", path, "--index", own_folder).code == 0
    with serving(root, own_folder, tmp_path / "log") as url, watched_page(browser) as page:
        start(page, url)
        answer = ask(page, ON_LICHENS)
        assert answer.locator("blockquote").first.text_content() == LICHENS
        panel = source_panel(page)
        panel.get_by_role("button", name="Whole page").click()
        panel.get_by_role("img").wait_for()
        panel.locator(".box").first.wait_for()
        # Wait for the image: once the file changes, the server no longer has it.
        page.wait_for_function("image => image.complete", arg=panel.get_by_role("img").element_handle())
        path.write_bytes(lichens_pdf("A line added later."))
        answer.locator(".cite").first.click()
        panel.get_by_text("has changed since it was read").wait_for()

        open_page(page, "Papers")
        page.get_by_text("Read the files again").click()
        settled(page)
        page.get_by_role("button", name="Read again").click()
        page.locator(".outcomes > li", has_text="lichens.pdf").get_by_text("Added").wait_for(timeout=BUILD)
        assert page.locator(".shelved", has_text="Lichens of the northern coast").count() == 1
        open_page(page, "Ask")
        page.get_by_text("The papers have changed since").first.wait_for()
