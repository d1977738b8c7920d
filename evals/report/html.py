"""The report as one HTML file that needs nothing else: no script, no font, no request.

A click on the number of failing questions leads to their list, and from there to the
question with the quote that was wanted and the quote that was given.
"""

from __future__ import annotations

from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from evals.report import shown
from evals.report.charts import charts
from evals.report.html_questions import drill_down, failing
from evals.report.html_text import plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Figures that stand at the top of each set.
TILES = (
    "hit@1",
    "ranked@1",
    "recall@10",
    "shown_right",
    "refusal_recall",
    "refusal_precision",
    "auroc",
    "ece",
)


def html(report: Mapping[str, Any]) -> str:
    """Return ``report`` (see ``evals.report.contents``) as an HTML page."""
    return "\n".join(_page(report)) + "\n"


def _page(report: Mapping[str, Any]) -> Iterator[str]:
    css = (resources.files("evals.report") / "report.css").read_text(encoding="utf-8")
    name = plain(report["set"])
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Evaluation: {name}</title><style>{css}</style></head><body><main>"
    yield f"<h1>Evaluation: {name}</h1>"
    yield (
        f"<p>{plain(report['made'])}, split {plain(report['split'])}, model {plain(report['model'])}, "
        f"threshold {report['threshold']:.3f}, {report['seconds']:.0f} s.</p>"
    )
    yield from _contents(report)
    for number, (set_name, figures) in enumerate(report["sets"].items()):
        yield from _set(f"s{number}", set_name, figures, report)
    if "comparison" in report:
        yield '<section><h2 id="comparison">Against an earlier run</h2>'
        yield f"<p>{plain(shown.compared_with(report))}</p>"
        yield table("How each figure differs", shown.comparison(report)) + "</section>"
    if "ablations" in report:
        yield '<section><h2 id="ablations">Without parts of the program</h2>'
        yield table("What each figure is without a part", shown.ablations(report)) + "</section>"
    yield "</main></body></html>"


def _contents(report: Mapping[str, Any]) -> Iterator[str]:
    links = [(f"s{number}", name) for number, name in enumerate(report["sets"])]
    links += [("comparison", "Against an earlier run")] if "comparison" in report else []
    links += [("ablations", "Without parts of the program")] if "ablations" in report else []
    items = "".join(f'<li><a href="#{key}">{plain(name)}</a></li>' for key, name in links)
    yield f'<nav aria-label="Contents"><ul>{items}</ul></nav>'


def _set(key: str, name: str, figures: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[str]:
    rows = [row for row in report["outcomes"] if row["set"] == name]
    yield f'<section><h2 id="{key}">{plain(name)}</h2>'
    counts = f"{figures['questions']} questions, {figures['papers']} papers, {figures['passages']} passages."
    yield f'<p>{counts}</p><ul class="tiles">'
    yield from (
        f"<li>{escape(tile)}<strong>{shown.shown(figures[tile])}</strong></li>"
        for tile in TILES
        if figures[tile] is not None
    )
    yield "</ul>"
    yield from _metrics(key, figures, rows)
    yield f"<h3>By type</h3><p>{escape(shown.LEGEND)}</p>"
    yield table(f"Figures of {name} by type of question", shown.by_type(figures))
    yield '<h3>Charts</h3><div class="charts">'
    for chart in charts(key, figures["curves"], figures):
        yield f"<figure>{chart.svg}<figcaption><strong>{escape(chart.title)}.</strong> {escape(chart.text)}"
        figures_of = (list(chart.heads), [list(row) for row in chart.rows])
        yield f"<details><summary>Figures of this chart</summary>{table(chart.title, figures_of)}</details>"
        yield "</figcaption></figure>"
    yield "</div><h3>Time</h3>"
    yield table("Time of each stage", shown.stage_times(figures))
    yield from drill_down(key, rows)
    yield "</section>"


def _metrics(key: str, figures: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of all metrics, each leading to the questions that pull it down."""
    heads, found = shown.all_metrics(figures)
    pulled = failing(rows)
    cells = []
    for row in found:
        count = len(pulled.get(row[0], ()))
        link = f'<a href="#{key}-{row[0]}">{count} questions</a>' if count else ""
        cells.append([*(escape(cell) for cell in row), link])
    yield "<h3>Metrics</h3>"
    yield table("All metrics", ([*heads, "counted as failing"], cells), escaped=True)
