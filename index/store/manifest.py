"""The manifest of a generation: what it holds, made from what, with which checksums.

The file wraps its body in its own sha256, and is read only if encoding it again
gives the same bytes, so that a change of any byte is noticed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from index.errors import FormatMismatch, IndexDamaged
from index.files import FileRecord

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Model:
    """The embedding model that made the vectors."""

    name: str  #: for people
    fingerprint: str  #: see ``index.embed.encoder.Encoder.fingerprint``
    dimension: int
    max_pieces: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each a generation holds."""

    documents: int
    passages: int
    sentences: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about a generation but its contents."""

    format: int
    generation: int
    previous: int | None  #: the generation that it was published over
    created: str  #: ISO 8601, UTC; shown only, nothing depends on the clock
    model: Model
    counts: Counts
    files: tuple[FileRecord, ...]
    note: str = ""  #: what people should know, such as a question encoder that could not be made

    def file(self, name: str) -> FileRecord | None:
        """Return the record of the file ``name``; None if the generation has no such file."""
        return next((record for record in self.files if record.name == name), None)

    def encode(self) -> bytes:
        """Return the bytes of the manifest file."""
        body = dataclasses.asdict(self)
        return _text({"manifest": body, "sha256": _digest(body)})

    @property
    def size(self) -> int:
        """Bytes of all files together, the manifest excluded."""
        return sum(record.size for record in self.files)


def decode(data: bytes, where: str) -> Manifest:
    """Return the manifest that ``data`` holds; ``where`` names it in errors.

    Raises:
        IndexDamaged: the bytes are not those that were written.
        FormatMismatch: another version of Loccit wrote it.
    """
    damaged = IndexDamaged(f"{where}: the manifest is damaged.", "Rebuild the index.")
    try:
        outer = json.loads(data)
        body = outer["manifest"]
        if outer["sha256"] != _digest(body) or _text(outer) != data:
            raise damaged
        version = body["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged from error
    if version != FORMAT:
        raise FormatMismatch(
            f"{where}: index format {version}, but this version of Loccit reads format {FORMAT}.",
            "Rebuild the index with this version, or use the version that built it.",
        )
    try:
        return Manifest(
            **body
            | {
                "model": Model(**body["model"]),
                "counts": Counts(**body["counts"]),
                "files": tuple(FileRecord(**record) for record in body["files"]),
            }
        )
    except (TypeError, KeyError) as error:
        raise damaged from error


def _text(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def _digest(body: object) -> str:
    return hashlib.sha256(_text(body)).hexdigest()
