"""Papers that an earlier generation still has: a removal is undone without reading or embedding."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from index.errors import FormatMismatch, IndexDamaged, StorageError
from index.ingest.catalogue import given
from index.ingest.pending import Embedded
from index.ingest.selection import Selection
from index.store.open import ROWS, Index, generation_folder, generations, read_manifest
from index.store.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


def recalled(
    folder: Path,
    fingerprint: str,
    wanted: Mapping[str, Path],
    alike: Callable[[str, Path, str], bool],
    skip: int | None,
) -> Iterator[Embedded]:
    """Yield those of the papers ``wanted`` (file by id) that a kept generation of ``folder`` has.

    ``alike`` tells of a stored file name, the file and the stored reading whether the file would be read
    just so. Generations of other models, damaged ones and number ``skip`` are passed over.
    The index's lock must be held.
    """
    left = dict(wanted)
    for number in reversed(generations(folder)):
        place = generation_folder(folder, number)
        if not left or number == skip:
            continue
        try:
            manifest, _ = read_manifest(place)
            if manifest.model.fingerprint != fingerprint or not left.keys() & _held(place):
                continue
            with closing(Index(place, manifest)) as earlier:
                held = given(earlier)
                found = [
                    key
                    for key in sorted(left)
                    if key in held and alike(held[key][0], left[key], held[key][1])
                ]
                selection = Selection({key: held[key][0] for key in found}, earlier)
                for key in found:
                    yield Embedded(
                        selection.paper(key), selection.passage_vectors(key), selection.sentence_vectors(key)
                    )
                    del left[key]
        except (IndexDamaged, FormatMismatch, StorageError):
            continue  # what it holds is read and embedded anew


def _held(place: Path) -> frozenset[str]:
    """Return the ids of the papers used in a generation: a hint, from a file that is not verified."""
    with closing(Rows(place / ROWS)) as rows:
        return frozenset(rows.readings())
