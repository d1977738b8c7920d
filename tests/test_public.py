"""The public Python API: indexes are built, changed and opened by a few calls."""

from __future__ import annotations

from pathlib import Path

import pytest

import index
import qa
from index.store.open import open_index
from tests.index_fakes import PAPERS, WordEncoder, write_papers


@pytest.mark.parametrize("kind", [str, lambda path: path, lambda path: [path], lambda path: (str(path),)])
def test_paths_are_strings_or_paths_one_or_several(tmp_path: Path, kind: type) -> None:
    papers = write_papers(tmp_path / "papers")
    into = tmp_path / "index"
    assert len(index.build(kind(papers), str(into), encoder=WordEncoder()).added) == len(PAPERS)


def test_papers_are_added_and_removed(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    index.build([papers / "sleep.txt"], tmp_path / "index", encoder=WordEncoder())
    report = index.add([papers / "vision.txt"], tmp_path / "index", encoder=WordEncoder())
    index.remove(report.added, tmp_path / "index")
    with open_index(tmp_path / "index") as opened:
        assert [document.source for document in opened.documents.values()] == ["sleep.txt"]


def test_errors_share_one_base_and_names_are_there(tmp_path: Path) -> None:
    with pytest.raises(index.LoccitError, match="no index"), qa.open(tmp_path):
        pass
    assert all(hasattr(qa, name) for name in qa.__all__)
    with pytest.raises(AttributeError, match="other"):
        qa.other  # noqa: B018 - the access itself is tested
