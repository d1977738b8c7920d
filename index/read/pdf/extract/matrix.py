"""Matrices and boxes of a PDF page (ISO 32000-2, 8.3.3)."""

from __future__ import annotations

from typing import Any

from index.read.pdf.extract.fonts import number

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
UNIT: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def times(m: Matrix, n: Matrix) -> Matrix:
    """Return the product: first ``m``, then ``n``."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def matrix(operands: Any) -> Matrix:  # noqa: ANN401
    """Return six operands as a matrix; the unit matrix for anything else."""
    values = tuple(number(value) for value in operands)[:6]
    return values if len(values) == 6 else UNIT


def point(m: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return where a matrix leads a point."""
    return x * m[0] + y * m[2] + m[4], x * m[1] + y * m[3] + m[5]


def cut(clip: Box | None, points: list[tuple[float, float]]) -> Box:
    """Return what ``clip`` and the box around ``points`` have in common."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    box = (min(xs), min(ys), max(xs), max(ys))
    if clip is None:
        return box
    return max(clip[0], box[0]), max(clip[1], box[1]), min(clip[2], box[2]), min(clip[3], box[3])


def shows(clip: Box, m: Matrix, middle: float) -> bool:
    """Tell whether a glyph's middle on its baseline is inside, give or take what rounding costs."""
    x, y = point(m, middle, 0.0)
    return clip[0] - 2 <= x <= clip[2] + 2 and clip[1] - 3 <= y <= clip[3] + 3
