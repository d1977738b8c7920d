"""Receipts: an answer saved with all that is needed to get it again, and the replay that compares."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from index.errors import IndexDamaged, UsageError
from qa.answer import Answerer, Settings
from qa.records import as_json
from qa.session import ask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qa.records import Answer

FORMAT = 1
#: Of the receipt inside an answer, what may differ between two runs.
_FREE = ("generation", "seconds")


def write_receipt(
    path: Path, answer: Answer, history: Sequence[str], documents: frozenset[str] | None
) -> None:
    """Save ``answer`` with the question's circumstances; an existing file is replaced."""
    saved = {
        "format": FORMAT,
        "history": list(history),
        "documents": None if documents is None else sorted(documents),
        "answer": as_json(answer),
    }
    path.write_text(json.dumps(saved, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def replay(path: Path, answerer: Answerer) -> str:
    """Ask again what the receipt at ``path`` asked, and compare byte for byte.

    Raises:
        UsageError: the file is not a receipt, or names another index, model or ranker.
        IndexDamaged: the same index now answers differently.
    """
    saved = _load(path)
    then = saved["answer"]
    again = answerer.configured(Settings(**then["receipt"]["settings"]))
    documents = None if saved["documents"] is None else frozenset(saved["documents"])
    now = as_json(ask(again, then["question"], saved["history"], documents))
    for key, what in (("index", "papers"), ("model", "model"), ("ranker", "ranker")):
        if then["receipt"][key] != now["receipt"][key]:
            raise UsageError(
                f"{path}: made with other {what} ({then['receipt'][key][:12]}, here "
                f"{now['receipt'][key][:12]}).",
                "Replay it with the index it was made with.",
            )
    if _bytes(then) != _bytes(now):
        raise IndexDamaged(f"{path}: the answer differs now.", "Check the index: loccit verify")
    return f"{path}: same answer, byte for byte ({then['status']}, {len(then['citations'])} quotes)."


def _bytes(answer: dict[str, Any]) -> bytes:
    receipt = {key: value for key, value in answer["receipt"].items() if key not in _FREE}
    return json.dumps({**answer, "receipt": receipt}, sort_keys=True, ensure_ascii=False).encode()


def _load(path: Path) -> dict[str, Any]:
    try:
        saved = json.loads(path.read_bytes())
        version = saved["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path}: not a receipt ({error}).", "Make one: loccit ask --receipt FILE"
        ) from error
    if version != FORMAT or not _sound(saved):
        raise UsageError(
            f"{path}: a receipt of another version, or damaged.", "Make it anew: loccit ask --receipt FILE"
        )
    return dict(saved)


def _sound(saved: dict[str, Any]) -> bool:
    """Tell whether ``saved`` holds what a replay needs."""
    try:
        answer, documents = saved["answer"], saved["documents"]
        stated, settings = answer["receipt"], answer["receipt"]["settings"]
        texts = [answer["question"], *saved["history"], *(documents or ())]
        texts += [stated[key] for key in ("index", "model", "ranker")]
        numbers = [value for key, value in settings.items() if key != "threshold" or value is not None]
    except (KeyError, TypeError, AttributeError):
        return False
    return (
        all(isinstance(text, str) for text in texts)
        and settings.keys() == set(Settings.__slots__)
        and all(isinstance(number, int | float) for number in numbers)
    )
