"""What can still be read of a generation with damaged segments, for the build that replaces them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from index.errors import IndexDamaged
from index.segments.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from index.store.generation import Listed
    from index.store.manifest import Manifest

_NAMED = 5  #: lost papers that the message names at most


def salvaged(
    folder: Path, manifest: Manifest, papers: Sequence[Listed]
) -> tuple[list[Segment], list[Listed], str]:
    """Return the segments of ``manifest`` that open, the papers that can be read, and which are lost.

    Segments marked as damaged are opened too: one changed byte seldom costs more than a paper.
    """
    opened: dict[int, Segment] = {}
    for number, record in enumerate(manifest.segments):
        try:
            segment = Segment(folder, record, marked=True)
            if len(segment.extents) == len(segment.bylines):  # both can be read
                opened[number] = segment
        except IndexDamaged:
            continue
    order = {number: place for place, number in enumerate(opened)}
    kept = [
        replace(paper, segment=order[paper.segment])
        for paper in papers
        if paper.segment in opened and _intact(opened[paper.segment], paper.number)
    ]
    found = {paper.id for paper in kept}
    lost = [paper.source for paper in papers if paper.id not in found]
    named = ", ".join(lost[:_NAMED]) + (f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else "")
    told = f"Lost, unless given again: {named}." if lost else "No paper was lost."
    return list(opened.values()), kept, told


def _intact(segment: Segment, number: int) -> bool:
    """Return whether every byte of a paper can be read."""
    if not segment.marked:
        return True
    try:
        segment.paper(number, "")
        extent = segment.extent(number)
        segment.arrays["vectors"].slice(extent.passages.start, extent.passages.stop)
        for name in ("sentence-vectors", "sentence-steps"):
            segment.arrays[name].slice(extent.sentences.start, extent.sentences.stop)
    except IndexDamaged:
        return False
    return True
