"""Publishing generations: write a segment, stage, sync, read back, rename, make current.

A writer holds the lock of the index. A crash at any point leaves the old or the new
generation current; the next writer removes what it leaves over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import log
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from index.errors import IndexLocked, StorageError
from index.files import LOCAL_DISK, Disk, FileRecord, check, refusals
from index.segments.arrays import ArraysRecord, mark_of
from index.segments.segment import Contents, Segment, write_segment
from index.store.generation import PAPERS, SEGMENTS, Generation, Listed, encode_listing
from index.store.manifest import FORMAT, MANIFEST, Counts, Manifest, Model
from index.store.open import (
    CURRENT,
    generation_folder,
    generations,
    open_place,
    pointer_bytes,
    read_manifest,
    read_pointer,
)

LOCK = "LOCK"
STAGING = "staging"
_TOGETHER = 8  #: segments of about the same size are merged once there are so many
PART = ".part"


class Papers(Contents, Protocol):
    """The papers of a new generation, used or set aside."""

    @property
    def sources(self) -> Mapping[str, str]:
        """File name of each paper by id."""

    @property
    def aside(self) -> Collection[str]:
        """Ids of those that are not used."""
        return ()

    @property
    def fresh(self) -> Collection[str]:
        """Ids of those that the generation before lacks or has otherwise."""
        return self.sources.keys()


@dataclass(frozen=True, slots=True)
class Origin:
    """What a manifest says about the origin of a generation, and its further files."""

    model: Model
    previous: int | None  #: the generation it is made from
    extra: Mapping[str, bytes] = field(default_factory=dict)  #: further files by name


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


def publish(
    folder: Path, papers: Papers, origin: Origin, disk: Disk = LOCAL_DISK, base: Generation | None = None
) -> Manifest:
    """Write a new generation and make it current; the lock must be held.

    Papers that are not fresh are taken from ``base``, the generation before.

    Raises:
        StorageError: the disk refused; the current generation stays current.
        IndexDamaged: what was written does not read back.
    """
    places = _placed(folder, papers, base, origin.model.dimension, disk)
    records = {segment.record.name: segment.record for segment, _ in places.values()}
    numbers = {name: i for i, name in enumerate(sorted(records))}
    listing = [
        Listed(key, numbers[segment.record.name], number, papers.sources[key], key not in papers.aside)
        for key, (segment, number) in sorted(places.items())
    ]

    def stage(staging: Path) -> Manifest:
        files = {PAPERS: encode_listing(listing), **origin.extra}
        written = tuple(disk.write(staging / name, [files[name]]) for name in sorted(files))
        created = datetime.now(UTC).isoformat(timespec="seconds")
        used = [places[paper.id] for paper in listing if paper.used]
        head = FORMAT, next_number(folder), origin.previous, created, origin.model, _counts(used)
        return Manifest(*head, written, tuple(records[name] for name in numbers))

    return install(folder, stage, disk)


def _counts(used: Sequence[tuple[Segment, int]]) -> Counts:
    extents = [segment.extent(number) for segment, number in used]
    passages = sum(one.passages.stop - one.passages.start for one in extents)
    return Counts(len(used), passages, sum(one.sentences.stop - one.sentences.start for one in extents))


def _placed(
    folder: Path, papers: Papers, base: Generation | None, dimension: int, disk: Disk
) -> dict[str, tuple[Segment, int]]:
    """Return the segment and number of each paper, after writing those that no segment stores."""
    held = papers.sources.keys() - set(papers.fresh) if base else set[str]()
    places = {key: place for key in held if base and (place := base.place(key)) is not None}
    new = papers.sources.keys() - places.keys()
    if new:
        merged = _merged(places.values(), len(new))
        ids = sorted(new | {key for key, (segment, _) in places.items() if segment.record.name in merged})
        segment = add_segment(folder, lambda path: write_segment(path, papers, ids, dimension, disk), disk)
        places |= {key: (segment, number) for number, key in enumerate(ids)}
    return places


def _merged(places: Collection[tuple[Segment, int]], new: int) -> frozenset[str]:
    """Return the names of segments to write again, together with ``new`` papers.

    Those of which less than half is used; and those of at most about the size of the new one, once there are
    ``_TOGETHER`` with it. So a paper is written again once for each ``_TOGETHER``-fold growth of the index.
    """
    used: defaultdict[str, int] = defaultdict(int)
    stored: dict[str, int] = {}
    for segment, _ in places:
        used[segment.record.name] += 1
        stored[segment.record.name] = len(segment.extents)
    merged = {name for name in used if 2 * used[name] < stored[name]}
    while True:
        size = new + sum(used[name] for name in merged)
        near = {name for name in used if name not in merged and _level(used[name]) <= _level(size)}
        if len(near) + 1 < _TOGETHER:
            return frozenset(merged)
        merged |= near


def _level(papers: int) -> int:
    return int(log(papers, _TOGETHER) + 1e-9)


def add_segment(folder: Path, write: Callable[[Path], ArraysRecord], disk: Disk) -> Segment:
    """Let ``write`` make a segment, read it back and name it by its contents; the lock must be held."""
    place = folder / SEGMENTS
    disk.make_folder(place)
    disk.sync_folder(folder)
    part = place / PART
    try:
        record = write(part)
        check(place, FileRecord(part.name, record.size, record.sha256))
    except BaseException:
        with suppress(StorageError):  # frees the space on a full disk
            disk.remove(part)
        raise
    record = replace(record, name=f"{record.sha256[:32]}.seg")
    disk.replace(part, place / record.name)
    disk.remove(mark_of(place / record.name))  # of a damaged file that this one replaces
    disk.sync_folder(place)
    return Segment(place, record)


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
        open_place(staging, manifest).close()  # reads its files back
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


def make_current(folder: Path, number: int, disk: Disk = LOCAL_DISK) -> None:
    """Point ``CURRENT`` to a generation in one step; the lock must be held."""
    _, digest = read_manifest(generation_folder(folder, number))
    disk.write_atomically(folder / CURRENT, [pointer_bytes(number, digest)])
