"""The report as JSON, Markdown and HTML, and the page of results: complete, and papers' text as text only."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from evals.measure.ablation import ablations
from evals.measure.comparison import Earlier, compare
from evals.measure.metrics import METRICS
from evals.measure.runner import Run
from evals.report.charts import charts
from evals.report.contents import FORMAT, read_report, report
from evals.report.render import fragment, markdown, page
from evals.report.results import FIGURES, main, results
from index.errors import FormatMismatch, StorageError, UsageError
from tests.browser import watched_page
from tests.judgements import ALL, outcome

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "<script>alert(1)</script> | `x` [a](http://b.example) {{ 7 * 7 }} \u202egnp\x1b[2J & \"q\" 'r'"


def made(text: str = "It was 5 mg.") -> dict[str, Any]:
    run = Run(
        "made up", tuple(outcome(one, text, text) for one in ALL), 2, 30, "model", "ranker", 0.5, "small"
    )
    content = report([run], "all", 12.0)
    content["comparison"] = compare(Earlier(text, None, ALL[:4]), ALL)
    content["ablations"] = ablations([run], {"no dense search": [run]})
    return content


def test_a_report_holds_figures_and_outcomes(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(made()), encoding="utf-8")
    content = read_report(path)
    assert content.keys() >= {
        "made",
        "seconds",
        "split",
        "model",
        "threshold",
        "types",
        "questions",
        *METRICS,
    }
    assert (content["format"], content["set"]) == (FORMAT, "made up")
    figures = content["sets"]["made up"]
    assert figures["papers"] == 2
    low, high = figures["intervals"]["hit@1"]
    assert low <= figures["hit@1"] <= high
    row = content["outcomes"][1]
    assert row.keys() >= {"id", "set", "split", "question", "history", "correct", "accepted", "stages"}
    assert "hit@1" in row["failures"]
    assert (row["citations"][0]["section"], row["citations"][0]["right"]) == ("Results", False)
    assert row["gold_places"][0]["quote"] == "It was 5 mg."


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"outcomes": 3}', '{"outcomes": [], "format": 99}'])
def test_another_file_is_not_read_as_a_report(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormatMismatch, match=r"report\.json: (not a report|format 99)"):
        read_report(path)
    with pytest.raises(StorageError):
        read_report(tmp_path / "none.json")


def test_a_report_of_two_sets() -> None:
    runs = [Run(name, tuple(map(outcome, ALL)), 1, 1, "model", "ranker", 0.5, "") for name in ("one", "two")]
    content = report(runs, "test", 1.0)
    assert (content["set"], content["questions"], list(content["sets"])) == ("one + two", 10, ["one", "two"])
    assert content["model"] == "model"
    with pytest.raises(ValueError, match="needs a run"):
        report([], "all", 0.0)


def test_markdown_is_complete_and_shows_text_as_text() -> None:
    text = markdown(made(HOSTILE))
    for part in ("# Evaluation: made up", "### By type", "### Time", "### Questions answered wrongly: 3"):
        assert part in text
    assert "## Comparison with an earlier run" in text
    assert "## Ablations" in text
    assert "<script>" not in text.replace("\\<", "")
    assert "\u202e" not in text
    assert "\x1b" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert widths <= {5, 9, 13}  # a bar in the text does not end a cell


def test_few_questions_are_called_rough_wherever_figures_stand() -> None:
    rough = "With 5 questions, these figures are rough."
    few, many = made(), made()
    many["sets"]["made up"]["questions"] = 30
    assert [rough in text for text in (markdown(few), page(few))] == [True, True]
    assert ["rough" in text for text in (markdown(many), page(many))] == [False, False]


class _Page(HTMLParser):
    """Collects the elements of an HTML page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.links += [named["href"] or ""] if "href" in named else []
        self.images += [named] if tag == "img" else []
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_one_file_without_script_or_request() -> None:
    html = _Page()
    html.feed(page(made(HOSTILE)))
    assert html.open == []
    assert len(html.ids) == len(set(html.ids))
    assert {link.removeprefix("#") for link in html.links} <= set(html.ids)
    assert all(link.startswith("#") for link in html.links)
    assert not {"script", "iframe", "link", "object", "form"} & set(html.tags)
    assert "<script>alert(1)</script>" in html.text  # as text
    assert "{{ 7 * 7 }}" in html.text
    assert "<U+202E>" in html.text
    assert {"s0-hit@1", "s0-q1", "comparison", "ablations"} <= set(html.ids)
    assert len(html.images) == 3
    for image in html.images:
        assert (image["src"] or "").startswith("data:image/svg+xml;base64,")
        assert image["alt"]


