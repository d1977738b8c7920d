"""Whole pages of PDFs as pictures, sent over HTTP and not through Streamlit's websocket."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from index.errors import LoccitError
from index.pages.places import boxes, picture
from index.text import Span
from qa.files.originals import Lost, original
from qa.files.resources import index_folder

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from index.text import Document

_SCALE = 1.5  #: pixels for a point of the page


class _Routed:
    """Whether this process serves pages; ``streamlit run app.py`` by itself does not."""

    token = ""  #: in the address of every picture, so that only who sees the app can have one


def route() -> str:
    """Return the pattern of the pictures' addresses, to be served by ``respond``."""
    _Routed.token = secrets.token_urlsafe(16)
    return f"/pages/{_Routed.token}/{{document:str}}/{{page:int}}.png"


def lost(folder: Path, document: Document) -> str | None:
    """Return why pages of a PDF cannot be shown; empty where they can, None where it has none to show."""
    if not _Routed.token or document.format != "pdf":
        return None
    found = original(folder, document.id)
    return str(found) if isinstance(found, Lost) else ""


def address(document: Document, page: int) -> str:
    """Return where the picture of a page is to be had, as a path on this server."""
    return f"/pages/{_Routed.token}/{document.id}/{page}.png"


def boxes_of(
    folder: Path, document: Document, span: Span
) -> tuple[tuple[float, float, float, float, int], ...]:
    """Return boxes around ``span``: left, top, right, bottom as shares of the page, and the page.

    None where the exact place is not sure: better no box than a wrong one.
    """
    path = original(folder, document.id)
    return () if isinstance(path, Lost) else _boxes(path, document, span.start, span.end)


@lru_cache(maxsize=256)
def _boxes(
    path: Path, document: Document, start: int, end: int
) -> tuple[tuple[float, float, float, float, int], ...]:
    found = boxes(path.read_bytes(), document, Span(start, end))
    return tuple((box.left, box.top, box.right, box.bottom, box.page) for box in found)


@lru_cache(maxsize=64)
def _picture(path: Path, page: int) -> bytes:
    return picture(path.read_bytes(), page, _SCALE)


async def respond(request: Request) -> Response:
    """Answer a request for a page's picture."""
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse
    from starlette.responses import Response as Bytes

    path = await run_in_threadpool(original, index_folder(), request.path_params["document"])
    if isinstance(path, Lost):
        return PlainTextResponse("There is no such paper here.\n", status_code=404)
    try:
        png = await run_in_threadpool(_picture, path, request.path_params["page"])
    except (LoccitError, OSError):
        return PlainTextResponse("This page cannot be rendered.\n", status_code=404)
    return Bytes(png, media_type="image/png", headers={"cache-control": "private, max-age=3600"})
