"""PDFs of the papers and the viewer that shows them, over HTTP rather than Streamlit's websocket."""

from __future__ import annotations

import secrets
import zipfile
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from index.errors import LoccitError, StorageError
from index.ingest.originals import Lost, original
from index.pages.places import Box, boxes
from index.store.index import Index
from index.text import Document, Span
from qa.annotated import annotated_copy
from qa.files.resources import kept_folder
from qa.records import Answer, Citation, Nearby
from qa.show.present import View

FRAME = "/viewer/"  #: start of the paths that the app itself may show in a frame
_FOLDER = Path(__file__).parent / "static" / "viewer"
_DIGITS = 9  #: most digits of an offset
_KEPT = 200  #: most documents and conversations that requests can refer to


@dataclass(slots=True)
class _Served:
    """What this process serves; ``streamlit run app.py`` serves none of it. Mutable."""

    token: str = ""  #: random part of every paper's URL, known to users of the app only
    documents: OrderedDict[str, Document] = field(default_factory=OrderedDict)  #: by id
    #: Conversations to annotate, by a secret of their session.
    asked: OrderedDict[str, tuple[Index, list[Answer]]] = field(default_factory=OrderedDict)


_SERVED = _Served()


def routes() -> list[Route]:
    """Return the routes of the viewer, its papers, the boxes around sentences, and annotated copies."""
    _SERVED.token = secrets.token_urlsafe(16)
    paper = f"/pages/{_SERVED.token}/{{document:str}}"
    return [
        Route(FRAME + "{name:path}", _program),
        Route(paper + ".pdf", _paper),
        Route(paper + "/{start:str}-{end:str}", _boxes_of),
        Route(paper + "/annotated/{key:str}", _annotated),
    ]


def pdf_view(document: Document, sources: Mapping[int, Citation | Nearby]) -> View | None:
    """Return what the viewer shows of a PDF; None if the document is none or is not served here.

    ``sources`` holds what an answer quotes from it, by number.
    """
    if not _SERVED.token or document.format != "pdf":
        return None
    path = original(kept_folder(), document.id)
    if isinstance(path, Lost):
        return {"lost": str(path)}
    _keep(_SERVED.documents, document.id, document)
    base = f"/pages/{_SERVED.token}/{document.id}"
    return {
        "frame": f"{FRAME}view.html",
        "address": f"{base}.pdf",
        "file": document.source,
        "sentences": {
            str(number): {"page": item.page, "boxes": f"{base}/{item.span.start}-{item.span.end}"}
            for number, item in sources.items()
        },
    }


def annotated_address(document_id: str, key: str, index: Index, answers: Iterable[Answer]) -> str:
    """Return the address of a copy with the quotes of ``answers`` highlighted; empty if none is from it.

    ``key`` is a secret of the session, because the copy names its questions.
    """
    citing = [one for one in answers if any(item.document_id == document_id for item in one.citations)]
    if not citing or not _SERVED.token:
        return ""
    key = f"{key}-{document_id[:12]}"
    _keep(_SERVED.asked, key, (index, citing))
    return f"/pages/{_SERVED.token}/{document_id}/annotated/{key}"


def _keep(kept: OrderedDict[str, Any], key: str, value: object) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _KEPT:
        kept.popitem(last=False)


@lru_cache
def _read(name: str) -> bytes:
    """Return a file of the viewer: Loccit's own, or one of PDF.js.

    Raises:
        KeyError: there is none.
    """
    if name in {"view.html", "view.css", "view.js"}:
        return (_FOLDER / name).read_bytes()
    with zipfile.ZipFile(_FOLDER / "pdfjs.zip") as files:
        return files.read(name)


async def _program(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        data = _read(name)
    except KeyError:
        return _missing("No such file.")
    # Not from the table of types of this machine, which may lack these.
    types = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
    kind = types.get(Path(name).suffix) or guess_type(name)[0] or "application/octet-stream"
    return _bytes(data, kind, "no-cache" if name.startswith("view.") else "private, max-age=86400")


async def _paper(request: Request) -> Response:
    path = await run_in_threadpool(original, kept_folder(), request.path_params["document"])
    if isinstance(path, Lost) or path.suffix.lower() != ".pdf":
        return _missing("No such paper.")
    headers = {"cache-control": "private, max-age=3600"}
    return FileResponse(path, 200, headers, "application/pdf", None, path.name, None, "inline")


async def _boxes_of(request: Request) -> Response:
    """Respond with [page, left, top, right, bottom] for each line of a sentence; [] if uncertain."""
    document = _SERVED.documents.get(request.path_params["document"])
    start, end = (_offset(request.path_params[name]) for name in ("start", "end"))
    if document is None or start is None or end is None or not start <= end <= len(document.text):
        return _missing("No such sentence.")
    lines = await run_in_threadpool(_boxes, document, Span(start, end))
    return JSONResponse([[box.page, box.left, box.top, box.right, box.bottom] for box in lines])


def _offset(text: str) -> int | None:
    """Return the offset that an address names; None if it is none, such as a number of very many digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _boxes(document: Document, span: Span) -> tuple[Box, ...]:
    path = original(kept_folder(), document.id)
    return () if isinstance(path, Lost) else _found(path, document, span)


@lru_cache(maxsize=1024)
def _found(path: Path, document: Document, span: Span) -> tuple[Box, ...]:
    return boxes(path.read_bytes(), document, span)


async def _annotated(request: Request) -> Response:
    asked = _SERVED.asked.get(request.path_params["key"])
    if asked is None:
        return _missing("This conversation is no longer known. Reload the page.")
    index, answers = asked
    if request.path_params["document"] not in index.documents:
        return _missing("No such paper.")
    try:
        data = await run_in_threadpool(annotated_copy, index, answers, request.path_params["document"])
    except LoccitError as error:
        status = 503 if isinstance(error, StorageError) else 409
        return PlainTextResponse(f"Not annotated: {error}\n", status_code=status)
    return _bytes(data, "application/pdf", "no-store")


def _bytes(data: bytes, kind: str, cache: str) -> Response:
    return Response(data, media_type=kind, headers={"cache-control": cache})


def _missing(message: str) -> Response:
    return PlainTextResponse(message + "\n", status_code=404)
