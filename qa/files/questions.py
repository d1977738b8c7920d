"""Many questions at once: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import UsageError, why_unreadable
from qa.show.terminal import emit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STANDARD_INPUT = Path("-")
_FORM = 'Write one object a line: {"id": 1, "question": "...", "history": []}'


def read_questions(file: Path) -> list[tuple[Any, str, list[str]]]:
    """Return id, question and history of each line; a line without id gets its number.

    Args:
        file: JSON lines in UTF-8; "-" is standard input.

    Raises:
        UsageError: the file cannot be read, or a line is not such an object.
    """
    name = "standard input" if file == _STANDARD_INPUT else str(file)
    entries = []
    for number, line in enumerate(_text(file, name).split("\n"), 1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(json.loads(line), number))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UsageError(f"{name}, line {number}: not a question.", _FORM) from error
    if not entries:
        raise UsageError(f"{name}: holds no question.", _FORM)
    return entries


def _text(file: Path, name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == _STANDARD_INPUT else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{name}: {why_unreadable(error)}.", "Give a file of JSON lines.") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name}: byte {error.start} is not UTF-8 text.", "Save the file as UTF-8."
        ) from error


def _entry(found: dict[str, Any], number: int) -> tuple[Any, str, list[str]]:
    question, history = found["question"], found.get("history") or []
    if not (isinstance(history, list) and all(isinstance(text, str) for text in (question, *history))):
        raise TypeError("question and history are text")
    return found.get("id", number), question, history


def answer_each(
    entries: Sequence[tuple[Any, str, list[str]]], work: Callable[[str, list[str]], dict[str, Any]]
) -> None:
    """Emit the result for each entry; a question that cannot be asked gives an ``error`` in its place.

    Raises:
        UsageError: some questions could not be asked; the others have been.
    """
    refused = 0
    for key, question, history in entries:
        try:
            emit({"id": key, **work(question, history)})
        except UsageError as error:
            refused += 1
            emit({"id": key, "question": question, "error": str(error)})
    if refused:
        raise UsageError(f"{refused} of {len(entries)} questions could not be asked.", "See their “error”.")
