"""Kept conversations and corrected answers in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import SIZES, both_themes, settled, watched_page
from tests.web.serving import (
    ANSWERED,
    REFUSED,
    ask,
    check_accessible,
    free_port,
    open_page,
    serving,
    start,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

FIRST, SECOND = "What was the woman's AST on admission?", "And her ALT?"
HOSTILE = 'How <b>do</b> <img src=x onerror="window.hurt=1"> ![x](http://x.example.org/x.png) **I** bake?'


def listed(page: Page) -> Locator:
    """Open the list of conversations."""
    page.get_by_role("button", name="Conversations", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Search conversations").wait_for()
    settled(page)
    return dialog


def shown(page: Page) -> list[str]:
    """Return the answers as drawn, without times."""
    page.locator("article.turn footer").first.wait_for()
    settled(page)
    drawn = page.locator("article.turn:has(footer)")
    return [" ".join(drawn.nth(at).locator(".paper, h2").all_inner_texts()) for at in range(drawn.count())]


def test_a_conversation_survives_a_restart_in_its_middle(
    browser: Browser, root: Path, own_folder: Path, tmp_path: Path
) -> None:
    port = free_port()
    with watched_page(browser) as page:
        with serving(root, own_folder, tmp_path / "log", port=port) as url:
            start(page, url)
            ask(page, FIRST)
            before, address = shown(page), page.url
            page.goto("about:blank")  # a page that loses its server reports errors
        with serving(root, own_folder, tmp_path / "again", port=port):
            page.goto(address)
            assert shown(page) == before
            assert ask(page, SECOND).get_by_text("What was the woman's ALT on admission?").count()
            with watched_page(browser) as other:  # another window, opened from the list
                start(other, url)
                listed(other).get_by_role("button", name=FIRST).first.click()
                other.get_by_role("dialog").wait_for(state="detached")
                assert shown(other) == shown(page)
                ask(other, ANSWERED)
            open_page(page, "Papers")
            open_page(page, "Ask")
            assert len(shown(page)) == 3


@pytest.fixture(scope="module")
def own(root: Path, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server whose conversations are of these tests only."""
    import shutil

    folder = tmp_path_factory.mktemp("own") / "index"
    shutil.copytree(built, folder, ignore=shutil.ignore_patterns("*.sqlite*"))
    with serving(root, folder, folder.with_name("log")) as url:
        yield url


def test_conversations_are_searched_renamed_and_deleted(browser: Browser, own: str, root: Path) -> None:
    with watched_page(browser) as page:
        start(page, own)
        listed(page).get_by_text("None yet").wait_for()
        page.keyboard.press("Escape")
        ask(page, ANSWERED)
        page.get_by_role("button", name="New", exact=True).click()
        settled(page)
        ask(page, HOSTILE)
        dialog = listed(page)
        titles = dialog.locator(".title")
        assert titles.all_text_contents() == [HOSTILE, ANSWERED]
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in both_themes(page):
                check_accessible(page)
                page.screenshot(path=root / "tests" / "out" / f"conversations-{size}-{scheme}.png")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        dialog.get_by_label("Search conversations").fill("mmf")
        page.keyboard.press("Enter")
        titles.filter(has_text="bake").wait_for(state="detached")
        dialog.get_by_role("button", name=f"Rename {ANSWERED}").click()
        page.keyboard.press("Escape")  # leaves the field, not the dialog
        dialog.get_by_role("button", name=f"Rename {ANSWERED}").click()
        page.keyboard.type("<i>Restart</i> of MMF")
        page.keyboard.press("Enter")
        titles.filter(has_text="<i>Restart</i>").wait_for()
        dialog.get_by_label("Search conversations").fill("")
        page.keyboard.press("Enter")
        titles.filter(has_text="bake").wait_for()
        dialog.get_by_role("button", name="Delete How").click()
        dialog.get_by_role("button", name="Keep", exact=True).click()
        dialog.get_by_role("button", name="Delete How").click()
        dialog.get_by_role("button", name="Delete", exact=True).click()
        titles.filter(has_text="bake").wait_for(state="detached")
        settled(page)
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        page.locator("article.turn").first.wait_for(state="detached")  # the open one was deleted
        assert page.evaluate("window.hurt === undefined")
        dialog = listed(page)
        dialog.get_by_text("Keep new conversations").click()
        dialog.get_by_text("New conversations end when this page is closed").wait_for()
        settled(page)
        page.keyboard.press("Escape")
        settled(page)
        ask(page, FIRST)
        page.get_by_text("This conversation is not kept: keeping is switched off.").wait_for()
        dialog = listed(page)
        assert titles.all_text_contents() == ["<i>Restart</i> of MMF"]
        dialog.get_by_text("Keep new conversations").click()
        dialog.get_by_text("until you delete them").wait_for()


def test_an_answer_opened_by_link_or_from_the_list_is_seen_from_its_question(
    browser: Browser, own: str
) -> None:
    def check() -> None:
        page.locator("article.turn footer").wait_for()
        settled(page)
        expect(page.locator("article.turn footer")).not_to_be_in_viewport()
        expect(page.locator("article.turn h2")).to_be_in_viewport(ratio=1)
        expect(page.get_by_text("Not found in these papers", exact=True)).to_be_in_viewport(ratio=1)

    with watched_page(browser, (1280, 500)) as page:
        page.goto(f"{own}/?q={REFUSED}")
        check()
        page.reload()
        check()
        page.get_by_role("button", name="New", exact=True).click()
        page.locator("article.turn").wait_for(state="detached")
        listed(page).get_by_role("button", name=REFUSED).first.click()
        page.get_by_role("dialog").wait_for(state="detached")
        check()


def test_a_wrong_answer_becomes_an_evaluation_question(browser: Browser, own: str, root: Path) -> None:
    with watched_page(browser, SIZES["phone"]) as page:
        start(page, own)
        answer = ask(page, "What was the CK of the woman on day 3?")
        answer.get_by_role("button", name="Wrong").click()
        box = page.get_by_role("region", name="What would have been right?")
        box.wait_for()
        page.get_by_placeholder("Words of the right sentence").fill("CK 9641")
        page.keyboard.press("Enter")
        settled(page)
        for scheme in both_themes(page):
            check_accessible(page)
            page.screenshot(path=root / "tests" / "out" / f"correction-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        box.get_by_role("button", name="This is right: CK 9641").click()
        page.get_by_text("Saved. It is listed under Feedback.").wait_for()
        box.wait_for(state="detached")
        page.goto(f"{own}/feedback")
        row = page.locator(".outcomes > li", has_text="on day 3")
        row.get_by_text("Right: CK").wait_for()
        check_accessible(page)
        settled(page)
        row.get_by_role("button", name="Remove").click()
        row.wait_for(state="detached")
