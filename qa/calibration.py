"""The thresholds that were fitted to a user's own questions, in a small file beside the generations.

``loccit calibrate`` writes it. They hold for the stages of ranking and the encoder that they were fitted
with; with any other, the shipped thresholds are used, and a warning says so.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from index.errors import UsageError
from index.files import LOCAL_DISK, bytes_if_present
from qa.answer import Answerer
from qa.records import Calibration, from_json

FILE = "calibration.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A calibration with the path of its questions, which receipts do not state."""

    calibration: Calibration
    path: str


def save(folder: Path, calibration: Calibration, questions: Path) -> None:
    """Keep ``calibration`` in the index folder, in place of an earlier one.

    Raises:
        StorageError: the file cannot be written.
    """
    kept = {"format": FORMAT, **asdict(Kept(calibration, str(questions.absolute())))}
    text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
    LOCAL_DISK.write_atomically(folder / FILE, [text.encode("utf-8", "surrogateescape")])


def reset(folder: Path) -> bool:
    """Forget the calibration; tell whether there was one."""
    held = stored(folder) is not None
    LOCAL_DISK.remove(folder / FILE)
    return held


def stored(folder: Path) -> bytes | None:
    """Return the bytes of the file, which tell whether it has changed; None if there is none."""
    return bytes_if_present(folder / FILE)


def load(folder: Path) -> Kept | None:
    """Return the calibration in the index folder, None if there is none.

    Raises:
        UsageError: it is damaged, or of another version.
        StorageError: it cannot be read.
    """
    data = stored(folder)
    if data is None:
        return None
    try:
        saved = json.loads(data.decode("utf-8", "surrogateescape"))
        version, path = saved["format"], saved["path"]
        if (type(version), version, type(path)) == (int, FORMAT, str):  # true equals 1
            return Kept(from_json(Calibration, json.dumps(saved["calibration"])), path)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise UsageError(
        f"{folder / FILE}: damaged, or of another version; the usual thresholds are used.",
        "Make it anew with loccit calibrate FILE, or remove it with loccit calibrate --reset.",
    )


def apply(answerer: Answerer, folder: Path) -> Answerer:
    """Return ``answerer`` with the calibration in ``folder``, or with a warning why it is not used.

    Raises:
        StorageError: the file cannot be read.
    """
    try:
        kept = load(folder)
    except UsageError as error:
        return answerer.calibrated(None, str(error))
    if kept is None:
        return answerer
    if differs := difference(kept.calibration, answerer):
        what = f"The thresholds of {kept.calibration.file} are not used: they were fitted with {differs}."
        return answerer.calibrated(None, f"{what} Fit them again: loccit calibrate {kept.path}")
    changed = change(kept)
    return answerer.calibrated(kept.calibration, *filter(None, [changed]))


def difference(calibration: Calibration, answerer: Answerer) -> str:
    """Return with what else ``calibration`` was fitted, in words; empty if it fits ``answerer``."""
    if calibration.model != answerer.encoder.fingerprint:
        return "another embedding model"
    if calibration.stages == answerer.stages.identity(answerer.settings):
        return ""
    if calibration.reader != answerer.reader:
        return f"the {calibration.reader} reader" if calibration.reader else "no reader"
    return "other weights of the ranking"


def change(kept: Kept) -> str:
    """Return in a sentence that the questions differ from those that were fitted; empty if they do not.

    The file may be on another machine: then nothing is compared.
    """
    data = bytes_if_present(Path(kept.path))
    if data is None or hashlib.sha256(data).hexdigest() == kept.calibration.digest:
        return ""
    return (
        f"{kept.calibration.file} has changed since the thresholds in use were fitted to it. "
        f"Fit them again: loccit calibrate {kept.path}"
    )


def in_words(one: Calibration) -> str:
    """Return what a calibration is from: "q.jsonl, 2026-11-30, 62 questions (48 answerable), ..."."""
    total = one.answerable + one.unanswerable
    return (
        f"{one.file}, {one.made[:10]}, {total} questions ({one.answerable} answerable) "
        f"on {one.papers} papers, {one.reader or 'no'} reader, aimed at {one.right:.0%} of sure answers right"
    )
