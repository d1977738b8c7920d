"""The figures of the evaluation, compared with values computed by hand and by scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from evals.measure.curves import curves, stages
from evals.measure.metrics import METRICS, failures, metrics, summary
from tests.judgements import ALL, FOOLED, LOST, REFUSED, RIGHT, THIRD

CHANCE = st.floats(0, 1)


def test_every_metric_by_hand() -> None:
    found = metrics(ALL)
    assert (found["questions"], found["answerable"], found["refused_rightly"]) == (5, 3, 1)
    third = pytest.approx(1 / 3)
    assert found["recall@1"] == third
    assert found["recall@5"] == found["recall@10"] == pytest.approx(2 / 3)
    assert found["mrr"] == pytest.approx((1 + 1 / 4 + 0) / 3)
    assert found["ndcg@10"] == pytest.approx((1 + 0.4 + 0) / 3)
    assert found["hit@1"] == third
    assert found["hit@3"] == found["ranked@3"] == found["held@10"] == pytest.approx(2 / 3)
    assert found["ranked@1"] == found["zscore@1"] == third
    assert found["gain@1"] == 0.0
    assert found["reached@3"] == 1.0  # RIGHT and THIRD, of the two whose passages hold it
    assert found["answered_right"] == third  # RIGHT of RIGHT, THIRD, FOOLED
    assert (found["answered"], found["missed"]) == (pytest.approx(2 / 3), third)  # LOST is missed
    assert found["answered_wrongly"] == 0.5  # FOOLED of REFUSED, FOOLED
    assert (found["possible"], found["possible_right"]) == (0.0, None)
    assert found["place_right"] == 1.0  # RIGHT and THIRD were shown
    assert (found["exact"], found["f1"]) == (0.5, 0.75)
    assert found["exact_marked"] == 0.5
    assert found["marked"] == 1.0  # of RIGHT and THIRD, which were shown and state a short answer
    assert found["refusal_recall"] == 0.5  # REFUSED of REFUSED, FOOLED
    assert found["accuracy"] == pytest.approx(2 / 5)  # RIGHT and REFUSED
    assert found["followup"] == 0.0  # THIRD
    assert found["coverage"] == pytest.approx(3 / 5)
    # the papers answer with 0.95, 0.95, 0.35 against 0.15, 0.75: of six pairs five are in order
    assert found["auroc"] == pytest.approx(5 / 6)
    # bins: 0.9 twice, right once; 0.7, 0.3 and 0.1 once each, never right
    assert found["ece"] == pytest.approx((2 * 0.4 + 0.7 + 0.3 + 0.1) / 5)
    assert found["brier"] == pytest.approx((0.01 + 0.81 + 0.49 + 0.09 + 0.01) / 5)
    # answered in the order .9 (two together), .7, .3, .1: risks 1/2, 1/2, 2/3, 3/4, 4/5
    assert found["aurc"] == pytest.approx((1 / 2 + 1 / 2 + 2 / 3 + 3 / 4 + 4 / 5) / 5)
    assert found["seconds_p50"] == pytest.approx(0.3)
    assert found["seconds_p95"] == pytest.approx(0.3)


def test_the_confidence_of_a_refusal_is_judged_by_the_withheld_quote() -> None:
    withheld = replace(LOST, ranked_first=True, confidence=1.0)
    assert metrics([withheld])["ece"] == 0.0
    assert metrics([replace(withheld, ranked_first=False)])["ece"] == 1.0


def test_metadata_questions_do_not_count_for_retrieval() -> None:
    looked_up = replace(RIGHT, type="metadata", retrieval=LOST.retrieval, ranked_first=False)
    found = metrics([RIGHT, looked_up])
    assert (found["recall@1"], found["ranked@1"], found["hit@1"]) == (1.0, 1.0, 1.0)


def test_figures_without_questions_are_none() -> None:
    found = metrics([])
    measured = {key for key, value in found.items() if value is not None}
    assert measured == {"questions", "answerable", "refused_rightly"}
    only_right = metrics([RIGHT])
    assert (only_right["auroc"], only_right["answered_wrongly"], only_right["refusal_recall"]) == (None,) * 3


def test_each_type_has_its_own_figures() -> None:
    types = summary(ALL)["types"]
    assert list(types) == ["plain", "table", "unanswerable"]
    assert types["plain"]["hit@1"] == 0.5
    assert types["table"]["recall@10"] == 0.0
    assert types["unanswerable"]["refusal_recall"] == 0.5


def test_a_question_fails_the_means_in_which_it_scores_below_1() -> None:
    assert failures(RIGHT) == []
    assert {
        "recall@1",
        "mrr",
        "hit@1",
        "ranked@1",
        "exact",
        "f1",
        "answered_right",
        "accuracy",
        "followup",
    } <= set(failures(THIRD))
    assert "recall@5" not in failures(THIRD)
    assert failures(REFUSED) == []
    assert failures(FOOLED) == ["answered_right", "answered_wrongly", "refusal_recall", "accuracy"]
    assert {"answered", "missed"} <= set(failures(LOST))


def test_possible_answers_count_apart() -> None:
    found = metrics([replace(RIGHT, status="possible"), replace(FOOLED, status="possible"), RIGHT])
    assert (found["possible"], found["coverage"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert (found["possible_right"], found["answered_right"], found["answered"]) == (1.0, 1.0, 0.5)
    assert (found["answered_wrongly"], found["refusal_recall"]) == (0.0, 0.0)


@given(st.lists(st.tuples(CHANCE, st.booleans()), min_size=2, max_size=30))
def test_auroc_against_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    auroc = metrics([replace(RIGHT, presence=score, answerable=true) for score, true in pairs])["auroc"]
    if len({true for _, true in pairs}) < 2:
        assert auroc is None
        return
    reference = roc_auc_score([true for _, true in pairs], [score for score, _ in pairs])
    assert auroc == pytest.approx(reference)


@given(st.lists(st.tuples(CHANCE, st.booleans()), min_size=1, max_size=30))
def test_brier_against_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    judged = [replace(RIGHT, confidence=stated, first_right=true) for stated, true in pairs]
    reference = brier_score_loss(
        [true for _, true in pairs], [stated for stated, _ in pairs], labels=[False, True]
    )
    assert metrics(judged)["brier"] == pytest.approx(reference)


def _calibration(pairs: list[tuple[float, bool]]) -> float:
    judged = [replace(RIGHT, confidence=stated, first_right=true) for stated, true in pairs]
    return float(metrics(judged)["ece"])


def test_calibration_error_by_hand() -> None:
    # bin 0.9-1.0: stated 0.95, right half; bin 0.2-0.3: stated 0.25, never right
    pairs = [(0.95, True), (0.95, False), (0.25, False), (0.25, False)]
    assert _calibration(pairs) == pytest.approx(0.5 * 0.45 + 0.5 * 0.25)
    assert _calibration([(1.0, True), (0.0, False)]) == 0.0


@given(st.lists(st.tuples(CHANCE, st.booleans()), min_size=1, max_size=40))
def test_calibration_error_against_the_definition(pairs: list[tuple[float, bool]]) -> None:
    slow = 0.0
    for bin_ in range(10):
        inside = [(c, r) for c, r in pairs if min(int(np.float64(c) * 10), 9) == bin_]
        if inside:
            gap = sum(c for c, _ in inside) / len(inside) - sum(r for _, r in inside) / len(inside)
            slow += abs(gap) * len(inside) / len(pairs)
    assert _calibration(pairs) == pytest.approx(slow)


@pytest.mark.parametrize("name", METRICS)
def test_weights_count_as_repetitions(name: str) -> None:
    """The bootstrap relies on this: a weight of 2 counts a question twice, 0 leaves it out."""
    weights = np.array([[2.0, 1.0, 0.0, 3.0, 1.0]])
    repeated = [one for one, times in zip(ALL, weights[0], strict=True) for _ in range(int(times))]
    weighted = float(METRICS[name].statistic(ALL)(weights)[0])
    plain = float(METRICS[name].statistic(repeated)(np.ones((1, len(repeated))))[0])
    assert weighted == pytest.approx(plain, nan_ok=True)


def test_the_curves_by_hand() -> None:
    found = curves(ALL)
    assert [(point["low"], point["count"], point["right"]) for point in found["reliability"]] == [
        (0.1, 1, 0.0),
        (0.3, 1, 0.0),
        (0.7, 1, 0.0),
        (0.9, 2, 0.5),
    ]
    assert [(point["coverage"], point["risk"]) for point in found["risk_coverage"]] == [
        (pytest.approx(0.4), 0.5),
        (pytest.approx(0.6), pytest.approx(2 / 3)),
        (pytest.approx(0.8), 0.75),
        (1.0, 0.8),
    ]
    looked_up = replace(RIGHT, type="metadata")
    assert curves([*ALL, looked_up])["recall"] == found["recall"]  # as recall@k itself
    recall = {point["k"]: point["recall"] for point in found["recall"]}
    assert (recall[1], recall[3], recall[4], recall[10]) == (
        *[pytest.approx(1 / 3)] * 2,
        *[pytest.approx(2 / 3)] * 2,
    )


def test_a_long_risk_coverage_curve_is_thinned_and_keeps_its_ends() -> None:
    many = [replace(RIGHT, confidence=at / 1000) for at in range(1000)]
    points = curves(many)["risk_coverage"]
    assert len(points) == 100
    assert (points[0]["coverage"], points[-1]["coverage"]) == (0.001, 1.0)


def test_stage_times_are_over_the_questions_that_went_through_them() -> None:
    found = stages([{"encode": 0.1}, {"encode": 0.3, "decide": 0.5}])
    assert found["encode"] == {
        "p50": pytest.approx(0.2),
        "p95": pytest.approx(0.29),
        "mean": pytest.approx(0.2),
    }
    assert found["decide"]["p50"] == 0.5
