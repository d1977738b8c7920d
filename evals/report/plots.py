"""Plots as SVG, with their contents in words for those who do not see them. Nothing but strings."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 440, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 16, 48


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: what it says, and its least and greatest value."""

    label: str
    low: float = 0.0
    high: float = 1.0
    ticks: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Series:
    """Points joined by a line, from left to right."""

    name: str
    points: tuple[tuple[float, float], ...]
    dots: bool = True
    dashed: bool = False


def plot(key: str, title: str, description: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """Return a figure as an ``svg`` element.

    Args:
        key: a name for its ids, different from those of other plots of the page.
        title: short, for the ear and the tooltip.
        description: what a reader is meant to see, with the figures.
        x: the horizontal axis.
        y: the vertical axis.
        series: what is drawn, the first in front.
    """
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{key}-title {key}-text">',
        f'<title id="{key}-title">{escape(title)}</title>',
        f'<desc id="{key}-text">{escape(description)}</desc>',
        *_grid(x, y),
    ]
    for number, one in reversed(list(enumerate(series))):
        parts += _drawn(number, one, x, y)
    return "".join([*parts, "</svg>"])


def _across(axis: Axis, value: float) -> float:
    return _LEFT + (value - axis.low) / (axis.high - axis.low) * (_WIDTH - _LEFT - _RIGHT)


def _up(axis: Axis, value: float) -> float:
    return _HEIGHT - _BOTTOM - (value - axis.low) / (axis.high - axis.low) * (_HEIGHT - _TOP - _BOTTOM)


def _grid(x: Axis, y: Axis) -> list[str]:
    left, right, top, bottom = _LEFT, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
    parts = ['<g class="grid" aria-hidden="true">']
    for tick in y.ticks:
        at = _up(y, tick)
        parts.append(f'<line x1="{left}" y1="{at:.1f}" x2="{right}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in x.ticks:
        at = _across(x, tick)
        parts.append(f'<line x1="{at:.1f}" y1="{top}" x2="{at:.1f}" y2="{bottom}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    middle, height = (left + right) / 2, (top + bottom) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x.label)}</text>')
    turned = f'transform="rotate(-90 14 {height})" text-anchor="middle"'
    parts.append(f'<text x="14" y="{height}" {turned}>{escape(y.label)}</text></g>')
    return parts


def _drawn(number: int, series: Series, x: Axis, y: Axis) -> list[str]:
    places = [(_across(x, one), _up(y, other)) for one, other in series.points]
    path = " ".join(f"{across:.1f},{up:.1f}" for across, up in places)
    dash = ' stroke-dasharray="6 5"' if series.dashed else ""
    parts = [f'<g class="series-{number}"><polyline points="{path}"{dash}/>']
    for (across, up), (one, other) in zip(places, series.points, strict=True):
        if series.dots:
            told = escape(f"{series.name}: {one:.3g}, {other:.3f}")
            parts.append(f'<circle cx="{across:.1f}" cy="{up:.1f}" r="4"><title>{told}</title></circle>')
    return [*parts, "</g>"]
