"""Generations: opening, fallback, rollback, garbage collection, locking."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from index.errors import IndexDamaged, IndexLocked, IndexMissing, StorageError
from index.files import LOCAL_DISK
from index.ingest.build import build, remove
from index.store.open import CURRENT, generations, open_index
from index.store.pins import PINS, pinned
from index.store.publish import LOCK, writing
from index.store.recent import Recent
from index.store.upkeep import gc, rollback, verify
from tests.index_fakes import WordEncoder, build_papers, contents, contents_of, two_generations

NO_CURRENT: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:-5],
    "not UTF-8": lambda data: b"\xff\xfe" + data,
    "another number": lambda data: data.replace(b"gen-00000002", b"gen-00000001"),
    "no such generation": lambda data: data.replace(b"gen-00000002", b"gen-00000009"),
    "another sum": lambda data: data[:-3] + b"!!\n",
    "two lines": lambda data: data * 2,
}


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return two_generations(tmp_path)


def run_python(code: str, folder: Path) -> str:
    """Run ``code`` in another process, with ``index`` opened from ``folder``; return what it prints."""
    opening = (
        "import os, sys; from pathlib import Path; from index.store.open import open_index; "
        f"index = open_index(Path({str(folder)!r})); "
    )
    done = subprocess.run([sys.executable, "-c", opening + code], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def test_opening_loads_no_model(two: Path) -> None:
    heavy = "sorted({'torch', 'onnxruntime', 'transformers'} & set(sys.modules))"
    assert run_python(f"print(index.generation, {heavy})", two) == "2 []"


def test_a_folder_or_file_without_an_index(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path, tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(IndexMissing) as caught:
            open_index(folder)
        assert "loccit build" in caught.value.remedy
        with pytest.raises(IndexMissing):
            verify(folder)
    with pytest.raises(StorageError):
        build([tmp_path], tmp_path / "file", encoder=WordEncoder())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("change", NO_CURRENT.values(), ids=NO_CURRENT)
def test_damage_to_current_is_reported(two: Path, change: Callable[[bytes], bytes]) -> None:
    (two / CURRENT).write_bytes(change((two / CURRENT).read_bytes()))
    with open_index(two) as index:
        assert "CURRENT" in index.warnings[0]
        assert "\n" not in index.warnings[0]
        assert index.generation == 2
    assert "gen-00000002" not in {path.name for path in gc(two)}


def test_a_damaged_generation_falls_back_with_a_warning_and_is_built_again(two: Path) -> None:
    path = two / "gen-00000002" / "papers.json"
    path.write_bytes(path.read_bytes()[:-1])
    with open_index(two) as index:
        assert index.generation == 1
        assert "papers.json" in index.warnings[0]
        assert "Using generation 1" in index.warnings[0]
    assert verify(two)[1] is None
    assert "papers.json" in str(verify(two)[2])
    report = build_papers(two, two.parent / "papers")
    assert (report.published, report.generation, len(report.warnings)) == (True, 3, 1)
    with open_index(two) as index:
        assert (index.warnings, len(index.documents)) == ((), 4)
    assert verify(two) == {1: None, 3: None}  # the damaged one is no longer needed


def test_if_every_generation_is_damaged_the_error_names_the_newest_and_a_build_starts_over(two: Path) -> None:
    for number in (1, 2):
        (two / f"gen-0000000{number}" / "papers.json").write_bytes(b"")
    with pytest.raises(IndexDamaged, match="gen-00000002"):
        open_index(two)
    report = build_papers(two, two.parent / "papers")
    assert "rebuilt from" in report.warnings[0]
    assert contents_of(two)


def test_rolling_back_and_building_again(two: Path) -> None:
    after = contents_of(two)
    assert rollback(two) == 1
    with open_index(two) as index:
        assert (index.generation, index.warnings) == (1, ())
    with pytest.raises(IndexMissing, match="no generation before"):
        rollback(two)
    report = build_papers(two, two.parent / "papers")
    assert report.generation == 3  # a number is never used twice
    assert contents_of(two) == after
    assert generations(two) == [1, 3]


def test_rolling_back_to_a_damaged_generation_is_refused(two: Path) -> None:
    path = two / "gen-00000001" / "papers.json"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(IndexDamaged, match=r"papers\.json"):
        rollback(two)
    with open_index(two) as index:
        assert (index.generation, index.warnings) == (2, ())


def test_the_current_generation_two_before_it_and_pinned_ones_are_kept(two: Path) -> None:
    reader = open_index(two)
    assert pinned(two) == {2}
    expected = contents(reader)
    for name in sorted(reader.documents)[:3]:
        remove(frozenset({name}), two)
    assert generations(two) == [2, 3, 4, 5]
    build([two.parent / "papers"], two, encoder=WordEncoder())
    assert generations(two) == [2, 4, 5, 6]
    assert contents(reader) == expected
    reader.close()
    assert pinned(two) == frozenset()
    assert [path.name for path in gc(two)] == ["gen-00000002"]
    assert gc(two) == ()


def test_the_pin_of_a_dead_reader_keeps_nothing(two: Path) -> None:
    run_python("os._exit(9)", two)
    assert list((two / PINS).iterdir())
    assert pinned(two) == frozenset()
    assert list((two / PINS).iterdir()) == []


def test_unknown_files_are_never_collected(two: Path) -> None:
    (two / "notes.txt").write_text("mine")
    (two / "gen-12").mkdir()
    (two / "staging").mkdir()
    (two / ".CURRENT.part").write_text("left over")
    assert {path.name for path in gc(two)} == {"staging", ".CURRENT.part"}
    assert (two / "notes.txt").read_text() == "mine"
    assert (two / "gen-12").is_dir()


def test_one_writer_at_a_time(two: Path) -> None:
    with writing(two):
        papers = two.parent / "papers"
        for attempt in (lambda: build_papers(two, papers), lambda: rollback(two), lambda: gc(two)):
            with pytest.raises(IndexLocked) as caught:
                attempt()
            assert caught.value.exit_code == 3
        with open_index(two) as index:
            assert index.generation == 2
    assert not FileLock(two / LOCK).is_locked


def test_an_index_is_read_by_several_threads(two: Path) -> None:
    with open_index(two) as index:
        expected = contents(index)
        results: list[dict[str, object]] = []
        threads = [threading.Thread(target=lambda: results.append(contents(index))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [expected] * 8


def test_documents_and_passages_one_by_one_or_many_at_once(two: Path) -> None:
    with open_index(two) as index:
        with pytest.raises(KeyError):
            index.text("unknown")
        with pytest.raises(KeyError):
            index.documents["unknown"]
        count = len(index.passages)
        every = [index.passages[i] for i in range(count)]
        many = [i % count for i in range(1200)]  # more than one query takes
        assert index.passages.many(many) == [every[i] for i in many]
        assert index.passages.many([]) == []
        assert (index.passages[-1], index.passages[1:3]) == (every[-1], every[1:3])
        for position in (count, -count - 1):
            with pytest.raises(IndexError, match=f"of {count}"):
                index.passages[position]
        assert index.sentences_of(10**6) == []


def test_a_refused_write_names_path_and_cause_and_an_atomic_one_leaves_no_part(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="absent") as caught:
        LOCAL_DISK.write(tmp_path / "absent" / "file", [b"x"])
    assert caught.value.exit_code == 4
    LOCAL_DISK.write_atomically(tmp_path / "file", [b"old"])
    with pytest.raises(ZeroDivisionError):
        LOCAL_DISK.write_atomically(tmp_path / "file", (bytes(1 // n) for n in (1, 0)))
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]


def test_the_cache_drops_what_was_used_longest_ago_and_keeps_the_last_value() -> None:
    cache = Recent[str](10, len)
    assert [cache.get(key, partial(str.__mul__, key, 4)) for key in "abab"] == [
        "aaaa",
        "bbbb",
        "aaaa",
        "bbbb",
    ]
    cache.get("a", lambda: "made again")
    cache.get("c", lambda: "cccc")  # drops b
    assert [cache.get(key, lambda: "new") for key in "acb"] == ["aaaa", "cccc", "new"]
    assert cache.get("d", lambda: "d" * 20) == cache.get("d", lambda: "made again")


def test_two_threads_that_make_one_value_count_its_size_once() -> None:
    cache = Recent[str](10, len)
    both = threading.Barrier(2)

    def make() -> str:
        both.wait(5)
        return "aaaaaaaa"

    threads = [threading.Thread(target=cache.get, args=("a", make)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.get("b", lambda: "bb")
    assert cache.get("a", lambda: "made again") == "aaaaaaaa"
