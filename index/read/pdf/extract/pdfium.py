"""Extracts the text of PDF pages with its places by pdfium, the second engine, in the child process."""

from __future__ import annotations

import ctypes
import math
from typing import TYPE_CHECKING, Any

import pypdfium2.raw as pdfium

from index.read.pdf.extract.pieces import BOLD, HIDDEN, ITALIC, Collector, Style, heavy, slanted, turned

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME_BYTES = 256
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
        PageReader(page, text, collector).read()
        for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3):
            x0, y0, x1, y1 = item.get_bounds()
            collector.paint(x1 - x0, y1 - y0)
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

    def read(self) -> None:
        """Hand every glyph to the collector."""
        for i, text, origin in self.glyphs():
            self._place(i, text, origin)
        self.collector.flush()

    def glyphs(self) -> Iterator[tuple[int, str, tuple[float, float]]]:
        """Yield position, characters and origin of each glyph; a ligature is one."""
        text, first, origin = "", 0, (math.nan, math.nan)
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

    def _place(self, i: int, text: str, origin: tuple[float, float]) -> None:
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
        self.collector.place(text, x0, max(end for end, _ in ends), y, size, angle, style)

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
            if pdfium.FPDFTextObj_GetTextRenderMode(item) == 3:
                marks |= HIDDEN
            matrix = pdfium.FS_MATRIX()
            size = float(pdfium.FPDFText_GetFontSize(self.raw, i))
            if pdfium.FPDFText_GetMatrix(self.raw, i, matrix):
                size *= math.hypot(matrix.c, matrix.d)
            self.styles[key] = (Style(name, marks), size)
        return self.styles[key]


def _whole(text: str) -> str:
    """Join surrogates, which come as two characters, to one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(code: int) -> str:
    if code in (0, 0xFFFE, 0xFFFF):
        return "\ufffd"
    return "-" if code == 2 else chr(code)  # 2: pdfium's mark for a hyphen at a line end
