"""Publishing generations: staged, forced to the disk, read back, renamed, then made current.

Whoever writes holds the index's lock. A crash at any point leaves the old or the
new generation current; what it leaves over is removed by the next writer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from filelock import FileLock, Timeout

from index.errors import FormatMismatch, IndexDamaged, IndexLocked, IndexMissing, StorageError
from index.files import CHUNK, FileRecord, LocalDisk, array_chunks, chunks_of, matrix_chunks, refusals
from index.store.lexical import lexical_files
from index.store.manifest import FORMAT, MANIFEST, Counts, Manifest, Model
from index.store.open import (
    CURRENT,
    PASSAGE_DOCUMENTS,
    ROWS,
    SENTENCE_STARTS,
    SENTENCE_VECTORS,
    VECTORS,
    Index,
    current_generation,
    generation_folder,
    generations,
    pointer_bytes,
    read_manifest,
    read_pointer,
)
from index.store.paper_rows import write_rows
from index.store.pins import pinned
from index.store.rows import Rows
from index.store.vectors import vector_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.files import Disk
    from index.store.paper_rows import PaperRows

LOCK = "LOCK"
STAGING = "staging"
NEXT = "CURRENT.next"
KEPT_BEFORE = 2  #: generations kept besides the current one
_OURS = re.compile(r"gen-\d{8}|staging|CURRENT\.next")


class Contents(Protocol):
    """What a generation is to hold: papers that are read, cut up and embedded."""

    @property
    def ids(self) -> Sequence[str]:
        """Ids of the documents, in order."""

    def paper(self, document_id: str) -> PaperRows:
        """Return one document cut up."""

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its passages, shape (passages, dimension)."""

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its sentences, shape (sentences, dimension)."""


@dataclass(frozen=True, slots=True)
class Made:
    """By what a generation is made."""

    model: Model
    previous: int | None  #: the generation that it is made from
    extra: Mapping[str, Path | bytes]  #: further files by name: bytes, or a file that never changes
    note: str = ""


@contextmanager
def writing(folder: Path, wait: float = 0.0, disk: Disk | None = None) -> Iterator[None]:
    """Hold the index's lock during the block, waiting ``wait`` seconds for it at most.

    Raises:
        IndexLocked: another process holds it.
        StorageError: the folder cannot be written.
    """
    disk = disk or LocalDisk()
    with refusals(folder):
        new = not folder.is_dir()
    if new:
        disk.make_folder(folder)
        disk.sync_folder(folder.parent)
    lock = FileLock(folder / LOCK, timeout=wait, thread_local=False)
    with refusals(folder):
        try:
            lock.acquire()
        except Timeout as error:
            raise IndexLocked(
                f"{folder}: another process is writing this index.", "Wait until it is done, then try again."
            ) from error
    try:
        yield
    finally:
        lock.release()


def publish(folder: Path, contents: Contents, made: Made, disk: Disk | None = None) -> Manifest:
    """Write a new generation and make it current; the lock must be held.

    Raises:
        StorageError: the disk refused; what was current still is.
        IndexDamaged: what was written does not read back.
    """
    disk = disk or LocalDisk()

    def stage(staging: Path) -> Manifest:
        counts, files = _write_files(staging, contents, made, disk)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        number = next_number(folder)
        return Manifest(FORMAT, number, made.previous, created, made.model, counts, files, made.note)

    return install(folder, stage, disk)


def install(folder: Path, stage: Callable[[Path], Manifest], disk: Disk) -> Manifest:
    """Let ``stage`` fill a folder with all files but the manifest, check them, and make them current.

    The lock must be held. Raises as ``publish``.
    """
    staging = folder / STAGING
    disk.remove(staging)
    disk.make_folder(staging)
    try:
        manifest = stage(staging)
        disk.write(staging / MANIFEST, [manifest.encode()])
        disk.sync_folder(staging)
        Index(staging, manifest).close()  # reads back and compares every file
    except BaseException:
        with suppress(StorageError):  # a full disk is not left fuller than it was
            disk.remove(staging)
        raise
    disk.replace(staging, generation_folder(folder, manifest.generation))
    disk.sync_folder(folder)
    make_current(folder, manifest.generation, disk)
    return manifest


def next_number(folder: Path) -> int:
    """Return a generation number that was never used in ``folder``."""
    pointer = read_pointer(folder)
    return max([*generations(folder), pointer[0] if pointer else 0]) + 1


def _write_files(
    staging: Path, contents: Contents, made: Made, disk: Disk
) -> tuple[Counts, tuple[FileRecord, ...]]:
    files: list[FileRecord] = []
    scratch = staging / f"{ROWS}.scratch"
    counts = write_rows(scratch, map(contents.paper, contents.ids))
    files.append(disk.write(staging / ROWS, chunks_of(scratch)))
    disk.remove(scratch)
    rows = Rows(staging / ROWS)
    try:
        owners = np.array(rows.passage_documents(), np.int32)
        files.append(disk.write(staging / PASSAGE_DOCUMENTS, array_chunks(owners)))
        starts = np.zeros(counts.passages + 1, np.int64)
        for passage, number in rows.sentence_counts():
            starts[passage + 1] = number
        files.append(disk.write(staging / SENTENCE_STARTS, array_chunks(np.cumsum(starts))))
        for name, chunks in lexical_files(rows.passage_texts()):
            files.append(disk.write(staging / name, chunks))
    finally:
        rows.close()
    dimension = made.model.dimension
    passages = vector_chunks(map(contents.passage_vectors, contents.ids), dimension)
    files.append(disk.write(staging / VECTORS, passages))
    del passages
    sentences = matrix_chunks(map(contents.sentence_vectors, contents.ids), counts.sentences, dimension)
    files.append(disk.write(staging / SENTENCE_VECTORS, sentences))
    for name, source in made.extra.items():
        files.append(_extra(staging / name, source, disk))
    return counts, tuple(sorted(files, key=lambda record: record.name))


def _extra(path: Path, source: Path | bytes, disk: Disk) -> FileRecord:
    if isinstance(source, bytes):
        return disk.write(path, [source])
    manifest, _ = read_manifest(source.parent)
    record = manifest.file(source.name)
    if record is None:
        raise IndexDamaged(f"{source}: not a file of its generation.", "Rebuild the index.")
    # A copy, not a second name: a bad byte in one generation must leave the other whole.
    with refusals(source), source.open("rb") as stream:
        copied = disk.write(path, iter(lambda: stream.read(CHUNK), b""))
    if copied.sha256 != record.sha256:
        raise IndexDamaged(f"{source}: it has changed since it was written.", "Rebuild the index.")
    return copied


def make_current(folder: Path, number: int, disk: Disk | None = None) -> None:
    """Point ``CURRENT`` to a generation in one step; the lock must be held."""
    disk = disk or LocalDisk()
    _, digest = read_manifest(generation_folder(folder, number))
    disk.write(folder / NEXT, [pointer_bytes(number, digest)])
    disk.replace(folder / NEXT, folder / CURRENT)
    disk.sync_folder(folder)


def collect(folder: Path, disk: Disk | None = None) -> tuple[Path, ...]:
    """Remove what no reader needs; the lock must be held. Return what was removed.

    Kept are the current generation, the two it was published over, and those
    that living readers have open. Nothing is removed while ``CURRENT`` is
    damaged: then every generation may be needed.
    """
    disk = disk or LocalDisk()
    current = current_generation(folder)
    kept = set(generations(folder)) if current is None else _chain(folder, current) | pinned(folder)
    names = {generation_folder(folder, number).name for number in kept}
    with refusals(folder):
        found = sorted(item for item in folder.iterdir() if _OURS.fullmatch(item.name))
    gone = [item for item in found if item.name not in names]
    for item in gone:
        disk.remove(item)
    return tuple(gone)


def _chain(folder: Path, number: int) -> set[int]:
    chain = {number}
    there = generations(folder)
    at = number
    for _ in range(KEPT_BEFORE):
        try:
            before = read_manifest(generation_folder(folder, at))[0].previous
        except (IndexDamaged, FormatMismatch):  # damaged: keep all that could stand in for it
            return chain | {other for other in there if other < number}
        if before is None or before not in there:
            break
        chain.add(before)
        at = before
    return chain


def rollback(folder: Path, disk: Disk | None = None, wait: float = 0.0) -> int:
    """Make the generation current that the present one was published over; return its number.

    Raises:
        IndexMissing: there is none.
        IndexDamaged: it is damaged.
        IndexLocked: another process is writing.
    """
    _require(folder)
    with writing(folder, wait, disk):
        current = current_generation(folder)
        if current is None:
            raise IndexMissing(f"{folder}: there is no index to roll back.", "Build one with: loccit build")
        previous = read_manifest(generation_folder(folder, current))[0].previous
        if previous is None or previous not in generations(folder):
            raise IndexMissing(f"{folder}: generation {current} has none before it.", "Nothing was changed.")
        place = generation_folder(folder, previous)
        Index(place, read_manifest(place)[0]).close()
        make_current(folder, previous, disk)
        return previous


def _require(folder: Path) -> None:
    """Raise an ``IndexMissing`` for a folder that does not exist, before taking its lock makes it."""
    if not folder.is_dir():
        raise IndexMissing(f"{folder}: there is no index yet.", "Build one with: loccit build FOLDER")


def gc(folder: Path, disk: Disk | None = None, wait: float = 0.0) -> tuple[Path, ...]:
    """Take the lock and ``collect``.

    Raises:
        IndexMissing: there is no such folder.
    """
    _require(folder)
    with writing(folder, wait, disk):
        return collect(folder, disk)


def verify(folder: Path) -> dict[int, IndexDamaged | FormatMismatch | None]:
    """Compare every checksum of every generation; return what is wrong by number, None where it is whole.

    Raises:
        IndexMissing: there is no generation.
    """
    found = generations(folder)
    if not found:
        raise IndexMissing(f"{folder}: there is no index to verify.", "Build one with: loccit build")
    return {number: _damage(generation_folder(folder, number), number) for number in found}


def pointer_damage(folder: Path) -> str:
    """Return what is wrong with ``CURRENT``, "" where it names a generation as it was published."""
    pointer = read_pointer(folder)
    if pointer is None:
        return f"{folder / CURRENT}: it is missing or damaged."
    number, digest = pointer
    try:
        _, found = read_manifest(generation_folder(folder, number))
    except (IndexDamaged, FormatMismatch) as error:
        return f"{folder / CURRENT}: it names generation {number}, and {error.message}"
    return "" if found == digest else f"{folder / CURRENT}: generation {number} is not the one it names."


def _damage(place: Path, number: int) -> IndexDamaged | FormatMismatch | None:
    try:
        manifest, _ = read_manifest(place)
        if manifest.generation != number:
            return IndexDamaged(f"{place}: holds the manifest of generation {manifest.generation}.")
        Index(place, manifest).close()
    except (IndexDamaged, FormatMismatch) as error:
        return error
    return None
