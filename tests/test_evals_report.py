"""The report as JSON, Markdown and HTML: everything there, papers' text as text only."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from evals.measure.ablation import ablations
from evals.measure.comparison import Earlier, compare
from evals.measure.metrics import METRICS
from evals.measure.runner import Run
from evals.report.contents import FORMAT, report
from evals.report.html import html
from evals.report.markdown import markdown
from evals.report.plots import Axis, Series, plot
from tests.browser import watched_page
from tests.judgements import ALL, outcome

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

HOSTILE = "<script>alert(1)</script> | `x` [a](http://b.example) \u202egnp\x1b[2J & \"q\" 'r'"


def made(text: str = "It was 5 mg.") -> dict[str, Any]:
    run = Run("made up", tuple(outcome(one, text, text) for one in ALL), 2, 30, "model", "ranker", 0.5)
    found = report([run], "all", 12.0)
    found["comparison"] = compare(Earlier(text, None, ALL[:4]), ALL, resamples=50)
    found["ablations"] = ablations([run], {"no dense search": [run]})
    return found


def test_what_older_reports_had_is_there_and_what_is_new() -> None:
    found = json.loads(json.dumps(made()))
    old = {
        "set",
        "split",
        "model",
        "threshold",
        "types",
        "outcomes",
        "questions",
        "hit@1",
        "ece",
        "seconds_p50",
    }
    new = {"format", "made", "seconds", "sets", "curves", "stages", "intervals", "metrics", *METRICS}
    assert found.keys() >= old | new
    assert (found["format"], found["set"]) == (FORMAT, "made up")
    assert found["sets"]["made up"]["papers"] == 2
    assert found["curves"] == found["sets"]["made up"]["curves"]
    low, high = found["intervals"]["hit@1"]
    assert low <= found["hit@1"] <= high
    assert found["metrics"]["ece"] == {
        "title": "Expected calibration error, 10 bins",
        "better": "lower",
        "unit": "share",
    }
    row = found["outcomes"][1]
    old_row = {
        "id",
        "type",
        "question",
        "resolved",
        "answerable",
        "status",
        "confidence",
        "first_right",
        "right",
    }
    old_row |= {
        "among_three",
        "ranked_first",
        "passage_rank",
        "short",
        "exact",
        "overlap",
        "quotes",
        "gold",
        "seconds",
    }
    new_row = {
        "set",
        "history",
        "correct",
        "failures",
        "citations",
        "gold_places",
        "accepted",
        "stages",
        "place_right",
    }
    assert row.keys() >= old_row | new_row
    assert "hit@1" in row["failures"]
    assert row["citations"][0]["section"] == "Results"


def test_several_sets_stand_beside_each_other() -> None:
    runs = [Run(name, tuple(map(outcome, ALL)), 1, 1, "model", "ranker", 0.5) for name in ("one", "two")]
    found = report(runs, "test", 1.0)
    assert (found["set"], found["questions"], list(found["sets"])) == ("one + two", 10, ["one", "two"])
    assert found["model"] == "model"
    with pytest.raises(ValueError, match="needs a run"):
        report([], "all", 0.0)


def test_markdown_has_all_parts_and_shows_text_as_text() -> None:
    text = markdown(made(HOSTILE))
    for part in ("# Evaluation: made up", "### By type", "### Time", "### Questions not served: 3"):
        assert part in text
    assert "## Against an earlier run" in text
    assert "## Without parts of the program" in text
    assert "<script>" not in text.replace("\\<", "")
    assert "\u202e" not in text
    assert "\x1b" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert widths <= {5, 9, 12}  # a bar of the text is never one of the table


class _Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if "href" in found else []
        if tag not in ("meta", "line", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)  # closed by itself

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_one_file_whose_links_lead_somewhere() -> None:
    page = _Page()
    page.feed(html(made(HOSTILE)))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert all(link.startswith("#") for link in page.links)
    assert not {"script", "img", "iframe", "link", "object", "form"} & set(page.tags)
    assert page.tags.count("svg") == 3
    assert "<script>alert(1)</script>" in page.text  # as text
    assert "<U+202E>" in page.text
    assert {"s0-hit@1", "s0-q1", "comparison", "ablations"} <= set(page.ids)


def test_a_plot_says_in_words_what_it_shows() -> None:
    drawn = plot(
        "k", "Title <&>", "Half at 1.", Axis("x"), Axis("y"), [Series("a", ((0.0, 0.0), (1.0, 0.5)))]
    )
    svg = ElementTree.fromstring(drawn)
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "k-title k-text"
    assert svg.findtext("title") == "Title <&>"
    assert svg.findtext("desc") == "Half at 1."
    (line,) = svg.iter("polyline")
    first, last = (tuple(map(float, point.split(","))) for point in (line.get("points") or "").split())
    assert first == (52.0, 282.0)  # the lower left corner of the frame
    assert last == (424.0, 149.0)  # its right edge, half way up: y grows downwards


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_click_leads_to_the_quotes_and_the_page_is_accessible(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "report.html"
    path.write_text(html(made("What was the dose?")), encoding="utf-8")
    with watched_page(browser) as page:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(path.as_uri())
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_role("row", name=re.compile("^hit@1 ")).get_by_role("link").click()
        page.locator("#s0-hit\\@1").get_by_role("link", name=re.compile("^2 ")).click()
        shown = page.locator("#s0-q1")
        shown.get_by_text("does not answer").wait_for()
        assert shown.get_by_text("Wanted").is_visible()
