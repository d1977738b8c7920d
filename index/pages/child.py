"""The child process that finds text on PDF pages. See ``index.pages.places``."""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from index.read.pdf.extract.glyphs import meaning
from index.read.pdf.extract.pieces import Collector
from index.read.sandbox import confine, send

if TYPE_CHECKING:
    from index.read.pdf.extract.pdfium import PageReader

#: Characters that are not matched: hyphens and what PDFium puts in their place.
_SILENT = frozenset("-\u00ad\u2010\u2011\u200b\x02\ufffe")


def main(request: dict[str, Any]) -> None:
    """Find what ``request`` asks for in the PDF on standard input."""
    confine(request["limits"])
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(sys.stdin.buffer.read())
        for ask in request["find"]:
            send({"page": ask["page"], "boxes": _find(pdf[ask["page"] - 1], ask)})
    except (pypdfium2.PdfiumError, IndexError, MemoryError) as error:
        send({"error": str(error)[:200]})
    send({"end": "done"})


def _find(page: Any, ask: dict[str, Any]) -> list[list[float]]:  # noqa: ANN401 - pypdfium2 has no types
    """Return the boxes of the text asked for, as shares of width and height from the top left corner."""
    from index.read.pdf.extract.pdfium import PageReader

    text = page.get_textpage()
    width, height = page.get_size()
    reader = PageReader(page, text, Collector(width, height, 0))
    shown: list[str] = []
    places: list[int] = []  # the glyph position of each character shown
    for i, glyph, _ in reader.glyphs():
        for character in unicodedata.normalize("NFKC", meaning(glyph, reader.style(i)[0].font)):
            if not character.isspace() and character not in _SILENT:
                shown.append(character)
                places.append(i)
    lines: list[list[float]] = []
    for start, end in _spans("".join(shown), ask):
        lines += _lines(text, reader, sorted({places[i] for i in range(start, end)}))
    return [[x0 / width, 1 - y1 / height, x1 / width, 1 - y0 / height] for x0, y0, x1, y1 in lines]


def _spans(characters: str, ask: dict[str, Any]) -> list[tuple[int, int]]:
    """Return where the text asked for is: as a whole, or else in parts if each is unique."""
    matches = [match.span() for match in re.finditer(re.escape(ask["text"]), characters)]
    if len(matches) in (1, ask["of"]):
        return [matches[ask["nth"] if len(matches) > 1 else 0]]
    spans: list[tuple[int, int]] = []
    for part in ask["parts"]:
        if characters.count(part) != 1:
            return []
        start = characters.index(part)
        spans.append((start, start + len(part)))
    return spans


def _lines(text: Any, reader: PageReader, indices: Sequence[int]) -> list[list[float]]:  # noqa: ANN401
    """Return one box for each line of the characters, on the upright page, y upwards."""
    import pypdfium2.raw as pdfium

    boxes: list[list[float]] = []
    for i in indices:
        x0, y0, x1, y1 = text.get_charbox(i, loose=True)
        corners = zip(reader.upright(x0, y0), reader.upright(x1, y1), strict=True)
        (left, right), (bottom, top) = map(sorted, corners)
        angle = math.degrees(pdfium.FPDFText_GetCharAngle(text.raw, i)) + reader.turn
        sideways = 45 < angle % 180 < 135
        last = boxes[-1] if boxes else []
        if last and _on_one_line(last, (left, bottom, right, top), along=int(sideways)):
            last[:] = [min(last[0], left), min(last[1], bottom), max(last[2], right), max(last[3], top)]
        else:
            boxes.append([left, bottom, right, top])
    return boxes


def _on_one_line(last: Sequence[float], box: Sequence[float], along: int) -> bool:
    """Return whether a character continues a line; ``along`` is 0 for a line along x, 1 along y."""
    across = 1 - along
    height = box[2 + across] - box[across]
    shared = min(last[2 + across], box[2 + across]) - max(last[across], box[across])
    gap = max(box[along] - last[2 + along], last[along] - box[2 + along])
    return shared > 0.4 * min(last[2 + across] - last[across], height) and gap < 4 * height
