"""Comparing with an earlier run, the committed baseline, and the gate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evals.measure.comparison import (
    COMMITTED,
    GATED,
    Earlier,
    Regression,
    baseline_file,
    baseline_text,
    compare,
    hold_gate,
    read_earlier,
    worse,
)
from evals.measure.metrics import METRICS
from evals.measure.outcomes import Judged
from evals.measure.runner import Run
from evals.report.contents import report
from index.errors import UsageError
from tests.judgements import ALL, LOST, RIGHT, outcome


def many(right: int, wrong: int) -> list[Judged]:
    good = [replace(RIGHT, id=f"r{at}") for at in range(right)]
    return good + [replace(LOST, id=f"r{right + at}", digest=RIGHT.digest) for at in range(wrong)]


def earlier(judged: list[Judged]) -> Earlier:
    return Earlier("old.json", None, tuple(judged))


def test_the_gate_names_a_significant_regression() -> None:
    found = compare(earlier(many(60, 0)), many(40, 20))
    assert found["questions"] == 60
    assert len(found["changed"]) == 20
    row = next(row for row in found["rows"] if row["metric"] == "hit@3")
    assert (row["before"], row["after"], row["verdict"]) == (1.0, pytest.approx(2 / 3), "fell")
    with pytest.raises(Regression, match=r"hit@3 1\.000 -> 0\.667") as caught:
        hold_gate(found)
    assert caught.value.exit_code == 1
    assert "--save-baseline" in caught.value.remedy


def test_the_gate_passes_improvements_and_insignificant_changes() -> None:
    hold_gate(compare(earlier(many(40, 20)), many(60, 0)))
    hold_gate(compare(earlier(many(60, 0)), many(59, 1)))
    assert set(GATED) <= METRICS.keys()


def test_a_rising_error_is_worse() -> None:
    row = {"metric": "ece", "better": "lower", "verdict": "rose"}
    assert worse(row)
    assert not worse({**row, "verdict": "fell"})
    assert not worse({**row, "better": "", "verdict": "rose"})


def test_only_unchanged_questions_are_compared() -> None:
    before = Earlier("old.json", None, (RIGHT, replace(LOST, digest="another question")))
    found = compare(before, [RIGHT, LOST])
    assert (found["questions"], found["unpaired"]) == (1, 1)
    with pytest.raises(UsageError, match="no question in common"):
        compare(before, [replace(RIGHT, set="another set")])


def test_a_baseline_holds_judgements_without_text(tmp_path: Path) -> None:
    made = Run(
        "made up",
        tuple(outcome(one, "SECRET question", "SECRET quote") for one in ALL),
        1,
        1,
        "m",
        "r",
        0.5,
        "",
    )
    text = baseline_text(report([made], "all", 1.0))
    assert "SECRET" not in text
    assert "paper.txt" not in text
    path = tmp_path / "baseline.json"
    path.write_text(text, encoding="utf-8")
    again = read_earlier(path)
    assert [replace(one, seconds=None) for one in ALL] == list(again.judged)
    assert all(row["difference"] == 0 for row in compare(again, ALL)["rows"])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"set": "a", "outcomes": [{}]}', '{"set": "a", "outcomes": 3}']
)
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="not a report"):
        read_earlier(path)
    with pytest.raises(UsageError, match="does not exist"):
        read_earlier(tmp_path / "nowhere.json")


def test_the_committed_baseline_is_of_the_seed_questions() -> None:
    found = read_earlier(COMMITTED)
    assert {one.set for one in found.judged} == {"seeds"}
    stored = json.loads(baseline_file().read_text(encoding="utf-8"))
    assert not {"question", "quotes", "citations", "gold"} & stored["outcomes"][0].keys()
