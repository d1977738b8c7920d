r"""The paths that the ``file`` field of a BibTeX entry can mean.

JabRef and Better BibTeX write "description:path:type", several joined by ";", with ":", ";" and "\" escaped;
Zotero the same without all escapes; others write the bare path. Some texts can be read in two ways, so each
file has several candidates, and the one that exists counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

_MENDELEY = "$\\backslash$"  #: how Mendeley writes a backslash


def files_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the candidates for each file that ``text`` names, the likeliest first."""
    whole = text.replace(_MENDELEY, "\\").strip()
    parts = [part.strip() for part in _split(whole, ";")]
    files = [tuple(dict.fromkeys(chain(_candidates(part), (whole,)))) for part in parts if part]
    return tuple(files)


def _candidates(part: str) -> Iterator[str]:
    r"""Yield what one part can mean: "path", "description:path:type", "path:type", "C:\path"."""
    fields = _split(part, ":")
    drive = len(fields[0]) == 1 and fields[1:] and fields[1][:1] in ("/", "\\")
    if len(fields) == 1 or drive:
        yield _plain(part)
    if len(fields) > 2:
        path = _plain(":".join(fields[1:-1]))
        yield path
        yield f"/{path}"  # Mendeley leaves out the first slash
    if len(fields) == 2:
        yield from (_plain(fields[1]), _plain(fields[0]))
    yield _plain(part)
    yield part


def _split(text: str, separator: str) -> list[str]:
    """Split at each ``separator`` that no backslash escapes; escapes stay."""
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == separator:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _plain(text: str) -> str:
    """Return ``text`` without the backslashes that escape a sign; before letters and digits they are kept."""
    made, at = "", 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text) and not text[at + 1].isalnum() and text[at + 1] != " ":
            at += 1
        made += text[at]
        at += 1
    return made
