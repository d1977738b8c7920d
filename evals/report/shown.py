"""Figures and tables of a report as rows of text; Markdown, HTML and the terminal lay them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evals.measure.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    Table = tuple[list[str], list[list[str]]]  # heads, and rows of as many cells

#: Figures of the table by type, with heads short enough for 80 columns.
COLUMNS = {
    "questions": "n",
    "recall@1": "r@1",
    "recall@5": "r@5",
    "recall@10": "r@10",
    "mrr": "MRR",
    "hit@1": "hit@1",
    "hit@3": "hit@3",
    "f1": "F1",
    "refusal_precision": "refP",
    "refusal_recall": "refR",
}
LEGEND = (
    "r@1, r@5, r@10: recall@1, recall@5, recall@10 of passages; hit@k: a right quote among the first k; "
    "refP, refR: precision and recall of refusals"
)


def shown(value: float | None) -> str:
    """Return a figure as it stands in tables."""
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def signed(value: float) -> str:
    """Return a difference as it stands in tables."""
    return f"{value:+.3f}"


def by_type(figures: Mapping[str, Any]) -> Table:
    """Return a row for each type of question, and one for all."""
    rows = [*figures["types"].items(), ("all", figures)]
    return (
        ["type", *COLUMNS.values()],
        [[name or "–", *(shown(row[column]) for column in COLUMNS)] for name, row in rows],
    )


def all_metrics(figures: Mapping[str, Any]) -> Table:
    """Return a row for each metric that was measured: what it is, its value and its interval."""
    found: Mapping[str, list[float]] = figures["intervals"]
    rows = [
        [name, metric.title, shown(figures[name]), _interval(found.get(name))]
        for name, metric in METRICS.items()
        if figures[name] is not None
    ]
    return ["metric", "meaning", "value", "95 % interval"], rows


def _interval(found: list[float] | None) -> str:
    return f"{found[0]:.3f}\u00a0to\u00a0{found[1]:.3f}" if found else ""


def stage_times(figures: Mapping[str, Any]) -> Table:
    """Return the time of each stage of an answer."""
    rows = [
        [name, *(f"{seconds[key] * 1000:.1f}" for key in ("p50", "p95", "mean"))]
        for name, seconds in figures["stages"].items()
    ]
    return ["stage", "median ms", "95th percentile ms", "mean ms"], rows


def comparison(report: Mapping[str, Any]) -> Table:
    """Return how each figure differs from the earlier run."""
    rows = [
        [
            row["set"],
            row["metric"],
            shown(row["before"]),
            shown(row["after"]),
            signed(row["difference"]),
            f"{signed(row['low'])} to {signed(row['high'])}",
            f"{row['p']:.3f}",
            row["verdict"],
        ]
        for row in report["comparison"]["rows"]
    ]
    return ["set", "metric", "before", "now", "difference", "95 % interval", "p", "verdict"], rows


def ablations(report: Mapping[str, Any]) -> Table:
    """Return what each figure is without a part."""
    rows = [
        [
            row["variant"],
            row["set"],
            row["metric"],
            shown(row["full"]),
            shown(row["without"]),
            signed(row["difference"]),
            f"{signed(row['low'])} to {signed(row['high'])}",
            row["verdict"],
        ]
        for row in report["ablations"]["rows"]
    ]
    return ["variant", "set", "metric", "whole", "without", "difference", "95 % interval", "verdict"], rows


def compared_with(report: Mapping[str, Any]) -> str:
    """Return a sentence on what was compared and how."""
    found = report["comparison"]
    return (
        f"Against {found['against']}: {found['questions']} questions in both, {found['unpaired']} only here; "
        f"{found['resamples']} paired bootstrap resamples over questions, seed {found['seed']}. "
        f"{sum(one['is_right'] for one in found['changed'])} questions are right that were not, "
        f"{sum(one['was_right'] for one in found['changed'])} are no longer."
    )
