"""A saved evaluation report as plain data for the Evaluation page.

Reads ``report.json`` as ``loccit eval --out DIR`` writes it, of this format or the
one before; what a report does not have is left out of the page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from index.errors import FormatMismatch, StorageError
from index.files import refusals
from index.text import Span
from qa.show.present import parts, per_cent, place_words, where

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from qa.show.present import View

#: One report, as read.
Report = dict[str, Any]

#: In the place of a metric: all questions, whatever they count for.
EVERY = "every"

#: What the tiles show, in order, with words for reports that bring none of their own.
_TILES = {
    "accuracy": "Right answer, or rightly refused",
    "hit@1": "First quote answers",
    "hit@3": "One of three quotes answers",
    "recall@10": "Answer among ten passages",
    "refusal_recall": "Unanswerable questions refused",
    "refusal_precision": "Refusals that are right",
    "exact": "Short answer exactly right",
    "followup": "Follow-ups answered",
    "ece": "Calibration error",
    "seconds_p50": "Seconds for a question, median",
}
_LOWER = frozenset({"ece", "seconds_p50"})
_NEWEST = 2  #: format of reports that this page knows


def load(path: Path) -> Report | None:
    """Return the report at ``path``; None if there is none.

    Raises:
        FormatMismatch: the file is no report, or one of a later version.
        StorageError: the system refuses to read.
    """
    try:
        with refusals(path):
            stamp = path.stat().st_mtime_ns
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise
    return _load(str(path), stamp)


@st.cache_resource(max_entries=2, show_spinner=False)
def _load(path: str, stamp: int) -> Report:
    """Read a report once for each time ``stamp`` it was written."""
    with refusals(Path(path)):
        data = Path(path).read_bytes()
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatMismatch(f"{path}: not a report.", "Run the evaluation again.") from error
    good = isinstance(found, dict) and isinstance(found.get("outcomes"), list)
    if not good or found.get("format", 1) > _NEWEST:
        raise FormatMismatch(f"{path}: not a report that this version knows.", "Run the evaluation again.")
    return found  # type: ignore[no-any-return]


def overview(report: Report) -> View:
    """Return the figures of a report and its charts, for people."""
    facts = [
        ("Questions", str(report.get("questions", len(report["outcomes"])))),
        ("Set", f"{report.get('set', '')} · {report.get('split', 'all')}"),
        ("Model", str(report.get("model", ""))),
        ("Made", str(report.get("made", "")).replace("T", " ").removesuffix("+00:00")),
    ]
    against = report.get("comparison", {}).get("against", "")
    return {
        "view": "report",
        "facts": [[name, value] for name, value in facts if value],
        "against": str(against or ""),
        "tiles": [_tile(report, name) for name in _TILES if isinstance(report.get(name), int | float)],
        "charts": list(_charts(report.get("curves", {}))),
        "every": EVERY,
        "everyWords": f"All {len(report['outcomes'])} questions",
    }


def title_of(report: Report, metric: str) -> str:
    """Return what a metric is called."""
    described = report.get("metrics", {}).get(metric, {})
    return str(described.get("title", _TILES.get(metric, metric)))


def _tile(report: Report, name: str) -> View:
    value = float(report[name])
    described = report.get("metrics", {}).get(name, {})
    interval = report.get("intervals", {}).get(name)
    failing = len(failing_questions(report, name))
    return {
        "metric": name,
        "title": title_of(report, name),
        "value": _shown(name, value),
        "interval": f"95 % interval {_shown(name, interval[0])} to {_shown(name, interval[1])}"
        if interval
        else "",
        "change": _change(report, name),
        "failing": failing,
        "better": "lower is better"
        if described.get("better", "lower" if name in _LOWER else "") == "lower"
        else "",
    }


def _shown(name: str, value: float) -> str:
    return (
        f"{value:.2f} s"
        if name.startswith("seconds")
        else f"{value:.3f}"
        if name == "ece"
        else f"{value:.1%}"
    )


def _change(report: Report, name: str) -> str:
    """Return how a figure stands against the earlier report; empty where there is none."""
    rows = [row for row in report.get("comparison", {}).get("rows", []) if row.get("metric") == name]
    words = {"rose": "risen", "fell": "fallen", "same": "no significant change"}
    return "; ".join(
        f"{row['difference']:+.3f} on {row['set']}: {words.get(row['verdict'], row['verdict'])}"
        for row in rows
    )


def failing_questions(report: Report, metric: str) -> list[dict[str, Any]]:
    """Return the outcomes that count against ``metric``, or all; those most confidently wrong first."""
    found = [one for one in report["outcomes"] if metric == EVERY or metric in _failures(one)]
    return sorted(
        found, key=lambda one: ("accuracy" not in _failures(one), -float(one.get("confidence") or 0))
    )


def _failures(one: dict[str, Any]) -> Iterable[str]:
    """Return the metrics that a question counts against; for reports of format 1 the plainest of them."""
    if "failures" in one:
        return tuple(one["failures"])
    refused = one["status"] == "not_found"
    if not one["answerable"]:
        return () if refused else ("refusal_recall", "accuracy")
    missed = () if one["right"] else ("hit@1", "accuracy")
    return (
        *missed,
        *(("refusal_precision",) if refused else ()),
        *(() if one["among_three"] else ("hit@3",)),
    )


def _right(one: dict[str, Any]) -> bool:
    return "accuracy" not in _failures(one)


def failures_view(
    outcomes: Sequence[dict[str, Any]], title: str, held: Container[str] = (), *, judged: bool = False
) -> View:
    """Return questions with what was answered and what would have been right.

    Args:
        outcomes: of the report.
        title: what the list is of.
        held: ids of the papers in which places can be shown.
        judged: say of each question whether it was answered rightly.
    """
    rows = [_question(one, held, judged=judged) for one in outcomes]
    return {"view": "failures", "title": title, "rows": rows}


def _question(one: dict[str, Any], held: Container[str], *, judged: bool) -> View:
    gold = one.get("gold_places") or [{"quote": text} for text in one.get("gold", [])]
    given = one.get("citations") or [{"quote": text} for text in one.get("quotes", [])]
    asked, resolved = str(one["question"]), str(one.get("resolved") or "")
    return {
        "id": f"{one['set']}/{one['id']}" if one.get("set") else str(one["id"]),
        "type": str(one.get("type", "")),
        "question": asked,
        "resolved": resolved if resolved != asked else "",
        "answerable": bool(one["answerable"]),
        "refused": one["status"] == "not_found",
        "percent": per_cent(float(one.get("confidence") or 0)),
        "accepted": [str(text) for text in one.get("accepted", [])],
        "short": str(one.get("short") or ""),
        "verdict": ("right" if _right(one) else "wrong") if judged else "",
        "given": [_quoted(item, gold, held) for item in given],
        "gold": [_quoted(item, (), held) for item in gold],
    }


def _quoted(item: dict[str, Any], gold: Sequence[dict[str, Any]], held: Container[str]) -> View:
    """Return a quote and its place; what it shares with ``gold`` of the same paper is marked."""
    text, start = str(item["quote"]), int(item.get("start") or 0)
    marks = [
        ("short", Span(int(other["start"]), int(other["end"])))
        for other in gold
        if "start" in item and other.get("document") == item.get("document") and "start" in other
    ]
    place = place_words(item.get("page"), None, item.get("line"), item.get("last_line"))
    return {
        "parts": parts(text, start, marks),
        "where": where(str(item.get("source", "")), str(item.get("section", "")), place),
        "place": {"document": item["document"], "quote": text, "start": start}
        if item.get("document") in held
        else None,
        "right": item.get("right"),
        "percent": per_cent(float(item["confidence"])) if item.get("confidence") is not None else None,
    }


def _charts(curves: dict[str, Any]) -> Iterable[View]:
    """Yield the charts that a report has curves for; every point is in its text, too."""
    if curves.get("recall"):
        yield _chart(
            "Recall: is the answer among the first k passages?",
            ("k", "recall"),
            [(point["k"], point["recall"]) for point in curves["recall"]],
            [],
        )
    if curves.get("reliability"):
        bins = curves["reliability"]
        yield _chart(
            "Reliability: are answers right as often as their confidence says?",
            ("stated confidence", "share right"),
            [(bin_["confidence"], bin_["right"]) for bin_ in bins],
            [(0, 0), (1, 1)],
            ("questions", [bin_["count"] for bin_ in bins]),
        )
    if curves.get("risk_coverage"):
        yield _chart(
            "Risk and coverage: how many are wrong, if only the surest are answered?",
            ("share answered", "share wrong"),
            [(point["coverage"], point["risk"]) for point in curves["risk_coverage"]],
            [],
        )


def _chart(
    title: str,
    axes: tuple[str, str],
    points: list[tuple[float, float]],
    reference: list[tuple[float, float]],
    more: tuple[str, list[int]] | None = None,
) -> View:
    rows = [[_number(x), _number(y)] for x, y in points]
    heads = list(axes)
    if more:
        heads.append(more[0])
        rows = [[*row, str(count)] for row, count in zip(rows, more[1], strict=True)]
    first, last = points[0], points[-1]
    start = f"{_number(first[1])} at {axes[0]} {_number(first[0])}"
    said = f"{axes[1]} goes from {start} to {_number(last[1])} at {_number(last[0])}"
    return {
        "title": title,
        "axes": list(axes),
        "points": [list(point) for point in points],
        "reference": [list(point) for point in reference],
        "said": f"{said}.",
        "heads": heads,
        "rows": rows,
    }


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"
