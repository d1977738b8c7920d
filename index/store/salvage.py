"""What can still be read of a generation with damaged segments, for the change that replaces them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from index.errors import IndexDamaged
from index.segments.arrays import ArraysRecord
from index.segments.segment import Segment
from index.store.generation import Listed
from index.store.manifest import Manifest

#: A generation: its manifest and its papers.
Listing = tuple[Manifest, Sequence[Listed]]


def salvaged(
    folder: Path, damaged: Listing, others: Sequence[Listing]
) -> tuple[list[Segment], list[Listed], str]:
    """Return the papers of ``damaged`` that can be read, the segments that store them, and which are lost.

    Segments marked as damaged are read too: one changed byte seldom costs more than a paper. What the
    segments in ``folder`` of the generation itself lack is taken from those of ``others``.
    """
    stores = _Stores(folder)
    elsewhere: dict[str, list[tuple[ArraysRecord, int]]] = {}
    for manifest, papers in others:
        for paper in papers:
            elsewhere.setdefault(paper.id, []).append((manifest.segments[paper.segment], paper.number))
    kept: list[Listed] = []
    lost: list[str] = []
    manifest, papers = damaged
    for paper in papers:
        places = [(manifest.segments[paper.segment], paper.number), *elsewhere.get(paper.id, ())]
        found = next((place for place in places if stores.holds(*place)), None)
        if found is None:
            lost.append(paper.source)
        else:
            kept.append(replace(paper, segment=stores.number(found[0]), number=found[1]))
    told = f"Lost, unless given again: {', '.join(lost)}." if lost else "No paper was lost."
    return stores.used, kept, told


class _Stores:
    """Segments, opened when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, Segment | None] = {}
        self.used: list[Segment] = []

    def holds(self, record: ArraysRecord, number: int) -> bool:
        """Return whether every byte of a paper can be read."""
        if record.name not in self._opened:
            self._opened[record.name] = self._open(record)
        segment = self._opened[record.name]
        return segment is not None and (not segment.marked or _intact(segment, number))

    def _open(self, record: ArraysRecord) -> Segment | None:
        try:
            segment = Segment(self._folder, record, marked=True)
            return segment if len(segment.extents) == len(segment.bylines) else None  # both can be read
        except IndexDamaged:
            return None

    def number(self, record: ArraysRecord) -> int:
        """Return the number in ``used`` of a segment that holds something."""
        names = [segment.record.name for segment in self.used]
        if record.name not in names:
            segment = self._opened[record.name]
            if segment is None:
                raise ValueError(f"{record.name} does not open")
            self.used.append(segment)
            return len(names)
        return names.index(record.name)


def _intact(segment: Segment, number: int) -> bool:
    try:
        segment.paper(number, "")
        extent = segment.extent(number)
        segment.arrays["vectors"].slice(extent.passages.start, extent.passages.stop)
        for name in ("sentence-vectors", "sentence-steps"):
            segment.arrays[name].slice(extent.sentences.start, extent.sentences.stop)
    except IndexDamaged:
        return False
    return True
