"""The papers that a new generation is made of, each from where it lies ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from index.errors import IndexDamaged
from index.ingest.catalogue import CATALOGUE, Catalogue, LazyFiles, SetAside, aside_file, catalogue_of
from index.ingest.editions import edition_of, set_aside
from index.ingest.pending import Embedded, encode_embedded, read_embedded

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from index.ingest.pending import Pending
    from index.store.open import Index
    from index.store.paper_rows import PaperRows


@dataclass(frozen=True)
class Selection:
    """Papers from the generation before, and papers that are pending. Implements ``publish.Contents``."""

    sources: Mapping[str, str]  #: file name by document id, of all that were given
    base: Index | None
    pending: Pending | None = None
    fresh: frozenset[str] = field(default=frozenset())  #: ids to take from ``pending``
    catalogue: Catalogue = field(default_factory=Catalogue)  #: says which of ``sources`` are not used

    @property
    def ids(self) -> Sequence[str]:
        """Ids of the documents that are used, in order."""
        return sorted(self.sources.keys() - self.catalogue.aside.keys())

    def chosen(self) -> Selection:
        """Return the selection with one file of each paper used, and the others set aside."""
        before = catalogue_of(self.base) if self.base else Catalogue()
        known = {key: one for key, one in before.editions.items() if key not in self.fresh}
        readings = {key: one.reading for key, one in before.aside.items() if key not in self.fresh}
        editions = {key: known.get(key) or edition_of(self.paper(key)) for key in self.sources}
        aside = {}
        for key, better in set_aside(editions.values()).items():
            reading = readings.get(key) or self.paper(key).reading
            aside[key] = SetAside(key, self.sources[key], reading, better, self.sources[better])
        return replace(self, catalogue=Catalogue(editions, aside))

    def files(self, others: Mapping[str, Path | bytes]) -> LazyFiles:
        """Return ``others``, the catalogue, and the files that keep the papers set aside."""
        papers = {aside_file(key): key for key in sorted(self.catalogue.aside)}

        def make(name: str) -> Path | bytes:
            if name == CATALOGUE:
                return self.catalogue.encode()
            if name in others:
                return others[name]
            key = papers[name]
            if self.base and key not in self.fresh and self.base.manifest.file(name):
                return self.base.folder / name
            embedded = Embedded(self.paper(key), self.passage_vectors(key), self.sentence_vectors(key))
            return encode_embedded(embedded)

        return LazyFiles(make, (*others, CATALOGUE, *papers))

    def paper(self, document_id: str) -> PaperRows:
        """Return one document cut up, under its present file name."""
        kept = self._kept(document_id)
        paper = kept.paper if kept else self._base().rows.paper(document_id)
        return replace(paper, source=self.sources[document_id])

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its passages, shape (passages, dimension)."""
        if kept := self._kept(document_id):
            return kept.passages
        start, count, _, _ = self._base().rows.extent(document_id)
        return self._base().vectors.rows(start, count)

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its sentences, shape (sentences, dimension)."""
        if kept := self._kept(document_id):
            return kept.sentences
        _, _, start, count = self._base().rows.extent(document_id)
        return self._base().sentence_vectors[start : start + count]

    def _kept(self, document_id: str) -> Embedded | None:
        """Return a paper that lies in a file of its own; None where it is one that ``base`` uses."""
        if document_id in self.fresh:
            found = self.pending.get(document_id) if self.pending else None
            if found is None:
                raise IndexDamaged(f"{document_id}: its pending work is gone.", "Run the build again.")
            return found
        base = self._base()
        if base.manifest.file(aside_file(document_id)) is None:
            return None
        path = base.folder / aside_file(document_id)
        try:
            return read_embedded(path)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise IndexDamaged(f"{path}: it cannot be read ({error}).", "Rebuild the index.") from error

    def _base(self) -> Index:
        if self.base is None:
            raise ValueError("no generation to take the paper from")
        return self.base
