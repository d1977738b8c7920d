"""The Papers page in Chromium on a copy of the index: add, ask, search, sort, remove, undo."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser import SIZES, both_themes, settled, watched_page
from tests.web.papers import LICHENS, NAME, ON_LICHENS, TITLE, lichens_pdf
from tests.web.serving import ask, check_accessible, open_page, serving, start

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

BUILD = 120_000  #: milliseconds that adding a paper may take, including the import of torch


@pytest.fixture(scope="module")
def own_folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(built, tmp_path_factory.mktemp("own") / "index"))


@pytest.fixture(scope="module")
def own(root: Path, own_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(root, own_folder, tmp_path_factory.mktemp("own-server") / "log") as url:
        yield url


def open_papers(page: Page, url: str) -> None:
    start(page, url)
    open_page(page, "Papers")
    page.locator(".shelved").first.wait_for()


def test_a_paper_is_dropped_introduced_asked_removed_and_brought_back(browser: Browser, own: str) -> None:
    with watched_page(browser) as page:
        start(page, own)
        page.locator("input[type=file]").set_input_files(
            [
                FilePayload(name="lichens.pdf", mimeType="application/pdf", buffer=lichens_pdf()),
                FilePayload(name="no.pdf", mimeType="application/pdf", buffer=b"not a PDF"),
                FilePayload(name="blank.txt", mimeType="text/plain", buffer=b"  \n"),
            ]
        )
        outcomes = page.locator(".outcomes > li")
        outcomes.get_by_text("Added", exact=True).wait_for(timeout=BUILD)
        said = sorted(outcomes.locator("xpath=./strong").all_text_contents())
        assert said == ["Added", "Not added", "Not added"]
        card = outcomes.filter(has_text="lichens.pdf").locator(".card")
        expect(card.locator("h3")).to_have_text("Lichens of the northern coast")
        assert (card.locator("blockquote").text_content() or "?") in lichens_pdf().decode("latin-1")
        assert "1 page" in (card.text_content() or "")
        check_accessible(page)
        page.get_by_role("button", name="Done").click()
        card.wait_for(state="detached")

        answer = ask(page, ON_LICHENS)
        expect(answer.locator("blockquote").first).to_have_text(LICHENS)
        expect(answer.locator(".spot").first).to_have_text("page 1")
        page.frame_locator("iframe.viewer").locator(".cited").first.wait_for()
        check_accessible(page)

        open_page(page, "Papers")
        page.get_by_role("button", name="Lichens of the northern coast").click()
        page.get_by_role("button", name="Remove Lichens").click()
        undo = page.get_by_role("button", name="Undo the removal of Lichens")
        undo.wait_for()
        open_page(page, "Ask")
        answer = ask(page, "How many cliffs had the rarest lichen?")
        expect(answer.get_by_text("Not found in these papers")).to_be_visible()

        open_page(page, "Papers")
        page.reload()
        settled(page)
        undo.click()  # after a reload, too
        page.locator(".shelved", has_text="Lichens").wait_for()
        undo.wait_for(state="detached")


def test_papers_are_found_and_sorted_in_the_table(page: Page) -> None:
    open_page(page, "Papers")
    titles = page.locator(".shelved .title")
    titles.first.wait_for()
    expect(titles).to_have_count(3)
    page.get_by_role("button", name="Year").click()
    assert "Zebrafish" in (titles.first.text_content() or "")  # of 2015; the paper without a year comes last
    page.get_by_role("button", name="Year").click()
    assert "Seronegative" in (titles.first.text_content() or "")
    expect(titles.last).to_have_text("000_2de923414111d483.txt")
    page.get_by_role("searchbox", name="Find a paper").fill("patel 2022")
    expect(titles).to_have_count(1)
    page.get_by_text("1 of 3 papers match").wait_for()
    titles.first.click()
    page.locator(".details").get_by_text("10.7759/cureus.27824").wait_for()
    expect(titles).to_have_count(1)  # what was searched for stays
    check_accessible(page)


def test_adding_papers_continues_on_other_pages(browser: Browser, own: str) -> None:
    with watched_page(browser) as page:
        open_papers(page, own)
        moss = "Moss of the coast\n\nAbstract\n\nWe counted 52 mosses on the granite cliffs in May.\n"
        file = FilePayload(name="moss.txt", mimeType="text/plain", buffer=moss.encode())
        page.locator("input[type=file]").set_input_files([file])
        outcome = page.locator(".outcomes > li", has_text="moss.txt")
        outcome.wait_for()  # it has begun
        open_page(page, "Ask")
        assert ask(page, "When was MMF restarted?").locator("blockquote").count()
        open_page(page, "Papers")
        outcome.get_by_text("Added").wait_for(timeout=BUILD)
        page.locator(".shelved", has_text="Moss of the coast").wait_for()


def test_the_answer_says_that_feedback_was_not_saved(browser: Browser, own: str, own_folder: Path) -> None:
    kept = own_folder / "feedback.sqlite"
    kept.write_bytes(b"no database")
    try:
        with watched_page(browser, SIZES["phone"]) as page:
            start(page, own)
            answer = ask(page, "When was MMF restarted?")
            button = answer.get_by_role("button", name="Wrong")
            button.click()
            answer.get_by_text("Not saved").wait_for()
            expect(button).to_have_attribute("aria-pressed", "false")
    finally:
        kept.unlink()


def test_feedback_is_saved_listed_and_downloaded(browser: Browser, own: str) -> None:
    question = "How do <b>I</b> bake bread?"
    with watched_page(browser) as page:
        start(page, own)
        answer = ask(page, question)
        answer.get_by_role("button", name="Right").click()
        answer.get_by_text("Saved with the index").wait_for()
        open_page(page, "Feedback")
        page.locator(".outcomes > li", has_text=question).wait_for()
        for _ in both_themes(page):
            for width, height in SIZES.values():
                page.set_viewport_size({"width": width, "height": height})
                check_accessible(page)
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.set_viewport_size({"width": 1280, "height": 900})
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert json.loads(download.value.path().read_text(encoding="utf-8"))["question"] == question
        open_page(page, "Ask")
        pressed = page.locator("article.turn").get_by_role("button", name="Right")
        pressed.wait_for()
        expect(pressed).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("size", SIZES)
def test_the_papers_page_is_accessible(browser: Browser, chat: str, size: str, root: Path) -> None:
    with watched_page(browser, SIZES[size]) as page:
        page.goto(f"{chat}/papers")
        page.locator(".shelved").first.wait_for()
        settled(page)
        for name in ("Read the files again", "Earlier collections"):
            page.get_by_text(name).click()
        page.get_by_role("region", name="Earlier collections").wait_for()
        for scheme in both_themes(page):
            check_accessible(page)
            page.screenshot(path=root / "tests" / "out" / f"papers-{size}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_papers_page_shows_a_hostile_paper_as_text(page: Page) -> None:
    open_page(page, "Papers")
    shelved = page.locator(".shelved", has_text="Zebrafish")
    shelved.wait_for()
    expect(shelved.locator(".title")).to_have_text(TITLE)
    shelved.locator(".title").click()
    details = page.locator(".details")
    details.wait_for()
    assert NAME in (details.text_content() or "")
    assert page.evaluate("window.hurt === undefined")
