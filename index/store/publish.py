"""Publishing generations: stage, sync, read back, rename, make current.

A writer holds the lock of the index. A crash at any point leaves the old or the new
generation current; the next writer removes what it leaves over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from filelock import FileLock, Timeout

from index.errors import FormatMismatch, IndexDamaged, IndexLocked, IndexMissing, StorageError
from index.files import LOCAL_DISK, Disk, FileRecord, array_chunks, chunks_of, refusals, stacked_chunks
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
    open_generation,
    pointer_bytes,
    read_manifest,
    read_pointer,
)
from index.store.pins import pinned
from index.store.rows import Rows, write_rows
from index.store.vectors import vector_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.store.rows import PaperRows

    #: Contents of a further file: bytes, a function that makes them, or a file of another generation.
    Source = bytes | Callable[[], bytes] | Path

LOCK = "LOCK"
STAGING = "staging"
KEPT_BEFORE = 2  #: generations kept besides the current one
_OURS = re.compile(r"gen-\d{8}|staging|\.CURRENT\.part")


class Contents(Protocol):
    """The papers of a new generation: read, split and embedded."""

    @property
    def ids(self) -> Sequence[str]:
        """Ids of the documents, in order."""

    def paper(self, document_id: str) -> PaperRows:
        """Return the rows of one document."""

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its passages, shape (passages, dimension)."""

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its sentences, shape (sentences, dimension)."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a manifest says about the origin of a generation, and its further files."""

    model: Model
    previous: int | None  #: the generation it is made from
    extra: Mapping[str, Source] = field(default_factory=dict)  #: further files by name


@contextmanager
def writing(folder: Path, wait: float = 0.0, disk: Disk = LOCAL_DISK) -> Iterator[None]:
    """Hold the lock of the index during the block, after waiting for it at most ``wait`` seconds.

    Raises:
        IndexLocked: another process holds it.
        StorageError: the folder cannot be written.
    """
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
            what = f"{folder}: another process is writing this index."
            raise IndexLocked(what, "Try again when it is done.") from error
    try:
        yield
    finally:
        lock.release()


def publish(folder: Path, contents: Contents, made: Made, disk: Disk = LOCAL_DISK) -> Manifest:
    """Write a new generation and make it current; the lock must be held.

    Raises:
        StorageError: the disk refused; the current generation stays current.
        IndexDamaged: what was written does not read back.
    """

    def stage(staging: Path) -> Manifest:
        counts, files = _write_files(staging, contents, made, disk)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        number = next_number(folder)
        return Manifest(FORMAT, number, made.previous, created, made.model, counts, files)

    return install(folder, stage, disk)


def install(folder: Path, stage: Callable[[Path], Manifest], disk: Disk) -> Manifest:
    """Let ``stage`` write all files but the manifest, check them, and make them the current generation.

    The lock must be held. Raises like ``publish``.
    """
    staging = folder / STAGING
    disk.remove(staging)
    disk.make_folder(staging)
    try:
        manifest = stage(staging)
        disk.write(staging / MANIFEST, [manifest.encode()])
        disk.sync_folder(staging)
        Index(staging, manifest).close()  # reads every file back
    except BaseException:
        with suppress(StorageError):  # frees the space on a full disk
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
    scratch = staging / f"{ROWS}.scratch"  # SQLite writes it itself; the copy goes through ``disk``
    counts = write_rows(scratch, map(contents.paper, contents.ids))
    files = [disk.write(staging / ROWS, chunks_of(scratch))]
    disk.remove(scratch)
    with closing(Rows(staging / ROWS)) as rows:
        files.append(disk.write(staging / PASSAGE_DOCUMENTS, array_chunks(rows.passage_documents())))
        files.append(disk.write(staging / SENTENCE_STARTS, array_chunks(rows.sentence_starts())))
        for name, chunks in lexical_files(rows.passage_texts()):
            files.append(disk.write(staging / name, chunks))
    dimension = made.model.dimension
    passages = vector_chunks(map(contents.passage_vectors, contents.ids), dimension)
    files.append(disk.write(staging / VECTORS, passages))
    del passages  # as large as the file
    vectors = map(contents.sentence_vectors, contents.ids)
    sentences = stacked_chunks(vectors, np.float32, (counts.sentences, dimension))
    files.append(disk.write(staging / SENTENCE_VECTORS, sentences))
    for name, source in made.extra.items():
        files.append(_write_extra(staging / name, source, disk))
    return counts, tuple(sorted(files, key=lambda record: record.name))


