"""How far an evaluation is: bars where people look, a line each tenth elsewhere, JSON for programs."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from qa.show.terminal import err

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evals.measure.runner import Progress as Told


class Kind(StrEnum):
    """How progress is shown."""

    AUTO = "auto"  #: bars on a terminal, a line each tenth elsewhere
    JSON = "json"  #: {"stage", "done", "total"} a line, on standard error
    OFF = "off"


@contextmanager
def shown(kind: Kind) -> Iterator[Told]:
    """Yield a function to be told how far each stage is."""
    if kind is Kind.AUTO and err().is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err(), transient=True) as bars:
            yield _on(bars)
    else:
        yield {Kind.AUTO: _tenths(), Kind.JSON: _object, Kind.OFF: _nothing}[kind]


def _on(bars: Progress) -> Told:
    tasks: dict[str, TaskID] = {}

    def told(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    return told


def _tenths() -> Told:
    reached: dict[str, int] = {}

    def told(stage: str, done: int, total: int) -> None:
        tenth = done * 10 // max(total, 1)
        if tenth > reached.get(stage, 0):
            sys.stderr.write(f"{stage}: {done} of {total}\n")
        reached[stage] = tenth

    return told


def _object(stage: str, done: int, total: int) -> None:
    sys.stderr.write(json.dumps({"stage": stage, "done": done, "total": total}) + "\n")
    sys.stderr.flush()


def _nothing(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
