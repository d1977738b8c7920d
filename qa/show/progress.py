"""Progress on standard error, for builds, evaluations and training: bars, lines or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from index.ingest.report import Progress as Report
from qa.show.terminal import err

#: Text of a bar, for stages with a short name.
_LABELS = {"papers": "papers read and embedded", "texts": "texts of the papers read so far"}
_GROWING = "texts"  #: the stage whose total grows, so that nothing follows from it for the time left


class Progress(StrEnum):
    """How progress is shown."""

    AUTO = "auto"  #: bars on a terminal, a line per tenth elsewhere
    BARS = "bars"  #: bars on a terminal, nothing elsewhere
    JSON = "json"  #: one {"stage", "done", "total"} per line
    OFF = "off"


@contextmanager
def reporting(kind: Progress = Progress.AUTO) -> Iterator[Report]:
    """Yield the function that reports progress."""
    if kind in (Progress.AUTO, Progress.BARS) and err().is_terminal:
        with _bars() as report:
            yield report
    elif kind is Progress.AUTO:
        yield tenths()
    else:
        yield _json_line if kind is Progress.JSON else lambda stage, done, total: None


@contextmanager
def _bars() -> Iterator[Report]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    left = TextColumn("{task.fields[left]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), left)
    with Progress(*columns, console=err(), transient=True) as bars:
        tasks = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_LABELS.get(stage, stage), total=total, left="")
            seconds = bars.tasks[tasks[stage]].elapsed or 0.0
            left = "" if stage == _GROWING else time_left(seconds, done, total)
            bars.update(tasks[stage], completed=done, total=total, left=left)

        yield report


def time_left(seconds: float, done: int, total: int) -> str:
    """Return in words how long the rest takes at the pace so far; "" while nothing or all is done."""
    if not 0 < done < total:
        return ""
    left = seconds / done * (total - done)
    return "less than a minute left" if left < 60 else f"about {left / 60:.0f} min left"


def tenths() -> Report:
    """Return a function that writes a line whenever another tenth of a stage is done."""
    reached: dict[str, int] = {}

    def report(stage: str, done: int, total: int) -> None:
        tenth = done * 10 // max(total, 1)
        if tenth > reached.get(stage, 0):
            sys.stderr.write(f"{stage}: {done} of {total}\n")
        reached[stage] = tenth

    return report


def _json_line(stage: str, done: int, total: int) -> None:
    sys.stderr.write(json.dumps({"stage": stage, "done": done, "total": total}) + "\n")
    sys.stderr.flush()
