"""Removed papers are listed and brought back; their uploads go when no generation holds them any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import FileMissing, IndexLocked
from index.ingest.build import add, remove
from index.ingest.originals import keep_upload, remember, uploaded_file
from index.ingest.removed import bring_back, forgetting, removed
from index.store.open import open_index, read_pointer
from index.store.upkeep import rollback
from tests.index_fakes import PAPERS, TEA, WordEncoder, ids_by_source, write_papers

ENCODER = WordEncoder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an index of three papers, whose files are known."""
    report = add([write_papers(tmp_path / "papers", PAPERS)], tmp_path / "index", encoder=ENCODER)
    remember(tmp_path / "index", report.outcomes)
    return tmp_path / "index"


def names(folder: Path) -> set[str]:
    with open_index(folder) as index:
        return set(index.names.values())


def gone(folder: Path) -> dict[str, str]:
    with open_index(folder) as index:
        return removed(index)


def undo(folder: Path, document_id: str) -> None:
    bring_back(document_id, folder, ENCODER)


def test_the_last_removal_is_undone_without_the_file(folder: Path, tmp_path: Path) -> None:
    key = ids_by_source(folder)["sleep.txt"]
    remove(frozenset([key]), folder)
    (tmp_path / "papers" / "sleep.txt").unlink()
    assert gone(folder) == {key: "Sleep after night shifts"}
    undo(folder, key)
    assert gone(folder) == {}
    assert "Sleep after night shifts" in names(folder)


def test_a_second_undo_changes_nothing(folder: Path) -> None:
    key = ids_by_source(folder)["sleep.txt"]
    remove(frozenset([key]), folder)
    undo(folder, key)
    before = names(folder)
    undo(folder, key)
    assert names(folder) == before


def test_an_undo_keeps_what_another_process_has_added_meanwhile(folder: Path, tmp_path: Path) -> None:
    """The page that offers the undo may show an earlier generation."""
    key = ids_by_source(folder)["sleep.txt"]
    remove(frozenset([key]), folder)
    seen = read_pointer(folder)
    add([write_papers(tmp_path / "more", TEA)], folder, encoder=ENCODER)
    with pytest.raises(IndexLocked, match="changed meanwhile"):
        rollback(folder, seen)
    undo(folder, key)
    assert names(folder) >= {"Sleep after night shifts", "tea.txt"}


def test_an_earlier_removal_is_undone_and_later_changes_stay(folder: Path, tmp_path: Path) -> None:
    key = ids_by_source(folder)["sleep.txt"]
    remove(frozenset([key]), folder)
    add([write_papers(tmp_path / "more", TEA)], folder, encoder=ENCODER)
    assert list(gone(folder)) == [key]
    undo(folder, key)
    assert names(folder) >= {"Sleep after night shifts", "tea.txt"}
    remove(frozenset([key]), folder)
    add(
        [write_papers(tmp_path / "again", {"coffee.txt": TEA["tea.txt"].replace("ea", "offee")})],
        folder,
        encoder=ENCODER,
    )
    (tmp_path / "papers" / "sleep.txt").unlink()
    with pytest.raises(FileMissing, match="Sleep after night shifts: This paper’s file is no longer"):
        undo(folder, key)


def test_a_file_that_was_replaced_is_not_listed_as_removed(folder: Path, tmp_path: Path) -> None:
    key = ids_by_source(folder)["sleep.txt"]
    changed = {"sleep.txt": PAPERS["sleep.txt"].replace("5.4", "6.1").replace("36", "40")}
    add([write_papers(tmp_path / "changed", changed)], folder, encoder=ENCODER)
    remove(frozenset([key]), folder)
    assert gone(folder) == {}


def test_an_upload_stays_as_long_as_its_removal_can_be_undone(folder: Path) -> None:
    path = keep_upload(folder, "tea.txt", TEA["tea.txt"].encode())
    (key,) = add([path], folder, encoder=ENCODER).added
    others = [other for other in ids_by_source(folder).values() if other != key]
    with forgetting(folder):
        remove(frozenset([key]), folder)
    assert uploaded_file(folder, key) == path
    for other in others[:2]:
        with forgetting(folder):
            remove(frozenset([other]), folder)
    assert gone(folder).keys() >= set(others[:2]) - {key}
    assert (uploaded_file(folder, key) is None) == (key not in gone(folder))
    for number in range(3):
        text = TEA["tea.txt"].replace("eleven", str(number + 20)).replace("Tea", f"Tea {number}")
        with forgetting(folder):
            add([keep_upload(folder, f"tea{number}.txt", text.encode())], folder, encoder=ENCODER)
    assert uploaded_file(folder, key) is None
