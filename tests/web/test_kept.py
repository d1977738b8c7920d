"""Conversations outlive session and server; without their file, questions are answered all the same."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import streamlit as st

from index.ingest.build import remove
from qa.files.conversations import FILE, Conversations
from tests.web.serving import ANSWERED, REFUSED
from tests.web.test_app import ask, press, views
from tests.web.test_app import opened as opened

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    Opened = Callable[..., AppTest]

FIRST, SECOND = "What was the woman's AST on admission?", "And her ALT?"


@pytest.fixture(scope="module")
def once(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of ``built`` for all tests here, since opening an index anew takes a while."""
    folder = tmp_path_factory.mktemp("once") / "index"
    return shutil.copytree(built, folder, ignore=shutil.ignore_patterns("*.sqlite*"))


@pytest.fixture
def own(once: Path) -> Path:
    """The same without conversations."""
    for path in once.glob("*.sqlite*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return once


def turns(app: AppTest) -> list[dict[str, Any]]:
    """Return the views of all answers, without what names and times them."""
    assert not app.exception
    return [view | {"announce": None, "chosen": None, "copies": None} for view in views(app, "turn")]


def again(opened: Opened, folder: Path, app: AppTest) -> AppTest:
    """Open the app anew at the address of ``app``, as a browser does after a restart of the server."""
    return opened(folder, **dict(app.query_params.items()))


def quoted(view: dict[str, Any]) -> list[str]:
    return [part["text"] for paper in view["papers"] for one in paper["quotes"] for part in one["parts"]]


def notes(app: AppTest) -> str:
    return " ".join(view["message"] for view in views(app, "whereabouts"))


def test_a_conversation_is_the_same_after_a_restart(own: Path, opened: Opened) -> None:
    app = ask(ask(opened(own), REFUSED), FIRST)
    (before, source) = turns(app), views(app, "source")
    later = again(opened, own, app)
    drawn = turns(later)
    assert [view["last"] for view in drawn] == [False, True]
    # The first was drawn before there was a second.
    assert [view | {"last": None} for view in drawn] == [view | {"last": None} for view in before]
    assert [view | {"turn": ""} for view in views(later, "source")] == [
        view | {"turn": ""} for view in source
    ]
    assert later.query_params["c"] == app.query_params["c"]


def test_a_follow_up_after_a_restart_is_answered_as_without(own: Path, opened: Opened) -> None:
    app = ask(opened(own), FIRST)
    followed = turns(ask(again(opened, own, app), SECOND))[1]
    without = turns(ask(ask(opened(own), FIRST), SECOND))[1]
    assert followed["resolved"] == "What was the woman's ALT on admission?"
    assert (followed["papers"], followed["copy"]) == (without["papers"], without["copy"])


def test_two_windows_keep_each_others_questions(own: Path, opened: Opened) -> None:
    one = ask(opened(own), FIRST)
    other = again(opened, own, one)
    ask(one, ANSWERED)
    ask(other, REFUSED)
    assert [view["question"] for view in turns(one.run())] == [FIRST, ANSWERED, REFUSED]
    Conversations(own, "").delete(None)
    ask(other, SECOND)  # not resurrected: the question begins a new conversation
    (kept,) = Conversations(own, "").listed()
    assert (kept.title, kept.questions) == (SECOND, 1)
    assert turns(one.run()) == []


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    path.write_bytes(b"no database" * 1000)
    yield


@contextmanager
def folder(path: Path) -> Iterator[None]:
    path.mkdir()
    yield


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as base:
        base.execute("BEGIN EXCLUSIVE")
        yield


@pytest.mark.parametrize("unusable", [damaged, folder, locked])
def test_questions_are_answered_without_the_file(
    own: Path, opened: Opened, unusable: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.files.database._WAIT", 0.05)
    with unusable(own / FILE):
        app = ask(ask(opened(own, c="abcd"), FIRST), SECOND)
        assert [view["question"] for view in turns(app)] == [FIRST, SECOND]
        assert f"This conversation is not kept: {own / FILE}" in notes(app)
    if unusable is locked:  # what was not stored is stored with the next question
        ask(app, REFUSED)
        assert "not kept" not in notes(app)
        assert [view["question"] for view in turns(again(opened, own, app))] == [FIRST, SECOND, REFUSED]


def test_keeping_can_be_switched_off(own: Path, opened: Opened) -> None:
    store = Conversations(own, "")
    store.keeping = False
    app = ask(opened(own), FIRST)
    assert store.listed() == []
    assert "c" not in app.query_params
    assert "keeping is switched off" in notes(app)


def test_an_unreadable_turn_keeps_its_question(own: Path, opened: Opened) -> None:
    app = ask(ask(opened(own), FIRST), ANSWERED)
    with closing(sqlite3.connect(own / FILE)) as base:
        ((body,),) = base.execute("SELECT body FROM turns WHERE number = 1")
        turn = json.loads(body)
        del turn["turn"]["answer"]["confidence"]
        base.execute("UPDATE turns SET body = ? WHERE number = 1", [json.dumps(turn)])
        base.execute("UPDATE turns SET body = '}' WHERE number = 2")
        base.commit()
    later = again(opened, own, app)
    assert [view["question"] for view in views(later, "failed")] == [FIRST, ""]
    assert not later.exception


def test_an_interrupted_question_is_still_there(
    own: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(own)
    with monkeypatch.context() as patch:
        patch.setattr("qa.conversation.Conversation.ask", lambda *_: st.stop())
        ask(app, FIRST)
    (kept,) = Conversations(own, "").listed()
    (failed,) = views(opened(own, c=kept.key), "failed")
    assert (failed["question"], failed["remedy"]) == (FIRST, "Ask again.")


def test_an_old_answer_says_what_has_changed_since(own_folder: Path, opened: Opened) -> None:
    app = ask(opened(own_folder), FIRST)
    (before,) = turns(app)
    assert before["since"] == []
    (stored,) = Conversations(own_folder, "").listed()
    found = Conversations(own_folder, "").find(stored.key)
    assert found is not None
    answer = json.loads(found.turns[0][1])["turn"]["answer"]
    remove(frozenset([answer["citations"][0]["document_id"]]), own_folder)
    (after,) = turns(again(opened, own_folder, app))
    assert quoted(after) == quoted(before)
    changed, removed = after["since"]
    assert changed.startswith("The papers have changed since this answer.")
    assert removed.endswith("was removed. Its quotes are shown as they were.")


def test_a_wrong_answer_asks_what_would_have_been_right(own: Path, opened: Opened) -> None:
    app = ask(opened(own), ANSWERED)
    app.session_state["correcting"] = turns(app)[0]["turn"]
    app.run()
    (view,) = views(app, "correction")
    assert any("resumed MMF" in row["text"] for row in view["rows"])
    app.text_input[0].set_value("CK 9641").run()
    (view,) = views(app, "correction")
    assert view["rows"][0]["text"].startswith("CK\t9641")
    press(app, "New")
    assert not views(app, "correction")
