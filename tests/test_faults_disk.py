"""A full disk and a read-only disk: the old index keeps working, and the error names path and cause."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import StorageError
from index.ingest.build import build
from index.search import search
from index.store.open import open_index
from index.store.publish import STAGING
from tests.index_fakes import PAPERS, WordEncoder, build_papers, contents_of, write_papers

LARGE = 64 << 20


def mount(*arguments: str) -> bool:
    """Mount something; tell whether it worked."""
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A separate file system whose size can be changed."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or not mount("-t", "tmpfs", "-o", f"size={LARGE}", "loccit-test", str(place)):
        pytest.skip("mounting a small file system is not allowed here (it needs root on Linux)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill_up(small_disk: Path, papers: Path, cases: int) -> list[str]:
    """Rebuild with more and more space, from none to almost enough; return the errors."""
    index = small_disk / "index"
    build_papers(index, write_papers(papers))
    before = contents_of(index)
    used = sum(path.stat().st_blocks * 512 for path in small_disk.rglob("*")) + 8192
    for number in range(30):
        write_papers(papers, {f"{number}.txt": PAPERS["ferritin.txt"].replace("the", f"the {number}")})
    build_papers(papers.parent / "expected", papers)
    needed = _needed(small_disk, papers, used)
    errors: list[str] = []
    for case in range(cases):
        error = _error_with(small_disk, papers, used + case * (needed - used) // cases)
        assert error is not None, f"{case} of {cases}: enough room, though {needed} is needed"
        errors.append(str(error))
        assert error.exit_code == 4
        assert str(index) in error.message
        assert error.remedy
        with open_index(index) as opened:
            assert opened.warnings == ()
        assert contents_of(index) == before
        assert not (index / STAGING).exists()
    assert mount("-o", f"remount,size={LARGE}", str(small_disk))
    build_papers(index, papers)
    assert contents_of(index) == contents_of(papers.parent / "expected")
    return errors


def _needed(small_disk: Path, papers: Path, used: int) -> int:
    """Return a size of the disk at which the rebuild fails; with 32 KB more it succeeds."""
    index, kept = small_disk / "index", papers.parent / "kept"
    shutil.copytree(index, kept)
    low, high = used, LARGE
    while high - low > 32768:
        middle = (low + high) // 2
        if _error_with(small_disk, papers, middle):
            low = middle
        else:
            high = middle
        assert mount("-o", f"remount,size={LARGE}", str(small_disk))
        shutil.rmtree(index)
        shutil.copytree(kept, index)
    return low


def _error_with(small_disk: Path, papers: Path, size: int) -> StorageError | None:
    """Rebuild on a disk of that size; return what it failed with."""
    assert mount("-o", f"remount,size={size}", str(small_disk))
    try:
        build([papers], small_disk / "index", encoder=WordEncoder())
    except StorageError as error:
        return error
    return None


@pytest.mark.parametrize("cases", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_fault_3_a_disk_that_fills_up(small_disk: Path, tmp_path: Path, cases: int) -> None:
    errors = fill_up(small_disk, tmp_path / "papers", cases)
    assert len(errors) == cases
    assert all("space" in error or "full" in error for error in errors), errors


def test_fault_4_a_read_only_disk(small_disk: Path, tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(small_disk / "index", papers)
    assert mount("-o", "remount,ro", str(small_disk))
    check_read_only(small_disk / "index", papers)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders are another matter on Windows")
def test_fault_4_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        if os.access(tmp_path / "index", os.W_OK):
            pytest.skip("this user may write to any folder")
        check_read_only(tmp_path / "index", papers)
    finally:
        for folder in folders:
            folder.chmod(0o755)


def check_read_only(index: Path, papers: Path) -> None:
    """Questions work, and a rebuild fails with a one-line error."""
    with open_index(index) as opened:
        question = "melatonin and sleep"
        hits = search(opened, question, WordEncoder().encode([question])[0])
        assert "Melatonin" in opened.quote(hits[0].passage.document_id, hits[0].passage.span)
        assert opened.warnings == ()
    with pytest.raises(StorageError) as caught:
        build_papers(index, papers)
    assert str(index) in caught.value.message
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