def test_the_app_shows_the_same_as_the_file() -> None:
    content = made()
    assert fragment(content) in page(content)


def test_each_chart_comes_with_its_figures() -> None:
    reliability, risk, recall = charts(made()["sets"]["made up"])
    assert reliability.table[1] == [
        ["0.1–0.2", "1", "0.100", "0.000"],
        ["0.3–0.4", "1", "0.300", "0.000"],
        ["0.7–0.8", "1", "0.700", "0.000"],
        ["0.9–1.0", "2", "0.900", "0.500"],
    ]
    assert risk.table[1][-1] == ["1.000", "0.800", "0.100"]
    assert recall.text.endswith("0.333 at 1, 0.667 at 10.")
    for chart in (reliability, risk, recall):
        svg = ElementTree.fromstring(base64.b64decode(chart.image.partition(",")[2]))
        assert svg.tag.endswith("svg")
    assert charts(made()["sets"]["made up"])[0].image == reliability.image  # the same points, the same bytes


def test_a_question_that_fails_nothing_is_listed_last() -> None:
    text = fragment(made())
    places = [text.index(f'<div id="s0-q{at}">') for at in range(5)]
    assert max(places) == places[0] or max(places) == places[3]  # RIGHT and REFUSED fail in nothing


def of_set(name: str, splits: tuple[str, ...], split: str, reader: str = "small") -> dict[str, Any]:
    outcomes = [replace(outcome(replace(one, set=name)), split=half) for half in splits for one in ALL]
    return report([Run(name, tuple(outcomes), 2, 30, "model", f"its {reader}", 0.5, reader)], split, 12.0)


def test_results_have_a_table_per_set_headed_by_its_command() -> None:
    text = results([of_set("seeds", ("dev", "test"), "all"), of_set("pubmedqa", ("test",), "test")])
    assert "`loccit eval --set seeds --split all`" in text
    assert "`loccit eval --set pubmedqa --split test --data DIR`" in text
    assert "|  | dev, small | test, small |" in text
    assert "|  | test, small |" in text
    assert "| questions | 5 | 5 |" in text
    assert re.search(r"answers that are right \| 0\.333 \(0\.\d{3}\sto\s\d\.\d{3}\) \| 0\.333 ", text)
    # No answer here is a possible one, and a row without figures is left out.
    assert [key for key, title in FIGURES.items() if title not in text] == ["possible_right"]
    assert text.index("## pubmedqa") < text.index("## What falls short")


def test_results_stand_side_by_side_for_each_reader_and_by_type() -> None:
    text = results([of_set("seeds", ("dev", "test"), "all", reader) for reader in ("small", "large")])
    assert "|  | dev, small | dev, large | test, small | test, large |" in text
    assert "| type | questions | ranked@1, small | ranked@1, large | hit@3, small |" in text
    assert text.count("## seeds") == 1


def test_results_of_different_weights_are_refused() -> None:
    one = of_set("seeds", ("test",), "test")
    with pytest.raises(UsageError, match="2 reports on 2 combinations"):
        results([one, {**one, "ranker": "another"}])


def test_results_are_written_from_files(tmp_path: Path) -> None:
    source, target = tmp_path / "report.json", tmp_path / "RESULTS.md"
    source.write_text(json.dumps(of_set("seeds", ("test",), "test")), encoding="utf-8")
    main([str(target), str(source)])
    assert target.read_text(encoding="utf-8").startswith("# Results\n")
    with pytest.raises(SystemExit, match=r"none\.json"):
        main([str(target), str(tmp_path / "none.json")])
    with pytest.raises(SystemExit, match="usage"):
        main([str(target)])


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_link_leads_to_the_quotes_and_the_page_is_accessible(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "report.html"
    path.write_text(page(made("What was the dose?")), encoding="utf-8")
    with watched_page(browser) as opened:
        opened.set_viewport_size({"width": width, "height": 800})
        opened.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        opened.goto(path.as_uri())
        assert Axe().run(opened).response["violations"] == []
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        opened.get_by_role("row", name=re.compile("^hit@1 ")).get_by_role("link").click()
        opened.locator("#s0-hit\\@1").get_by_role("link", name=re.compile("^2 ")).click()
        shown = opened.locator("#s0-q1")
        shown.get_by_text("does not answer").wait_for()
        expect(shown.get_by_text("Wanted")).to_be_visible()
