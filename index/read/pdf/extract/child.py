"""Extracts the text of one PDF in a child process, see ``sandbox``.

It answers with one ``head`` message (number of pages, metadata), one message
for each page, and ``end``; or with one ``error`` message and ``end``.
"""

from __future__ import annotations

import contextlib
import io
import logging
import signal
import sys
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from index.read.pdf.extract.canvas import around
from index.read.pdf.extract.content import Interpreter, mapped
from index.read.pdf.extract.fields import field_values
from index.read.pdf.extract.forms import place
from index.read.pdf.extract.pieces import Collector
from index.read.sandbox import confine, peak_memory, send


class PageTimeout(BaseException):
    """A page took longer than its share. Not an ``Exception``: no handler of the engine may swallow it."""


def main(request: dict[str, Any]) -> None:
    """Read the PDF on standard input with the engine and limits of ``request``."""
    confine(request["limits"])
    data = sys.stdin.buffer.read()
    try:
        engine = _pdfium if request["engine"] == "pdfium" else _pypdf
        send(engine(data, request) or {"end": "done", "memory": peak_memory()})
    except MemoryError:
        send({"error": "memory"})
        send({"end": "error"})


def _pypdf(data: bytes, request: dict[str, Any]) -> dict[str, Any] | None:
    logging.disable(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            return _error("password")
        count = len(reader.pages)
    except FileNotDecryptedError:
        return _error("password")
    except MemoryError:
        raise
    except Exception as error:
        return _error("damaged", error)
    if count > request["pages"]:
        return _error("pages", count)
    send({"head": {"pages": count, **_metadata(reader)}})
    labels = _labels(reader, count)
    faces: dict[object, Any] = {}
    left = request["characters"]
    for i in range(count):
        page, left = _read_page(reader, i, left, faces, request["page_cpu"])
        send({"page": {"number": i + 1, "label": labels[i], **page}})
        if left < 0:
            return _error("text", request["characters"])
    return None


def _read_page(
    reader: PdfReader,
    i: int,
    left: int,
    faces: dict[object, Any],
    seconds: float,
) -> tuple[dict[str, Any], int]:
    """Return what page ``i`` holds, or why it could not be read, and how many characters may still come."""
    try:
        with _allowance(seconds):
            collector = _page(reader, i, left, faces)
            return _content(collector), collector.left
    except PageTimeout:
        return {"error": f"took longer than {seconds:g} s"}, left
    except MemoryError:
        raise
    except Exception as error:
        return {"error": _say(error)}, left


def _page(reader: PdfReader, i: int, left: int, faces: dict[object, Any]) -> Collector:
    page = reader.pages[i]
    box = page.cropbox
    x0, x1 = sorted((float(box.left), float(box.right)))
    y0, y1 = sorted((float(box.bottom), float(box.top)))
    if x1 - x0 < 1 or y1 - y0 < 1:
        x0, y0, x1, y1 = 0.0, 0.0, 612.0, 792.0
    turn = int(page.rotation) % 360
    base = {
        90: (0.0, -1.0, 1.0, 0.0, -y0, x1),
        180: (-1.0, 0.0, 0.0, -1.0, x1, y1),
        270: (0.0, 1.0, -1.0, 0.0, y1, -x0),
    }.get(turn, (1.0, 0.0, 0.0, 1.0, -x0, -y0))
    width, height = (y1 - y0, x1 - x0) if turn in (90, 270) else (x1 - x0, y1 - y0)
    collector = Collector(width, height, left)
    content = page.get("/Contents")
    if content is not None and (content := content.get_object()) is not None:
        Interpreter(reader, collector, faces).walk(content, page.get("/Resources"), base)
    for value, corners in field_values(page):
        place(collector, value, around(mapped(base, x, y) for x, y in corners))
    collector.finish()
    return collector


def _pdfium(data: bytes, request: dict[str, Any]) -> dict[str, Any] | None:
    import pypdfium2

    from index.read.pdf.extract.pdfium import pages

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        return _error("password" if "password" in str(error).lower() else "damaged", error)
    pdf.init_forms()
    count = len(pdf)
    if count > request["pages"]:
        return _error("pages", count)
    if not count:
        return _error("damaged", "no pages")
    info = {key: pdf.get_metadata_value(key) for key in ("Title", "Author", "Subject", "Keywords")}
    send({"head": {"pages": count, "info": info, "xmp": ""}})
    left = request["characters"]
    for number, label, collector in pages(pdf, left):
        left = collector.left
        send({"page": {"number": number, "label": label, **_content(collector)}})
        if left < 0:
            return _error("text", request["characters"])
    return None


def _content(collector: Collector) -> dict[str, Any]:
    return {
        "width": round(collector.width, 2),
        "height": round(collector.height, 2),
        "picture": round(collector.picture, 3),
        "pieces": [piece.to_json() for piece in collector.pieces],
    }


def _metadata(reader: Any) -> dict[str, Any]:  # noqa: ANN401
    info: dict[str, str] = {}
    xmp = ""
    # A broken entry costs only itself.
    with contextlib.suppress(Exception):
        for key, value in (reader.metadata or {}).items():
            if isinstance(value, str):
                info[str(key).lstrip("/")] = str(value)[:2_000]
    with contextlib.suppress(Exception):
        stream = reader.root_object["/Metadata"].get_object().get_data()
        xmp = stream[:100_000].decode("utf-8", "replace")
    return {"info": info, "xmp": xmp}


def _labels(reader: PdfReader, count: int) -> list[str]:
    with contextlib.suppress(Exception):
        if "/PageLabels" in reader.root_object:
            labels = [str(label)[:50] for label in reader.page_labels]
            if len(labels) == count:
                return labels
    return [""] * count


@contextlib.contextmanager
def _allowance(seconds: float) -> Iterator[None]:
    """Raise ``PageTimeout`` when the body uses more than ``seconds`` of CPU."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def over(*_: object) -> None:
        raise PageTimeout

    signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _say(error: object) -> str:
    return " ".join(f"{error}".split())[:200].rstrip(".") or type(error).__name__


def _error(kind: str, detail: object = "") -> dict[str, Any]:
    send({"error": kind, "detail": _say(detail) if detail else ""})
    return {"end": "error", "memory": peak_memory()}
