"""An index as one file: written here, verified and opened on another machine.

The file is a plain tar: the manifest first, then the files it names. Nothing else
is taken out of it, and each file only under its name and with its checksum.
"""

from __future__ import annotations

import dataclasses
import io
import os
import tarfile
from typing import TYPE_CHECKING

from index.errors import IndexDamaged, UsageError
from index.files import CHUNK, LocalDisk, refusals
from index.store.manifest import MANIFEST, Manifest, decode
from index.store.open import current_generation, open_index
from index.store.publish import collect, install, next_number, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from index.files import Disk, FileRecord

_MANIFEST_LIMIT = 1 << 20  #: bytes; a real one has some thousands
_REMEDY = "Export the index again and copy the whole file."


def export_index(folder: Path, target: Path, *, replace: bool = False) -> Manifest:
    """Write the current generation of the index in ``folder``, verified, to the file ``target``.

    A file of that name is replaced, with ``replace``, when the new one is complete.
    The same generation always gives the same bytes.

    Raises:
        UsageError: there is such a file, and ``replace`` is not said; or it is a folder.
        IndexMissing: there is no index.
        IndexDamaged: no generation of it is whole.
        StorageError: the disk refused.
    """
    _check_target(target, replace=replace)
    part = target.with_name(f"{target.name}.part")
    with open_index(folder) as index, refusals(target):
        try:
            with part.open("wb") as stream:
                with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    data = (index.folder / MANIFEST).read_bytes()
                    tar.addfile(_entry(MANIFEST, len(data)), io.BytesIO(data))
                    for record in index.manifest.files:
                        with (index.folder / record.name).open("rb") as source:
                            tar.addfile(_entry(record.name, record.size), source)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return index.manifest


def _check_target(target: Path, *, replace: bool) -> None:
    with refusals(target):
        there, is_folder = target.exists(), target.is_dir()
    if is_folder:
        raise UsageError(f"{target}: a folder.", "Name a file to write, such as papers.loccit.")
    if there and not replace:
        raise UsageError(f"{target}: there is such a file already.", "Choose another name, or add --replace.")


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry


def import_index(
    source: Path, folder: Path, *, replace: bool = False, wait: float = 0.0, disk: Disk | None = None
) -> Manifest:
    """Make the generation in the file ``source`` the current one of the index in ``folder``.

    Raises:
        UsageError: ``source`` is not a file, or ``folder`` holds an index and ``replace`` is False.
        IndexDamaged: the file is not what ``export_index`` wrote; nothing was changed.
        FormatMismatch: another version of Loccit wrote it; nothing was changed.
        IndexLocked: another process is writing.
        StorageError: the disk refused; nothing was changed.
    """
    disk = disk or LocalDisk()
    _check_source(source)
    try:
        with refusals(source), source.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            entries = iter(tar)
            sent = _manifest(source, tar, next(entries, None))
            _check_folder(folder, replace=replace)

            def stage(staging: Path) -> Manifest:
                _unpack(source, tar, entries, sent.files, staging, disk)
                return dataclasses.replace(
                    sent, generation=next_number(folder), previous=current_generation(folder)
                )

            with writing(folder, wait, disk):
                manifest = install(folder, stage, disk)
                collect(folder, disk)
                return manifest
    except tarfile.TarError as error:
        raise IndexDamaged(f"{source}: not an exported index ({error}).", _REMEDY) from error


def _check_source(source: Path) -> None:
    with refusals(source):
        there, is_folder = source.exists(), source.is_dir()
    if is_folder or not there:
        what = "a folder, not a file" if is_folder else "does not exist"
        raise UsageError(f"{source}: {what}.", "Give a file that loccit export wrote.")


def _manifest(source: Path, tar: tarfile.TarFile, first: tarfile.TarInfo | None) -> Manifest:
    if first is None or first.name != MANIFEST or first.size > _MANIFEST_LIMIT:
        raise IndexDamaged(f"{source}: not an exported index.", _REMEDY)
    return decode(b"".join(_bytes(tar, first)), str(source))


def _check_folder(folder: Path, *, replace: bool) -> None:
    current = current_generation(folder)
    if current is not None and not replace:
        raise UsageError(
            f"{folder}: there is an index already, generation {current}.",
            "Choose another folder with --index, or add --replace (loccit rollback undoes it).",
        )


def _unpack(
    source: Path,
    tar: tarfile.TarFile,
    entries: Iterator[tarfile.TarInfo],
    files: tuple[FileRecord, ...],
    staging: Path,
    disk: Disk,
) -> None:
    """Write the files that the manifest names; raise at the first that is another, cut or changed."""
    for record in files:
        entry = next(entries, None)
        if entry is None or (entry.name, entry.size) != (record.name, record.size):
            raise IndexDamaged(f"{source}: {record.name} is missing in it.", _REMEDY)
        if not entry.isreg() or "/" in record.name or "\\" in record.name or record.name.startswith("."):
            raise IndexDamaged(f"{source}: {record.name} is not a plain file of an index.", _REMEDY)
        if disk.write(staging / record.name, _bytes(tar, entry)) != record:
            raise IndexDamaged(f"{source}: {record.name} is not what was exported.", _REMEDY)


def _bytes(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[bytes]:
    stream = tar.extractfile(entry)
    if stream is None:
        raise tarfile.ReadError(f"{entry.name} is no file")
    while chunk := stream.read(CHUNK):
        yield chunk
