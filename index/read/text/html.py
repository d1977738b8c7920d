"""Reads HTML: the article on a page becomes text with headings and tables, its place in the file kept.

The parser is that of the standard library. It runs nothing and loads nothing.
"""

from __future__ import annotations

import re

from index.errors import UndecodableText
from index.read.structure import Source
from index.read.text.marked import HtmlText
from index.read.text.plain import decode, read_marked
from index.text import Document, MappedText, line_starts

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)


def read_html(data: bytes, name: str) -> Document:
    """Return the paper in ``data``, an HTML page called ``name``.

    Raises:
        ReadError: see ``index.read.text.plain.read_marked``.
        UndecodableText: the bytes do not fit the encoding that the page declares, or UTF-8.
    """
    raw = _decoded(data, name)
    return read_marked(
        HtmlText(MappedText.raw(raw)).text(), Source(data, name, "html", lines=line_starts(raw))
    )


def _decoded(data: bytes, name: str) -> str:
    declared = _CHARSET.search(data[:2048])
    if declared is None or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return decode(data, name)
    encoding = declared.group(1).decode()
    try:
        return str(data, encoding).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    except (LookupError, UnicodeError) as error:
        reason = f"its characters cannot be decoded as {encoding}."
        raise UndecodableText(name, reason, "Save the page again, as UTF-8.") from error
