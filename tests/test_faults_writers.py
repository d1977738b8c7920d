"""Several processes at once: no work is lost, and no reader sees a mix of generations or an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from index.ingest.selection import Selection
from index.store.open import open_index
from index.store.publish import Origin, publish
from index.store.upkeep import verify
from tests.index_fakes import PAPERS, TEA, build_papers, contents_of, write_papers


def compete(tmp_path: Path, root: Path, papers: int, opens: int) -> tuple[int, int]:
    """Let two writers add ``papers`` each while two readers open the index ``opens`` times each.

    Returns how many generations were published and how many were seen by a reader.
    """
    index = tmp_path / "index"
    build_papers(index, write_papers(tmp_path / "first"))
    text = PAPERS["sleep.txt"]
    for writer in ("a", "b"):
        numbered = {f"{writer}{i}.txt": text.replace("36", f"{i} {writer}") for i in range(papers)}
        write_papers(tmp_path / writer, numbered)
        write_papers(tmp_path / "all", {**PAPERS, **numbered})
    tasks = [["add", str(index), str(tmp_path / name)] for name in ("a", "b")]
    tasks += [["read", str(index), str(opens)]] * 2
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.many_writers", *task],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for task in tasks
    ]
    results = [(*process.communicate(), process.returncode) for process in running]
    assert [code for _, _, code in results] == [0] * 4, results
    build_papers(tmp_path / "expected", tmp_path / "all")
    assert contents_of(index) == contents_of(tmp_path / "expected")
    assert set(verify(index).values()) == {None}
    counts = [int(out) for out, _, _ in results]
    with open_index(index) as opened:
        assert opened.generation == 1 + counts[0] + counts[1]
    return counts[0] + counts[1], max(counts[2:])


@pytest.mark.parametrize(
    ("papers", "opens", "least"), [(6, 60, 2), pytest.param(100, 1500, 20, marks=pytest.mark.slow)]
)
def test_fault_5_two_writers_and_two_readers(
    tmp_path: Path, root: Path, papers: int, opens: int, least: int
) -> None:
    published, seen = compete(tmp_path, root, papers, opens)
    assert published == 2 * papers
    assert seen >= least


def test_fault_5_control_a_writer_that_takes_no_lock_loses_papers(tmp_path: Path) -> None:
    index, papers = tmp_path / "index", write_papers(tmp_path / "papers")
    build_papers(index, papers)
    with open_index(index) as base:  # what a second writer would have read before the first one published
        manifest = base.manifest
        sources = {key: document.source for key, document in base.documents.items()}
        build_papers(index, write_papers(papers, TEA))
        publish(index, Selection(sources, base), Origin(manifest.model, base.generation, {}))
    build_papers(tmp_path / "expected", papers)
    assert contents_of(index) != contents_of(tmp_path / "expected")
