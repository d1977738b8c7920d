"""The papers of a new generation, each from where it is ready: an earlier generation or pending work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.entry import Entry
from index.errors import FormatMismatch, IndexDamaged, StorageError
from index.ingest.catalogue import (
    CATALOGUE,
    VERSIONS,
    Catalogue,
    SetAside,
    catalogue_of,
    encode_versions,
)
from index.ingest.editions import Edition, decoded, may_be_same, set_aside
from index.ingest.papers import reads_alike
from index.ingest.pending import Embedded, Pending
from index.ingest.versions import differ
from index.segments.paper import ANCHORS, PaperRows
from index.store.index import Index
from index.store.library import LIBRARY, Entries
from index.store.open import generation_folder, generations, open_place, read_manifest


@dataclass(frozen=True)
class Selection:
    """Papers of the previous generation, and papers that are pending. Implements ``publish.Papers``."""

    sources: Mapping[str, str]  #: file name by document id, of all files given
    base: Index | None  #: the previous generation
    pending: Pending | None = None
    fresh: frozenset[str] = field(default=frozenset())  #: ids to take from ``pending``
    catalogue: Catalogue = field(default_factory=Catalogue)  #: says which of ``sources`` are not used
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: see ``Catalogue``
    entries: Entries = field(default_factory=Entries)  #: of the user's library

    @classmethod
    def named(
        cls,
        names: Mapping[str, Sequence[str]],
        base: Index | None,
        pending: Pending | None = None,
        fresh: frozenset[str] = frozenset(),
    ) -> Selection:
        """Return the selection of documents by the names of the files of each, its source first."""
        copies = {key: tuple(others) for key, (_, *others) in names.items() if others}
        return cls({key: first for key, (first, *_) in names.items()}, base, pending, fresh, copies=copies)

    @property
    def ids(self) -> Sequence[str]:
        """Ids of the documents that are used, in order."""
        return sorted(self.sources.keys() - self.catalogue.aside.keys())

    def chosen(self) -> Selection:
        """Return the selection that uses one file of each paper and sets the others aside."""
        before = catalogue_of(self.base) if self.base else Catalogue()
        decided = {pair: True for pair in before.versions}
        decided |= {
            (min(one.id, one.better), max(one.id, one.better)): False for one in before.aside.values()
        }

        def different(a: str, b: str) -> bool:
            """Return whether two documents differ in meaning; the build before may have compared them."""
            verdict = None if {a, b} & self.fresh else decided.get((min(a, b), max(a, b)))
            if verdict is None:
                return differ(self.paper(a).document(), self.paper(b).document())
            return verdict

        ids, anchors = self._anchors()
        chosen = set_aside(map(self._edition, may_be_same(ids, anchors)), different)
        aside = {}
        for key, better in chosen.aside.items():
            held = before.aside.get(key)
            reading = held.reading if held and key not in self.fresh else self.paper(key).reading
            aside[key] = SetAside(key, self.sources[key], reading, better, self.sources[better])
        selection = replace(self, catalogue=Catalogue(aside, self.copies, chosen.versions))
        return selection.with_entries(self.base.entries.own if self.base else {})

    def with_entries(self, own: Mapping[str, Entry]) -> Selection:
        """Return the selection with the entries of the user's library, by document id."""
        held = {key: entry for key, entry in own.items() if key in self.sources}
        through: dict[str, str] = {}
        for key, one in sorted(self.catalogue.aside.items()):
            if key in held and one.better not in held:
                through.setdefault(one.better, key)
        return replace(self, entries=Entries(held, through))

    def _anchors(self) -> tuple[list[str], NDArray[np.uint64]]:
        """Return the ids of all documents and the anchors of each, a row padded with 0."""
        fresh = sorted(self.fresh & self.sources.keys())
        rows = np.zeros((len(fresh), ANCHORS), np.uint64)
        for row, key in zip(rows, fresh, strict=True):
            made = self._ready(key).paper.anchors
            row[: len(made)] = made
        if self.base is None:
            return fresh, rows
        given = list(self.base.given())
        kept = [key in self.sources and key not in self.fresh for key in given]
        old = [key for key, keeps in zip(given, kept, strict=True) if keeps]
        return [*fresh, *old], np.concatenate([rows, self.base.anchors()[kept]])

    def _edition(self, document_id: str) -> Edition:
        """Return the features of a document."""
        fresh = document_id in self.fresh
        return decoded(self._ready(document_id).paper.edition if fresh else self._base().edition(document_id))

    @property
    def aside(self) -> Collection[str]:
        """Ids of the documents that are not used."""
        return self.catalogue.aside.keys()

    def files(self) -> dict[str, bytes]:
        """Return the catalogue and the user's library, as files of the generation."""
        files = {CATALOGUE: self.catalogue.encode()}
        if self.catalogue.versions:
            files[VERSIONS] = encode_versions(self.catalogue.versions)
        if self.entries.own:
            files[LIBRARY] = self.entries.encode()
        return files

    def embedded(self, document_id: str) -> Embedded:
        """Return one document with its vectors."""
        if document_id in self.fresh:
            return self._ready(document_id)
        return Embedded(self._base().paper(document_id), *self._base().vectors_of(document_id))

    def _ready(self, document_id: str) -> Embedded:
        """Return a pending document."""
        ready = self.pending.get(document_id) if self.pending else None
        if ready is None:
            raise IndexDamaged(f"{document_id}: its pending file is missing.", "Run the build again.")
        return ready

    def paper(self, document_id: str) -> PaperRows:
        """Return the rows of one document, under its present file name."""
        fresh = document_id in self.fresh
        paper = self._ready(document_id).paper if fresh else self._base().paper(document_id)
        return replace(paper, source=self.sources[document_id])

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its passages, shape (passages, dimension)."""
        return self._vectors(document_id)[0]

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its sentences, shape (sentences, dimension)."""
        return self._vectors(document_id)[1]

    def _vectors(self, document_id: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if document_id in self.fresh:
            ready = self._ready(document_id)
            return ready.passages, ready.sentences
        return self._base().vectors_of(document_id)  # without the rows, which take longer to read

    def _base(self) -> Index:
        if self.base is None:
            raise ValueError("the selection has no previous generation to take a paper from")
        return self.base


def recalled(
    folder: Path, fingerprint: str, wanted: Mapping[str, Path], skip: int | None
) -> Iterator[Embedded]:
    """Yield the papers of ``wanted`` (file by id) that an earlier generation of ``folder`` still has.

    So undoing a removal reads and embeds nothing. Generations of other models, damaged
    ones and number ``skip`` are passed over. The lock of the index must be held.
    """
    left = dict(wanted)
    for number in reversed(generations(folder)):
        place = generation_folder(folder, number)
        if not left or number == skip:
            continue
        try:
            manifest, _ = read_manifest(place)
            if manifest.model.fingerprint != fingerprint:
                continue
            with open_place(place, manifest) as earlier:
                if not left.keys() & earlier.listed.keys():
                    continue
                held = earlier.given()
                same = [key for key in sorted(left) if key in held and reads_alike(*held[key], left[key])]
                selection = Selection({key: held[key][0] for key in same}, earlier)
                for key in same:
                    yield selection.embedded(key)
                    del left[key]
        except (IndexDamaged, FormatMismatch, StorageError):
            continue  # its papers are read and embedded again
