"""The papers that a new generation is made of, each from where it lies ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from index.errors import IndexDamaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.paper_rows import PaperRows
    from index.pending import Embedded, Pending
    from index.store import Index


@dataclass(frozen=True)
class Selection:
    """Papers from the generation before, and papers that are pending. Implements ``publish.Contents``."""

    sources: Mapping[str, str]  #: file name by document id
    base: Index | None
    pending: Pending | None = None
    fresh: frozenset[str] = field(default=frozenset())  #: ids to take from ``pending``

    @property
    def ids(self) -> Sequence[str]:
        """Ids of the documents, in order."""
        return sorted(self.sources)

    def paper(self, document_id: str) -> PaperRows:
        """Return one document cut up, under its present file name."""
        if document_id in self.fresh:
            paper = self._pending(document_id).paper
        else:
            paper = self._base().rows.paper(document_id)
        return replace(paper, source=self.sources[document_id])

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its passages, shape (passages, dimension)."""
        if document_id in self.fresh:
            return self._pending(document_id).passages
        start, count, _, _ = self._base().rows.extent(document_id)
        return self._base().vectors.rows(start, count)

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        """Return the vectors of its sentences, shape (sentences, dimension)."""
        if document_id in self.fresh:
            return self._pending(document_id).sentences
        _, _, start, count = self._base().rows.extent(document_id)
        return self._base().sentence_vectors[start : start + count]

    def _pending(self, document_id: str) -> Embedded:
        found = self.pending.get(document_id) if self.pending else None
        if found is None:
            raise IndexDamaged(f"{document_id}: its pending work is gone.", "Run the build again.")
        return found

    def _base(self) -> Index:
        if self.base is None:
            raise ValueError("no generation to take the paper from")
        return self.base
