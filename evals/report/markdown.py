"""The report as Markdown: tables for reading beside the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evals.report import shown
from qa.show.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evals.report.shown import Table

#: Most failing questions listed of a set.
LISTED = 100


def markdown(report: Mapping[str, Any]) -> str:
    """Return ``report`` (see ``evals.report.contents``) as Markdown."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Evaluation: {_text(report['set'])}"
    yield ""
    yield (
        f"{report['made']}, split {report['split']}, model {_text(report['model'])}, "
        f"threshold {report['threshold']:.3f}, {report['seconds']:.0f} s."
    )
    for name, figures in report["sets"].items():
        yield from _set(name, figures)
        yield from _failing(name, report)
    if "comparison" in report:
        yield from ("", "## Against an earlier run", "", _text(shown.compared_with(report)), "")
        yield from _table(shown.comparison(report))
    if "ablations" in report:
        yield from ("", "## Without parts of the program", "")
        yield from _table(shown.ablations(report))


def _set(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"## {_text(name)}", "")
    yield f"{figures['questions']} questions, {figures['papers']} papers, {figures['passages']} passages."
    yield ""
    yield from _table(shown.all_metrics(figures))
    yield from ("", "### By type", "", shown.LEGEND, "")
    yield from _table(shown.by_type(figures))
    yield from ("", "### Time", "")
    yield from _table(shown.stage_times(figures))


def _failing(name: str, report: Mapping[str, Any]) -> Iterator[str]:
    found = [row for row in report["outcomes"] if row["set"] == name and not row["correct"]]
    yield from ("", f"### Questions not served: {len(found)}", "")
    rows = [[row["id"], row["type"], row["question"], row["status"]] for row in found[:LISTED]]
    yield from _table((["id", "type", "question", "status"], rows))
    if len(found) > LISTED:
        yield from ("", f"{len(found) - LISTED} more are in report.json.")


def _table(table: Table) -> Iterator[str]:
    heads, rows = table
    for cells in (heads, ["---"] * len(heads), *rows):
        yield "| " + " | ".join(cell if cell == "---" else _text(cell) for cell in cells) + " |"


def _text(value: str) -> str:
    """Return text that is nothing but text in a cell of Markdown."""
    line = " ".join(visible(value).split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#!~&" else c for c in line)
