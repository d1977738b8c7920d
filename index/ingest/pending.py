"""Papers split and embedded, one per file: work of an unpublished build, and papers set aside.

An interrupted build continues from its pending files. A file is a plain ``.npz`` with its
own checksums (CRC-32 of each part).
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.files import Disk
from index.segments.paper import PaperRows

PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A paper with the vectors of its passages and sentences, one row each."""

    paper: PaperRows
    passages: NDArray[np.float32]
    sentences: NDArray[np.float32]


def encode_embedded(embedded: Embedded) -> bytes:
    """Return ``embedded`` as the bytes of a file."""
    fields = dataclasses.asdict(embedded.paper)
    fields["details"] = b64encode(embedded.paper.details).decode()
    stream = io.BytesIO()
    np.savez(
        stream,
        allow_pickle=False,
        paper=np.frombuffer(json.dumps(fields).encode(), np.uint8),
        passages=embedded.passages,
        sentences=embedded.sentences,
    )
    return stream.getvalue()


def read_embedded(path: Path) -> Embedded:
    """Return what ``encode_embedded`` encoded.

    Raises:
        IndexDamaged: the file is missing or damaged.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as parts:
            fields = json.loads(parts["paper"].tobytes())
            fields["details"] = b64decode(fields["details"])
            paper = PaperRows(**fields)
            embedded = Embedded(paper, parts["passages"], parts["sentences"])
        if (len(embedded.passages), len(embedded.sentences)) != (len(paper.passages), len(paper.sentences)):
            raise ValueError("the numbers of texts and vectors differ")
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise IndexDamaged(f"{path}: the file cannot be read ({error}).") from error
    return embedded


class Pending:
    """The papers that are ready but not published, for one reading fingerprint and one model."""

    def __init__(self, folder: Path, reading: str, fingerprint: str, disk: Disk) -> None:
        self._folder = folder / PENDING
        self._key = hashlib.sha256(f"{reading} {fingerprint}".encode()).hexdigest()[:16]
        self._disk = disk

    def _path(self, document_id: str) -> Path:
        return self._folder / f"{document_id}.{self._key}.npz"

    def put(self, embedded: Embedded) -> None:
        """Keep a paper until it is published."""
        self._disk.make_folder(self._folder)
        self._disk.write_atomically(self._path(embedded.paper.id), [encode_embedded(embedded)])

    def get(self, document_id: str) -> Embedded | None:
        """Return a kept paper, None if it is missing or damaged."""
        try:
            return read_embedded(self._path(document_id))
        except IndexDamaged:
            return None

    def clear(self) -> None:
        """Remove all pending papers; they are published or outdated."""
        self._disk.remove(self._folder)
