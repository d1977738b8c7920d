"""The three charts of a set, drawn with matplotlib, each with its text alternative and its figures."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.report.tables import Table

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the report."""

    title: str
    text: str  #: what it shows, with the main figures
    image: str  #: an SVG as a data URL
    table: Table  #: the points


def charts(figures: Mapping[str, Any]) -> list[Chart]:
    """Return the charts of a set; one without points is left out."""
    curves = figures["curves"]
    drawn = []
    if curves["reliability"]:
        drawn.append(_reliability(curves["reliability"], figures["ece"]))
    if curves["risk_coverage"]:
        drawn.append(_risk(curves["risk_coverage"], figures))
    if curves["recall"]:
        drawn.append(_recall(curves["recall"]))
    return drawn


def _reliability(bins: list[dict[str, float]], error: float) -> Chart:
    text = (
        "Share of right answers among those of similar confidence, in ten bins; the dashed line is perfect "
        f"calibration. Expected calibration error {error:.3f}."
    )
    rows = [
        [f"{one['low']:.1f}–{one['high']:.1f}", str(one["count"])]
        + [f"{one[key]:.3f}" for key in ("confidence", "right")]
        for one in bins
    ]
    points = [(one["confidence"], one["right"]) for one in bins]
    image = _draw("confidence", "share right", points, diagonal=True)
    heads = ["confidence", "questions", "mean confidence", "share right"]
    return Chart("Reliability of the confidence", text, image, (heads, rows))


def _risk(points: list[dict[str, float]], figures: Mapping[str, Any]) -> Chart:
    right = figures["answered_right"]
    wrong = "" if right is None else f", {1 - right:.3f} of them wrongly"
    text = (
        "Share of wrong answers when only the most confident questions are answered. "
        f"At the threshold in use {figures['coverage']:.3f} are answered{wrong}."
    )
    some = [*points[: -1 : max(len(points) // 10, 1)], points[-1]]
    rows = [[f"{one[key]:.3f}" for key in ("coverage", "risk", "confidence")] for one in some]
    image = _draw("share answered", "share wrong", [(one["coverage"], one["risk"]) for one in points])
    heads = ["share answered", "share wrong", "lowest confidence"]
    return Chart("Risk and coverage", text, image, (heads, rows))


def _recall(points: list[dict[str, float]]) -> Chart:
    text = (
        "Share of questions with a right passage among the first k: "
        f"{points[0]['recall']:.3f} at 1, {points[-1]['recall']:.3f} at {points[-1]['k']}."
    )
    rows = [[str(one["k"]), f"{one['recall']:.3f}"] for one in points]
    image = _draw("k", "recall@k", [(one["k"], one["recall"]) for one in points])
    return Chart("Recall of passages", text, image, (["k", "recall@k"], rows))


def _draw(across: str, up: str, points: Points, *, diagonal: bool = False) -> str:
    """Return a line through ``points`` as an SVG in a data URL; ``up`` is a share, from 0 to 1."""
    import matplotlib  # takes half a second: only where a report is written
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4, 3.3), layout="constrained")
    axes = figure.add_subplot(xlabel=across, ylabel=up, ylim=(-0.02, 1.02))
    axes.grid(color="#d0d7de", linewidth=0.8)
    if diagonal:
        axes.plot([0, 1], [0, 1], color="#57606a", linewidth=1.2, linestyle="--")
    marker = "o" if len(points) < 25 else ""
    axes.plot(*zip(*points, strict=True), color="#0b5cad", linewidth=2, marker=marker, markersize=5)
    file = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "loccit"}):  # the same points give the same bytes
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode("ascii")
