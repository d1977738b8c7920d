"""Checked writing: every byte the index puts on a disk goes through here.

``Disk`` is the seam between the index and the file system: five operations that
either are carried out or raise ``StorageError`` with the path and the cause.
Tests put disks behind it that stop half-way or forget what was not synced.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from index.errors import IndexDamaged, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

CHUNK = 1 << 20
_REMEDIES = {
    errno.ENOSPC: "Free some space on that disk and try again.",
    errno.EDQUOT: "Free some of your disk quota and try again.",
    errno.EROFS: "That disk is read-only; choose another folder with --index.",
    errno.EACCES: "Give yourself access to the folder, or choose another with --index.",
    errno.EPERM: "Give yourself access to the folder, or choose another with --index.",
    errno.EIO: "The disk may be failing; copy the index elsewhere.",
}


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file must hold."""

    name: str  #: relative to the folder of its generation
    size: int  #: bytes
    sha256: str  #: lower-case hexadecimal


class Disk(Protocol):
    """The operations that change an index folder.

    Each raises ``StorageError`` if the system refuses it.
    """

    def write(self, path: Path, chunks: Iterable[bytes]) -> FileRecord:
        """Write a new file, force it to the disk, and return what it must hold."""

    def make_folder(self, path: Path) -> None:
        """Make a folder and its parents; one that exists is left as it is."""

    def replace(self, source: Path, target: Path) -> None:
        """Rename; a file ``target`` is replaced in one step."""

    def sync_folder(self, path: Path) -> None:
        """Force the names in a folder to the disk."""

    def remove(self, path: Path) -> None:
        """Remove a file or a whole folder; one that is not there is no error."""


class LocalDisk:
    """The real file system."""

    def write(self, path: Path, chunks: Iterable[bytes]) -> FileRecord:
        """See ``Disk.write``. The checksum is that of the bytes meant, not of those read back."""
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

    def make_folder(self, path: Path) -> None:
        """See ``Disk.make_folder``."""
        with refusals(path):
            path.mkdir(parents=True, exist_ok=True)

    def replace(self, source: Path, target: Path) -> None:
        """See ``Disk.replace``."""
        with refusals(target):
            source.replace(target)

    def sync_folder(self, path: Path) -> None:
        """See ``Disk.sync_folder``; a no-op on Windows, which has no such call."""
        if os.name == "nt":
            return
        with refusals(path):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def remove(self, path: Path) -> None:
        """See ``Disk.remove``."""
        with refusals(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def require_folder(path: Path, remedy: str) -> None:
    """Raise a ``UsageError`` with ``path`` as given and ``remedy`` unless ``path`` is a folder."""
    if not path.is_dir():
        what = "a file, not a folder" if path.exists() else "does not exist"
        raise UsageError(f"{path}: {what}.", remedy)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` inside the block into a ``StorageError`` about ``path``."""
    try:
        yield
    except OSError as error:
        cause = error.strerror or str(error)
        remedy = _REMEDIES.get(error.errno or 0, "Check the folder and try again.")
        raise StorageError(f"{path}: {cause}.", remedy) from error


def check(folder: Path, record: FileRecord) -> None:
    """Compare a recorded file with its record.

    Raises:
        IndexDamaged: the file is missing, cut or changed.
        StorageError: the system refuses to read it.
    """
    path = folder / record.name
    try:
        with refusals(path), path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            found = hashlib.file_digest(stream, "sha256").hexdigest() if size == record.size else ""
    except StorageError as error:
        raise _missing(path, error) from error
    _compare(path, record, size, found)


def _missing(path: Path, error: StorageError) -> StorageError | IndexDamaged:
    if isinstance(error.__cause__, FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return IndexDamaged(f"{path}: the file is missing.", "Rebuild the index.")
    return error


def _compare(path: Path, record: FileRecord, size: int, sha256: str) -> None:
    if size != record.size:
        raise IndexDamaged(f"{path}: {size} bytes instead of {record.size}.", "Rebuild the index.")
    if sha256 != record.sha256:
        raise IndexDamaged(
            f"{path}: sha256 {sha256[:12]}... instead of {record.sha256[:12]}...", "Rebuild the index."
        )


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces of ``CHUNK``."""
    with refusals(path), path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def array_chunks(array: NDArray[Any]) -> Iterator[bytes]:
    """Yield ``array`` as the bytes of a ``.npy`` file, without pickle and without a second copy."""
    array = np.ascontiguousarray(array)
    yield _npy_header(array.dtype, array.shape)
    flat = array.reshape(-1).view(np.uint8)
    for start in range(0, len(flat), CHUNK):
        yield flat[start : start + CHUNK].tobytes()


def matrix_chunks(blocks: Iterable[NDArray[np.float32]], rows: int, columns: int) -> Iterator[bytes]:
    """Yield float32 blocks stacked on each other as the bytes of one ``.npy`` file.

    Raises:
        ValueError: the blocks do not add up to ``rows`` by ``columns``.
    """
    yield _npy_header(np.dtype(np.float32), (rows, columns))
    seen = 0
    for block in blocks:
        if block.dtype != np.float32 or block.ndim != 2 or block.shape[1] != columns:
            raise ValueError(f"a block of {block.dtype} {block.shape} among {columns} columns of float32")
        seen += len(block)
        yield np.ascontiguousarray(block).tobytes()
    if seen != rows:
        raise ValueError(f"{seen} rows instead of {rows}")


def _npy_header(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


def load_bytes(path: Path) -> NDArray[np.uint8]:
    """Map the bytes of a checked file, read-only.

    Raises:
        IndexDamaged: the file is empty or missing.
        StorageError: the system refuses to read it.
    """
    with refusals(path):
        try:
            return np.asarray(np.memmap(path, np.uint8, "r"))
        except ValueError as error:
            raise IndexDamaged(f"{path}: {error}.", "Rebuild the index.") from error


def load_array(path: Path) -> NDArray[Any]:
    """Open a checked ``.npy`` file memory-mapped and read-only.

    Raises:
        IndexDamaged: it is no such file.
        StorageError: the system refuses to read it.
    """
    with refusals(path):
        try:
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
            return np.asarray(mapped)  # the same memory, without the class that makes each slice slow
        except (ValueError, EOFError) as error:
            raise IndexDamaged(f"{path}: {error}.", "Rebuild the index.") from error
