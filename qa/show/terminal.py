"""Writes to the terminal. Text from papers is escaped: it cannot move the cursor or hide anything."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

#: Unicode categories whose characters move the cursor, reorder text or cannot be seen.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
#: Exceptions that plain text needs; the last two join letters in Persian and Indic scripts.
_KEPT = frozenset("\n\t\u200c\u200d")
#: Columns of a table in a file or a pipe.
_WIDE = 200


def visible(text: str) -> str:
    """Return ``text`` with its control, format, private and surrogate characters written as ``<U+202E>``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(c):04X}>" if c not in _KEPT and unicodedata.category(c) in _UNSEEN else c for c in text
    )


def out() -> Console:
    """Return the console for results on standard output; it wraps lines only on a terminal."""
    terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not terminal, width=None if terminal else _WIDE)


def err() -> Console:
    """Return the console for progress and warnings on standard error; it wraps lines only on a terminal."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def say(text: str, style: str = "") -> None:
    """Print ``text`` to standard output, escaped."""
    out().print(Text(visible(text), style=style))


def note(text: str) -> None:
    """Print ``text`` to standard error, escaped: standard output is for answers."""
    err().print(Text(visible(text)))


def warn(warnings: Iterable[str]) -> None:
    """Print each warning to standard error, escaped."""
    for warning in warnings:
        err().print(Text(visible(warning), style="yellow"))


def never_fail_to_write() -> None:
    """Let the standard streams escape characters that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def json_text(value: object, indent: int | None = None) -> str:
    r"""Return ``value`` as JSON in which unseen characters are escaped: ``\u202e`` is the same string."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isascii():
        return text
    return "".join(c if c.isascii() or visible(c) == c else json.dumps(c)[1:-1] for c in text)


def emit(value: object) -> None:
    """Write ``value`` to standard output as one line of JSON."""
    text = json_text(value)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # the terminal is not UTF-8
        text = json.dumps(value)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
