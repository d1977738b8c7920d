"""Watching a folder: changes are built, errors are reported, and only the user stops the watch."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.errors import IndexLocked, NothingToRead, UsageError
from index.ingest.report import BuildReport
from index.ingest.watch import builds, changes
from index.store.open import open_index
from index.store.publish import writing
from tests.index_fakes import PAPERS, TEA, WordEncoder, contents_of, write_papers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")


@contextmanager
def process(command: list[str], root: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process and kill it at the end of the block."""
    running = subprocess.Popen(
        command,
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
        # A shell that runs the tests in the background ignores interrupts, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # A process that hangs fails its test instead of blocking the run. The limit is far above what a loaded
    # machine needs, because the command imports torch.
    late = threading.Timer(1800, running.kill)
    late.start()
    try:
        yield running
    finally:
        late.cancel()
        running.kill()
        running.communicate()


def until(running: subprocess.Popen[str], wanted: str) -> str:
    """Return the output of the process up to the line with ``wanted``."""
    assert running.stdout is not None
    seen = ""
    for line in running.stdout:
        seen += line
        if wanted in line:
            return seen
    raise AssertionError(f"ended without {wanted!r}: {seen}")


def test_a_folder_is_followed(tmp_path: Path, root: Path) -> None:
    """New, changed, bad, renamed and removed papers, with the index inside the watched folder."""
    papers = write_papers(tmp_path / "papers", {"sleep.txt": PAPERS["sleep.txt"]})
    index = papers / "index"
    with process([sys.executable, "-m", "tests.watching", str(papers), str(index)], root) as running:
        until(running, "1: 1 held, 0 refused")
        write_papers(papers / "deep", TEA)
        until(running, "2: 2 held, 0 refused")
        (papers / "bad.txt").write_bytes(b"\xff\xfe\xfa\x00\xd8\x00\xd8")
        until(running, "2: 2 held, 1 refused")
        (papers / "sleep.txt").write_text(PAPERS["sleep.txt"].replace("nineteen", "twenty"))
        until(running, "3: 2 held, 1 refused")
        (papers / "deep" / "tea.txt").rename(papers / "cup.txt")
        until(running, "4: 2 held, 1 refused")
        (papers / "bad.txt").unlink()
        until(running, "4: 2 held, 0 refused")
        (papers / "cup.txt").unlink()
        (papers / "sleep.txt").unlink()
        until(running, "No papers in")
        write_papers(papers, PAPERS)
        until(running, "5: 3 held, 0 refused")
        with open_index(index) as opened:
            assert {document.source for document in opened.documents.values()} == set(PAPERS)


@pytest.mark.slow
def test_the_command_ends_cleanly(tmp_path: Path, root: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    program = Path(sys.executable).with_name("loccit")
    command = [str(program), "watch", str(papers), "--index", str(tmp_path / "index")]
    with process(command, root) as running:
        assert "3 papers" in until(running, "Watching")
        write_papers(papers, TEA)
        assert "4 papers" in until(running, "Watching")
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
        assert (running.returncode, err) == (0, "")
        assert "Stopped watching" in out


def test_the_first_value_is_true_and_a_removed_folder_is_an_error(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    seen = changes(papers, tmp_path / "index")
    assert next(seen)
    for path in papers.iterdir():
        path.unlink()
    papers.rmdir()
    with pytest.raises(UsageError, match="papers: does not exist"):
        list(seen)


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    seen = changes(papers, papers / "index")
    next(seen)
    (papers / ".part.txt").write_text("x")
    (papers / "index").mkdir()
    (papers / "index" / "CURRENT").write_text("x")
    assert not next(seen)


def test_errors_are_reported_once_and_do_not_stop_the_watch(tmp_path: Path) -> None:
    papers, index = tmp_path / "papers", tmp_path / "index"
    papers.mkdir()

    def events() -> Iterator[bool]:
        yield True  # still no papers: not reported again
        write_papers(papers)
        with writing(index):
            yield True  # locked
            yield False  # still locked: tried, not reported again
        yield False  # tried again because it was locked
        yield False  # nothing to do
        yield True  # nothing has changed
        write_papers(papers, TEA)
        yield True

    results = list(builds(papers, index, events(), encoder=WordEncoder()))
    assert [type(one) for one in results] == [NothingToRead, IndexLocked, BuildReport, BuildReport]
    list(builds(papers, tmp_path / "fresh", iter(()), encoder=WordEncoder()))
    assert contents_of(index) == contents_of(tmp_path / "fresh")
