"""The learned ranker and its calibration: reading files, and fits with known results."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest

from evals.calibrate.fit import PRECISION, SHARES, fit_calibrator, threshold_for
from evals.sets.splits import part_of
from evals.train.fit import first_candidates, fit_ranker, held_out_scores, hit_at
from evals.train.rankers import EVIDENCE
from evals.train.samples import Sample
from index.errors import FormatMismatch, UsageError
from qa.rank.features import NAMES
from qa.rank.rerank import load_reranker
from qa.rank.select import FORMAT, Logistic, evidence, load_weights, parse
from qa.understand.question import understand
from tests.answering import ranker_of

ASKED = understand("Was ferritin raised?")


def stored(**changes: object) -> bytes:
    """Return a valid weights file, except for ``changes``."""
    found: dict[str, Any] = {
        "format": FORMAT,
        "threshold": 0.6,
        "possible": 0.2,
        "thresholds": [{"right": 0.7, "threshold": 0.6}, {"right": 0.9, "threshold": 0.8}],
        "ranker": {"names": list(NAMES), "weights": [float(i) for i in range(len(NAMES))], "bias": -1.0},
        "calibrator": {"names": ["score", "lead", "coverage"], "weights": [1.0, 0.5, 2.0], "bias": -2.0},
        "presence": {"names": ["coverage"], "weights": [4.0], "bias": -1.0},
    }
    return json.dumps({**found, **changes}).encode()


@pytest.mark.parametrize(("right", "threshold"), [(0.5, 0.6), (0.7, 0.6), (0.71, 0.8), (0.9, 0.8)])
def test_the_threshold_for_a_share_that_should_be_right(right: float, threshold: float) -> None:
    assert parse(stored(), "weights.json").threshold_for(right) == threshold


def test_a_share_that_no_threshold_is_known_for() -> None:
    with pytest.raises(UsageError, match=r"0\.95") as caught:
        parse(stored(), "weights.json").threshold_for(0.95)
    assert "0.90" in caught.value.remedy


def test_the_shipped_thresholds_rise_with_the_share() -> None:
    for shipped in (load_weights(), load_reranker().weights):
        found = [shipped.threshold_for(share) for share in SHARES]
        assert found == sorted(found)
        assert shipped.threshold_for(PRECISION) == shipped.threshold


def test_a_weights_file_is_read() -> None:
    data = stored()
    found = parse(data, "weights.json")
    assert found.ranker.names == NAMES
    assert found.ranker.weights.tolist() == [float(i) for i in range(len(NAMES))]
    assert (found.ranker.bias, found.calibrator.bias, found.threshold) == (-1.0, -2.0, 0.6)
    assert found.fingerprint == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "data",
    [
        stored(format=FORMAT + 1),
        stored(format=None),
        stored(ranker={"names": ["dense"], "weights": [1.0], "bias": 0.0}),
        stored(ranker={"names": list(reversed(NAMES)), "weights": [0.0] * len(NAMES), "bias": 0.0}),
    ],
)
def test_weights_of_another_version_or_for_other_features_are_refused(data: bytes) -> None:
    with pytest.raises(FormatMismatch, match=r"weights\.json") as caught:
        parse(data, "weights.json")
    assert "evals.train.rankers" in caught.value.remedy


def test_the_shipped_weights_fit_the_program() -> None:
    shipped = load_weights()
    assert 0 < shipped.threshold < 1
    assert np.isfinite(shipped.ranker.weights).all()
    assert shipped.ranker.weights.any()
    assert set(shipped.calibrator.names) <= {*NAMES, "score", "lead"}


def test_log_odds_by_hand() -> None:
    model = Logistic(("a", "b"), np.array([2.0, -1.0]), 0.5)
    assert model.log_odds(np.array([[1.0, 1.0], [0.0, 3.0]])).tolist() == [1.5, -2.5]


def test_evidence_by_hand() -> None:
    """The lead is the distance to the second candidate for the first, and to the first for the others."""
    features = np.zeros((3, len(NAMES)))
    features[:, NAMES.index("coverage")] = [0.1, 0.2, 0.3]
    found = evidence(features, np.array([1.0, 4.0, 2.5]), ("score", "lead", "coverage"))
    assert found.tolist() == [[1.0, -3.0, 0.1], [4.0, 1.5, 0.2], [2.5, -1.5, 0.3]]


def test_confidence_by_hand() -> None:
    weights = parse(stored(), "weights.json")
    features = np.zeros((2, len(NAMES)))
    features[0, NAMES.index("coverage")] = 1.0
    found, presence = weights.judge(features, np.array([3.0, 1.0]))
    # 1 * score + 0.5 * lead + 2 * coverage - 2
    expected = [1 / (1 + np.exp(-(3.0 + 1.0 + 2.0 - 2.0))), 1 / (1 + np.exp(-(1.0 - 1.0 - 2.0)))]
    assert found.tolist() == pytest.approx(expected)
    assert presence == found[0]  # which is more than 4 * coverage - 1


def test_the_papers_answer_at_least_as_surely_as_their_best_sentence() -> None:
    never = {"names": ["coverage"], "weights": [0.0], "bias": -9.0}
    weights = parse(stored(presence=never), "weights.json")
    features = np.zeros((2, len(NAMES)))
    features[0, NAMES.index("coverage")] = 1.0
    confidence, presence = weights.judge(features, np.array([3.0, 1.0]))
    assert presence == confidence[0] > 0.5


def test_a_ranker_written_by_hand_takes_known_features_only() -> None:
    ranker = ranker_of({"coverage": 6.0})
    assert ranker.weights[NAMES.index("coverage")] == ranker.weights.sum() == 6.0
    with pytest.raises(ValueError, match="kind_held"):
        ranker_of({"coverage": 6.0, "kind_held": 1.0})


def test_no_candidates_give_no_confidence() -> None:
    weights = load_weights()
    features = np.zeros((0, len(NAMES)))
    scores = weights.scores(ASKED, [], features)
    confidence, presence = weights.judge(features, scores)
    assert (scores.shape, confidence.shape, presence) == ((0,), (0,), 0.0)


def made_samples(count: int, telling: int, sign: float, seed: int = 7) -> list[Sample]:
    """Return questions whose right candidate is the one with the most (least) of one feature."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        features = random.normal(size=(8, len(NAMES)))
        right = np.zeros(8, dtype=bool)
        right[int(np.argmax(sign * features[:, telling]))] = True
        found.append(Sample("made", features, right, answerable=True))
    return found


