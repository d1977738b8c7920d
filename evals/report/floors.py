"""Compares figures with the floors and targets in ``floors.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from rich.text import Text

from evals.measure.metrics import METRICS
from evals.report.tables import shown
from index.errors import LoccitError, UsageError
from qa.show.terminal import err


class BelowFloor(LoccitError):
    """A figure is below its floor."""

    exit_code = 1


def hold_floors(sets: Mapping[str, Mapping[str, Any]], split: str) -> None:
    """Compare the figures of each set, by name, with its floors; print the targets that are missed.

    Raises:
        BelowFloor: figures are below their floors; all are named.
        UsageError: a limit is on a figure that does not exist.
    """
    stored = tomllib.loads((resources.files("evals.report") / "floors.toml").read_text(encoding="utf-8"))
    low: list[str] = []
    for name, figures in sets.items():
        limits = limits_of(stored, name, split)
        if missed := list(below(figures, limits.get("target", {}))):
            err().print(Text(f"{name}: targets missed: {'; '.join(missed)}."))
        floors = limits.get("floor", {})
        lower = list(below(figures, floors))
        low += [f"{name}: {one}" for one in lower]
        if not lower:
            said = f"all {len(floors)} floors are met" if floors else "no floors are set"
            err().print(Text(f"{name}: {said}."))
    if low:
        raise BelowFloor(f"below the floor: {'; '.join(low)}.", "See the questions with --out.")


def limits_of(stored: Mapping[str, Any], name: str, split: str) -> dict[str, Any]:
    """Return the floors and targets of a set, by kind: those of the split, if it has its own."""
    of_set: dict[str, Any] = stored.get(name, {})
    limits: dict[str, Any] = of_set.get(split, of_set)
    return limits


def below(figures: Mapping[str, Any], limits: Mapping[str, float]) -> Iterator[str]:
    """Yield the limits that are not met; where lower is better, the limit is an upper one.

    "table.hit@1" is the figure of one type of question.

    Raises:
        UsageError: there is no such figure.
    """
    for key, limit in limits.items():
        kind, _, metric = key.rpartition(".")
        where = figures["types"].get(kind, {}) if kind else figures
        if metric not in METRICS and metric not in where:
            raise UsageError(f"floors.toml: there is no figure “{key}”.", "See the report for their names.")
        value = where.get(metric)
        upper = metric in METRICS and METRICS[metric].better == "lower"
        if value is None or (value > limit if upper else value < limit):
            yield f"{key} {shown(value)} {'>' if upper else '<'} {limit}"
