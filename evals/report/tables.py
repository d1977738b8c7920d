"""The tables of a report as rows of text, for HTML, Markdown and the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.measure.metrics import METRICS
from qa.show.present import counted

Table = tuple[list[str], list[list[str]]]  # heads, and rows of as many cells

#: Columns of the table by type, with heads that fit into 80 columns.
COLUMNS = {
    "questions": "n",
    "recall@1": "r@1",
    "recall@5": "r@5",
    "recall@10": "r@10",
    "mrr": "MRR",
    "hit@1": "hit@1",
    "hit@3": "hit@3",
    "f1": "F1",
    "answered_right": "right",
    "missed": "missed",
    "refusal_recall": "refused",
}
LEGEND = (
    "r@1, r@5, r@10: recall@1, recall@5, recall@10 of passages; hit@k: a right quote among the first k; "
    "right: of the answers; missed: answerable questions called not found; refused: unanswerable ones"
)


#: Fewest questions whose figures are printed without a warning.
FEW = 30


#: The verdicts of a comparison in words.
_VERDICTS = {"same": "no clear change", "rose": "rose", "fell": "fell"}
VERDICTS_EXPLAINED = (
    "“No clear change” means that chance alone explains the difference (p at least 0.05). Whether a rise is "
    "good depends on the figure: of missed, answered_wrongly, ece, brier and aurc, lower is better."
)


def shown(value: float | None) -> str:
    """Return a figure with three digits, a count as it is."""
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def interval(bounds: Sequence[float] | None) -> str:
    """Return a confidence interval; empty where there is none."""
    return f"{bounds[0]:.3f}\u00a0to\u00a0{bounds[1]:.3f}" if bounds else ""


def caution(questions: int) -> str:
    """Return a line on the figures of few questions; empty if there are enough."""
    return f"With {counted(questions, 'question')}, these figures are rough." if questions < FEW else ""


def by_type(figures: Mapping[str, Any]) -> Table:
    """Return a row per type of question, and one for all."""
    rows = [*figures["types"].items(), ("all", figures)]
    return (
        ["type", *COLUMNS.values()],
        [[name or "–", *(shown(row[column]) for column in COLUMNS)] for name, row in rows],
    )


def all_metrics(figures: Mapping[str, Any]) -> Table:
    """Return a row per metric that was measured."""
    rows = [
        [name, metric.title, shown(figures[name]), interval(figures["intervals"].get(name))]
        for name, metric in METRICS.items()
        if figures[name] is not None
    ]
    return ["metric", "meaning", "value", "95 % interval"], rows


def stage_times(figures: Mapping[str, Any]) -> Table:
    """Return a row per stage of an answer."""
    rows = [
        [name, *(f"{seconds[key] * 1000:.1f}" for key in ("p50", "p95", "mean"))]
        for name, seconds in figures["stages"].items()
    ]
    return ["stage", "median ms", "95th percentile ms", "mean ms"], rows


def comparison(report: Mapping[str, Any]) -> Table:
    """Return a row per set and metric: the earlier run against this one."""
    rows = [
        [
            *(row["set"], row["metric"], shown(row["before"]), shown(row["after"])),
            *(f"{row['difference']:+.3f}", interval((row["low"], row["high"])), f"{row['p']:.3f}"),
            _VERDICTS[row["verdict"]],
        ]
        for row in report["comparison"]["rows"]
    ]
    return ["set", "metric", "before", "now", "difference", "95 % interval", "p", "verdict"], rows


def ablations(report: Mapping[str, Any]) -> Table:
    """Return a row per variant, set and metric: the whole program against the variant."""
    rows = [
        [
            *(row["variant"], row["set"], row["metric"], shown(row["full"]), shown(row["without"])),
            *(f"{row['difference']:+.3f}", interval((row["low"], row["high"])), _VERDICTS[row["verdict"]]),
        ]
        for row in report["ablations"]["rows"]
    ]
    return ["variant", "set", "metric", "whole", "without", "difference", "95 % interval", "verdict"], rows


def compared_with(report: Mapping[str, Any]) -> str:
    """Return what was compared, and how."""
    compared = report["comparison"]
    gained = sum(one["is_right"] for one in compared["changed"])
    return (
        f"Compared with {compared['against']}: {compared['questions']} questions in both runs, "
        f"{compared['unpaired']} only in this one; paired bootstrap over questions, "
        f"{compared['resamples']} resamples, seed {compared['seed']}. "
        f"{gained} questions became right, {len(compared['changed']) - gained} became wrong."
    )