@pytest.mark.parametrize(("telling", "sign"), [(0, 1.0), (5, -1.0)])
def test_the_ranker_learns_the_informative_feature(telling: int, sign: float) -> None:
    weights, bias = fit_ranker(made_samples(120, telling, sign), ridge=1.0)
    assert int(np.argmax(np.abs(weights))) == telling
    assert np.sign(weights[telling]) == sign
    unseen = made_samples(80, telling, sign, seed=8)
    scores = [item.features @ weights + bias for item in unseen]
    assert hit_at(unseen, scores, 1) >= 0.8
    assert hit_at(unseen, [-values for values in scores], 1) <= 0.05


def test_questions_without_a_wrong_or_a_right_candidate_teach_the_ranker_nothing() -> None:
    found = made_samples(60, 3, 1.0)
    rest = [
        Sample("made", np.ones((4, len(NAMES))), np.zeros(4, dtype=bool), answerable=False),
        Sample("made", np.ones((4, len(NAMES))), np.ones(4, dtype=bool), answerable=True),
        Sample("made", np.zeros((0, len(NAMES))), np.zeros(0, dtype=bool), answerable=False),
    ]
    alone, _ = fit_ranker(found)
    together, _ = fit_ranker(found + rest)
    assert together == pytest.approx(alone)


def test_a_sample_of_weight_three_counts_as_three() -> None:
    one, others = made_samples(1, 0, 1.0, seed=9), made_samples(30, 3, 1.0)
    counted, bias = fit_ranker([*others, *one], counts=[1.0] * 30 + [3.0])
    repeated, _ = fit_ranker([*others, *one * 3])
    spread = np.concatenate([item.features for item in (*others, *one)]).std(axis=0)
    # Repeating a sample also moves the scale on which the weights are held small, a little.
    assert counted * spread == pytest.approx(repeated * spread, abs=0.05)
    assert np.isfinite(bias)


def test_the_calibrator_learns_how_often_a_score_is_right() -> None:
    """The first candidate is right with a chance that grows with its coverage, and nothing else does."""
    random = np.random.default_rng(3)
    found, scores = [], []
    for _ in range(1500):
        features = np.zeros((2, len(NAMES)))
        coverage = random.random()
        features[0, NAMES.index("coverage")] = coverage
        right = np.array([random.random() < coverage, False])
        found.append(Sample("made", features, right, answerable=bool(right.any())))
        scores.append(np.array([1.0, 0.0]))
    rows, right_first = first_candidates(found, scores, EVIDENCE, NAMES)
    weights, bias = fit_calibrator(rows, right_first, np.ones(len(rows)))
    stated = 1 / (1 + np.exp(-(rows @ weights + bias)))
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.01)):
        among = (stated >= low) & (stated < high)
        assert stated[among].mean() == pytest.approx(right_first[among].mean(), abs=0.06)


