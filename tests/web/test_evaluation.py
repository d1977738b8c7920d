"""The Evaluation page shows the last report; runs are separate processes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa.show.terminal import visible
from qa.web.background import Evaluation, Evaluations
from tests.browser import SIZES, both_themes, settled, watched_page
from tests.web.papers import HOSTILE
from tests.web.reports import GIVEN, GOLD, WRONG
from tests.web.serving import check_accessible

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def _ended(run: Evaluation) -> None:
    for _ in range(3000):
        if not run.running:
            return
        time.sleep(0.1)
    pytest.fail("the run does not end")


def test_a_run_that_fails_says_why_in_one_line() -> None:
    run = Evaluation(["--split", "neither"])
    _ended(run)
    assert "neither" in run.problem
    assert "\n" not in run.problem


def test_one_run_at_a_time_which_can_be_stopped(built: Path, tmp_path: Path) -> None:
    runs = Evaluations()
    assert runs.start(["--index", str(built), "--out", str(tmp_path), "--split", "dev"])
    assert not runs.start([])
    assert runs.last
    runs.last.stop()
    assert not runs.last.running
    assert not (tmp_path / "report.json").exists()


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_from_a_figure_to_its_questions(
    browser: Browser, chat: str, size: tuple[int, int], root: Path
) -> None:
    with watched_page(browser, size) as page:
        page.goto(f"{chat}/evaluation")
        tile = page.locator(".tiles li", has_text="hit@1")
        tile.wait_for(timeout=120_000)  # the first report loads matplotlib
        settled(page)
        tile.get_by_role("link").click()
        page.get_by_role("link", name=WRONG).first.click()
        question = page.locator("details", has_text=GIVEN).last
        question.get_by_text(GIVEN).wait_for()
        expect(question.get_by_text(GOLD)).to_be_visible()
        expect(page.locator("figure img")).to_have_count(3)
        page.locator("figure details").first.locator("summary").click()
        for _ in both_themes(page):
            check_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        text = page.locator(".report").text_content() or ""
        assert all(visible(one) in text for one in HOSTILE)
        assert page.evaluate("window.hurt === undefined")
        out = root / "tests" / "out"
        for scheme in both_themes(page):
            page.screenshot(path=out / f"evaluation-{size[0]}-{scheme}.png", full_page=True)
