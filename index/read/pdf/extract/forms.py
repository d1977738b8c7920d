"""Values of form fields, placed on the page where a viewer shows them; both engines use it.

Pages hold the labels of a form only: what people filled in is kept in the fields.
"""

from __future__ import annotations

from index.read.pdf.extract.canvas import Box
from index.read.pdf.extract.pieces import Collector, Style

#: A box that is ticked, and one that is not.
TICKED, UNTICKED = "\u2612", "\u2610"
#: Bits of a widget's and of a field's flags (PDF 32000-1, tables 165, 226 to 228).
UNSHOWN = 1 << 1 | 1 << 5
PASSWORD, PUSH_BUTTON = 1 << 13, 1 << 16
#: Points of type where the field does not say.
_SIZE = 10.0
_STYLE = Style("", 0)
#: Width of a letter, roughly, in units of the font size.
_LETTER = 0.5


def place(collector: Collector, value: str, box: Box) -> None:
    """Place the lines of a value in the box of its field, on the upright page."""
    x0, y0, _, y1 = box
    lines = value.splitlines()
    size = min(_SIZE, max((y1 - y0) / max(len(lines), 1), 2.0))
    top = y1 - size if len(lines) > 1 else (y0 + y1 - size) / 2 + 0.15 * size
    for number, line in enumerate(lines):
        start, wide = x0 + 2.0, _LETTER * size * len(line)
        collector.place(line, start, start + wide, top - number * 1.15 * size, size, 0, _STYLE)
        collector.flush()