def test_samples_of_weight_zero_teach_nothing() -> None:
    random = np.random.default_rng(4)
    rows = random.normal(size=(400, len(EVIDENCE)))
    right = rows[:, 0] + random.normal(size=400) > 0
    share = np.ones(400)
    alone, _ = fit_calibrator(rows, right, share)
    with_noise, _ = fit_calibrator(
        np.concatenate([rows, rows]), np.concatenate([right, ~right]), np.concatenate([share, 1e-9 * share])
    )
    assert with_noise == pytest.approx(alone, abs=1e-3)


def test_a_bounded_weight_keeps_its_sign_where_columns_say_the_same() -> None:
    random = np.random.default_rng(6)
    sure = random.normal(size=600)
    noise = random.normal(size=600)
    rows = np.column_stack([sure, sure + 0.3 * noise, -sure])
    right = sure - noise > 0
    free, _ = fit_calibrator(rows, right, np.ones(600))
    weights, _ = fit_calibrator(rows, right, np.ones(600), [1, 1, -1])
    assert (weights >= [0, 0, -np.inf]).all() and weights[2] <= 0
    assert (free[:2] < 0).any()


def test_held_out_questions_are_scored_by_a_ranker_that_has_not_seen_them() -> None:
    """With nothing to learn, scores of training questions would look far better than chance."""
    random = np.random.default_rng(5)
    dev = [
        Sample("made", random.normal(size=(8, len(NAMES))), np.eye(8, dtype=bool)[i % 8], answerable=True)
        for i in range(40)
    ]
    public = made_samples(20, 0, 1.0)
    scores = held_out_scores(public, dev, lambda _item: 15.0)
    assert [values.shape for values in scores] == [(8,)] * 40
    assert hit_at(dev, scores, 1) <= 0.4
    weights, _ = fit_ranker([*public, *dev * 50])
    assert hit_at(dev, [item.features @ weights for item in dev], 1) >= 0.5


def test_the_first_candidate_is_the_one_with_the_best_score() -> None:
    features = np.zeros((3, len(NAMES)))
    features[:, NAMES.index("coverage")] = [0.1, 0.2, 0.3]
    one = Sample("made", features, np.array([False, True, False]), answerable=True)
    none = Sample("made", np.zeros((0, len(NAMES))), np.zeros(0, dtype=bool), answerable=False)
    rows, right = first_candidates([one, none], [np.array([0.0, 2.0, 1.0]), np.zeros(0)], EVIDENCE, NAMES)
    assert rows.shape[0] == 1
    assert right.tolist() == [True]
    assert 0.2 in rows[0].tolist()


@pytest.mark.parametrize(
    ("precision", "threshold"),
    [(1.0, 0.8), (0.75, 0.6), (0.6, 0.5), (0.0, 0.1)],
)
def test_the_threshold_computed_by_hand(precision: float, threshold: float) -> None:
    confidence = np.array([0.5, 0.9, 0.1, 0.6, 0.8, 0.7])
    right = np.array([False, True, False, True, True, False])
    # from the top: 1/1, 2/2, 2/3, 3/4, 3/5, 3/6
    assert threshold_for(confidence, right, precision) == threshold


def test_without_a_sufficient_threshold_only_certain_answers_are_shown() -> None:
    assert threshold_for(np.array([0.2, 0.7]), np.array([False, False]), 0.9) == 1.0
    assert threshold_for(np.zeros(0), np.zeros(0, dtype=bool), 0.9) == 1.0


def test_hits_by_hand() -> None:
    features = np.zeros((3, len(NAMES)))
    right = np.array([False, False, True])
    found = [
        Sample("made", features, right, answerable=True),
        Sample("made", features, ~right, answerable=True),
        Sample("made", features, np.zeros(3, dtype=bool), answerable=False),
    ]
    scores = [np.array([3.0, 2.0, 1.0])] * 3
    assert [hit_at(found, scores, count) for count in (1, 2, 3)] == [0.5, 0.5, 1.0]
    assert hit_at(found[2:], scores[2:], 1) == 0.0


def test_papers_keep_their_part() -> None:
    parts = [part_of(f"{i:064x}") for i in range(2000)]
    assert parts == [part_of(f"{i:064x}") for i in range(2000)]
    shares = [parts.count(name) / 2000 for name in ("ranker", "reranker", "calibrator", "test")]
    assert shares == pytest.approx([0.6, 0.1, 0.1, 0.2], abs=0.04)
