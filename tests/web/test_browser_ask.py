"""The Ask page in Chromium: questions, citations, the source panel, small screens, the keyboard."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import SIZES, both_themes, settled, watched_page
from tests.web.papers import HOSTILE, NAME, NAMES, QUESTION, TITLE
from tests.web.serving import ANSWERED, REFUSED, ask, check_accessible, source_panel, start, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

_IN_THE_BOX = "() => document.activeElement.tagName === 'TEXTAREA'"  #: the question box has the focus


def test_each_citation_opens_its_source(page: Page) -> None:
    answer = ask(page, ANSWERED)
    panel = source_panel(page)
    quotes = answer.locator("blockquote")
    assert quotes.count()
    for number in range(quotes.count()):
        button = answer.locator(f".cite[data-number='{number + 1}']")
        button.click()
        panel.get_by_role("heading", name=f"Source {number + 1}").wait_for()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(answer.locator(".cite[aria-pressed='true']")).to_have_count(1)
        marked = panel.locator("mark.citation, tr.cited").all_text_contents()
        assert "".join("".join(marked).split()) in "".join((quotes.nth(number).text_content() or "").split())
        expect(panel.locator("mark, tr.cited").first).to_be_visible()
    panel.get_by_text("Why this passage?").click()
    expect(panel.get_by_text("Probability that it answers")).to_be_visible()


def test_the_stepper_moves_between_sources_and_keeps_the_focus(page: Page) -> None:
    answer = ask(page, REFUSED)
    answer.locator(".cite").first.click()
    panel = source_panel(page)
    panel.get_by_text("1 of 3").wait_for()
    expect(panel.get_by_role("button", name="Previous source")).to_be_disabled()
    panel.get_by_role("button", name="Next source").click()
    panel.get_by_text("2 of 3").wait_for()
    expect(answer.locator(".cite[aria-pressed='true'] .number")).to_have_text("2")
    page.keyboard.press("Enter")  # the redrawn button still has the focus
    panel.get_by_text("3 of 3").wait_for()
    page.keyboard.press("Enter")  # its neighbour has the focus once it is disabled
    panel.get_by_text("2 of 3").wait_for()


def test_where_nothing_was_found_the_closest_passages_are_shown_and_nothing_is_claimed_of_them(
    page: Page,
) -> None:
    answer = ask(page, REFUSED)
    expect(answer.get_by_text("Not found in these papers")).to_be_visible()
    expect(answer.get_by_text("The passages most similar to the question.")).to_be_visible()
    expect(answer.locator("blockquote")).to_have_count(0)
    answer.locator(".nearby .cite").first.click()
    panel = source_panel(page)
    panel.get_by_text("A passage similar to the question.").wait_for()
    panel.get_by_text("Why this passage?").click()
    expect(panel.get_by_text("Score of the passage")).to_be_visible()
    assert "not answer" not in (page.locator("body").text_content() or "")


def test_the_url_keeps_the_paper_filter(browser: Browser, chat: str) -> None:
    with watched_page(browser) as page:
        start(page, chat)
        page.get_by_role("combobox").click()
        page.get_by_role("option", name="Seronegative").click()
        page.wait_for_url("**papers=**")
        address = page.url
        page.keyboard.press("Escape")
        answer = ask(page, "When was MMF restarted?")
        expect(answer.get_by_text("Searched only: Seronegative")).to_be_visible()
    with watched_page(browser) as page:
        start(page, address)
        again = ask(page, "What did the biopsy show?")
        expect(again.get_by_text("Searched only: Seronegative")).to_be_visible()


def test_a_hostile_paper_is_shown_as_text(browser: Browser, chat: str, built: Path) -> None:
    from index.store.open import open_index

    with open_index(built) as index:
        (paper,) = [index.documents[key] for key in index.names if index.documents[key].source == NAME]
    assert paper.title == TITLE
    with watched_page(browser) as page:
        start(page, chat)
        page.get_by_role("combobox").click()
        page.get_by_role("option", name=TITLE, exact=True).wait_for()
        page.keyboard.press("Escape")
        for name, text in zip(NAMES, HOSTILE, strict=True):
            assert text in paper.text, text
            answer = ask(page, QUESTION.format(name))
            shown = answer.locator("blockquote .words").all_text_contents()
            assert any(text in quote for quote in shown), f"{text} is not in {shown}"
            assert TITLE in (answer.locator("h3").first.text_content() or "")
        panel = source_panel(page)
        assert TITLE in (panel.locator("h3").text_content() or "")
        ask(page, "<script>window.hurt = 5</script> ![q](http://question.example.org/q.png) $x$ zebrafish")
        ask(page, "What was the longest string?")
        assert page.evaluate("window.hurt === undefined")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_the_ask_page_is_accessible(browser: Browser, chat: str, size: tuple[int, int], root: Path) -> None:
    out = root / "tests" / "out"
    out.mkdir(exist_ok=True)
    with watched_page(browser, size) as page:
        start(page, chat)
        page.locator(".suggested .chip").first.wait_for(timeout=120_000)
        for _ in both_themes(page):
            check_accessible(page)
        ask(page, REFUSED)
        answer = ask(page, ANSWERED)
        for scheme in both_themes(page):
            check_accessible(page)
            page.screenshot(path=out / f"ask-{size[0]}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if size[0] <= 640:
            for button in answer.locator("button:visible").all():
                box = button.bounding_box()
                assert box
                assert box["height"] >= 44, button.text_content()
            answer.locator(".cite").first.click()
            page.get_by_role("dialog").locator("mark, tr.cited").first.wait_for()
            for scheme in both_themes(page):
                check_accessible(page)
                page.screenshot(path=out / f"source-{size[0]}-{scheme}.png")


def test_on_a_phone_closing_the_source_focuses_its_citation(browser: Browser, chat: str) -> None:
    with watched_page(browser, SIZES["phone"]) as page:
        start(page, chat)
        answer = ask(page, REFUSED)
        button = answer.locator(".cite").nth(1)
        button.click()
        dialog = page.get_by_role("dialog")
        dialog.locator("mark, tr.cited").first.wait_for()
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        page.wait_for_timeout(300)
        assert button.evaluate("element => element.getRootNode().activeElement === element")
        button.click()  # and it opens again
        dialog.locator("mark, tr.cited").first.wait_for()
        dialog.get_by_role("button", name="Next source").click()
        dialog.get_by_text("3 of 3").wait_for()
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        page.wait_for_timeout(1000)
        expect(dialog).to_have_count(0)  # a closed dialog stays closed


def test_a_citation_opens_by_keyboard(page: Page) -> None:
    page.get_by_placeholder("Ask about the papers").focus()
    page.keyboard.type(REFUSED)
    page.keyboard.press("Enter")
    answer = page.locator("article.turn").filter(has=page.locator("footer"))
    answer.wait_for()
    settled(page)
    tab_to(page, "BUTTON 2")
    tip = answer.locator(".with-tip:focus-within .tip")
    expect(tip).to_be_visible()
    page.keyboard.press("Enter")
    panel = source_panel(page)
    panel.get_by_text("2 of ").wait_for()
    expect(tip).to_be_hidden()  # it would cover the next quote
    page.locator(".live", has_text="Closest passage 2:").wait_for(state="attached")


def test_an_answer_is_announced_and_copied_with_citations(browser: Browser, chat: str) -> None:
    with watched_page(browser) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        start(page, chat)
        answer = ask(page, ANSWERED)
        page.locator(".live", has_text=re.compile("[0-9] quotes? from")).wait_for(state="attached")
        answer.get_by_role("button", name="Copy with citations").click()
        answer.get_by_text("Copied with citations").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert re.search(r"“The patient resumed MMF .+” [\[(]1", copied)
        assert "References" in copied
        assert json.dumps(ANSWERED)[1:-1] in json.dumps(copied)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_the_first_page_shows_papers_and_questions_and_takes_a_question(
    browser: Browser, chat: str, size: tuple[int, int]
) -> None:
    with watched_page(browser, size) as page:
        page.goto(chat)
        page.wait_for_function(_IN_THE_BOX)
        settled(page)
        for name in ("Ask", "Papers", "Evaluation", "Feedback"):
            expect(page.get_by_role("link", name=name, exact=True)).to_have_count(1)
        for own in ("stSidebar", "stExpandSidebarButton"):  # Streamlit's own navigation, which would be empty
            expect(page.get_by_test_id(own)).to_be_hidden()
        expect(page.locator(".listing li")).to_have_count(3)
        chip = page.locator(".suggested .chip").first
        chip.wait_for(timeout=120_000)
        box = chip.bounding_box()
        assert box
        assert box["x"] + box["width"] <= size[0]
        question = chip.locator("span").first.text_content() or ""
        chip.click()
        page.locator("article.turn.answered", has_text=question).wait_for()


def test_a_question_sent_while_another_is_being_answered_waits_for_it(page: Page) -> None:
    first = "What was the CK at presentation and which dose of prednisone was given?"
    box = page.get_by_role("textbox", name="Ask about the papers")  # the visible one: it moves meanwhile
    for question in (first, ANSWERED):
        box.fill(question)
        box.press("Enter")
        page.locator("article", has_text=question).first.wait_for()
    for question in (first, ANSWERED):
        answered = page.locator("article.turn").filter(has=page.locator("footer"))
        expect(answered.filter(has_text=question)).to_have_count(1)


def test_keys_move_between_citations_close_the_source_and_go_to_the_question_box(page: Page) -> None:
    ask(page, REFUSED)
    answer = ask(page, ANSWERED)
    all_cited = page.locator(".cite")
    focused = "element => element.getRootNode().activeElement === element"
    panel = source_panel(page)
    panel.get_by_role("heading", name="Source 1").wait_for()
    page.wait_for_function(_IN_THE_BOX)
    page.keyboard.press("Escape")  # leaves the empty question box
    page.keyboard.press("k")
    panel.get_by_text("3 of 3").wait_for()
    assert all_cited.nth(2).evaluate(focused)
    page.keyboard.press("j")
    panel.get_by_role("heading", name="Source 1").wait_for()
    page.keyboard.press("ArrowUp")
    panel.get_by_text("3 of 3").wait_for()
    page.keyboard.press("Escape")
    page.locator(".listing").wait_for()
    expect(panel).to_have_count(0)
    expect(page.locator(".cite[aria-pressed='true']")).to_have_count(0)
    assert all_cited.nth(2).evaluate(focused)
    page.keyboard.press("/")
    page.keyboard.type("j/k")
    expect(page.get_by_placeholder("Ask about the papers")).to_have_value("j/k")
    answer.locator(".cite").first.click()
    panel.get_by_role("button", name="Close source").click()
    page.locator(".listing").wait_for()
