"""A report as HTML and Markdown, from the templates beside this module.

HTML needs nothing but itself: no script, no font, no request. What papers say comes out as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from evals.measure.metrics import METRICS
from evals.report import tables
from evals.report.charts import charts
from evals.report.tables import Table
from qa.show.terminal import visible

Row = Mapping[str, Any]

#: Figures at the top of each set.
TILES = (
    *("hit@1", "ranked@1", "recall@10", "answered_right"),
    *("refusal_recall", "missed", "auroc", "ece"),
)
#: Most questions drawn per set; report.json has all.
DRAWN = 400


def page(report: Mapping[str, Any]) -> str:
    """Return ``report`` as an HTML file."""
    return _html("page.html", report)


def fragment(report: Mapping[str, Any]) -> str:
    """Return the body of ``page`` to be put into another page, with its style."""
    return _html("report.html", report)


def _html(template: str, report: Mapping[str, Any]) -> str:
    sections = [_section(name, figures, report["outcomes"]) for name, figures in report["sets"].items()]
    return environment().get_template(template).render(report=report, sections=sections)


def markdown(report: Mapping[str, Any]) -> str:
    """Return ``report`` as Markdown, without charts and quotes."""
    wrong = {
        name: [row for row in report["outcomes"] if row["set"] == name and not row["correct"]]
        for name in report["sets"]
    }
    return environment().get_template("report.md").render(report=report, wrong=wrong)


@cache
def environment() -> Environment:
    """Return the templates; HTML is escaped, and characters that cannot be seen are named."""
    made = Environment(
        loader=PackageLoader("evals.report"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    made.globals.update(tables=tables, METRICS=METRICS)
    made.filters.update(shown=tables.shown, interval=tables.interval, md=_plain, md_table=_markdown_table)
    return made


def _section(name: str, figures: Mapping[str, Any], outcomes: Sequence[Row]) -> dict[str, Any]:
    """Return what the template draws of a set."""
    rows = [row for row in outcomes if row["set"] == name]
    failing: dict[str, list[int]] = {}  # positions in ``rows`` by metric
    for at, row in enumerate(rows):
        for metric in row["failures"]:
            failing.setdefault(metric, []).append(at)
    # Questions answered wrongly come first, then those that fail in anything.
    order = sorted(range(len(rows)), key=lambda at: (rows[at]["correct"], not rows[at]["failures"], at))
    return {
        "name": name,
        "figures": figures,
        "tiles": [tile for tile in TILES if figures[tile] is not None],
        "charts": charts(figures),
        "rows": rows,
        "failing": failing,
        "drawn": order[:DRAWN],
    }


def _plain(text: str) -> str:
    """Return ``text`` so that Markdown shows it as text, in a cell, too."""
    line = " ".join(visible(text).split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#!~&" else c for c in line)


def _markdown_table(table: Table) -> str:
    heads, rows = table
    lines = [" | ".join(_plain(cell) for cell in cells) for cells in (heads, *rows)]
    lines.insert(1, " | ".join(["---"] * len(heads)))
    return "\n".join(f"| {line} |" for line in lines)
