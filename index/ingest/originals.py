"""The files that papers were read from, so that their pages can be shown.

The index keeps text, not files. ``<index>/originals.json`` keeps the paths of files; a file counts as a
paper's original only while its sha256 is the paper's id. Uploads, and copies of the PDFs that were added, are
kept as ``<index>/uploads/<sha256>/<name>``: the digest separates files of one name; answers cite the name.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import unicodedata
from collections.abc import Container, Iterable
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache
from pathlib import Path, PurePosixPath

from index.errors import FileEmpty, FileTooLarge, IndexMissing, LoccitError, StorageError
from index.files import LOCAL_DISK, refusals
from index.ingest.papers import file_id
from index.ingest.report import Became, FileOutcome
from index.read import require_suffix
from index.store.publish import writing
from index.store.target import Target, target_of

FILE = "originals.json"
_FORMAT = 1
UPLOADS = "uploads"
LARGEST = 50 * 2**20  #: bytes of an upload; the readers refuse larger files anyway
_LONGEST_NAME = 120
_WAIT = 60.0  #: seconds to wait for another process that writes
_FALLBACK = "paper"
#: Unicode categories removed from names: control, format, private, surrogate, unassigned, separators.
_REMOVED = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


class Lost(StrEnum):
    """Why a paper's original is not available, for people."""

    UNKNOWN = "The index does not know where this paper’s file is."
    GONE = "This paper’s file is no longer where it was read."
    CHANGED = "This paper’s file has changed since it was read, so it is not used."


def remember(of: Path | Target, outcomes: Iterable[FileOutcome], *, keep: bool = True) -> None:
    """Keep the paths of the files that a build accepted, beside those known before, and copies of the PDFs.

    Kept files of papers that no generation holds any more are removed.

    Args:
        of: folder of the index, or where else it is kept.
        outcomes: of the build.
        keep: whether to keep files. If not, uploads among the accepted files are removed.

    Raises:
        IndexLocked: another process writes for longer than ``_WAIT``.
        StorageError: the list or a copy cannot be written. The papers are in the index all the same.
    """
    target = target_of(of)
    with writing(target.folder, _WAIT):
        _remember(target, outcomes, keep=keep)


def _remember(target: Target, outcomes: Iterable[FileOutcome], *, keep: bool) -> None:
    folder = target.folder
    known = paths(folder)
    # Without links, so that a link which replaces a file later is not taken for it.
    accepted = {
        one.document_id: one.path.resolve()
        for one in outcomes
        if one.document_id and one.became is not Became.DUPLICATE
    }
    for key, path in accepted.items():
        if keep:
            _keep_copy(folder, key, path)
        elif path.is_relative_to((folder / UPLOADS).resolve()):
            forget_upload(folder, key)
    gone = []
    with suppress(LoccitError):  # nothing was published
        gone = _forget(target.folder, known, target.held())
    now = {key: path for key, path in known.items() if key not in gone}
    now |= {key: str(path) for key, path in accepted.items()}
    if now == known:
        return
    value = {"format": _FORMAT, "files": dict(sorted(now.items()))}
    data = json.dumps(value, ensure_ascii=False, indent=0).encode("utf-8", "surrogateescape")
    LOCAL_DISK.write_atomically(folder / FILE, [data])


def _keep_copy(folder: Path, document_id: str, path: Path) -> None:
    """Copy a PDF beside the index, unless it is there already or has changed since it was read."""
    if path.suffix.lower() != ".pdf" or uploaded_file(folder, document_id):
        return
    try:
        data = path.read_bytes()
    except OSError:  # gone since it was read
        return
    if hashlib.sha256(data).hexdigest() == document_id:
        _store(folder, document_id, harmless_name(path.name), data)


def forget_unused(of: Path | Target, documents: Iterable[str]) -> None:
    """Remove the kept files of those ``documents`` that no generation holds.

    Does nothing while a generation cannot be read. A paper that was removed counts as held until its
    generations are collected, because a rollback brings it back.
    """
    target = target_of(of)
    with suppress(LoccitError):
        try:
            held = target.held()
        except IndexMissing:
            held = set()
        _forget(target.folder, documents, held)


