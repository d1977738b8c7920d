"""``loccit eval new``: questions typed and marked with keys, each saved at once."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from evals.collect import screen
from evals.collect.candidates import Finder, Sentence
from evals.collect.marking import Decision, Marking
from evals.collect.session import collect
from evals.sets.named import load
from index.errors import UsageError
from index.store.generation import Generation
from tests.answering import sentence
from tests.commands import Loccit, one_line
from tests.index_fakes import WordEncoder

UP, DOWN, TAB, ENTER, ESCAPE, END = "\x1b[A", "\x1b[B", "\t", "\r", "\x1b", "q\r"
LDH = "What was the woman's LDH on admission?"
BREAD = "How do I bake bread?"


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as given, create_app_session(input=given, output=DummyOutput()):
        yield given


@pytest.fixture
def finder(cases: Generation) -> Finder:
    return Finder(cases, WordEncoder())


def by_keys(path: Path, finder: Finder) -> None:
    """Collect in a thread of its own: the tests with a browser leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, collect, path, finder, screen).result()


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_is_marked_with_keys_is_a_question_set(
    finder: Finder, keys: PipeInput, cases: Generation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.jsonl"
    found = finder.holding("412")
    assert [one.text for one in found] == ["Her lactate dehydrogenase (LDH) was 412 U/L on admission."]
    keys.send_text(
        f"{LDH}\r{ENTER}412{ENTER}"
    )  # Enter without a choice takes nothing, after a search the first
    keys.send_text(f"{BREAD}\rn{ENTER}")
    keys.send_text(f"{LDH}\r")  # asked already, so asked for another
    keys.send_text(f"When did he row?\rrow{TAB}\x03")
    with pytest.raises(KeyboardInterrupt):
        by_keys(path, finder)
    first, second = entries(path)
    document, place = sentence(cases, "412 U/L")
    assert first == {
        "id": "1",
        "type": "own",
        "question": LDH,
        "history": [],
        "answerable": True,
        "gold": [{"document": "lung.txt", "quote": place.span.of(document.text)}],
    }
    assert (second["question"], second["answerable"], second["gold"]) == (BREAD, False, [])

    backspaces = "\x7f" * len("rowed")
    keys.send_text(f"When did he row?\rrowed{TAB}{backspaces}discharged{TAB}q{ENTER}{END}")
    by_keys(path, finder)
    printed = "".join(capsys.readouterr().out.split())  # lines are wrapped
    assert printed.endswith(f"Measure:locciteval{path}--index{cases.beside}")
    third = entries(path)[2]
    assert third["id"] == "3"
    assert [gold["document"] for gold in third["gold"]] == ["heart.txt", "lung.txt"]
    taken = load(str(path), None, "all", papers=None, limit=None).on(cases.documents)
    assert taken[0].gold[0].span == place.span


class Narrow(DummyOutput):
    """A terminal one column wide."""

    def get_size(self) -> Size:
        return Size(rows=20, columns=1)


def test_a_terminal_one_column_wide_marks_too(finder: Finder, tmp_path: Path) -> None:
    with create_pipe_input() as keys, create_app_session(input=keys, output=Narrow()):
        keys.send_text(f"{LDH}\r{DOWN}{ENTER}{END}")
        by_keys(tmp_path / "own.jsonl", finder)
    assert len(entries(tmp_path / "own.jsonl")) == 1


def test_a_word_is_searched_once_and_not_at_each_of_its_letters(
    cases: Generation, keys: PipeInput, tmp_path: Path
) -> None:
    searched: list[str] = []

    class Counting(Finder):
        def holding(self, typed: str) -> list[Sentence]:
            searched.append(typed)
            return super().holding(typed)

    keys.send_text(f"{LDH}\rdischarged{ENTER}{END}")
    by_keys(tmp_path / "own.jsonl", Counting(cases, WordEncoder()))
    assert searched == ["discharged"]


def test_typing_that_pauses_searches_by_itself(cases: Generation, keys: PipeInput, tmp_path: Path) -> None:
    searched = Event()

    class Telling(Finder):
        def holding(self, typed: str) -> list[Sentence]:
            searched.set()
            return super().holding(typed)

    keys.send_text(f"{LDH}\r412")
    with ThreadPoolExecutor(1) as pool:
        path, told = tmp_path / "own.jsonl", Telling(cases, WordEncoder())
        work = pool.submit(copy_context().run, collect, path, told, screen)
        assert searched.wait(60)
        keys.send_text(f"{ENTER}{END}")
        work.result()
    assert len(entries(path)) == 1


def test_the_first_suggestion_is_taken_with_tab_and_a_question_skipped(
    finder: Finder, keys: PipeInput, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.send_text(f"{TAB}{ENTER}")
    keys.send_text(ESCAPE)
    keys.send_text("\x04")
    by_keys(tmp_path / "own.jsonl", finder)
    assert "Skipped: How was the patient treated?" in capsys.readouterr().out
    assert not (tmp_path / "own.jsonl").exists()


def test_sentences_are_offered_in_reading_order_whatever_their_rank(finder: Finder) -> None:
    offered = finder.offered(LDH)
    places = [(one.document.name, one.span.start) for one in offered]
    assert places == sorted(places)
    assert {one.document.source for one in offered} == {"heart.txt", "lung.txt"}
    assert any("412" in one.text for one in offered)
    assert {one.text for one in finder.holding("discha")} == {
        one.text for one in finder.holding("discharged")
    }
    assert finder.holding("discharged bread") == []


def test_a_letter_is_a_command_only_by_itself(finder: Finder) -> None:
    marking = Marking(finder.offered(LDH), finder.holding)
    marking.type("n")
    assert (marking.enter(), marking.rows) == (Decision.ABSENT, marking.offered)
    marking.type("no sentence has this")
    assert (marking.enter(), marking.message) == (None, "No sentence is chosen.")
    assert (marking.escape(), marking.typed, marking.escape()) == (None, "", Decision.SKIP)


def test_enter_without_a_choice_says_what_chooses_and_a_search_chooses_its_first_hit(finder: Finder) -> None:
    marking = Marking(finder.offered(LDH), finder.holding)
    assert (marking.enter(), marking.message, marking.marked) == (None, "↓ chooses a sentence", [])
    marking.move(1)
    assert (marking.at, marking.message) == (0, "")
    marking.type("412")
    assert marking.enter() is Decision.SAVE
    assert "412 U/L" in marking.marked[0].text


def test_the_list_says_how_much_is_above_and_below(finder: Finder) -> None:
    marking = Marking(finder.offered(LDH), finder.holding)
    total = len(marking.rows)
    for at in range(-1, total):
        marking.at = at
        lines = screen.listed(marking, 6, 200)
        texts = [one[1] for one in lines]
        counts = [int(text.split()[1]) for text in texts if text.startswith(("↑", "↓"))]
        assert sum(counts) + sum(text.startswith("  ") for text in texts) == total
        assert (at < 0) or [one[0] for one in lines].count("reverse") == 1
    assert texts[0].endswith("more above\n")


@pytest.mark.parametrize("width", [30, 60, 80, 200])
def test_hints_are_not_broken(width: int) -> None:
    hints = ("n Enter: not in the papers", "q Enter: end", "Esc skip") * 3
    lines = screen.wrapped(hints, width).split("\n")
    assert len(lines) <= 3
    assert all(len(line) < width for line in lines)
    assert {one for line in lines for one in line.removesuffix(" ·").split(" · ")} <= set(hints)


class Silent:
    """Nobody: whatever is asked fails."""

    def ask_question(self, title: str, suggested: Sequence[str]) -> str | None:
        raise AssertionError("asked")

    def mark(self, question: str, marking: Marking) -> Decision:
        raise AssertionError("marked")


class Typist(Silent):
    """Types questions that the papers do not answer."""

    def __init__(self, *questions: str) -> None:
        self.questions = [*questions]

    def ask_question(self, title: str, suggested: Sequence[str]) -> str | None:
        return self.questions.pop(0) if self.questions else None

    def mark(self, question: str, marking: Marking) -> Decision:
        return Decision.ABSENT


def test_half_a_line_left_by_a_crash_is_removed(
    finder: Finder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.jsonl"
    collect(path, finder, Typist(BREAD, LDH))
    path.write_bytes(path.read_bytes()[:-20])
    collect(path, finder, Typist("Who rowed?"))
    assert "cut short" in capsys.readouterr().out
    assert [(one["id"], one["question"]) for one in entries(path)] == [("1", BREAD), ("2", "Who rowed?")]
    assert [*tmp_path.iterdir()] == [path]


def test_two_sessions_do_not_add_to_one_file(finder: Finder, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"

    class Second(Typist):
        def ask_question(self, title: str, suggested: Sequence[str]) -> str | None:
            with pytest.raises(UsageError, match="another loccit eval new"):
                collect(path, finder, Silent())
            return super().ask_question(title, suggested)

    collect(path, finder, Second(BREAD))
    assert len(entries(path)) == 1


def test_a_file_that_cannot_be_made_is_told_before_anything_is_asked(finder: Finder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing: does not exist"):
        collect(tmp_path / "missing" / "own.jsonl", finder, Silent())


def test_a_file_on_other_papers_is_refused(finder: Finder, tmp_path: Path) -> None:
    line = {"id": "1", "question": "Which?", "gold": [{"document": "other.pdf", "quote": "x"}]}
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(line), encoding="utf-8")
    with pytest.raises(UsageError, match=r"lacks, for example other\.pdf"):
        collect(path, finder, Silent())


def test_without_a_terminal_one_line_says_so(loccit: Loccit, seed_index: Path, tmp_path: Path) -> None:
    output = loccit("eval", "new", tmp_path / "own.jsonl", "--index", seed_index)
    assert "in a terminal" in one_line(output, 2)


def test_in_a_terminal_a_killed_session_keeps_what_was_marked(seed_index: Path, tmp_path: Path) -> None:
    """The command itself, in a pseudo-terminal; then ``loccit eval`` on what it made."""
    path = tmp_path / "own.jsonl"
    script = "import sys; from qa.cli.main import main; main(sys.argv[1:])"
    arguments = [sys.executable, "-c", script, "eval", "new", str(path), "--index", str(seed_index)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(arguments, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            for awaited, sent in (
                ("Question 1", "When was MMF restarted?\r"),
                ("Search:", f"resumed MMF{ENTER}"),
                ("Saved: When was MMF", "Which cake was eaten?\r"),
                ("Search:", "\x03"),
                ("Interrupted", ""),
            ):
                _await(ours, awaited)
                os.write(ours, sent.encode())
            assert process.wait(60) == 130
        finally:
            process.kill()
            os.close(ours)
    (kept,) = entries(path)
    assert "6 weeks since first symptoms" in kept["gold"][0]["quote"]


def _await(terminal: int, text: str) -> None:
    """Read from the pseudo-terminal until ``text`` is there, answering where its cursor is."""
    seen, until = b"", time.monotonic() + 120
    while text.encode() not in seen:
        assert time.monotonic() < until, seen
        ready, _, _ = select.select([terminal], [], [], 1.0)
        if ready:
            read = os.read(terminal, 65536)
            seen += read
            if b"\x1b[6n" in read:
                os.write(terminal, b"\x1b[1;1R")
