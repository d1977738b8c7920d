"""Work of a build that is not yet published: one file per paper, named by what it depends on.

An interrupted build goes on from here. The file is a plain ``.npz`` with its own
checksums (CRC-32 of each part); one that does not read is made again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.store.paper_rows import PaperRows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from index.files import Disk

PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A paper cut up, with the vectors of its passages and sentences."""

    paper: PaperRows
    passages: NDArray[np.float32]
    sentences: NDArray[np.float32]


def encode_embedded(embedded: Embedded) -> bytes:
    """Return the bytes of a file that holds ``embedded``."""
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
    """Return what ``encode_embedded`` wrote.

    Raises:
        OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile: it does not read.
    """
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as parts:
        fields = json.loads(parts["paper"].tobytes())
        fields["details"] = b64decode(fields["details"])
        paper = PaperRows(**fields)
        embedded = Embedded(paper, parts["passages"], parts["sentences"])
    if (len(embedded.passages), len(embedded.sentences)) != (len(paper.passages), len(paper.sentences)):
        raise ValueError(f"{path}: its parts do not belong together")
    return embedded


class Pending:
    """The papers that are ready but not published, for one way of reading and one model."""

    def __init__(self, folder: Path, reading: str, fingerprint: str, disk: Disk) -> None:
        self._folder = folder / PENDING
        self._key = hashlib.sha256(f"{reading} {fingerprint}".encode()).hexdigest()[:16]
        self._disk = disk

    def _path(self, document_id: str) -> Path:
        return self._folder / f"{document_id}.{self._key}.npz"

    def put(self, embedded: Embedded) -> None:
        """Keep a paper until it is published."""
        self._disk.make_folder(self._folder)
        path = self._path(embedded.paper.id)
        self._disk.write(path.with_suffix(".part"), [encode_embedded(embedded)])
        self._disk.replace(path.with_suffix(".part"), path)

    def get(self, document_id: str) -> Embedded | None:
        """Return a kept paper; None if it is not there or does not read."""
        try:
            return read_embedded(self._path(document_id))
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None

    def clear(self) -> None:
        """Remove all of it: what is published needs no copy, and the rest is out of date."""
        self._disk.remove(self._folder)