def _forget(folder: Path, documents: Iterable[str], held: Container[str]) -> list[str]:
    """Remove the kept files of those ``documents`` that are not ``held``; return their ids."""
    gone = [key for key in documents if key not in held]
    for key in gone:
        forget_upload(folder, key)
    return gone


def kept_size(folder: Path) -> int:
    """Return how many bytes the kept files take."""
    return sum(path.stat().st_size for path in (folder / UPLOADS).glob("*/*") if path.is_file())


def paths(folder: Path) -> dict[str, str]:
    """Return the path of each known file by document id; empty if the list is missing or damaged."""
    try:
        with refusals(folder / FILE):
            value = json.loads((folder / FILE).read_bytes().decode("utf-8", "surrogateescape"))
        if value["format"] != _FORMAT:
            return {}
        return {str(key): str(path) for key, path in value["files"].items()}
    except (StorageError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def original(folder: Path, document_id: str) -> Path | Lost:
    """Return the file that a paper was read from, its checksum verified; or why it is not available."""
    kept = uploaded_file(folder, document_id)
    if kept and _checked(kept, document_id) is kept:
        return kept
    named = paths(folder).get(document_id)
    return Lost.UNKNOWN if named is None else _checked(Path(named), document_id)


def _checked(path: Path, document_id: str) -> Path | Lost:
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return Lost.GONE
    if stat.S_ISLNK(status.st_mode):
        return Lost.GONE
    digest = _digest(path, status.st_mtime_ns, status.st_size)
    if digest is None:
        return Lost.GONE
    return path if digest == document_id else Lost.CHANGED


@lru_cache(maxsize=256)
def _digest(path: Path, changed: int, size: int) -> str | None:
    """Return the sha256 of a file, cached until its modification time or size changes."""
    return file_id(path)


def keep_upload(folder: Path, name: str, data: bytes) -> Path:
    """Store an upload beside the index in ``folder`` and return its path.

    Only name and size are checked; whether it is a paper shows when it is read.

    Raises:
        FileEmpty: ``data`` is empty.
        FileTooLarge: ``data`` is larger than ``LARGEST``.
        UnknownFormat: no paper has this suffix.
        StorageError: the file cannot be written.
    """
    safe = harmless_name(name)
    require_suffix(PurePosixPath(safe))
    if not data:
        raise FileEmpty(safe, "the file is empty.", "Upload it again.")
    if len(data) > LARGEST:
        size = f"{len(data) / 2**20:.0f} MB"
        raise FileTooLarge(safe, f"{size} is more than {LARGEST >> 20} MB.", "Upload a smaller file.")
    return _store(folder, hashlib.sha256(data).hexdigest(), safe, data)


def _store(folder: Path, document_id: str, name: str, data: bytes) -> Path:
    place = folder / UPLOADS / document_id
    LOCAL_DISK.make_folder(place)
    LOCAL_DISK.write_atomically(place / name, [data])
    return place / name


def uploaded_file(folder: Path, document_id: str) -> Path | None:
    """Return the kept file of a document; None if there is none."""
    place = folder / UPLOADS / document_id
    if not re.fullmatch(r"[0-9a-f]{64}", document_id) or not place.is_dir():
        return None
    return next((path for path in sorted(place.iterdir()) if not path.name.startswith(".")), None)


def forget_upload(folder: Path, document_id: str) -> None:
    """Remove the kept file of a document, if there is one."""
    if uploaded_file(folder, document_id):
        LOCAL_DISK.remove(folder / UPLOADS / document_id)


def harmless_name(name: str) -> str:
    """Return ``name`` without folders, leading dots and invisible characters, at most 120 bytes long."""
    last = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    kept = "".join(c for c in last if unicodedata.category(c) not in _REMOVED)
    path = PurePosixPath(" ".join(kept.split()).lstrip(". ") or _FALLBACK)
    suffix = path.suffix[:8]
    stem = path.name.removesuffix(path.suffix) or _FALLBACK
    while len((stem + suffix).encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return (stem.rstrip() or _FALLBACK) + suffix.rstrip()
