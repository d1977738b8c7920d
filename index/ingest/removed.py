"""Removed papers, which the generations before the current one still hold, and bringing them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.embed.encoder import Encoder
from index.errors import FileMissing, FormatMismatch, IndexDamaged, IndexMissing, LoccitError
from index.ingest.build import add
from index.ingest.originals import Lost, forget_unused, original
from index.store.generation import Generation
from index.store.index import Index
from index.store.open import (
    generation_folder,
    generations,
    open_generation,
    open_index,
    read_manifest,
    read_pointer,
)
from index.store.target import Target, target_of
from index.store.upkeep import rollback


def removed(index: Index) -> dict[str, str]:
    """Return the names by id of the papers that an earlier kept generation uses and ``index`` lacks.

    The latest removal comes first. A file that was replaced by a changed one of its name is not listed.
    """
    if not isinstance(index, Generation):  # a database keeps no earlier generation
        return {}
    present = {paper.source for paper in index.listed.values()}
    gone: dict[str, str] = {}
    for earlier in _before(index):
        with earlier:
            names = earlier.names
            for key in names.keys() - index.listed.keys() - gone.keys():
                if earlier.listed[key].source not in present:
                    gone[key] = names[key]
    return gone


def bring_back(document_id: str, folder: Path, encoder: Encoder) -> None:
    """Undo the removal of a paper, if the index lacks it; what else has changed since stays as it is.

    Args:
        document_id: the paper.
        folder: of the index.
        encoder: the model of the index.

    Raises:
        FileMissing: other papers were added or removed since, and the paper's file is not there any more.
        IndexLocked: another process is writing.
        StorageError: the disk refused; the index is unchanged.
    """
    pointer = read_pointer(folder)  # before the index is looked at: a change in between is noticed
    with open_index(folder) as index:
        if document_id in index.listed:
            return
        before = next(_before(index), None)
        if before is not None:
            with before:
                if set(before.listed) == {*index.listed, document_id}:
                    rollback(folder, pointer)  # the removal was the last change
                    return
        path = original(folder, document_id)
        if isinstance(path, Lost):
            name = removed(index).get(document_id, document_id)
            raise FileMissing(name, path, "Add it again from its file.")
    add([path], folder, encoder=encoder)


@contextmanager
def forgetting(of: Path | Target) -> Iterator[None]:
    """Remove the uploads of papers that a change of the index, made inside, leaves in no kept generation."""
    target = target_of(of)
    before: set[str] = set()
    with suppress(LoccitError):
        before = target.held()
    yield
    forget_unused(target, before)


def _before(index: Generation) -> Iterator[Generation]:
    """Yield the kept generations before that of ``index``, the latest first."""
    folder, number = index.folder.parent, index.manifest.previous
    while number is not None and number in generations(folder):
        try:
            yield open_generation(folder, number, pinned=True)
            number = read_manifest(generation_folder(folder, number))[0].previous
        except (IndexDamaged, FormatMismatch, IndexMissing):
            return
