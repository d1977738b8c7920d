"""Figures below a floor are named; missed targets are printed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from evals.measure.metrics import METRICS, summary
from evals.report.floors import BelowFloor, below, hold_floors, limits_of
from index.errors import UsageError
from tests.judgements import ALL


def stored(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "evals" / "report" / "floors.toml").read_text(encoding="utf-8"))


def test_lower_limits_upper_limits_and_limits_of_one_type() -> None:
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


def test_a_split_may_have_its_own_limits() -> None:
    found = {"seeds": {"floor": {"mrr": 0.8}, "test": {"floor": {"mrr": 0.7}}}}
    assert limits_of(found, "seeds", "test") == {"floor": {"mrr": 0.7}}
    assert limits_of(found, "seeds", "all")["floor"] == {"mrr": 0.8}
    assert limits_of(found, "seeds", "dev")["floor"] == {"mrr": 0.8}
    assert limits_of(found, "another", "all") == {}


def test_every_committed_limit_is_on_an_existing_figure(root: Path) -> None:
    limits = [
        limits_of(stored(root), name, split) for name in stored(root) for split in ("all", "dev", "test")
    ]
    keys = {key for one in limits for kind in ("floor", "target") for key in one.get(kind, {})}
    assert keys
    assert {key.rpartition(".")[2] for key in keys} <= METRICS.keys()


def test_figures_below_floors_are_named_and_missed_targets_printed(
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
    assert "floors are met" in said
    assert "targets missed" not in said
    with pytest.raises(BelowFloor, match=r"seeds: .*hit@1 0\.010 <") as caught:
        hold_floors({"seeds": good | {"hit@1": 0.01}, "a set without floors": {}}, "all")
    assert caught.value.exit_code == 1
    said = capsys.readouterr().err
    assert "targets missed" in said
    assert "a set without floors: no floors are set" in said
