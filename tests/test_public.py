"""The public Python API: the README's example, and the calls around it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import index
import qa
from index.store.open import open_index
from tests.index_fakes import PAPERS, WordEncoder, write_papers
from tests.make_pdf import Sheet, column, pdf

PAGES = (
    ("A case of weak thighs", "", "A woman of 34 years could not climb stairs without help."),
    ("Prednisone was given at a dose of 60 mg daily for six weeks.", "She was well after a year."),
)


def test_the_example_in_the_readme_runs_as_printed(tmp_path: Path, root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0]
    assert "qa.open" in example
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "case.pdf").write_bytes(pdf([Sheet(column(lines, 72, 700)) for lines in PAGES]))
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (f"{PAGES[1][0]} 2\n", "")


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
