"""Kept conversations: found by their owner only, by many sessions at once, and really deleted."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import StorageError
from qa.files.conversations import FILE, Conversations

SECRET = "Zwieselkrankheit"


def put(store: Conversations, key: str, turn: str, question: str, *, new: bool = True) -> int:
    return store.put(key, turn, f'"{question}"', question, title=question if new else "")


def test_only_the_owner_finds_a_conversation(tmp_path: Path) -> None:
    mine, yours = Conversations(tmp_path, "me"), Conversations(tmp_path, "you")
    assert mine.listed() == []
    assert (tmp_path / FILE).exists() is False  # reading writes nothing
    put(mine, "a", "1", "Whose?")
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert (yours.listed(), yours.find("a"), yours.revision("a")) == ([], None, 0)
    yours.rename("a", "Stolen")
    yours.delete("a")
    yours.delete(None)
    yours.keeping = False
    assert put(yours, "a", "2", "Mine too", new=False) == 0
    assert [one.title for one in mine.listed()] == ["Whose?"]
    assert mine.keeping


def test_conversations_are_listed_and_searched_in_all_that_was_said(tmp_path: Path) -> None:
    store = Conversations(tmp_path, "")
    put(store, "a", "1", "How large was the  tumour?")
    put(store, "b", "1", "When was it given?")
    store.put("a", "2", "{}", "And in 1999?\nThe STRASSE was long.")
    assert [(one.key, one.title, one.questions) for one in store.listed()] == [
        ("a", "How large was the tumour?", 2),
        ("b", "When was it given?", 1),
    ]
    assert [one.key for one in store.listed("straße WAS")] == ["a"]
    assert [one.key for one in store.listed("was")] == ["a", "b"]
    assert store.listed("was giraffe") == []
    store.rename("b", "  ")
    store.rename("b", "Dosing\nand " + "x" * 300)
    assert store.listed("dosing")[0].title.startswith("Dosing and xxx")


@pytest.mark.parametrize("change", ["delete", "delete all", "rename"])
def test_deleted_words_are_in_no_file(tmp_path: Path, change: str) -> None:
    store = Conversations(tmp_path, "")
    put(store, "kept", "1", "Stays?")
    long = f"{SECRET} {'x' * 9000} {SECRET}"
    store.put("a", "1", long, SECRET, title=SECRET)
    with closing(sqlite3.connect(tmp_path / FILE)) as other:  # keeps the write-ahead log in being
        other.execute("SELECT count(*) FROM turns").fetchone()
        assert any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())
        if change == "rename":
            store.put("a", "1", "{}", "")
            store.rename("a", "Harmless")
        else:
            store.delete("a" if change == "delete" else None)
        assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())
    assert bool(store.find("kept")) is (change != "delete all")


def test_a_deleted_conversation_does_not_come_back(tmp_path: Path) -> None:
    store = Conversations(tmp_path, "")
    put(store, "a", "1", "First?")
    store.delete("a")
    assert put(store, "a", "2", "Second?", new=False) == 0
    assert store.listed() == []


def test_twenty_sessions_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    def session(number: int) -> None:
        store = Conversations(tmp_path, "")
        for turn in range(5):
            put(store, f"own {number}", f"{turn}", f"{number}, {turn}?")
            assert put(store, "shared", f"{number}-{turn}", "Shared?")
            store.listed("shared")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(session, range(20)))
    store = Conversations(tmp_path, "")
    assert sorted(one.questions for one in store.listed()) == [5] * 20 + [100]
    shared = store.find("shared")
    assert shared is not None
    assert (len(shared.turns), shared.revision) == (100, 100)


def _damage(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def _folder(path: Path) -> None:
    path.mkdir()


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("spoil", [_damage, _folder, _newer])
def test_an_unusable_file_is_named(tmp_path: Path, spoil: object) -> None:
    assert callable(spoil)
    spoil(tmp_path / FILE)
    store = Conversations(tmp_path, "")
    for use in (store.listed, lambda: store.find("a"), lambda: put(store, "a", "1", "Kept?")):
        with pytest.raises(StorageError, match=FILE):
            use()
