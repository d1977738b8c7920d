"""A chart of times by size, beside the tables of ``evals.bench.speed_report``."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence

Rows = Sequence[Mapping[str, str | int | float]]
Points = dict[str, list[tuple[float, float]]]  #: size and seconds, by name

_UNITS = {", s": 1.0, ", ms": 0.001}
_PANEL = (6.4, 4.0)  #: inches


def times_by_size(rows: Rows) -> tuple[str, Points]:
    """Return what ``rows`` are sorted by, a whole number, and the times of each kind of row.

    Nothing is returned unless there are times at two sizes or more.
    """
    sizes = [name for name, value in rows[0].items() if isinstance(value, int)][:1]
    points: Points = defaultdict(list)
    for row in rows:
        kind = "".join(f"{value}: " for value in row.values() if isinstance(value, str))
        for name, value in row.items():
            for unit, factor in _UNITS.items():
                if sizes and name.endswith(unit) and not isinstance(value, str):
                    at = float(row[sizes[0]]), factor * value
                    points[kind + name.removesuffix(unit)].append(at)
    lines = {name: some for name, some in points.items() if len({size for size, _ in some}) > 1}
    return "".join(sizes), lines


def drawn(tables: Mapping[str, Rows]) -> str:
    """Return an SVG with a panel for each table, by name, that has times by size; empty if none has."""
    import matplotlib  # takes half a second
    from matplotlib.figure import Figure

    panels = [(name, *times_by_size(rows)) for name, rows in tables.items()]
    panels = [panel for panel in panels if panel[2]]
    if not panels:
        return ""
    with matplotlib.rc_context({"svg.hashsalt": "loccit"}):  # the same figures give the same bytes
        figure = Figure(figsize=(_PANEL[0], _PANEL[1] * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), squeeze=False)[:, 0]
        for panel, (name, sizes, lines) in zip(axes, panels, strict=True):
            for line, points in lines.items():
                panel.plot(*zip(*sorted(points), strict=True), marker="o", label=line)
            panel.set(title=name, xlabel=sizes, ylabel="seconds", xscale="log", yscale="log")
            panel.grid(alpha=0.3)
            panel.legend(fontsize="x-small", loc="center left", bbox_to_anchor=(1, 0.5))
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
