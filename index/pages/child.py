"""The child process that finds text on PDF pages and renders pages. See ``index.pages.places``."""

from __future__ import annotations

import base64
import io
import math
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

from index.read.pdf.extract.glyphs import meaning
from index.read.pdf.extract.pieces import Collector
from index.read.sandbox import confine, send

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Characters that are not matched: hyphens and what PDFium puts in their place.
_SILENT = frozenset("-\u00ad\u2010\u2011\u200b\x02\ufffe")
MOST_PIXELS = 4_000.0  #: along the longer side of a rendered page


def main(request: dict[str, Any]) -> None:
    """Find or render what ``request`` asks for in the PDF on standard input."""
    confine(request["limits"])
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(sys.stdin.buffer.read())
        if "render" in request:
            page = pdf[int(request["render"]) - 1]
            scale = min(float(request["scale"]), MOST_PIXELS / max(*page.get_size(), 1.0))
            image = io.BytesIO()
            page.render(scale=scale).to_pil().save(image, "PNG")
            send({"png": base64.b64encode(image.getvalue()).decode("ascii")})
        for ask in request.get("find", ()):
            send({"page": ask["page"], "boxes": _find(pdf[ask["page"] - 1], ask)})
    except (pypdfium2.PdfiumError, IndexError, MemoryError) as error:
        send({"error": str(error)[:200]})
    send({"end": "done"})


def _find(page: Any, ask: dict[str, Any]) -> list[list[float]]:  # noqa: ANN401 - pypdfium2 has no types
    """Return the boxes of the text asked for, as shares of width and height from the top left corner."""
    text = page.get_textpage()
    characters, places = _characters(page, text)
    width, height = page.get_size()
    lines: list[list[float]] = []
    for start, end in _spans(characters, ask):
        lines += _lines(text, page, sorted({places[i] for i in range(start, end)}))
    return [[x0 / width, 1 - y1 / height, x1 / width, 1 - y0 / height] for x0, y0, x1, y1 in lines]


def _characters(page: Any, text: Any) -> tuple[str, list[int]]:  # noqa: ANN401
    """Return the characters of the page that are matched, and the glyph position of each."""
    from index.read.pdf.extract.pdfium import PageReader

    width, height = page.get_size()
    reader = PageReader(page, text, Collector(width, height, 0))
    shown: list[str] = []
    places: list[int] = []
    for i, glyph, _ in reader.glyphs():
        for character in unicodedata.normalize("NFKC", meaning(glyph, reader.style(i)[0].font)):
            if not character.isspace() and character not in _SILENT:
                shown.append(character)
                places.append(i)
    return "".join(shown), places


def _spans(characters: str, ask: dict[str, Any]) -> list[tuple[int, int]]:
    """Return where the text asked for is: as a whole, or else in parts if each is unique."""
    starts = _all(characters, ask["text"])
    if starts and (len(starts) == ask["of"] or len(starts) == 1):
        start = starts[ask["nth"] if len(starts) > 1 else 0]
        return [(start, start + len(ask["text"]))]
    spans: list[tuple[int, int]] = []
    for part in ask["parts"]:
        starts = _all(characters, part)
        if len(starts) != 1:
            return []
        spans.append((starts[0], starts[0] + len(part)))
    return spans


def _all(text: str, wanted: str) -> list[int]:
    starts: list[int] = []
    at = text.find(wanted)
    while at >= 0 and len(starts) < 1_000:
        starts.append(at)
        at = text.find(wanted, at + len(wanted))
    return starts


def _lines(text: Any, page: Any, indices: Sequence[int]) -> list[list[float]]:  # noqa: ANN401
    """Return one box for each line of the characters, on the upright page, y upwards."""
    boxes: list[list[float]] = []
    for i in indices:
        box = _upright(page, text.get_charbox(i, loose=True))
        if boxes and _on_one_line(boxes[-1], box, along=int(_sideways(text, page, i))):
            last = boxes[-1]
            last[:] = [min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3])]
        else:
            boxes.append(list(box))
    return boxes


def _sideways(text: Any, page: Any, i: int) -> bool:  # noqa: ANN401
    """Return whether a character is turned by 90 degrees on the upright page."""
    import pypdfium2.raw as pdfium

    angle: float = math.degrees(pdfium.FPDFText_GetCharAngle(text.raw, i)) + page.get_rotation()
    return 45 < angle % 180 < 135


def _on_one_line(last: Sequence[float], box: Sequence[float], along: int) -> bool:
    """Return whether a character continues a line; ``along`` is 0 for a line along x, 1 along y."""
    across = 1 - along
    height = box[2 + across] - box[across]
    shared = min(last[2 + across], box[2 + across]) - max(last[across], box[across])
    gap = max(box[along] - last[2 + along], last[along] - box[2 + along])
    return shared > 0.4 * min(last[2 + across] - last[across], height) and gap < 4 * height


def _upright(page: Any, box: Sequence[float]) -> tuple[float, float, float, float]:  # noqa: ANN401
    left, bottom, right, top = page.get_cropbox()
    x0, y0, x1, y1 = box
    turn = page.get_rotation()
    if turn == 90:
        return y0 - bottom, right - x1, y1 - bottom, right - x0
    if turn == 180:
        return right - x1, top - y1, right - x0, top - y0
    if turn == 270:
        return top - y1, x0 - left, top - y0, x1 - left
    return x0 - left, y0 - bottom, x1 - left, y1 - bottom
