"""The files of papers: remembered by path, used only while their bytes are unchanged."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from index.ingest.build import build as build_index
from index.ingest.originals import FILE, Lost, keep_upload, kept_size, original, paths, remember
from index.ingest.report import Became, FileOutcome
from tests.index_fakes import WordEncoder
from tests.web.papers import lichens_pdf


def _accepted(path: Path, text: str) -> FileOutcome:
    path.write_text(text, encoding="utf-8")
    return FileOutcome(path, Became.ADDED, hashlib.sha256(text.encode()).hexdigest())


def test_a_file_is_used_until_it_changes_or_disappears(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    first, second = _accepted(tmp_path / "a.pdf", "one"), _accepted(tmp_path / "ü b.pdf", "two")
    remember(folder, [first], keep=False)
    remember(folder, [second, FileOutcome(tmp_path / "c.pdf", Became.REFUSED, None)], keep=False)
    assert first.document_id and second.document_id
    assert original(folder, first.document_id) == first.path
    assert original(folder, second.document_id) == second.path
    assert len(paths(folder)) == 2
    first.path.write_text("another", encoding="utf-8")
    assert original(folder, first.document_id) is Lost.CHANGED
    first.path.unlink()
    assert original(folder, first.document_id) is Lost.GONE
    assert original(folder, "0" * 64) is Lost.UNKNOWN


def test_a_link_that_replaces_a_file_is_not_followed(tmp_path: Path) -> None:
    found = _accepted(tmp_path / "a.pdf", "one")
    assert found.document_id
    remember(tmp_path, [found], keep=False)
    found.path.rename(tmp_path / "elsewhere.pdf")
    found.path.symlink_to(tmp_path / "elsewhere.pdf")
    assert original(tmp_path, found.document_id) is Lost.GONE


def test_an_upload_needs_no_path(tmp_path: Path) -> None:
    data = b"%PDF-1.4 ..."
    path = keep_upload(tmp_path, "a.pdf", data)
    assert original(tmp_path, hashlib.sha256(data).hexdigest()) == path


def _added(path: Path, data: bytes) -> FileOutcome:
    path.write_bytes(data)
    return FileOutcome(path, Became.ADDED, hashlib.sha256(data).hexdigest())


def test_a_copy_of_a_pdf_is_used_once_its_file_has_gone(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    one, changed = _added(tmp_path / "ü b.PDF", b"%PDF one"), _added(tmp_path / "c.pdf", b"%PDF two")
    text = _accepted(tmp_path / "d.txt", "words")
    changed.path.write_bytes(b"%PDF another")
    remember(folder, [one, changed, text])
    assert one.document_id and changed.document_id and text.document_id
    assert kept_size(folder) == len(b"%PDF one")
    one.path.unlink()
    copy = original(folder, one.document_id)
    assert isinstance(copy, Path)
    assert (copy.name, copy.read_bytes()) == ("ü b.PDF", b"%PDF one")
    assert original(folder, changed.document_id) is Lost.CHANGED
    copy.write_bytes(b"%PDF damaged")
    assert original(folder, one.document_id) is Lost.GONE


def test_files_are_not_kept_if_that_is_switched_off(tmp_path: Path) -> None:
    added = _added(tmp_path / "a.pdf", b"%PDF one")
    upload = keep_upload(tmp_path, "b.pdf", b"%PDF two")
    uploaded = FileOutcome(upload, Became.ADDED, upload.parent.name)
    remember(tmp_path, [added, uploaded], keep=False)
    assert kept_size(tmp_path) == 0
    assert added.document_id and uploaded.document_id
    assert original(tmp_path, added.document_id) == added.path
    assert original(tmp_path, uploaded.document_id) is Lost.GONE


def test_a_kept_file_is_removed_with_the_last_generation_that_holds_it(tmp_path: Path) -> None:
    folder, papers = tmp_path / "index", tmp_path / "papers"
    papers.mkdir()
    lichens = papers / "lichens.pdf"
    lichens.write_bytes(lichens_pdf())
    digest = hashlib.sha256(lichens_pdf()).hexdigest()

    def build() -> None:
        remember(folder, build_index([papers], folder, encoder=WordEncoder()).outcomes)

    for number in range(4):
        (papers / f"{number}.txt").write_text(f"Notes {number}\n\nAbstract\n\nWe counted {number} mosses.\n")
        build()
        if number == 0:
            assert isinstance(original(folder, digest), Path)
            lichens.unlink()
        elif number < 3:  # a rollback may bring the paper back
            assert isinstance(original(folder, digest), Path)
    assert original(folder, digest) is Lost.UNKNOWN
    assert kept_size(folder) == 0


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"format": 9, "files": {}}', '{"format": 1, "files": 3}']
)
def test_a_damaged_list_counts_as_empty(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    assert paths(tmp_path) == {}
    accepted = _accepted(tmp_path / "a.pdf", "one")
    remember(tmp_path, [accepted])
    assert list(paths(tmp_path)) == [accepted.document_id]
