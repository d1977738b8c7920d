"""Highlights on the pages of a PDF, as annotations that every PDF viewer shows.

The annotations are appended to the bytes of the file as an incremental update, so that the copy begins
with the original and nothing in it is rewritten. A child process does the work, as for reading.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from index.errors import DamagedFile, PasswordNeeded, Signed
from index.pages.places import Box
from index.read.sandbox import End, Limits, confine, run, send

USUAL = Limits(cpu=60)
#: Parts into which a side of a page is divided to turn shares of it into points.
_FINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Highlight:
    """One passage to highlight."""

    boxes: tuple[Box, ...]  #: one per line, on one page or several
    note: str  #: shown by a viewer when the highlight is opened
    colour: str  #: as "ffd84d", red, green and blue


def highlighted(name: str, data: bytes, highlights: Sequence[Highlight], limits: Limits = USUAL) -> bytes:
    """Return the PDF ``data`` with ``highlights`` appended; the result begins with ``data``.

    Args:
        name: of the file, for messages.
        data: bytes of the PDF file.
        highlights: at least one.
        limits: for the child process.

    Raises:
        PasswordNeeded: the file is encrypted, even if with the empty password.
        Signed: it has a digital signature, which a change would break.
        DamagedFile: it cannot be annotated.
    """
    # Before the file rather than on the command line, whose length is limited.
    asked = json.dumps([asdict(one) for one in highlights]).encode("ascii")
    result = run(__name__, {}, asked + b"\n" + data, limits)
    said: dict[str, Any] = {key: value for message in result.messages for key, value in message.items()}
    if said.get("refused") == "encrypted":
        raise PasswordNeeded(name, "the file is encrypted.", "Save a copy without protection and add that.")
    if said.get("refused") == "signed":
        raise Signed(name, "the file has a digital signature.", "Print it to a new PDF and add that.")
    try:
        added = base64.b64decode(str(said["added"]), validate=True)
    except (KeyError, binascii.Error):
        added = b""
    if result.end is not End.DONE or not added:
        raise DamagedFile(
            name, "the file cannot be annotated.", "Save it anew with a PDF viewer and add that."
        )
    return data + added


def main(request: dict[str, Any]) -> None:
    """Append highlights, the first line of standard input, to the PDF after it; send the bytes added."""
    confine(request["limits"])
    logging.disable(logging.CRITICAL)
    highlights = json.loads(sys.stdin.buffer.readline())
    try:
        send(_added(sys.stdin.buffer.read(), highlights))
    except Exception as error:  # whatever a damaged file provokes in two libraries
        send({"error": str(error)[:200]})
    send({"end": "done"})


def _added(data: bytes, highlights: Sequence[dict[str, Any]]) -> dict[str, str]:
    import pypdfium2
    from pypdf import PdfReader, PdfWriter

    if PdfReader(io.BytesIO(data)).is_encrypted:
        return {"refused": "encrypted"}
    pdf = pypdfium2.PdfDocument(data)
    if _is_signed(pdf):
        return {"refused": "signed"}
    writer = PdfWriter(io.BytesIO(data), incremental=True)
    pages: dict[int, int] = {}  # the number of annotations on each page
    for one in highlights:
        for page in dict.fromkeys(box["page"] for box in one["boxes"]):
            quads = [_quad(pdf[page - 1], box) for box in one["boxes"] if box["page"] == page]
            pages.setdefault(page, _annotations(pdf, page))
            pages[page] += 1
            writer.add_annotation(page - 1, _annotation(quads, one["note"], one["colour"]))
    stream = io.BytesIO()
    writer.write(stream)
    copy = stream.getvalue()
    # A file with a damaged table of objects can be read, but what is appended to it is not always found.
    again = pypdfium2.PdfDocument(copy)
    if not copy.startswith(data) or {page: _annotations(again, page) for page in pages} != pages:
        return {"refused": "damaged"}
    return {"added": base64.b64encode(copy[len(data) :]).decode("ascii")}


def _annotation(quads: Sequence[Sequence[float]], note: str, colour: str) -> Any:  # noqa: ANN401
    from pypdf.annotations import Highlight as Annotation
    from pypdf.generic import ArrayObject, FloatObject, NameObject, TextStringObject

    xs, ys = ([value for quad in quads for value in quad[at::2]] for at in (0, 1))
    annotation = Annotation(
        rect=(min(xs), min(ys), max(xs), max(ys)),
        quad_points=ArrayObject([FloatObject(value) for quad in quads for value in quad]),
        highlight_color=colour,
        printing=True,
        title_bar="Loccit",
    )
    annotation[NameObject("/Contents")] = TextStringObject(note)
    return annotation


def _quad(page: Any, box: dict[str, float]) -> list[float]:  # noqa: ANN401 - pypdfium2 has no types
    """Return the corners of a box in points of the page: top left, top right, bottom left, bottom right.

    They are in the page's own coordinates, before it is cropped and turned.
    """
    from ctypes import byref, c_double

    import pypdfium2.raw as pdfium

    corners: list[float] = []
    for across, down in (("left", "top"), ("right", "top"), ("left", "bottom"), ("right", "bottom")):
        x, y = c_double(), c_double()
        at = (round(box[across] * _FINE), round(box[down] * _FINE))
        pdfium.FPDF_DeviceToPage(page.raw, 0, 0, _FINE, _FINE, 0, *at, byref(x), byref(y))
        corners += [round(x.value, 3), round(y.value, 3)]
    return corners


def _is_signed(pdf: Any) -> bool:  # noqa: ANN401
    """Tell whether a field for a signature holds one."""
    import pypdfium2.raw as pdfium

    fields = [
        pdfium.FPDF_GetSignatureObject(pdf.raw, i) for i in range(pdfium.FPDF_GetSignatureCount(pdf.raw))
    ]
    return any(pdfium.FPDFSignatureObj_GetContents(field, None, 0) > 0 for field in fields)


def _annotations(pdf: Any, page: int) -> int:  # noqa: ANN401
    import pypdfium2.raw as pdfium

    loaded = pdf[page - 1]  # a name, so that it is not closed before the call
    return int(pdfium.FPDFPage_GetAnnotCount(loaded.raw))
