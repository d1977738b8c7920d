"""The app without a browser: the views it sends to the page, and its session state."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from qa.answer import Answerer
from qa.records import Status
from qa.web import library, suggested
from qa.web.suggested import Suggestions
from tests.index_fakes import build_papers, write_papers


@pytest.fixture
def opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """A function that opens the app on an index, with query parameters."""

    def start(folder: Path, **parameters: str) -> AppTest:
        monkeypatch.setenv("LOCCIT_INDEX", str(folder))
        app = AppTest.from_file(str(root / "app.py"), default_timeout=300)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.run()

    return start


@pytest.fixture
def app(built: Path, opened: Callable[..., AppTest]) -> AppTest:
    """The app on ``built``."""
    return opened(built)


def press(app: AppTest, label: str) -> None:
    """Press the first button whose label starts with ``label``."""
    next(button for button in app.button if button.label.startswith(label)).click().run()


def views(app: AppTest, kind: str) -> list[dict[str, Any]]:
    """Return the data of all drawn components that show a view of that kind."""
    found = [json.loads(item.proto.json) for item in _elements(app) if item.type == "bidi_component"]
    return [view for view in found if view["view"] == kind]


def _elements(app: AppTest) -> Iterator[Any]:
    for block in (app.main, app._tree[1] if len(app._tree.children) > 1 else ()):
        yield from block


def ask(app: AppTest, question: str) -> AppTest:
    app.chat_input[0].set_value(question)
    return app.run()


def test_an_answer_opens_its_first_source(app: AppTest) -> None:
    ask(app, "When was MMF restarted?")
    assert not app.exception
    (turn,) = views(app, "turn")
    assert turn["status"] in ("answered", "possible")
    assert turn["papers"][0]["untitled"]
    (source,) = views(app, "source")
    assert (source["turn"], source["number"]) == (turn["turn"], 1)
    cited = "".join(
        part["text"] for block in source["blocks"] for part in block["parts"] if "citation" in part["marks"]
    )
    assert cited == "".join(part["text"] for part in turn["papers"][0]["quotes"][0]["parts"])


def test_only_papers_selected_on_the_page_are_searched(app: AppTest) -> None:
    (papers,) = app.multiselect
    chosen = next(option for option in papers.options if "Seronegative" in option)
    papers.select(chosen).run()
    ask(app, "When was MMF restarted?")
    (turn,) = views(app, "turn")
    assert "Seronegative" in turn["scope"]
    shown = [paper["name"] for paper in turn["papers"]] + [near["name"] for near in turn["nearby"]]
    assert shown
    assert all("Seronegative" in name for name in shown)


def test_only_questions_that_the_papers_answer_are_suggested(
    answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggested, "TURN", library.Turn(quiet=0))  # those who asked before are gone
    looked = Suggestions(answerer)
    while looked.trying:
        time.sleep(0.1)
    assert looked.found
    for one in looked.found:
        documents = frozenset([one.paper]) if one.paper else None
        assert answerer.ask(one.question, documents=documents).status is Status.ANSWERED
    assert len({one.question for one in looked.found}) == len(looked.found)


def test_suggestions_are_not_tried_while_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds
        if len(slept) == 1:  # asked again meanwhile
            with turn:
                pass

    monkeypatch.setattr(library, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    turn = library.Turn(quiet=10)
    with turn:
        now[0] += 3
    with turn.aside():
        assert now[0] == 3 + 10 + 10
    assert slept == [10, 10]


def test_a_long_conversation_draws_its_last_ten_turns(app: AppTest) -> None:
    for number in range(12):
        ask(app, f"When was MMF restarted after {number} weeks?")
    assert len(views(app, "turn")) == 10
    press(app, "Show earlier")
    assert len(views(app, "turn")) == 12


def test_without_an_index_the_page_says_what_to_do(tmp_path: Path, opened: Callable[..., AppTest]) -> None:
    app = opened(tmp_path)
    (notice,) = views(app, "notice")
    assert "no index yet" in notice["message"]
    assert "loccit build" in notice["remedy"]
    assert app.chat_input[0].disabled
    assert not app.exception


def _damage(folder: Path) -> None:
    for path in folder.glob("gen-*/papers.json"):
        path.write_bytes(b"?" + path.read_bytes()[1:])


def _other_model(folder: Path) -> None:
    shutil.rmtree(folder)
    build_papers(folder, write_papers(folder.with_name("papers")))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [(_damage, "papers.json"), (_other_model, "words")],
    ids=["damaged", "other model"],
)
def test_an_unusable_index_is_reported_with_a_remedy(
    own_folder: Path, opened: Callable[..., AppTest], spoil: Callable[[Path], None], message: str
) -> None:
    spoil(own_folder)
    app = opened(own_folder)
    (notice,) = views(app, "notice")
    assert message in notice["message"]
    assert notice["remedy"]
    assert not app.exception


def test_a_conversation_survives_a_missing_index(own_folder: Path, opened: Callable[..., AppTest]) -> None:
    app = ask(opened(own_folder), "When was MMF restarted?")
    away = own_folder.rename(own_folder.with_name("away"))
    app.run()
    assert views(app, "notice")
    away.rename(own_folder)
    app.run()
    assert len(views(app, "turn")) == 1
    assert not app.exception


def test_a_link_opens_question_and_source(built: Path, opened: Callable[..., AppTest]) -> None:
    app = opened(built, q="When was MMF restarted?", cite="99")
    assert not app.exception
    (turn,) = views(app, "turn")
    assert turn["question"] == "When was MMF restarted?"
    (source,) = views(app, "source")
    assert source["number"] == source["count"]  # a number beyond the last source opens the last
    app.run()
    assert len(views(app, "turn")) == 1


def test_a_question_of_10_000_characters_in_a_link_is_cut(
    built: Path, opened: Callable[..., AppTest]
) -> None:
    app = opened(built, q="mycophenolate " * 800)
    assert not app.exception
    assert len(views(app, "turn")) + len(views(app, "failed")) == 1
