"""Extracts the text of PDF pages with its places by pdfium, the second engine, in the child process."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

import pypdfium2.raw as pdfium

from index.read.pdf.extract.canvas import Box, around, white
from index.read.pdf.extract.forms import PASSWORD, TICKED, UNSHOWN, UNTICKED, place
from index.read.pdf.extract.pieces import BOLD, HIDDEN, ITALIC, Collector, Style, heavy, slanted, turned

Point = tuple[float, float]
_NOWHERE: Point = (math.nan, math.nan)
_NAME_BYTES = 256
_SIDES = ("left", "bottom", "right", "top")
_PAINTED = [pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING]
#: Characters without width: at one place with the next, they would be taken for a part of a ligature.
_WIDTHLESS = frozenset({0x200B, 0x2060, 0xFEFF})
_FORCE_BOLD, _ITALIC = 1 << 18, 1 << 6  # font descriptor flags, PDF 32000-1, table 123


def pages(pdf: Any, left: int) -> Iterator[tuple[int, str, Collector]]:  # noqa: ANN401 - pypdfium2 has no types
    """Yield number, label and text of each page; ``left`` characters may come in all."""
    for i in range(len(pdf)):
        page = pdf[i]
        text = page.get_textpage()
        width, height = page.get_size()
        collector = Collector(width, height, left)
        reader = PageReader(page, text, collector)
        reader.paint()
        reader.read()
        left = collector.left
        try:
            label = pdf.get_page_label(i)
        except (UnicodeError, ValueError):
            label = ""
        text.close()
        page.close()
        yield i + 1, label[:50], collector


class PageReader:
    """Hands the characters of one page to a collector."""

    def __init__(self, page: Any, text: Any, collector: Collector) -> None:  # noqa: ANN401
        self.page = page
        self.raw = text.raw
        self.count = text.count_chars()
        self.collector = collector
        self.turn = page.get_rotation()
        self.box = tuple(float(value) for value in page.get_cropbox())
        self.styles: dict[int, tuple[Style, float]] = {}
        self.buffer = ctypes.create_string_buffer(_NAME_BYTES)
        self.x = ctypes.c_double()
        self.y = ctypes.c_double()
        self.rect = pdfium.FS_RECTF()

    def paint(self) -> None:
        """Tell the collector of every picture and filled area."""
        for item in self.page.get_objects(filter=_PAINTED, max_depth=3):
            box = self._box(item)
            if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
                self.collector.paint(box)
            elif item.type == pdfium.FPDF_PAGEOBJ_SHADING:
                self.collector.canvas.fill(box, white=False)
            else:
                filled, stroked = ctypes.c_int(), ctypes.c_int()
                pdfium.FPDFPath_GetDrawMode(item, filled, stroked)
                if filled.value and (colour := _fill_colour(item.raw)) is not None:
                    self.collector.canvas.fill(box, white=white(colour))

    def _box(self, item: Any) -> Box:  # noqa: ANN401
        """Return the box around an object on the upright page."""
        x0, y0, x1, y1 = item.get_bounds()
        corners = [(x0, y0), (x1, y0), (x0, y1), (x1, y1)]
        form = item.container
        while form is not None:  # bounds inside a form are in the form's own space
            matrix = form.get_matrix()
            corners = [matrix.on_point(x, y) for x, y in corners]
            form = form.container
        return around(self.upright(x, y) for x, y in corners)

    def read(self) -> None:
        """Hand every glyph to the collector."""
        glyphs = chain(self.glyphs(), [(0, "", _NOWHERE)])
        for (i, text, origin), (_, _, following) in pairwise(glyphs):
            self._place(i, text, origin, following)
        self._fields()
        self.collector.finish()

    def _fields(self) -> None:
        """Place the values of the form fields."""
        form = self.page.formenv
        for i in range(pdfium.FPDFPage_GetAnnotCount(self.page) if form else 0):
            widget = pdfium.FPDFPage_GetAnnot(self.page, i)
            if pdfium.FPDFAnnot_GetSubtype(widget) == pdfium.FPDF_ANNOT_WIDGET:
                value = _field_value(form, widget)
                if value and pdfium.FPDFAnnot_GetRect(widget, self.rect):
                    left, bottom, right, top = (getattr(self.rect, side) for side in _SIDES)
                    corners = ((left, bottom), (right, bottom), (left, top), (right, top))
                    place(self.collector, value, around(self.upright(*corner) for corner in corners))
            pdfium.FPDFPage_CloseAnnot(widget)

    def glyphs(self) -> Iterator[tuple[int, str, Point]]:
        """Yield position, characters and origin of each glyph; a ligature is one."""
        text, first, origin = "", 0, _NOWHERE
        for i in range(self.count):
            if pdfium.FPDFText_IsGenerated(self.raw, i) == 1:
                continue  # a space or line end that pdfium made up; places tell better
            if not pdfium.FPDFText_GetCharOrigin(self.raw, i, self.x, self.y):
                continue
            code = pdfium.FPDFText_GetUnicode(self.raw, i)
            if code in _WIDTHLESS:
                continue
            here = (self.x.value, self.y.value)
            if text and here != origin:
                yield first, _whole(text), origin
                text = ""
            if not text:
                first, origin = i, here
            text += _character(code)
        if text:
            yield first, _whole(text), origin

    def _place(self, i: int, text: str, origin: Point, following: Point) -> None:
        pdfium.FPDFText_GetLooseCharBox(self.raw, i, self.rect)
        style, size = self.style(i)
        x, y = self.upright(*origin)
        corners = (
            self.upright(self.rect.left, self.rect.bottom),
            self.upright(self.rect.right, self.rect.top),
        )
        angle = (round(math.degrees(-pdfium.FPDFText_GetCharAngle(self.raw, i))) - self.turn) % 360
        width, height = self.collector.width, self.collector.height
        if not (-2 <= x <= width + 2 and -2 <= y <= height + 2):
            return
        (x0, y), *ends = (turned(*point, angle) for point in ((x, y), *corners))
        x1 = max(end for end, _ in ends)
        if angle % 90:  # the box around an oblique glyph is wider than the glyph
            x, level = turned(*self.upright(*following), angle)
            x1 = x if abs(level - y) < 0.1 * size and x0 < x < x0 + 1.5 * size else x0 + 0.5 * size
        self.collector.place(text, x0, x1, y, size, angle, style)

    def upright(self, x: float, y: float) -> tuple[float, float]:
        """Turn a place in the file's page space into one on the page as it is read."""
        left, bottom, right, top = self.box
        if self.turn == 90:
            return y - bottom, right - x
        if self.turn == 180:
            return right - x, top - y
        if self.turn == 270:
            return top - y, x - left
        return x - left, y - bottom

    def style(self, i: int) -> tuple[Style, float]:
        """Return the style of character ``i`` and its font size."""
        item = pdfium.FPDFText_GetTextObject(self.raw, i)
        key = ctypes.cast(item, ctypes.c_void_p).value or -i - 1
        if key not in self.styles:
            flags = ctypes.c_int()
            length = pdfium.FPDFText_GetFontInfo(self.raw, i, self.buffer, _NAME_BYTES, flags)
            name = self.buffer.raw[: max(min(length, _NAME_BYTES) - 1, 0)].decode("utf-8", "replace")
            name = name.rpartition("+")[2].lower()
            marks = 0
            if flags.value & _FORCE_BOLD or pdfium.FPDFText_GetFontWeight(self.raw, i) >= 600 or heavy(name):
                marks |= BOLD
            if flags.value & _ITALIC or slanted(name):
                marks |= ITALIC
            if self._unseen(item, i):
                marks |= HIDDEN
            matrix = pdfium.FS_MATRIX()
            size = float(pdfium.FPDFText_GetFontSize(self.raw, i))
            if pdfium.FPDFText_GetMatrix(self.raw, i, matrix):
                size *= math.hypot(matrix.c, matrix.d)
            self.styles[key] = (Style(name, marks), size)
        return self.styles[key]

    def _unseen(self, item: Any, i: int) -> bool:  # noqa: ANN401
        """Return whether a text object cannot be seen: no paint, no opacity, or white on white."""
        mode = pdfium.FPDFTextObj_GetTextRenderMode(item)
        if mode in (3, 7):
            return True
        colour = _fill_colour(item)
        if colour is not None and (mode not in (0, 4) or not white(colour)):
            return False
        pdfium.FPDFText_GetLooseCharBox(self.raw, i, self.rect)
        x, y = (self.rect.left + self.rect.right) / 2, (self.rect.bottom + self.rect.top) / 2
        return colour is None or self.collector.canvas.white_at(*self.upright(x, y))


