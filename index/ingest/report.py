"""What a build did, and what became of each file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import LoccitError
from index.ingest.catalogue import SetAside

if TYPE_CHECKING:
    from index.ingest.papers import Skipped

#: Called with a stage, the number done and the total; neither ever falls. Stages: "papers" (read and
#: embedded, of those to read), "texts" (embedded, of the papers read so far), "saving" (0 or 1 of 1).
Progress = Callable[[str, int, int], None]


class Became(StrEnum):
    """What became of a file."""

    ADDED = "added"
    UNCHANGED = "unchanged"  #: the index holds it already
    DUPLICATE = "duplicate"  #: an earlier file has the same bytes
    SET_ASIDE = "set aside"  #: another file of the same paper is better structured
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file."""

    path: Path
    became: Became
    document_id: str | None  #: None if it was refused
    warnings: tuple[str, ...] = ()  #: what could not be read or repaired, if this build read it
    error: LoccitError | None = None  #: why it was refused


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    generation: int  #: the current one
    published: bool  #: False if nothing had changed
    outcomes: tuple[FileOutcome, ...]  #: in order of path
    added: tuple[str, ...]  #: document ids, in order; so are the next two
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    set_aside: tuple[SetAside, ...]  #: all files set aside, in order of id
    new_aside: tuple[str, ...]  #: ids of those that were not set aside before
    passages: int  #: in the whole index
    sentences: int  #: in the whole index
    seconds: float
    warnings: tuple[str, ...]  #: about the index; those about papers are in ``outcomes``
    skipped: tuple[Skipped, ...] = ()  #: what was found in folders and is no paper
    #: pairs of names of papers that are nearly the same and differ in meaning, both used; new ones only
    new_versions: tuple[tuple[str, str], ...] = ()
    library: tuple[str, ...] = ()  #: what was strange about the user's library, one line each
    differences: tuple[str, ...] = ()  #: where papers and new entries of the library differ, one line each
