"""Longer flows through the app in Chromium: edit, reload, links, exports, keyboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import both_themes, settled, watched_page
from tests.web.papers import HOSTILE, LICHENS, NAMES, ON_LICHENS, QUESTION, TITLE, YEAR, lichens_pdf
from tests.web.serving import (
    ANSWERED,
    REFUSED,
    ask,
    check_accessible,
    open_page,
    serving,
    start,
    tab_to,
)
from tests.web.test_browser_papers import BUILD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.commands import Loccit

pytestmark = pytest.mark.browser

FIRST = "What was the woman's AST on admission?"


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
    expect(third.locator("h2")).to_have_text("What was the woman's CK on admission?")
    assert "9641" in (third.text_content() or "")
    expect(third.get_by_text("Searched as")).to_have_count(0)


def test_a_link_restores_question_scope_years_and_source(browser: Browser, chat: str) -> None:
    with watched_page(browser) as page:
        start(page, chat)
        page.get_by_role("button", name="Years").click()
        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**years=**")
        page.keyboard.press("Escape")
        answer = ask(page, "Which antibodies were positive?")
        expect(answer.get_by_text("Searched only: Seronegative")).to_be_visible()
        answer.locator(".cite").nth(1).click()
        page.wait_for_url("**cite=2**")
        address = page.url
        answer.locator(".cite").first.click()
        page.wait_for_url("**cite=1**")
        page.goto(address)  # this browser still has the conversation
        page.locator(".source").get_by_text("2 of ").wait_for()
        expect(page.locator("article.turn:has(footer)")).to_have_count(1)
    with watched_page(browser) as page:
        page.goto(address)
        answer = page.locator("article.turn:has(footer)")
        answer.wait_for()
        expect(answer.get_by_text("Searched only: Seronegative")).to_be_visible()
        page.locator(".source").get_by_text("2 of ").wait_for()


def test_a_stricter_setting_makes_an_answer_a_possible_one(browser: Browser, chat: str) -> None:
    question = "What was the woman's CK on admission?"
    with watched_page(browser) as page:
        start(page, f"{chat}/?right=95")
        answer = ask(page, question)
        expect(answer.get_by_text("Possible answers, not sure")).to_be_visible()
        expect(answer.get_by_text("95% of sure answers should be right")).to_be_visible()
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
    expect(sure.get_by_text("High confidence · ")).to_be_visible()
    answer = ask(page, "How was the woman treated?")
    doubtful = answer.locator("li.unsure").first
    assert doubtful.locator("blockquote").evaluate(style) == "dashed"
    expect(doubtful.get_by_text("confidence · ")).to_be_visible()
    expect(answer.get_by_text("Possible answers, not sure: ")).to_be_visible()


def test_all_pages_work_by_keyboard_alone(page: Page) -> None:
    tab_to(page, "TEXTAREA")
    page.keyboard.type(ANSWERED)
    page.keyboard.press("Enter")
    page.locator("article.turn footer").wait_for()
    steps = (
        ("BUTTON Evidence table", True, page.locator(".grid")),
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


def test_a_changed_file_is_read_again(
    browser: Browser, own_folder: Path, root: Path, tmp_path: Path, loccit: Loccit
) -> None:
    path = tmp_path / "lichens.pdf"
    path.write_bytes(lichens_pdf())
    assert loccit("add", path, "--index", own_folder).code == 0
    with serving(root, own_folder, tmp_path / "log") as url, watched_page(browser) as page:
        start(page, url)
        answer = ask(page, ON_LICHENS)
        expect(answer.locator("blockquote").first).to_have_text(LICHENS)
        path.write_bytes(lichens_pdf("A line added later."))
        open_page(page, "Papers")
        page.get_by_text("Read the files again").click()
        settled(page)
        page.get_by_role("button", name="Read again").click()
        page.locator(".outcomes > li", has_text="lichens.pdf").get_by_text("Added").wait_for(timeout=BUILD)
        expect(page.locator(".shelved", has_text="Lichens of the northern coast")).to_have_count(1)
        open_page(page, "Ask")
        page.get_by_text("The papers have changed since").first.wait_for()
