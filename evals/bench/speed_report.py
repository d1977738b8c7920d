"""The figures of ``evals.bench.speed`` and ``scale``, as data and Markdown."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.bench.chart import drawn

Value = str | int | float
Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure and its bound."""

    name: str
    value: float
    bound: float
    at_least: bool  #: whether the bound is a lower one

    @property
    def met(self) -> bool:
        """Whether the figure is within its bound."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of measurement."""

    name: str
    what: str  #: what was measured, in a sentence or two
    rows: tuple[Mapping[str, Value], ...]
    targets: tuple[Target, ...] = ()


def markdown(sections: Sequence[Section], title: str = "Speed and size") -> str:
    """Return the sections as Markdown, all targets first."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [f"# {title}", "", f"{machine}. Ratios compare figures of one run on one machine.", ""]
    targets: list[dict[str, Value]] = [
        {
            "figure": target.name,
            "target": f"{'at least' if target.at_least else 'at most'} {target.bound:g}",
            "measured": _shown(target.value),
            "met": "yes" if target.met else "no",
        }
        for section in sections
        for target in section.targets
    ]
    lines += _table(targets) if targets else []
    for section in sections:
        lines += [f"## {section.name}", "", section.what, "", *_table(section.rows)]
    return "\n".join(lines)


def _table(rows: Sequence[Mapping[str, Value]]) -> list[str]:
    heads = list(dict.fromkeys(key for row in rows for key in row))
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(_shown(row.get(head, '')) for head in heads)} |" for row in rows]
    return [*lines, ""]


def _shown(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value


def write_report(sections: Sequence[Section], folder: Path, title: str = "Speed and size") -> None:
    """Write the report as Markdown, JSON and a chart, named by the first word of ``title``."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = [dataclasses.asdict(section) for section in sections]
    place = folder / title.split()[0].lower()
    place.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    said = markdown(sections, title)
    if chart := drawn({section.name: section.rows for section in sections}):
        place.with_suffix(".svg").write_text(chart, encoding="utf-8")
        said += f"\n![Seconds by size]({place.name}.svg)\n"
    place.with_suffix(".md").write_text(said, encoding="utf-8")
