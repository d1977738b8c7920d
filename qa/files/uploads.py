"""Files uploaded in the web app, kept as ``<index>/uploads/<sha256>/<name>``.

The digest separates files of one name; the name is the paper's source in answers.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path, PurePosixPath

from index.errors import FileEmpty, FileTooLarge
from index.files import LOCAL_DISK
from index.read import require_suffix

FOLDER = "uploads"
LARGEST = 50 * 2**20  #: bytes; the readers refuse larger files anyway
_LONGEST_NAME = 120
_FALLBACK = "paper"
#: Unicode categories removed from names: control, format, private, surrogate, unassigned, separators.
_REMOVED = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def harmless_name(name: str) -> str:
    """Return ``name`` without folders, leading dots and invisible characters, at most 120 bytes long."""
    last = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    kept = "".join(c for c in last if unicodedata.category(c) not in _REMOVED)
    kept = " ".join(kept.split()).lstrip(". ")
    path = PurePosixPath(kept or _FALLBACK)
    suffix = path.suffix[:8]
    stem = path.name.removesuffix(path.suffix) or _FALLBACK
    while len((stem + suffix).encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return (stem.rstrip() or _FALLBACK) + suffix.rstrip()


def keep(folder: Path, name: str, data: bytes) -> Path:
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
    place = folder / FOLDER / hashlib.sha256(data).hexdigest()
    LOCAL_DISK.make_folder(place)
    path = place / safe
    LOCAL_DISK.write_atomically(path, [data])
    return path


def kept(folder: Path, document_id: str) -> Path | None:
    """Return the uploaded file of a document; None if it was not uploaded."""
    place = folder / FOLDER / document_id
    if not re.fullmatch(r"[0-9a-f]{64}", document_id) or not place.is_dir():
        return None
    return next((path for path in sorted(place.iterdir()) if not path.name.startswith(".")), None)


def forget(folder: Path, document_id: str) -> None:
    """Remove the uploaded file of a document, if there is one."""
    if kept(folder, document_id):
        LOCAL_DISK.remove(folder / FOLDER / document_id)
