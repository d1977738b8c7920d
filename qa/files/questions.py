"""Files of questions: JSON lines, one object a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from index.errors import UsageError, why_unreadable

_STANDARD_INPUT = Path("-")
_FORM = 'Write one object a line: {"id": 1, "question": "...", "history": ["earlier question"]}'


class Entry(NamedTuple):
    """A question to be answered."""

    id: Any  #: any JSON value; identifies the result
    question: str
    history: tuple[str, ...]  #: earlier questions, oldest first


def read_questions(file: Path) -> list[Entry]:
    """Return the questions of a file; the id of a line without one is its number.

    Args:
        file: JSON lines in UTF-8; "-" is standard input.

    Raises:
        UsageError: the file cannot be read, holds no question, or a line is not such an object.
    """
    name = "standard input" if file == _STANDARD_INPUT else str(file)
    entries = []
    for number, line in enumerate(_text(file, name).split("\n"), 1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(json.loads(line), number))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UsageError(f"{name}, line {number}: not a question object.", _FORM) from error
    if not entries:
        raise UsageError(f"{name}: no questions in it.", _FORM)
    return entries


def _text(file: Path, name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == _STANDARD_INPUT else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{name}: {why_unreadable(error)}.", "Give a file of JSON lines.") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name}: not UTF-8 text (byte {error.start}).", "Save the file as UTF-8."
        ) from error


def _entry(fields: dict[str, Any], number: int) -> Entry:
    question, history = fields["question"], fields.get("history") or []
    if not (isinstance(history, list) and all(isinstance(text, str) for text in (question, *history))):
        raise TypeError("question and history must be text")
    return Entry(fields.get("id", number), question, tuple(history))
