"""Progress is written to standard error in the requested form."""

from __future__ import annotations

import json

import pytest

from qa.show.progress import Progress, reporting, time_left


def test_a_line_per_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting() as report:
        for done in range(1, 101):
            report("asked", done, 100)
        report("encoded", 512, 600)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [*(f"asked: {done} of 100" for done in range(10, 101, 10)), "encoded: 512 of 600"]


def test_progress_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(Progress.JSON) as report:
        report("asked", 1, 2)
    assert json.loads(capsys.readouterr().err) == {"stage": "asked", "done": 1, "total": 2}


@pytest.mark.parametrize("kind", [Progress.OFF, Progress.BARS])
def test_bars_print_nothing_without_a_terminal(kind: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(kind) as report:
        report("asked", 2, 2)
    assert capsys.readouterr().err == ""


def test_bars_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # Rich takes this for a terminal
    with reporting(Progress.BARS) as report:
        report("asked", 1, 2)
        report("asked", 2, 2)
    shown = capsys.readouterr()
    assert "asked" in shown.err
    assert shown.out == ""


def test_time_left_is_told_once_something_is_done() -> None:
    assert [time_left(10, done, 6) for done in (0, 1, 6)] == ["", "less than a minute left", ""]
    assert time_left(60, 1, 4) == "about 3 min left"
