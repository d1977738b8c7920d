"""Checked reading and writing: every byte of an index passes through here.

``Disk`` is the seam between the index and the file system. Its operations, and the functions
here, succeed or raise ``StorageError`` with the path and the cause. Tests replace it by disks
that stop half-way or lose what was not synced.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged, StorageError, UsageError

CHUNK = 1 << 20  #: bytes read or written at once
_REMEDIES = {
    errno.ENOSPC: "Free some space on that disk and try again.",
    errno.EDQUOT: "Free some of your disk quota and try again.",
    errno.EROFS: "That disk is read-only; choose another folder with --index.",
    errno.EACCES: "Give yourself access to the folder, or choose another with --index.",
    errno.EPERM: "Give yourself access to the folder, or choose another with --index.",
    errno.EIO: "The disk may be failing; copy the index elsewhere.",
}
_NO_FILE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The expected contents of a file."""

    name: str  #: relative to the folder of its generation
    size: int  #: bytes
    sha256: str  #: lower-case hexadecimal


class Disk:
    """The file system. Each operation raises ``StorageError`` if the system refuses it."""

    def write(self, path: Path, chunks: Iterable[bytes]) -> FileRecord:
        """Write and sync a new file; return its record, whose checksum is of the bytes meant."""
        digest = hashlib.sha256()
        size = 0
        with refusals(path), path.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        return FileRecord(path.name, size, digest.hexdigest())

    def write_atomically(self, path: Path, chunks: Iterable[bytes]) -> None:
        """Write a file or replace it; after a crash it is the old one or the new one, never a part."""
        part = path.with_name(f".{path.name}.part")
        try:
            self.write(part, chunks)
            self.replace(part, path)
        except BaseException:
            with suppress(StorageError):
                self.remove(part)
            raise
        self.sync_folder(path.parent)

    def make_folder(self, path: Path) -> None:
        """Create a folder and its parents; an existing one stays as it is."""
        with refusals(path):
            path.mkdir(parents=True, exist_ok=True)

    def replace(self, source: Path, target: Path) -> None:
        """Rename; an existing file ``target`` is replaced in one step."""
        with refusals(target):
            source.replace(target)

    def sync_folder(self, path: Path) -> None:
        """Sync the names in a folder; a no-op on Windows, which has no such call."""
        if os.name == "nt":
            return
        with refusals(path):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def remove(self, path: Path) -> None:
        """Remove a file or a whole folder, if it exists."""
        with refusals(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


LOCAL_DISK = Disk()


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` inside the block into a ``StorageError`` about ``path``."""
    try:
        yield
    except OSError as error:
        cause = error.strerror or str(error)
        remedy = _REMEDIES.get(error.errno or 0, "Check the folder and try again.")
        raise StorageError(f"{path}: {cause}.", remedy) from error


def require_folder(path: Path, remedy: str) -> None:
    """Raise a ``UsageError`` with ``path`` as given and ``remedy`` unless ``path`` is a folder."""
    if not path.is_dir():
        what = "a file, not a folder" if path.exists() else "does not exist"
        raise UsageError(f"{path}: {what}.", remedy)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, lower-case hexadecimal; raises ``OSError``."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(folder: Path, record: FileRecord) -> None:
    """Compare a file in ``folder`` with its record.

    Raises:
        IndexDamaged: the file is missing, cut or changed.
        StorageError: the system refuses to read it.
    """
    path = folder / record.name
    with refusals(path):
        try:
            size = path.stat().st_size
            digest = sha256_of(path) if size == record.size else ""
        except _NO_FILE as error:
            raise IndexDamaged(f"{path}: the file is missing.") from error
    if size != record.size:
        raise IndexDamaged(f"{path}: {size} bytes instead of {record.size}.")
    if digest != record.sha256:
        raise IndexDamaged(f"{path}: sha256 {digest[:12]}... instead of {record.sha256[:12]}...")


def bytes_if_present(path: Path) -> bytes | None:
    """Return the contents of a small file, None if there is no such file."""
    with refusals(path):
        try:
            return path.read_bytes()
        except _NO_FILE:
            return None


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces of ``CHUNK``."""
    with refusals(path), path.open("rb") as stream:
        yield from chunks_in(stream)


def chunks_in(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the remaining bytes of an open file in pieces of ``CHUNK``."""
    while chunk := stream.read(CHUNK):
        yield chunk


def load_bytes(path: Path) -> NDArray[np.uint8]:
    """Map the bytes of a checked file, read-only; an empty one is ``IndexDamaged``."""
    with refusals(path):
        try:
            return np.asarray(np.memmap(path, np.uint8, "r"))
        except ValueError as error:
            raise IndexDamaged(f"{path}: {error}.") from error
