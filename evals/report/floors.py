"""Holds figures against the floors and targets in ``floors.toml``."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

from rich.text import Text

from evals.measure.metrics import METRICS
from evals.report.shown import shown
from index.errors import LoccitError, UsageError
from qa.show.terminal import err

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class BelowFloor(LoccitError):
    """A figure is below the floor that the evaluation must keep."""

    exit_code = 1


def hold_floors(sets: Mapping[str, Mapping[str, Any]], split: str) -> None:
    """Compare the figures of each set, by name, with its floors and targets; missed targets are printed.

    Raises:
        BelowFloor: a figure is below its floor; all that are lower are named.
        UsageError: a limit is on a figure that does not exist.
    """
    stored = tomllib.loads((resources.files("evals.report") / "floors.toml").read_text(encoding="utf-8"))
    low: list[str] = []
    for name, figures in sets.items():
        limits = limits_of(stored, name, split)
        missed = list(below(figures, limits.get("target", {})))
        if missed:
            err().print(Text(f"{name}: targets missed: {'; '.join(missed)}."))
        lower = list(below(figures, limits.get("floor", {})))
        low += [f"{name}: {one}" for one in lower]
        if not limits.get("floor"):
            err().print(Text(f"{name}: no floors are set."))
        elif not lower:
            err().print(Text(f"{name}: all {len(limits.get('floor', {}))} floors are held."))
    if low:
        raise BelowFloor(f"below the floor: {'; '.join(low)}.", "See the questions with --out.")


def limits_of(stored: Mapping[str, Any], name: str, split: str) -> dict[str, Any]:
    """Return the floors and targets of a set: those of the split where it has its own."""
    of_set: dict[str, Any] = stored.get(name, {})
    found: dict[str, Any] = of_set.get(split, of_set)
    return found


def below(figures: Mapping[str, Any], limits: Mapping[str, float]) -> Iterator[str]:
    """Yield the limits that are not reached; a figure for which lower is better must not be above.

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
        most = metric in METRICS and METRICS[metric].better == "lower"
        if value is None or (value > limit if most else value < limit):
            yield f"{key} {shown(value)} {'>' if most else '<'} {limit}"
