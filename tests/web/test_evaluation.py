"""The Evaluation page: figures lead to the questions behind them; runs are processes of their own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from index.errors import FormatMismatch
from qa.web.pages.report import EVERY, failing_questions, failures_view, load, overview, title_of
from qa.web.running import Evaluation, Evaluations
from tests.browser import SIZES, both_themes, settled, watched_page
from tests.web.papers import HOSTILE
from tests.web.reports import GIVEN, GOLD, WRONG, report
from tests.web.test_browser_ask import check_accessible

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def test_figures_with_their_interval_their_change_and_the_questions_behind_them() -> None:
    tiles = {tile["metric"]: tile for tile in overview(report())["tiles"]}
    assert tiles["hit@1"]["value"] == "50.0%"
    assert tiles["hit@1"]["title"] == "The first quote answers"
    assert tiles["hit@1"]["interval"] == "95 % interval 0.0% to 100.0%"
    assert tiles["hit@1"]["change"] == "-0.100 on seeds: fallen"
    assert tiles["hit@1"]["failing"] == 1
    assert tiles["refusal_recall"]["failing"] == 1
    assert tiles["recall@10"]["failing"] == 0
    assert tiles["ece"]["better"] == "lower is better"
    assert "auroc" not in tiles


def test_every_point_of_a_chart_stands_in_its_table() -> None:
    charts = overview(report())["charts"]
    assert len(charts) == 3
    for chart in charts:
        assert len(chart["rows"]) == len(chart["points"])
        assert all(len(row) == len(chart["heads"]) for row in chart["rows"])
        assert chart["said"]
    assert charts[1]["rows"] == [["0.85", "0.50", "2"]]


def test_what_was_given_and_what_would_have_been_right() -> None:
    (found,) = failing_questions(report(), "hit@1")
    (row,) = failures_view([found], "")["rows"]
    assert row["question"] == WRONG
    assert row["given"][0]["parts"] == [{"text": GIVEN, "marks": []}]
    assert row["given"][0]["where"] == "paper.txt · Case › Laboratory · line 12"
    assert row["gold"][0]["parts"] == [{"text": GOLD, "marks": []}]
    assert title_of(report(), "hit@1") == "The first quote answers"


def test_what_a_quote_shares_with_the_right_one_is_marked() -> None:
    (found,) = failing_questions(report(), "hit@1")
    found["citations"][0].update(start=90, end=90 + len(GIVEN))  # gold begins ten characters later
    (row,) = failures_view([found], "")["rows"]
    parts = row["given"][0]["parts"]
    assert [part["marks"] for part in parts] == [[], ["short"]]
    assert "".join(part["text"] for part in parts) == GIVEN
    assert parts[0]["text"] == GIVEN[:10]


def test_all_questions_are_listed_the_wrong_ones_first() -> None:
    found = failing_questions(report(), EVERY)
    rows = failures_view(found, "", judged=True)["rows"]
    assert [(row["id"], row["verdict"]) for row in rows] == [
        ("seeds/w1", "wrong"),
        ("seeds/w2", "wrong"),
        ("seeds/r1", "right"),
    ]


def test_a_place_can_be_shown_only_in_a_paper_that_is_there() -> None:
    found = failing_questions(report(), "hit@1")
    (row,) = failures_view(found, "", {"a" * 64})["rows"]
    assert row["gold"][0]["place"] == {"document": "a" * 64, "quote": GOLD, "start": 100}
    (row,) = failures_view(found, "")["rows"]
    assert row["gold"][0]["place"] is None


def test_a_report_of_the_format_before(tmp_path: Path) -> None:
    old = report()
    for key in ("format", "curves", "intervals", "metrics", "comparison", "made"):
        del old[key]
    for outcome in old["outcomes"]:
        for key in ("failures", "citations", "gold_places", "accepted", "set"):
            del outcome[key]
    old["outcomes"][1].update(quotes=[GIVEN], gold=[GOLD])
    path = tmp_path / "report.json"
    path.write_text(json.dumps(old), encoding="utf-8")
    found = load(path)
    assert found
    assert overview(found)["charts"] == []
    (wrong,) = failing_questions(found, "hit@1")
    (row,) = failures_view([wrong], "")["rows"]
    assert row["given"][0]["parts"][0]["text"] == GIVEN
    assert [one["id"] for one in failing_questions(found, "refusal_recall")] == ["w2"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"outcomes": 3}', '{"outcomes": [], "format": 99}'])
def test_what_is_no_report_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormatMismatch, match="report"):
        load(path)
    assert load(tmp_path / "none.json") is None


def _ended(run: Evaluation) -> None:
    for _ in range(3000):
        if not run.running:
            return
        time.sleep(0.1)
    pytest.fail("the run does not end")


def test_a_run_that_fails_says_why_in_a_line() -> None:
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
        tile = page.locator(".tile", has_text="The first quote answers")
        tile.wait_for()
        settled(page)
        tile.get_by_role("button").click()
        question = page.locator(".failure", has_text=WRONG)
        question.locator("summary").click()
        question.get_by_text(GIVEN).wait_for()
        assert question.get_by_text(GOLD).is_visible()
        page.locator("figure details").first.locator("summary").click()
        for _ in both_themes(page):
            check_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator(".tile", has_text="Unanswerable").get_by_role("button").click()
        shown = page.locator(".failure", has_text="Who chews?")
        shown.locator("summary").click()
        assert all(text in (shown.text_content() or "") for text in HOSTILE)
        assert page.evaluate("window.hurt === undefined")
        page.get_by_role("button", name="All 3 questions").click()
        right = page.locator(".failure", has_text="What was her CK?")
        right.get_by_text("right · ").wait_for()
        assert page.locator(".failure").count() == 3
        settled(page)
        right.locator("summary").click()
        right.get_by_role("button", name="Show in its paper").click()
        dialog = page.get_by_role("dialog")
        assert dialog.locator("tr.cited, mark.citation").first.text_content()
        dialog.get_by_role("heading", name="Right quote").wait_for()
        for _ in both_themes(page):
            check_accessible(page)
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        out = root / "tests" / "out"
        for scheme in both_themes(page):
            page.screenshot(path=out / f"evaluation-{size[0]}-{scheme}.png", full_page=True)
