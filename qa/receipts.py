"""Receipts: an answer saved with all that is needed to get it again, and the replay that compares.

``last`` is the place of the answer before it, added within format 1: a receipt without it still replays, by
answering the last earlier question once more, and an older version ignores it. ``calibration`` came later,
too: a replay uses the thresholds of the receipt, whatever the index has been calibrated with since.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from index.errors import IndexDamaged, UsageError, why_unreadable
from qa.answer import Answerer
from qa.conversation import Conversation, LastAnswer
from qa.records import Answer, Calibration, as_json, from_json
from qa.settings import Settings

FORMAT = 1
#: Of the receipt inside an answer, what may differ between two runs.
_FREE = ("generation", "seconds")


def write_receipt(
    path: Path, answer: Answer, conversation: Conversation, documents: frozenset[str] | None
) -> None:
    """Save ``answer``, the ``conversation`` that it was given in, and the ids of the papers asked.

    An existing file is replaced.
    """
    saved = {
        "format": FORMAT,
        "history": conversation.questions,
        "last": conversation.last and asdict(conversation.last),
        "documents": None if documents is None else sorted(documents),
        "answer": as_json(answer),
    }
    path.write_text(json.dumps(saved, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def replay(path: Path, answerer: Answerer) -> str:
    """Ask again what the receipt at ``path`` asked, and compare byte for byte.

    Raises:
        UsageError: the file is not a receipt, names another index, model or ranker, or does not state what
            an older version answered before.
        IndexDamaged: the same index now answers differently.
    """
    saved = _load(path)
    then = saved["answer"]
    again = answerer.configured(Settings(**then["receipt"]["settings"])).calibrated(_calibration_of(then))
    documents = None if saved["documents"] is None else frozenset(saved["documents"])
    conversation = Conversation(tuple(saved["history"]), _last_of(saved))
    answer, _ = conversation.ask(again, then["question"], documents)
    now = as_json(answer)
    for key, what in (("index", "papers"), ("model", "model"), ("ranker", "ranker")):
        if then["receipt"][key] != now["receipt"][key]:
            raise UsageError(
                f"{path}: made with other {what} ({then['receipt'][key][:12]}, here "
                f"{now['receipt'][key][:12]}).",
                "Replay it with the index it was made with.",
            )
    if _bytes(then) != _bytes(now):
        raise _difference(path, saved, now)
    return f"{path}: same answer, byte for byte ({then['status']}, {len(then['citations'])} quotes)."


def _difference(path: Path, saved: dict[str, Any], now: dict[str, Any]) -> UsageError | IndexDamaged:
    """Return the error that explains why the answer differs from the one ``saved``."""
    if _bytes(_untitled(saved["answer"])) == _bytes(_untitled(now)):
        return UsageError(
            f"{path}: the same quotes, but the title of a paper has changed in your library.",
            "Make it anew: loccit ask --receipt FILE",
        )
    earlier = len(saved["history"])
    if "last" not in saved and earlier > 1:
        return UsageError(
            f"{path}: the answer differs now. The receipt is of an older version, which answered all "
            f"{earlier} earlier questions again and did not state the last answer.",
            "Make it anew: loccit ask --receipt FILE",
        )
    return IndexDamaged(f"{path}: the answer differs now.", "Check the index: loccit verify")


def _untitled(answer: dict[str, Any]) -> dict[str, Any]:
    shown = {kind: [one | {"title": ""} for one in answer[kind]] for kind in ("citations", "nearby")}
    return answer | shown


def _last_of(saved: dict[str, Any]) -> LastAnswer | None:
    """Return where the answer before stands; None where the receipt does not say.

    Raises:
        ValueError: it is not stated as ``write_receipt`` does.
    """
    last = saved.get("last")
    return None if last is None else from_json(LastAnswer, json.dumps(last))


def _calibration_of(answer: dict[str, Any]) -> Calibration | None:
    """Return what the thresholds of an answer were from; None for the shipped ones.

    Raises:
        ValueError: it is not stated as ``as_json`` does.
    """
    stated = answer["receipt"].get("calibration")
    return None if stated is None else from_json(Calibration, json.dumps(stated))


def _bytes(answer: dict[str, Any]) -> bytes:
    receipt = {"calibration": None, **answer["receipt"]}
    receipt = {key: value for key, value in receipt.items() if key not in _FREE}
    return json.dumps({**answer, "receipt": receipt}, sort_keys=True, ensure_ascii=False).encode()


def _load(path: Path) -> dict[str, Any]:
    try:
        saved = json.loads(path.read_bytes())
        version = saved["format"]
    except OSError as error:
        raise UsageError(f"{path}: {why_unreadable(error)}.", "Check the path.") from error
    except (ValueError, KeyError, TypeError) as error:
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
        if (last := _last_of(saved)) is not None:
            texts.append(last.document_id)
        _calibration_of(answer)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return (
        all(isinstance(text, str) for text in texts)
        and settings.keys() == set(Settings.__slots__)
        and all(isinstance(number, int | float) for number in numbers)
    )
