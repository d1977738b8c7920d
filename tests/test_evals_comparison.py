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
    Fallen,
    baseline,
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
    return good + [replace(LOST, id=f"r{right + at}") for at in range(wrong)]


def earlier(judged: list[Judged]) -> Earlier:
    digests = [replace(one, digest=None) for one in judged]  # type: ignore[arg-type]  # as old reports have it
    return Earlier("old.json", None, tuple(digests))


def test_the_gate_holds_a_fall_and_names_it() -> None:
    found = compare(earlier(many(60, 0)), many(40, 20))
    assert found["questions"] == 60
    assert len(found["changed"]) == 20
    row = next(row for row in found["rows"] if row["metric"] == "hit@1")
    assert (row["before"], row["after"], row["verdict"]) == (1.0, pytest.approx(2 / 3), "fell")
    with pytest.raises(Fallen, match=r"hit@1 1\.000 -> 0\.667") as caught:
        hold_gate(found)
    assert caught.value.exit_code == 1
    assert "--save-baseline" in caught.value.remedy


def test_the_gate_lets_rises_and_accidents_pass() -> None:
    hold_gate(compare(earlier(many(40, 20)), many(60, 0)))
    hold_gate(compare(earlier(many(60, 0)), many(59, 1)))
    assert set(GATED) <= METRICS.keys()


def test_of_an_error_that_rises_the_gate_says_that_it_is_worse() -> None:
    row = {"metric": "ece", "better": "lower", "verdict": "rose"}
    assert worse(row)
    assert not worse({**row, "verdict": "fell"})
    assert not worse({**row, "better": "", "verdict": "rose"})


def test_only_questions_that_are_the_same_are_compared() -> None:
    before = Earlier("old.json", None, (RIGHT, replace(LOST, digest="another question")))
    found = compare(before, [RIGHT, LOST])
    assert (found["questions"], found["unpaired"]) == (1, 1)
    with pytest.raises(UsageError, match="no question in common"):
        compare(before, [replace(RIGHT, set="another set")])


def test_a_baseline_holds_judgements_and_no_text(tmp_path: Path) -> None:
    made = Run(
        "made up", tuple(outcome(one, "SECRET question", "SECRET quote") for one in ALL), 1, 1, "m", "r", 0.5
    )
    text = baseline_text(baseline(report([made], "all", 1.0)))
    assert "SECRET" not in text
    assert "paper.txt" not in text
    path = tmp_path / "baseline.json"
    path.write_text(text, encoding="utf-8")
    again = read_earlier(path)
    assert [replace(one, seconds=None) for one in ALL] == list(again.judged)
    assert all(row["difference"] == 0 for row in compare(again, ALL)["rows"])


def test_a_report_of_format_1_can_still_be_compared_with(tmp_path: Path) -> None:
    rows = [
        {
            "id": one.id,
            "type": one.type,
            "question": "q",
            "answerable": one.answerable,
            "status": one.status,
            "confidence": one.confidence,
            "first_right": one.first_right,
            "right": one.right,
            "among_three": one.among_three,
            "ranked_first": one.ranked_first,
            "passage_rank": one.passage_rank,
            "exact": one.exact,
            "overlap": one.overlap,
            "seconds": one.seconds,
        }
        for one in ALL
    ]
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"set": "made up", "outcomes": rows}), encoding="utf-8")
    found = compare(read_earlier(path), ALL)
    assert found["questions"] == 5
    assert {"hit@1", "refusal_recall", "auroc"} <= {row["metric"] for row in found["rows"]}
    assert "ranked@3" not in {row["metric"] for row in found["rows"]}  # the old report does not know it


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"set": "a", "outcomes": [{}]}', '{"set": "a", "outcomes": 3}']
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
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
