"""Export and import of an index as one file.

The file is a plain tar archive: the manifest, then the files it names. Import takes
nothing else, and each file only under its name and with its checksum.
"""

from __future__ import annotations

import dataclasses
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from index.errors import IndexDamaged, LoccitError, OlderFormat, UsageError
from index.files import LOCAL_DISK, FileRecord, check, chunks_in, chunks_of, refusals
from index.segments.arrays import ArraysRecord
from index.store.generation import SEGMENTS, Generation
from index.store.manifest import MANIFEST, Manifest, decode
from index.store.open import current_generation, open_index, read_pointer
from index.store.publish import add_segment, install, next_number, writing
from index.store.upkeep import collect

_MANIFEST_LIMIT = 1 << 20  #: bytes; a real one has a few thousand
_REMEDY = "Export the index again and copy the whole file."


def export_index(folder: Path, target: Path, *, replace: bool = False) -> Manifest:
    """Write the current generation of the index in ``folder``, verified, to the file ``target``.

    With ``replace``, an existing file is replaced once the new one is complete. The
    same generation always gives the same bytes.

    Raises:
        UsageError: ``target`` exists and ``replace`` is False, or it is a folder.
        IndexMissing: there is no index.
        IndexDamaged: no generation is intact.
        StorageError: the disk refused.
    """
    require_file(target, replace=replace)
    with open_index(folder) as index:
        LOCAL_DISK.write_atomically(target, _archive(index))
        return index.manifest


def require_file(target: Path, *, replace: bool) -> None:
    """Check that ``target`` can be written; raises like ``export_index``."""
    with refusals(target):
        exists, is_folder = target.exists(), target.is_dir()
    if is_folder:
        raise UsageError(f"{target}: a folder, not a file.", "Name a file to write, such as papers.loccit.")
    if exists and not replace:
        raise UsageError(f"{target}: the file already exists.", "Choose another name, or add --replace.")


def _archive(index: Generation) -> Iterator[bytes]:
    """Yield the bytes of a tar archive of the manifest and the files of ``index``."""
    manifest = index.manifest.encode()
    yield from _entry(MANIFEST, len(manifest), [manifest])
    for record in index.manifest.files:
        yield from _entry(record.name, record.size, chunks_of(index.folder / record.name))
    for segment in index.manifest.segments:
        path = index.folder.parent / SEGMENTS / segment.name
        check(path.parent, FileRecord(segment.name, segment.size, segment.sha256))
        yield from _entry(f"{SEGMENTS}/{segment.name}", segment.size, chunks_of(path))
    yield bytes(2 * tarfile.BLOCKSIZE)  # the end of the archive


def _entry(name: str, size: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = size
    yield entry.tobuf(tarfile.PAX_FORMAT)
    yield from chunks
    yield bytes(-size % tarfile.BLOCKSIZE)


def import_index(source: Path, folder: Path, *, replace: bool = False) -> Manifest:
    """Make the generation in the file ``source`` the current one of the index in ``folder``.

    Raises:
        UsageError: ``source`` is not a file, or ``folder`` holds an index and ``replace`` is False.
        IndexDamaged: ``source`` is not an intact export; nothing was changed.
        FormatMismatch: another version of Loccit wrote it; nothing was changed.
        IndexLocked: another process is writing.
        StorageError: the disk refused; nothing was changed.
    """
    with refusals(source):
        exists, is_folder = source.exists(), source.is_dir()
    if is_folder or not exists:
        what = "a folder, not a file" if is_folder else "does not exist"
        raise UsageError(f"{source}: {what}.", "Give a file written by loccit export.")
    try:
        with refusals(source), source.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            entries = iter(tar)
            sent = _manifest(source, tar, next(entries, None))
            if (pointer := read_pointer(folder)) is not None and not replace:
                what = f"{folder}: the folder already holds an index, generation {pointer[0]}."
                remedy = "Choose another folder with --index, or add --replace (loccit rollback undoes it)."
                raise UsageError(what, remedy)

            def stage(staging: Path) -> Manifest:
                for record in sent.files:
                    _unpack(source, tar, next(entries, None), record, staging / record.name)
                for segment in sent.segments:
                    unpack = partial(_unpack_segment, source, tar, next(entries, None), segment)
                    if add_segment(folder, unpack, LOCAL_DISK).record != segment:
                        raise IndexDamaged(f"{source}: {segment.name} is named wrongly.", _REMEDY)
                return dataclasses.replace(sent, generation=next_number(folder), previous=_current(folder))

            with writing(folder):
                try:
                    manifest = install(folder, stage, LOCAL_DISK)
                except BaseException:
                    with suppress(LoccitError):
                        collect(folder)  # the segments that were unpacked
                    raise
                collect(folder)
                return manifest
    except tarfile.TarError as error:
        raise IndexDamaged(f"{source}: not an exported index ({error}).", _REMEDY) from error


def _current(folder: Path) -> int | None:
    try:
        return current_generation(folder)
    except OlderFormat:  # replaced for good
        return None


def _manifest(source: Path, tar: tarfile.TarFile, first: tarfile.TarInfo | None) -> Manifest:
    if first is None or first.name != MANIFEST or first.size > _MANIFEST_LIMIT:
        raise IndexDamaged(f"{source}: not an exported index.", _REMEDY)
    return decode(b"".join(_contents(tar, first)), str(source))


def _unpack(
    source: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo | None, record: FileRecord, target: Path
) -> None:
    """Write a file that the manifest names; raise if it is missing, cut or changed."""
    if entry is None or (entry.name, entry.size) != (record.name, record.size):
        raise IndexDamaged(f"{source}: {record.name} is missing.", _REMEDY)
    name = record.name.removeprefix(f"{SEGMENTS}/")
    if not entry.isreg() or "/" in name or "\\" in name or name.startswith("."):
        raise IndexDamaged(f"{source}: {record.name} is not a regular file of an index.", _REMEDY)
    if LOCAL_DISK.write(target, _contents(tar, entry)).sha256 != record.sha256:
        raise IndexDamaged(f"{source}: the checksum of {record.name} does not match.", _REMEDY)


def _unpack_segment(
    source: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo | None, record: ArraysRecord, target: Path
) -> ArraysRecord:
    name = f"{SEGMENTS}/{record.name}"
    _unpack(source, tar, entry, FileRecord(name, record.size, record.sha256), target)
    return record


def _contents(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[bytes]:
    stream = tar.extractfile(entry)
    if stream is None:
        raise tarfile.ReadError(f"{entry.name} is not a regular file")
    yield from chunks_in(stream)
