"""Page images of PDFs, sent over HTTP rather than Streamlit's websocket."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from index.errors import LoccitError
from index.ingest.originals import Lost, original
from index.pages.places import boxes, picture
from qa.files.resources import index_folder

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from index.pages.places import Box
    from index.text import Document, Span

_SCALE = 1.5  #: pixels per point


class _Routed:
    """Whether this process serves page images; ``streamlit run app.py`` does not."""

    token = ""  #: random part of every image's URL, known to users of the app only


def route() -> str:
    """Return the URL pattern of page images, for ``respond`` to serve."""
    _Routed.token = secrets.token_urlsafe(16)
    return f"/pages/{_Routed.token}/{{document:str}}/{{page:int}}.png"


def lost(document: Document) -> str | None:
    """Return why a PDF's pages cannot be shown; empty if they can, None if page images do not apply."""
    if not _Routed.token or document.format != "pdf":
        return None
    path = original(index_folder(), document.id)
    return str(path) if isinstance(path, Lost) else ""


def address(document: Document, page: int) -> str:
    """Return the URL path of a page image."""
    return f"/pages/{_Routed.token}/{document.id}/{page}.png"


def boxes_of(document: Document, span: Span) -> tuple[Box, ...]:
    """Return boxes around ``span``; empty if its position is uncertain."""
    path = original(index_folder(), document.id)
    return () if isinstance(path, Lost) else _boxes(path, document, span)


@lru_cache(maxsize=256)
def _boxes(path: Path, document: Document, span: Span) -> tuple[Box, ...]:
    return boxes(path.read_bytes(), document, span)


@lru_cache(maxsize=64)
def _picture(path: Path, page: int) -> bytes:
    return picture(path.read_bytes(), page, _SCALE)


async def respond(request: Request) -> Response:
    """Respond to a request for a page image."""
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse
    from starlette.responses import Response as Bytes

    path = await run_in_threadpool(original, index_folder(), request.path_params["document"])
    if isinstance(path, Lost):
        return PlainTextResponse("No such paper.\n", status_code=404)
    try:
        png = await run_in_threadpool(_picture, path, request.path_params["page"])
    except (LoccitError, OSError):
        return PlainTextResponse("The page cannot be rendered.\n", status_code=404)
    return Bytes(png, media_type="image/png", headers={"cache-control": "private, max-age=3600"})
