"""Floors are held or named, missed targets told; progress is shown as asked for."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from evals.measure.metrics import METRICS, summary
from evals.report.floors import BelowFloor, below, hold_floors, limits_of
from evals.report.progress import Kind, shown
from index.errors import UsageError
from tests.judgements import ALL

if TYPE_CHECKING:
    from pathlib import Path


def stored(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "evals" / "report" / "floors.toml").read_text(encoding="utf-8"))


def test_limits_from_below_and_from_above_and_of_one_type() -> None:
    figures = summary(ALL)
    limits = {"hit@1": 0.3, "ece": 0.5, "table.hit@1": 0.0, "refusal_recall": 0.5}
    assert list(below(figures, limits)) == []
    limits = {"hit@1": 0.4, "ece": 0.1, "table.hit@1": 0.5, "list.hit@1": 0.5}
    assert list(below(figures, limits)) == [
        "hit@1 0.333 < 0.4",
        "ece 0.380 > 0.1",
        "table.hit@1 0.000 < 0.5",
        "list.hit@1 – < 0.5",
    ]
    with pytest.raises(UsageError, match="no figure “hit1”"):
        list(below(figures, {"hit1": 0.4}))


def test_a_split_may_have_limits_of_its_own() -> None:
    found = {"seeds": {"floor": {"mrr": 0.8}, "test": {"floor": {"mrr": 0.7}}}}
    assert limits_of(found, "seeds", "test") == {"floor": {"mrr": 0.7}}
    assert limits_of(found, "seeds", "all")["floor"] == {"mrr": 0.8}
    assert limits_of(found, "seeds", "dev")["floor"] == {"mrr": 0.8}
    assert limits_of(found, "another", "all") == {}


def test_every_committed_limit_is_on_a_figure_that_exists(root: Path) -> None:
    limits = [
        limits_of(stored(root), name, split) for name in stored(root) for split in ("all", "dev", "test")
    ]
    keys = {key for one in limits for kind in ("floor", "target") for key in one.get(kind, {})}
    assert keys
    assert {key.rpartition(".")[2] for key in keys} <= METRICS.keys()


def test_floors_are_held_or_named_and_missed_targets_told(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = limits_of(stored(root), "seeds", "all")
    good: dict[str, Any] = {key: 0.0 if METRICS[key].better == "lower" else 1.0 for key in METRICS}
    good["types"] = {
        kind: good
        for one in limits.values()
        for key in one
        if isinstance(one, dict)
        for kind in [key.rpartition(".")[0]]
    }
    hold_floors({"seeds": good}, "all")
    said = capsys.readouterr().err
    assert "floors are held" in said
    assert "targets missed" not in said
    with pytest.raises(BelowFloor, match=r"seeds: .*hit@1 0\.010 <") as caught:
        hold_floors({"seeds": good | {"hit@1": 0.01}, "a set without floors": {}}, "all")
    assert caught.value.exit_code == 1
    said = capsys.readouterr().err
    assert "targets missed" in said
    assert "a set without floors: no floors are set" in said


def test_progress_a_line_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(Kind.AUTO) as told:
        for done in range(1, 101):
            told("asked", done, 100)
        told("encoded", 512, 600)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [*(f"asked: {done} of 100" for done in range(10, 101, 10)), "encoded: 512 of 600"]


def test_progress_as_json_and_none(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(Kind.JSON) as told:
        told("asked", 1, 2)
    assert json.loads(capsys.readouterr().err) == {"stage": "asked", "done": 1, "total": 2}
    with shown(Kind.OFF) as told:
        told("asked", 2, 2)
    assert capsys.readouterr().err == ""
