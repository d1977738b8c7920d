"""The manifest of a generation: its model, its counts, and the checksums of its files and segments.

The file wraps its body in its own sha256, and is accepted only if encoding it again
gives the same bytes, so that a change of any byte is noticed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from index.errors import FormatMismatch, IndexDamaged, OlderFormat
from index.files import FileRecord
from index.segments.arrays import ArraysRecord

FORMAT = 2  #: version of the files of a generation
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
    """What a generation holds."""

    documents: int
    passages: int
    sentences: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a generation."""

    format: int
    generation: int
    previous: int | None  #: the generation that was current before
    created: str  #: ISO 8601, UTC; only shown, nothing depends on the clock
    model: Model
    counts: Counts
    files: tuple[FileRecord, ...]  #: of its own
    segments: tuple[ArraysRecord, ...]  #: the files of papers, shared with other generations

    def file(self, name: str) -> FileRecord | None:
        """Return the record of the file ``name``, None if the generation has no such file."""
        return next((record for record in self.files if record.name == name), None)

    def encode(self) -> bytes:
        """Return the bytes of the manifest file."""
        body = dataclasses.asdict(self)
        return _text({"manifest": body, "sha256": _digest(body)})

    @property
    def size(self) -> int:
        """Total bytes of its files and segments, without the manifest."""
        return sum(record.size for record in self.files) + sum(record.size for record in self.segments)


def decode(data: bytes, where: str) -> Manifest:
    """Return the manifest encoded in ``data``; ``where`` names it in errors.

    Raises:
        IndexDamaged: the bytes are not those of ``Manifest.encode``.
        FormatMismatch: another version of Loccit wrote it.
    """
    damaged = IndexDamaged(f"{where}: the manifest is damaged.")
    try:
        outer = json.loads(data)
        body = outer["manifest"]
        if outer["sha256"] != _digest(body) or _text(outer) != data:
            raise damaged
        version = body["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged from error
    if version != FORMAT:
        what = f"{where}: index format {version}, but this version of Loccit reads format {FORMAT}."
        if isinstance(version, int) and version < FORMAT:
            raise OlderFormat(what, "Build it again from all its papers: loccit build FOLDER")
        raise FormatMismatch(what, "Use the version of Loccit that built it, or choose another folder.")
    try:
        return Manifest(
            **body
            | {
                "model": Model(**body["model"]),
                "counts": Counts(**body["counts"]),
                "files": tuple(FileRecord(**record) for record in body["files"]),
                "segments": tuple(ArraysRecord(**record) for record in body["segments"]),
            }
        )
    except (TypeError, KeyError) as error:
        raise damaged from error


def _text(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def _digest(body: object) -> str:
    return hashlib.sha256(_text(body)).hexdigest()
