"""The files of papers: remembered by path, used only while their bytes are unchanged."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from index.ingest.originals import FILE, Lost, keep_upload, original, paths, remember
from index.ingest.report import Became, FileOutcome


def _accepted(path: Path, text: str) -> FileOutcome:
    path.write_text(text, encoding="utf-8")
    return FileOutcome(path, Became.ADDED, hashlib.sha256(text.encode()).hexdigest())


def test_a_file_is_used_until_it_changes_or_disappears(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    first, second = _accepted(tmp_path / "a.pdf", "one"), _accepted(tmp_path / "ü b.pdf", "two")
    remember(folder, [first])
    remember(folder, [second, FileOutcome(tmp_path / "c.pdf", Became.REFUSED, None)])
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
    remember(tmp_path, [found])
    found.path.rename(tmp_path / "elsewhere.pdf")
    found.path.symlink_to(tmp_path / "elsewhere.pdf")
    assert original(tmp_path, found.document_id) is Lost.GONE


def test_an_upload_needs_no_path(tmp_path: Path) -> None:
    data = b"%PDF-1.4 ..."
    path = keep_upload(tmp_path, "a.pdf", data)
    assert original(tmp_path, hashlib.sha256(data).hexdigest()) == path


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"format": 9, "files": {}}', '{"format": 1, "files": 3}']
)
def test_a_damaged_list_counts_as_empty(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    assert paths(tmp_path) == {}
    accepted = _accepted(tmp_path / "a.pdf", "one")
    remember(tmp_path, [accepted])
    assert list(paths(tmp_path)) == [accepted.document_id]
