"""The bootstrap, compared with textbook intervals and tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evals.measure.bootstrap import differences, holm, intervals
from evals.measure.metrics import METRICS
from evals.measure.outcomes import Judged
from tests.judgements import RIGHT

HIT = {"hit@1": METRICS["hit@1"]}
ACCURACY = {"hit@1": METRICS["hit@1"].statistic}


def run(right: list[bool]) -> list[Judged]:
    return [replace(RIGHT, id=str(at), right=one) for at, one in enumerate(right)]


def test_an_interval_is_close_to_the_normal_approximation() -> None:
    judged = run([True] * 140 + [False] * 60)
    found = intervals(judged, HIT)["hit@1"]
    half = stats.norm.ppf(0.975) * np.sqrt(0.7 * 0.3 / 200)
    assert found.value == 0.7
    assert found.low == pytest.approx(0.7 - half, abs=0.015)
    assert found.high == pytest.approx(0.7 + half, abs=0.015)
    assert intervals(judged, HIT)["hit@1"] == found  # the seed is fixed


def test_a_figure_without_questions_has_no_interval() -> None:
    assert intervals([], HIT) == {}
    assert intervals(run([True]), {"refusal": METRICS["refusal_recall"]}) == {}


@pytest.mark.parametrize(
    ("name", "right", "bounds"),
    [
        ("hit@1", True, (0.610, 1.0)),  # Wilson, by hand: 6 / (6 + 1.96 ** 2)
        ("hit@1", False, (0.0, 0.390)),
        ("coverage", True, (0.610, 1.0)),
        ("gain@1", True, (0.0, 0.0)),  # a difference, not a share
    ],
)
def test_a_share_of_all_or_none_is_not_known_exactly(
    name: str, right: bool, bounds: tuple[float, float]
) -> None:
    found = intervals(run([right] * 6), {name: METRICS[name]})[name]
    assert (found.low, found.high) == pytest.approx(bounds, abs=1e-3)


def test_equal_runs_do_not_differ() -> None:
    judged = run([True, False] * 30)
    found = differences(judged, judged, ACCURACY)["hit@1"]
    assert (found.value, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_p_is_close_to_that_of_a_paired_t_test() -> None:
    generator = np.random.default_rng(1)
    before = generator.random(300) < 0.7
    after = np.where(generator.random(300) < 0.15, generator.random(300) < 0.4, before)
    found = differences(run(before.tolist()), run(after.tolist()), ACCURACY)["hit@1"]
    reference = stats.ttest_rel(after.astype(float), before.astype(float)).pvalue
    assert found.value == pytest.approx(float(after.mean() - before.mean()))
    assert found.p == pytest.approx(float(reference), abs=0.02)
    assert found.low < found.value < found.high


def test_a_large_fall_is_significant_and_a_small_one_is_not() -> None:
    before = run([True] * 100)
    clear = differences(before, run([False] * 20 + [True] * 80), ACCURACY)["hit@1"]
    assert clear.p < 0.001
    assert clear.high < 0
    small = differences(before, run([False] * 2 + [True] * 98), ACCURACY)["hit@1"]
    assert small.p > 0.05


def test_pairing_matters() -> None:
    """Whether two figures differ significantly depends on which questions change."""
    before = run([True] * 50 + [False] * 50)
    nested = differences(before, run([True] * 42 + [False] * 58), ACCURACY)["hit@1"]
    crossed = differences(before, run([False] * 50 + [True] * 42 + [False] * 8), ACCURACY)["hit@1"]
    assert nested.value == crossed.value
    assert nested.p < 0.05 < crossed.p


def test_runs_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="1 questions before, 2 after"):
        differences(run([True]), run([True, True]), ACCURACY)
    assert differences([], [], ACCURACY) == {}


def test_holm_by_hand() -> None:
    # sorted .01, .02, .04: times 3, 2, 1, never falling
    assert holm([0.04, 0.01, 0.02]) == [0.04, 0.03, 0.04]
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
