"""Opening an index: one read-only generation of it.

    <index>/LOCK  CURRENT  gen-00000007/{manifest.json, papers.json, ...}  segments/  pins/  pending/

``CURRENT`` names a generation and the sha256 of its manifest; the manifest has the checksum of its other
files and of the segments it uses. Those of its files are compared at once, those of segments block by block
when they are read (``index.segments.arrays``). ``index.store.publish`` writes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from index.errors import FormatMismatch, IndexDamaged, IndexMissing
from index.files import bytes_if_present, check, refusals
from index.segments.segment import Segment
from index.store.generation import SEGMENTS, Generation, Listed, read_listing
from index.store.manifest import MANIFEST, Manifest, decode
from index.store.pins import Pin, pin
from index.store.salvage import salvaged

CURRENT = "CURRENT"
_FOLDER = re.compile(r"gen-(\d{8})")
_POINTER = re.compile(rb"gen-(\d{8}) ([0-9a-f]{64})\n")
_ATTEMPTS = 100  #: to open an index that is published anew during each of them


def open_index(folder: Path, *, salvage: bool = False) -> Generation:
    """Open the current generation of the index in ``folder``.

    If it is damaged, the newest intact generation before it is opened instead and
    ``Generation.warnings`` says so. With ``salvage``, for builds, what can still be read of a generation
    with damaged segments is opened; the warnings name the papers that are lost.

    Raises:
        IndexMissing: nothing was ever published there.
        IndexDamaged: no generation is intact.
        FormatMismatch: another version of Loccit wrote it.
        StorageError: the system refuses to read.
    """
    for _ in range(_ATTEMPTS):
        pointer = read_pointer(folder)
        try:
            return _open_newest(folder, pointer, salvage=salvage)
        except IndexDamaged:
            if read_pointer(folder) == pointer:  # otherwise a writer published and collected meanwhile
                raise
    raise IndexDamaged(f"{folder}: the index changes faster than it can be opened.", "Try again.")


def _open_newest(folder: Path, pointer: tuple[int, str] | None, *, salvage: bool) -> Generation:
    """Open the generation that ``pointer`` names, or else the newest intact one."""
    order = sorted(generations(folder), reverse=True)
    problems: list[str] = []
    if not order and not pointer:
        raise IndexMissing(f"{folder}: there is no index yet.", "Build one: loccit build FOLDER")
    if pointer and pointer[0] not in order:
        problems.append(f"{folder / CURRENT} names generation {pointer[0]}, which does not exist.")
        if read_pointer(folder) != pointer:  # collected meanwhile
            raise IndexDamaged(problems[0])
    elif pointer and names_its_manifest(folder, pointer):
        # Generations newer than the current one were rolled back: they come last.
        before = [number for number in order if number < pointer[0]]
        order = [pointer[0], *before, *(number for number in order if number > pointer[0])]
    else:
        problems.append(f"{folder / CURRENT} is damaged.")
    for number in order:
        try:
            return open_generation(folder, number, problems, pinned=True, salvage=salvage)
        except IndexDamaged as error:
            problems.append(error.message)
            if read_pointer(folder) != pointer:
                raise
    raise IndexDamaged(problems[0], "Build it again from the papers: loccit build FOLDER")


def open_generation(
    folder: Path, number: int, problems: Sequence[str] = (), *, pinned: bool = False, salvage: bool = False
) -> Generation:
    """Open one generation; ``problems`` say why no newer one is used. For ``salvage`` see ``open_index``.

    Without ``pinned``, the lock must be held, or the generation may be collected while it is open.

    Raises:
        IndexDamaged, FormatMismatch, StorageError: as ``open_index``.
    """
    place = generation_folder(folder, number)
    held = pin(folder, number) if pinned else None
    try:
        manifest, _ = read_manifest(place)
        if manifest.generation != number:
            raise IndexDamaged(f"{place / MANIFEST}: manifest of another generation, {manifest.generation}.")
        warnings = tuple(f"{text} Using generation {number} of {manifest.created}." for text in problems)
        return open_place(place, manifest, warnings=warnings, held=held, salvage=salvage)
    except BaseException:
        if held:
            held.release()
        raise


def open_place(
    place: Path,
    manifest: Manifest,
    *,
    warnings: tuple[str, ...] = (),
    held: Pin | None = None,
    salvage: bool = False,
) -> Generation:
    """Open the generation in the folder ``place``, whose manifest was checked; raises like ``open_index``."""
    papers, segments, problem = _papers(place, manifest), [], ""
    for segment in manifest.segments:
        try:
            segments.append(Segment(place.parent / SEGMENTS, segment))
        except IndexDamaged as error:
            if not salvage:
                raise
            problem = error.message
    if problem:
        others = _others(place, manifest)
        segments, papers, lost = salvaged(place.parent / SEGMENTS, (manifest, papers), others)
        warnings = (*warnings, f"{problem} {lost}")
    index = Generation(place, manifest, segments, papers, warnings=warnings, held=held)
    if not problem and index.counts != manifest.counts:
        raise IndexDamaged(f"{place}: its papers do not match the manifest.")
    return index


def _papers(place: Path, manifest: Manifest) -> list[Listed]:
    """Check the generation's own files and return its papers."""
    for record in manifest.files:
        check(place, record)
    return read_listing(place)


