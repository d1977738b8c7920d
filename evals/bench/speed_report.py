"""What ``evals.bench.speed`` found, as data, Markdown and a plot."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Target:
    """A figure with the bound that it should keep."""

    name: str
    found: float
    bound: float
    at_least: bool  #: whether the bound is a lower one

    @property
    def met(self) -> bool:
        """Whether the figure keeps its bound."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of measurement."""

    name: str
    what: str  #: what was measured, in a sentence or two
    rows: tuple[Mapping[str, Value], ...]
    targets: tuple[Target, ...] = ()


def markdown(sections: Sequence[Section]) -> str:
    """Return all of it as Markdown: the targets first."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = ["# Speed and size", "", f"{machine}. Ratios compare figures of one run on one machine.", ""]
    targets = [target for section in sections for target in section.targets]
    if targets:
        lines += _table([_as_row(target) for target in targets])
    for section in sections:
        lines += [f"## {section.name}", "", section.what, "", *_table(section.rows)]
    return "\n".join(lines)


def _as_row(target: Target) -> dict[str, Value]:
    sign = "at least" if target.at_least else "at most"
    return {
        "target": target.name,
        "wanted": f"{sign} {target.bound:g}",
        "found": _shown(target.found),
        "met": "yes" if target.met else "no",
    }


def _table(rows: Sequence[Mapping[str, Value]]) -> list[str]:
    heads = list(dict.fromkeys(key for row in rows for key in row))
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(_shown(row.get(head, '')) for head in heads)} |" for row in rows]
    return [*lines, ""]


def _shown(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value


def write_report(sections: Sequence[Section], folder: Path) -> None:
    """Write ``speed.md``, ``speed.json`` and, where sizes were compared, ``speed.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [dataclasses.asdict(section) for section in sections]
    (folder / "speed.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = markdown(sections)
    if plot(sections, folder / "speed.svg"):
        text += "\n![How it grows with the passages](speed.svg)\n"
    (folder / "speed.md").write_text(text, encoding="utf-8")


def plot(sections: Sequence[Section], path: Path) -> bool:
    """Draw the growth of each figure with the number of passages; tell whether there was any."""
    growing = [
        (section.name, key, points)
        for section in sections
        for key, points in _series(section).items()
        if len({x for x, _ in points}) > 1
    ]
    if not growing:
        return False
    from matplotlib.figure import Figure

    columns = 3
    rows = -(-len(growing) // columns)
    figure = Figure(figsize=(4.2 * columns, 3 * rows), layout="constrained")
    for number, (name, key, points) in enumerate(growing, 1):
        axes = figure.add_subplot(rows, columns, number)
        axes.plot(*zip(*points, strict=True), marker="o", color="#1f5a7a")
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_title(f"{name}: {key}", fontsize=8)
        axes.set_xlabel("passages", fontsize=7)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
    return True


def _series(section: Section) -> dict[str, list[tuple[float, float]]]:
    """Return the points (passages, figure) of each numeric column of rows that state their passages."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in section.rows:
        size = row.get("passages")
        for key, value in row.items():
            if isinstance(size, int) and isinstance(value, int | float) and key != "passages":
                kind = f" ({row['kind']})" if "kind" in row else ""
                found.setdefault(f"{key}{kind}", []).append((float(size), float(value)))
    return found