def _write_extra(path: Path, source: Source, disk: Disk) -> FileRecord:
    if not isinstance(source, Path):
        return disk.write(path, [source if isinstance(source, bytes) else source()])
    record = read_manifest(source.parent)[0].file(source.name)
    # A copy, not a hard link: a damaged byte in one generation must not damage the other.
    copied = disk.write(path, chunks_of(source))
    if record is None or copied.sha256 != record.sha256:
        raise IndexDamaged(f"{source}: the file differs from the manifest of its generation.")
    return copied


def make_current(folder: Path, number: int, disk: Disk = LOCAL_DISK) -> None:
    """Point ``CURRENT`` to a generation in one step; the lock must be held."""
    _, digest = read_manifest(generation_folder(folder, number))
    disk.write_atomically(folder / CURRENT, [pointer_bytes(number, digest)])


def collect(folder: Path, disk: Disk = LOCAL_DISK) -> tuple[Path, ...]:
    """Remove what no reader needs and return it; the lock must be held.

    Kept are the current generation, the ``KEPT_BEFORE`` generations before it, and
    pinned ones. While ``CURRENT`` is damaged every generation is kept.
    """
    current = current_generation(folder)
    kept = set(generations(folder)) if current is None else _chain(folder, current) | pinned(folder)
    names = {generation_folder(folder, number).name for number in kept}
    with refusals(folder):
        ours = sorted(item for item in folder.iterdir() if _OURS.fullmatch(item.name))
    gone = [item for item in ours if item.name not in names]
    for item in gone:
        disk.remove(item)
    return tuple(gone)


def _chain(folder: Path, number: int) -> set[int]:
    """Return generation ``number`` and those it was published over, ``KEPT_BEFORE`` at most."""
    chain = {number}
    there = generations(folder)
    at = number
    for _ in range(KEPT_BEFORE):
        try:
            before = read_manifest(generation_folder(folder, at))[0].previous
        except (IndexDamaged, FormatMismatch):  # any older generation may have to replace it
            return chain | {other for other in there if other < number}
        if before is None or before not in there:
            break
        chain.add(before)
        at = before
    return chain


def rollback(folder: Path) -> int:
    """Make the generation before the current one current; return its number.

    Raises:
        IndexMissing: there is none.
        IndexDamaged: it is damaged.
        IndexLocked: another process is writing.
    """
    _require(folder)
    with writing(folder):
        current = current_generation(folder)
        if current is None:
            raise IndexMissing(f"{folder}: there is no index to roll back.", "Build one: loccit build FOLDER")
        previous = read_manifest(generation_folder(folder, current))[0].previous
        if previous is None or previous not in generations(folder):
            raise IndexMissing(f"{folder}: there is no generation before {current}.", "Nothing was changed.")
        open_generation(folder, previous).close()
        make_current(folder, previous)
        return previous


def _require(folder: Path) -> None:
    """Raise an ``IndexMissing`` for a folder that does not exist, before taking its lock makes it."""
    if not folder.is_dir():
        raise IndexMissing(f"{folder}: there is no index yet.", "Build one: loccit build FOLDER")


def gc(folder: Path) -> tuple[Path, ...]:
    """Take the lock and ``collect``.

    Raises:
        IndexMissing: there is no such folder.
    """
    _require(folder)
    with writing(folder):
        return collect(folder)


def verify(folder: Path) -> dict[int, IndexDamaged | FormatMismatch | None]:
    """Compare every checksum of every generation; return the damage by number, None for an intact one.

    Raises:
        IndexMissing: there is no generation.
    """
    damage: dict[int, IndexDamaged | FormatMismatch | None] = {}
    for number in generations(folder):
        try:
            open_generation(folder, number).close()
            damage[number] = None
        except (IndexDamaged, FormatMismatch) as error:
            damage[number] = error
    if not damage:
        raise IndexMissing(f"{folder}: there is no index to verify.", "Build one: loccit build FOLDER")
    return damage


def pointer_damage(folder: Path) -> str:
    """Return what is wrong with ``CURRENT``, "" if it names a generation and its checksum."""
    path = folder / CURRENT
    pointer = read_pointer(folder)
    if pointer is None:
        return f"{path}: it is missing or damaged."
    number, digest = pointer
    try:
        _, actual = read_manifest(generation_folder(folder, number))
    except (IndexDamaged, FormatMismatch) as error:
        return f"{path}: it names generation {number}, and {error.message}"
    return "" if actual == digest else f"{path}: the checksum is not that of generation {number}."