def _others(place: Path, manifest: Manifest) -> list[tuple[Manifest, list[Listed]]]:
    """Return the intact other generations of the same index and model, newest first."""
    found = []
    for number in reversed(generations(place.parent)):
        other = generation_folder(place.parent, number)
        try:
            held, _ = read_manifest(other)
            if other != place and held.model.fingerprint == manifest.model.fingerprint:
                found.append((held, _papers(other, held)))
        except (IndexDamaged, FormatMismatch):
            continue
    return found


def read_manifest(place: Path) -> tuple[Manifest, str]:
    """Return the manifest in the folder ``place`` of a generation, and the sha256 of its bytes.

    Raises:
        IndexDamaged: it is missing or changed.
        FormatMismatch: another version of Loccit wrote it.
        StorageError: the system refuses to read.
    """
    path = place / MANIFEST
    data = bytes_if_present(path)
    if data is None:
        raise IndexDamaged(f"{path}: the file is missing.")
    return decode(data, str(path)), hashlib.sha256(data).hexdigest()


def read_pointer(folder: Path) -> tuple[int, str] | None:
    """Return the current generation and the sha256 of its manifest; None if ``CURRENT`` is unusable."""
    pointer = _POINTER.fullmatch(bytes_if_present(folder / CURRENT) or b"")
    return (int(pointer[1]), pointer[2].decode()) if pointer else None


def pointer_bytes(number: int, digest: str) -> bytes:
    """Return the contents of ``CURRENT``."""
    return f"gen-{number:08d} {digest}\n".encode()


def names_its_manifest(folder: Path, pointer: tuple[int, str]) -> bool:
    """Return whether the generation in ``CURRENT`` has the sha256 in ``CURRENT``.

    A damaged manifest counts as a match, because opening it reports the damage. An
    intact manifest with another checksum means that ``CURRENT`` is damaged.
    """
    try:
        return read_manifest(generation_folder(folder, pointer[0]))[1] == pointer[1]
    except IndexDamaged:
        return True


def current_generation(folder: Path) -> int | None:
    """Return the generation in ``CURRENT``; None if that is missing or damaged."""
    pointer = read_pointer(folder)
    return pointer[0] if pointer and names_its_manifest(folder, pointer) else None


def generation_folder(folder: Path, number: int) -> Path:
    """Return the folder of a generation."""
    return folder / f"gen-{number:08d}"


def generations(folder: Path) -> list[int]:
    """Return the numbers of the generations on disk, intact or not, in order."""
    with refusals(folder):
        if not folder.is_dir():
            return []
        return sorted(int(name[1]) for item in folder.iterdir() if (name := _FOLDER.fullmatch(item.name)))
