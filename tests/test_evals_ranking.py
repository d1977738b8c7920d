"""Rankings judged by ir-measures, and TREC's files."""

from __future__ import annotations

from pathlib import Path

import ir_measures
import pytest

from evals.measure.ranking import MEASURES, Ranking, first_relevant, judged, write_trec
from tests.judgements import LOST, RIGHT, outcome


def test_measures_by_hand() -> None:
    found = judged(Ranking(("a", "b", "c"), {"b": 1}))
    assert found is not None
    assert (found["recall@1"], found["recall@5"], found["mrr"]) == (0.0, 1.0, 0.5)
    assert found["ndcg@10"] == pytest.approx(0.6309, abs=1e-4)  # 1 / log2(3)
    assert found.keys() == MEASURES.keys()


def test_grades_count() -> None:
    found = judged(Ranking(("a", "b"), {"b": 2, "a": 1}))
    assert found is not None
    # gains 1 and 2 at ranks 1 and 2, against 2 and 1
    assert found["ndcg@10"] == pytest.approx((1 + 2 / 1.58496) / (2 + 1 / 1.58496), abs=1e-4)


def test_nothing_ranked_and_nothing_relevant() -> None:
    assert judged(Ranking((), {"a": 1})) == dict.fromkeys(MEASURES, 0.0)
    assert judged(Ranking(("a",), {})) is None


def test_the_first_relevant_unit_within_the_depth() -> None:
    units = tuple(str(at) for at in range(20))
    assert first_relevant(Ranking(units, {"9": 1, "12": 1})) == 10
    assert first_relevant(Ranking(units, {"10": 1})) is None


def test_trec_tools_read_the_files(tmp_path: Path) -> None:
    write_trec(tmp_path, "made up", {"1": outcome(RIGHT).ranking, "question 3": outcome(LOST).ranking})
    lines = (tmp_path / "made up.run").read_text(encoding="utf-8").splitlines()
    assert lines[0].split() == ["1", "Q0", "dddddddddddddddd:0-40", "1", "1", "loccit"]
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "made up.qrels")))  # type: ignore[no-untyped-call]
    run = list(ir_measures.read_trec_run(str(tmp_path / "made up.run")))  # type: ignore[no-untyped-call]
    assert ir_measures.calc_aggregate([ir_measures.RR @ 10], qrels, run)[ir_measures.RR @ 10] == 1.0
