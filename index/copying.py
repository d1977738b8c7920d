"""Copies of an index in another place, with nothing read or embedded again."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import UsageError
from index.ingest.catalogue import Catalogue, catalogue_of
from index.ingest.selection import Selection
from index.place import Place, current_at, open_at, target_at
from index.segments.paper import PaperRows
from index.store.index import Index
from index.store.manifest import Manifest
from index.store.open import open_index
from index.store.publish import Origin, Papers
from index.store.target import Folder, Target
from index.store.transfer import export_index, import_index, require_file


def copy(index: Index, target: Target) -> Manifest:
    """Make the papers of ``index`` those of ``target``, in place of all that it holds.

    Raises:
        IndexLocked: another process is writing there.
        StorageError: refused; nothing was changed.
    """
    papers = _Whole(index)
    with target.writing():
        manifest = target.publish(papers, Origin(index.manifest.model, None, papers.files()), None)
        target.collect()
        return manifest


@dataclass(frozen=True)
class _Whole(Papers):
    """All papers of an index, each to be written anew."""

    index: Index

    @cached_property
    def _catalogue(self) -> Catalogue:
        return catalogue_of(self.index)

    @cached_property
    def sources(self) -> Mapping[str, str]:
        return {key: source for key, (source, _) in self.index.given().items()}

    @property
    def aside(self) -> Collection[str]:
        return self._catalogue.aside.keys()

    def files(self) -> dict[str, bytes]:
        return Selection(
            self.sources, self.index, catalogue=self._catalogue, entries=self.index.entries
        ).files()

    def paper(self, document_id: str) -> PaperRows:
        return self.index.paper(document_id)

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        return self.index.vectors_of(document_id)[0]

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        return self.index.vectors_of(document_id)[1]


def export_from(place: Place, file: Path, *, replace: bool = False) -> Manifest:
    """Write the index at ``place`` to ``file``; see ``index.store.transfer.export_index``."""
    if isinstance(place, Path):
        return export_index(place, file, replace=replace)
    require_file(file, replace=replace)
    with tempfile.TemporaryDirectory() as scratch, open_at(place) as index:
        copy(index, Folder(Path(scratch) / "index"))
        return export_index(Path(scratch) / "index", file, replace=replace)


def import_to(place: Place, file: Path, *, replace: bool = False) -> Manifest:
    """Make an exported file the index at ``place``; see ``index.store.transfer.import_index``."""
    if isinstance(place, Path):
        return import_index(file, place, replace=replace)
    if (pointer := current_at(place)) is not None and not replace:
        what = f"{place}: the database already holds an index, generation {pointer[0]}."
        raise UsageError(what, "Choose another database, or add --replace, which cannot be undone.")
    with tempfile.TemporaryDirectory() as scratch:
        import_index(file, Path(scratch) / "index")
        with open_index(Path(scratch) / "index") as index:
            return copy(index, target_at(place))