def _fill_colour(item: Any) -> tuple[float, float, float] | None:  # noqa: ANN401
    """Return red, green and blue of an object's fill, 0 to 1; None if it is transparent."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFPageObj_GetFillColor(item, red, green, blue, alpha):
        return 0.0, 0.0, 0.0  # a pattern
    colour = red.value / 255, green.value / 255, blue.value / 255
    return colour if alpha.value > 5 else None


def _field_value(form: Any, widget: Any) -> str:  # noqa: ANN401
    """Return what a form field shows; empty for a button, a secret or an empty field."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, widget)
    if pdfium.FPDFAnnot_GetFlags(widget) & UNSHOWN:
        return ""
    if kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
        return TICKED if pdfium.FPDFAnnot_IsChecked(form, widget) else UNTICKED
    written = (pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX)
    if kind not in written or pdfium.FPDFAnnot_GetFormFieldFlags(form, widget) & PASSWORD:
        return ""
    length = pdfium.FPDFAnnot_GetFormFieldValue(form, widget, None, 0)
    buffer = ctypes.create_string_buffer(length)
    pdfium.FPDFAnnot_GetFormFieldValue(
        form, widget, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length
    )
    return buffer.raw[: max(length - 2, 0)].decode("utf-16-le", "replace").strip()


def _whole(text: str) -> str:
    """Join surrogates, which come as two characters, to one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(code: int) -> str:
    if code in (0, 0xFFFE, 0xFFFF):
        return "\ufffd"
    return "-" if code == 2 else chr(code)  # 2: pdfium's mark for a hyphen at a line end
