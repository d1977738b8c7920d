"""Writes to the terminal, papers' text so that it can do nothing there but be read."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Categories whose characters move the cursor, reorder text or cannot be seen.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
#: Columns of a table that goes into a file or another program.
_WIDE = 200
_KEPT = frozenset("\n\t\u200c\u200d")


def visible(text: str) -> str:
    """Return ``text`` with control, bidirectional and unassigned format characters as ``<U+202E>``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(c):04X}>" if c not in _KEPT and unicodedata.category(c) in _UNSEEN else c for c in text
    )


def out() -> Console:
    """Return the console for results; lines are broken on a terminal only, where people read them."""
    read_by_people = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not read_by_people, width=None if read_by_people else _WIDE)


def err() -> Console:
    """Return the console for progress and warnings."""
    return Console(stderr=True, highlight=False)


def warn(warnings: Iterable[str]) -> None:
    """Write warnings about an index, a line each, beside the results and not among them."""
    for warning in warnings:
        err().print(Text(visible(warning), style="yellow"))


def never_fail_to_write() -> None:
    """Let the streams write what their encoding lacks as an escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def emit(value: object) -> None:
    """Write one JSON value on a line of its own."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # another terminal's encoding, or half a surrogate pair in a question
        text = json.dumps(value)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
