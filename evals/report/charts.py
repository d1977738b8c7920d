"""The three charts of a report, each an SVG with a sentence and a table of its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evals.report.plots import Axis, Series, plot

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure of the report."""

    title: str
    text: str  #: what it shows, with figures
    svg: str
    heads: tuple[str, ...]  #: of the table of its figures
    rows: tuple[tuple[str, ...], ...]


def charts(key: str, curves: Mapping[str, Any], figures: Mapping[str, Any]) -> list[Chart]:
    """Return the charts of a set; ``key`` makes their ids differ from those of other sets."""
    made = [
        _reliability(f"{key}-reliability", curves["reliability"], figures["ece"]),
        _risk(f"{key}-risk", curves["risk_coverage"], figures["coverage"], figures["shown_right"]),
        _recall(f"{key}-recall", curves["recall"]),
    ]
    return [chart for chart in made if chart.rows]


def _reliability(key: str, points: list[dict[str, float]], error: float | None) -> Chart:
    text = (
        f"Of the answers given a confidence, how many are right, in ten steps; the dashed line is agreement. "
        f"Expected calibration error {error or 0:.3f}."
    )
    series = [
        Series("right", tuple((point["confidence"], point["right"]) for point in points)),
        Series("perfect", ((0.0, 0.0), (1.0, 1.0)), dots=False, dashed=True),
    ]
    rows = tuple(
        (
            f"{point['low']:.1f}–{point['high']:.1f}",
            str(point["count"]),
            f"{point['confidence']:.3f}",
            f"{point['right']:.3f}",
        )
        for point in points
    )
    title = "Reliability: confidence against truth"
    svg = plot(key, title, text, Axis("confidence"), Axis("share right"), series)
    return Chart(title, text, svg, ("confidence", "questions", "mean confidence", "share right"), rows)


def _risk(
    key: str, points: list[dict[str, float]], coverage: float | None, shown_right: float | None
) -> Chart:
    wrong = "nothing is shown" if shown_right is None else f"{1 - shown_right:.3f} of what is shown is wrong"
    text = (
        "Answering only the questions of which the program is surest: how many it answers, and how many of "
        f"those answers are wrong. At the threshold in use {coverage or 0:.3f} are answered; {wrong}."
    )
    series = [
        Series(
            "share wrong",
            tuple((point["coverage"], point["risk"]) for point in points),
            dots=len(points) < 25,
        )
    ]
    step = max(len(points) // 10, 1)
    some = [*points[:-1:step], *points[-1:]]
    rows = tuple(
        (f"{point['coverage']:.3f}", f"{point['risk']:.3f}", f"{point['confidence']:.3f}") for point in some
    )
    title = "Risk against coverage"
    svg = plot(key, title, text, Axis("share of questions answered"), Axis("share wrong"), series)
    return Chart(title, text, svg, ("answered", "wrong of these", "least confidence"), rows)


def _recall(key: str, points: list[dict[str, float]]) -> Chart:
    ends = (
        f" {points[0]['recall']:.3f} at 1, {points[-1]['recall']:.3f} at {points[-1]['k']}." if points else ""
    )
    text = f"Questions with a right passage among the first k.{ends}"
    series = [Series("recall", tuple((point["k"], point["recall"]) for point in points))]
    rows = tuple((str(point["k"]), f"{point['recall']:.3f}") for point in points)
    title = "Recall of passages"
    across = Axis("k", 1, 10, tuple(float(k) for k in range(1, 11)))
    return Chart(title, text, plot(key, title, text, across, Axis("recall@k"), series), ("k", "recall"), rows)
