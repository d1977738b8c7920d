"""Where the files of indexed papers lie, so that a page can be shown as its publisher printed it.

The index keeps what was read and not the files. ``<index>/originals.json`` keeps their
paths, nothing else; a file counts as a paper's original only while its sha256 is the
paper's id. Uploads are kept with the index (``qa.files.uploads``) and need no path.
"""

from __future__ import annotations

import json
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import StorageError
from index.files import LOCAL_DISK, refusals
from index.ingest.papers import file_id
from qa.files import uploads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index.ingest.build import FileOutcome

FILE = "originals.json"
_FORMAT = 1


class Lost(StrEnum):
    """Why there is no original, in words for people."""

    UNKNOWN = "The index does not know where this paper’s file lies."
    GONE = "This paper’s file is no longer where it was read from."
    CHANGED = "This paper’s file has changed since it was read, so its pages are not shown."


def remember(folder: Path, outcomes: Iterable[FileOutcome]) -> None:
    """Keep the paths of the files that a build accepted, beside those known before.

    Raises:
        StorageError: the disk refused.
    """
    known = paths(folder)
    found = {one.document_id: str(one.path.absolute()) for one in outcomes if one.document_id}
    if found.items() <= known.items():
        return
    value = {"format": _FORMAT, "files": dict(sorted({**known, **found}.items()))}
    data = json.dumps(value, ensure_ascii=False, indent=0).encode("utf-8", "surrogateescape")
    LOCAL_DISK.write_atomically(folder / FILE, [data])


def paths(folder: Path) -> dict[str, str]:
    """Return the path of each file remembered, by document id; a damaged list counts as none."""
    try:
        with refusals(folder / FILE):
            value = json.loads((folder / FILE).read_bytes().decode("utf-8", "surrogateescape"))
        if value["format"] != _FORMAT:
            return {}
        return {str(key): str(path) for key, path in value["files"].items()}
    except (StorageError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def original(folder: Path, document_id: str) -> Path | Lost:
    """Return the file that a paper was read from, its bytes compared; or why there is none."""
    kept = uploads.kept(folder, document_id)
    if kept is not None:
        return kept
    named = paths(folder).get(document_id)
    if named is None:
        return Lost.UNKNOWN
    path = Path(named)
    try:
        found = path.stat()
        digest = _digest(path, found.st_mtime_ns, found.st_size)
    except (OSError, ValueError):
        return Lost.GONE
    if digest is None:
        return Lost.GONE
    return path if digest == document_id else Lost.CHANGED


@lru_cache(maxsize=256)
def _digest(path: Path, changed: int, size: int) -> str | None:
    """Return the sha256 of a file, taken anew when its time of change or size is another."""
    return file_id(path)
