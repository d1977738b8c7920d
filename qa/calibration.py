"""The thresholds that were fitted to a user's own questions, in a small file beside the generations.

``loccit calibrate`` writes it. They hold for the stages of ranking and the encoder that they were fitted
with; with any other, the shipped thresholds are used, and a warning says so.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass
from heapq import nsmallest
from pathlib import Path

from index.errors import UsageError
from index.files import LOCAL_DISK, bytes_if_present, sha256_of
from qa.answer import Answerer
from qa.files.resources import index_option
from qa.records import Calibration, from_json

FILE = "calibration.json"
FORMAT = 1
MOST_PAPERS = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A calibration with what receipts do not state of it."""

    calibration: Calibration
    path: str  #: of its questions
    documents: tuple[str, ...] = ()  #: ids of the papers that were in the index, ``MOST_PAPERS`` at most


def save(folder: Path, calibration: Calibration, questions: Path, papers: Iterable[str]) -> None:
    """Keep ``calibration``, fitted to the file ``questions``, in ``folder``, in place of an earlier one.

    Of more than ``MOST_PAPERS`` ids of indexed papers, those first in order are kept, which are as good as
    drawn by chance.

    Raises:
        StorageError: the file cannot be written.
    """
    some = tuple(nsmallest(MOST_PAPERS, papers))
    kept = {"format": FORMAT, **asdict(Kept(calibration, str(questions.absolute()), some))}
    text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
    LOCAL_DISK.make_folder(folder)
    LOCAL_DISK.write_atomically(folder / FILE, [text.encode("utf-8", "surrogateescape")])


def reset(folder: Path) -> bool:
    """Forget the calibration; tell whether there was one.

    Raises:
        UsageError: a folder has the name of the file.
        StorageError: the file cannot be removed.
    """
    path = folder / FILE
    if path.is_dir() and not path.is_symlink():
        raise UsageError(f"{path}: a folder, which Loccit has not made.", "Move or remove it yourself.")
    held = stored(folder) is not None
    LOCAL_DISK.remove(path)
    return held


def stored(folder: Path) -> bytes | None:
    """Return the bytes of the file, which tell whether it has changed; None if there is none.

    Of a folder, a pipe or a device in its place, none are read.
    """
    path = folder / FILE
    return b"" if path.exists() and not path.is_file() else bytes_if_present(path)


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
            papers = from_json(tuple[str, ...], json.dumps(saved.get("documents", ())))
            return Kept(from_json(Calibration, json.dumps(saved["calibration"])), path, papers)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    option = index_option(folder)
    raise UsageError(
        f"{folder / FILE}: damaged, or of another version; the usual thresholds are used.",
        f"Make it anew: loccit calibrate FILE{option}. Or remove it: loccit calibrate --reset{option}.",
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
    return answerer.calibrated(*judged(kept, answerer, folder))


def judged(kept: Kept, answerer: Answerer, folder: Path) -> tuple[Calibration | None, *tuple[str, ...]]:
    """Return the calibration if it was fitted with what ``answerer`` uses, and the warnings about it."""
    one = kept.calibration
    if differs := difference(one, answerer):
        what = f"The thresholds of {one.file} are not used: they were fitted with {differs}."
        return None, f"{what} {_again(kept, folder)}"
    return one, *filter(None, [change(kept, folder), replaced(kept, answerer.index.documents, folder)])


def difference(calibration: Calibration, answerer: Answerer) -> str:
    """Return with what else ``calibration`` was fitted, in words; empty if it fits ``answerer``."""
    if calibration.model != answerer.encoder.fingerprint:
        return "another embedding model"
    if calibration.stages == answerer.stages.identity(answerer.settings):
        return ""
    if calibration.reader != answerer.reader:
        return f"the {calibration.reader} reader" if calibration.reader else "no reader"
    return "other weights of the ranking"


def change(kept: Kept, folder: Path) -> str:
    """Return in words that the questions differ from those fitted for the index; empty if they do not.

    The file may be on another machine, or unreadable: then nothing is compared.
    """
    path = Path(kept.path)
    try:
        if not path.is_file() or sha256_of(path) == kept.calibration.digest:
            return ""
    except (OSError, ValueError):  # a path that cannot be one: too long, or with a NUL
        return ""
    changed = f"{kept.calibration.file} has changed since the thresholds in use were fitted to it."
    return f"{changed} {_again(kept, folder)}"


def replaced(kept: Kept, documents: Container[str], folder: Path) -> str:
    """Return in words that most papers of the calibration are not in ``documents``; empty if they are."""
    total, known = kept.calibration.papers, len(kept.documents)
    left = sum(paper in documents for paper in kept.documents)
    if 2 * left >= known:
        return ""
    count = str(left) if known == total else f"about {round(left * total / known):,}"
    return (
        f"The thresholds of {kept.calibration.file} were fitted on {total:,} papers, of which {count} "
        f"{'is' if count == '1' else 'are'} still in the index. {_again(kept, folder)} "
        f"Or leave them out: loccit calibrate --reset{index_option(folder)}"
    )


def _again(kept: Kept, folder: Path) -> str:
    return f"Fit them again: loccit calibrate {shlex.quote(kept.path)}{index_option(folder)}"


def in_words(one: Calibration) -> str:
    """Return what a calibration is from: "q.jsonl, 2026-11-30, 62 questions (48 answerable), ..."."""
    total = one.answerable + one.unanswerable
    return (
        f"{one.file}, {one.made[:10]}, {total} questions ({one.answerable} answerable) "
        f"on {one.papers} papers, {one.reader or 'no'} reader, aimed at {one.right:.0%} of sure answers right"
    )
