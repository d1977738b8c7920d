"""The evaluation's figures against values worked out by hand."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.command import BelowFloor, hold_floors, load_cases, shown
from evals.corpora import Case, Gold
from evals.measure import Outcome, as_rows, auroc, calibration_error, measure, metrics, summary
from index.errors import UsageError
from tests.answering import paper, sentence

if TYPE_CHECKING:
    from pathlib import Path

    from index.store import Index
    from qa.answer import Answerer

CHANCE = st.floats(0, 1)
RIGHT = Outcome(
    id="1",
    type="plain",
    question="q",
    resolved="q",
    answerable=True,
    status="answered",
    confidence=0.9,
    first_right=True,
    right=True,
    among_three=True,
    ranked_first=True,
    passage_rank=1,
    short="412 U/L",
    exact=1.0,
    overlap=1.0,
    quotes=("a",),
    gold=("a",),
    seconds=0.1,
)
THIRD = replace(
    RIGHT, id="2", first_right=False, right=False, ranked_first=False, passage_rank=4, exact=0.0, overlap=0.5
)
LOST = replace(
    RIGHT,
    id="3",
    type="table",
    status="not_found",
    confidence=0.3,
    first_right=False,
    right=False,
    among_three=False,
    ranked_first=False,
    passage_rank=None,
    exact=None,
    overlap=None,
    seconds=0.3,
)
REFUSED = replace(LOST, id="4", type="unanswerable", answerable=False, confidence=0.1, gold=())
FOOLED = replace(REFUSED, id="5", status="answered", confidence=0.7)
ALL = (RIGHT, THIRD, LOST, REFUSED, FOOLED)


def test_every_metric_by_hand() -> None:
    found = metrics(ALL)
    assert (found["questions"], found["answerable"]) == (5, 3)
    assert found["recall@1"] == pytest.approx(1 / 3)
    assert found["recall@5"] == found["recall@10"] == pytest.approx(2 / 3)
    assert found["mrr"] == pytest.approx((1 + 1 / 4 + 0) / 3)
    assert found["hit@1"] == pytest.approx(1 / 3)
    assert found["hit@3"] == pytest.approx(2 / 3)
    assert found["ranked@1"] == pytest.approx(1 / 3)
    assert found["shown_right"] == pytest.approx(1 / 3)  # RIGHT of RIGHT, THIRD, FOOLED
    assert (found["exact"], found["f1"]) == (0.5, 0.75)
    assert found["refusal_recall"] == 0.5  # REFUSED of REFUSED, FOOLED
    assert found["refusal_precision"] == 0.5  # REFUSED of LOST, REFUSED
    assert found["refused_rightly"] == 1
    # 0.9, 0.9, 0.3 against 0.1, 0.7: of six pairs five are in order
    assert found["auroc"] == pytest.approx(5 / 6)
    assert found["seconds_p50"] == pytest.approx(0.3)


def test_metadata_is_no_matter_of_retrieval() -> None:
    looked_up = replace(RIGHT, type="metadata", passage_rank=None, ranked_first=False)
    found = metrics([RIGHT, looked_up])
    assert (found["recall@1"], found["ranked@1"], found["hit@1"]) == (1.0, 1.0, 1.0)


def test_what_is_not_there_is_not_measured() -> None:
    found = metrics([])
    assert {key for key, value in found.items() if value is not None} == {
        "questions",
        "answerable",
        "refused_rightly",
    }
    only_right = metrics([RIGHT])
    assert (only_right["auroc"], only_right["refusal_precision"], only_right["refusal_recall"]) == (None,) * 3


def test_each_type_has_its_own_figures() -> None:
    types = summary(ALL)["types"]
    assert list(types) == ["plain", "table", "unanswerable"]
    assert types["plain"]["hit@1"] == 0.5
    assert types["table"]["recall@10"] == 0.0
    assert types["unanswerable"]["refusal_recall"] == 0.5


@given(st.lists(CHANCE, min_size=1, max_size=20), st.lists(CHANCE, min_size=1, max_size=20))
def test_auroc_is_the_share_of_pairs_in_order(positive: list[float], negative: list[float]) -> None:
    pairs = [(p, n) for p in positive for n in negative]
    slow = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs) / len(pairs)
    assert auroc(positive, negative) == pytest.approx(slow)
    assert auroc(negative, positive) == pytest.approx(1 - slow)


def test_calibration_error_by_hand() -> None:
    # bin 0.9-1.0: stated 0.95, right half; bin 0.2-0.3: stated 0.25, never right
    found = calibration_error([0.95, 0.95, 0.25, 0.25], [True, False, False, False])
    assert found == pytest.approx(0.5 * 0.45 + 0.5 * 0.25)
    assert calibration_error([1.0, 0.0], [True, False]) == 0.0
    assert calibration_error([], []) is None


@given(st.lists(st.tuples(CHANCE, st.booleans()), min_size=1, max_size=40))
def test_calibration_error_against_the_definition(pairs: list[tuple[float, bool]]) -> None:
    slow = 0.0
    for bin_ in range(10):
        inside = [(c, r) for c, r in pairs if min(int(np.float64(c) * 10), 9) == bin_]
        if inside:
            gap = sum(c for c, _ in inside) / len(inside) - sum(r for _, r in inside) / len(inside)
            slow += abs(gap) * len(inside) / len(pairs)
    assert calibration_error([c for c, _ in pairs], [r for _, r in pairs]) == pytest.approx(slow)


def test_cases_are_asked_and_judged(answerer: Answerer, cases: Index) -> None:
    document, found = sentence(cases, "412 U/L")
    gold = (Gold(document.id, found.span),)
    asked = [
        Case("a", "What was the woman's LDH on admission?", answerable=True, gold=gold, short=("412 U/L",)),
        Case("b", "Was it raised?", answerable=False, gold=(), type="none", history=("What is tea?",)),
        Case("c", "Why was ibuprofen stopped?", answerable=True, gold=gold, short=("412 U/L", "412")),
    ]
    told: list[tuple[int, int]] = []
    right, nothing, wrong = measure(answerer, asked, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (right.status, right.right, right.first_right, right.ranked_first) == (
        "answered",
        True,
        True,
        True,
    )
    assert (right.short, right.exact, right.overlap) == ("412 U/L", 1.0, 1.0)
    assert (right.passage_rank or 99) <= 5
    assert right.gold == (found.span.of(document.text),)
    assert (nothing.status, nothing.right, nothing.exact) == ("not_found", False, None)
    assert nothing.resolved != nothing.question
    assert (wrong.status, wrong.right, wrong.exact) == ("answered", False, 0.0)
    assert json.loads(json.dumps(as_rows([right])))[0]["id"] == "a"


def test_several_papers_each_owe_an_answer(answerer: Answerer, cases: Index) -> None:
    lung, coughed = sentence(cases, "The woman had coughed")
    heart, pain = sentence(cases, "The man had chest pain")
    both = (Gold(lung.id, coughed.span), Gold(heart.id, pain.span))
    question = "How long did the chest pain last?"
    one, several = measure(
        answerer,
        [
            Case("one", question, answerable=True, gold=both),
            Case("several", question, answerable=True, gold=both, papers="several"),
        ],
    )
    assert (one.first_right, one.right) == (True, True)
    assert (several.first_right, several.right) == (True, False)
    assert paper(cases, "heart.txt").id == heart.id


def test_floors_are_held_or_named_and_missed_targets_told(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = tomllib.loads((root / "evals" / "floors.toml").read_text(encoding="utf-8"))["seeds"]
    assert {"recall@5", "hit@1", "refusal_recall", "refusal_precision"} <= limits["floor"].keys()
    good = dict.fromkeys([*limits["floor"], *limits["target"]], 1.0)
    hold_floors("seeds", good)
    assert "Targets missed" not in capsys.readouterr().err
    hold_floors("seeds", good | limits["floor"])  # just held
    told = capsys.readouterr().err
    assert all(key in told for key, least in limits["target"].items() if least > limits["floor"].get(key, 1))
    with pytest.raises(BelowFloor, match=r"hit@1 0\.100 <") as caught:
        hold_floors("seeds", good | {"hit@1": 0.1, "refusal_recall": None})
    assert "refusal_recall – <" in caught.value.message
    assert caught.value.exit_code == 1
    hold_floors("a set without floors", {})


def test_figures_as_shown() -> None:
    assert [shown(value) for value in (None, 3, 0.12345, 1.0)] == ["–", "3", "0.123", "1.000"]


def test_halves_of_the_seed_questions() -> None:
    _, everything = load_cases(None, "all")
    name, dev = load_cases(None, "dev")
    _, test = load_cases(None, "test")
    assert name == "seeds"
    assert {case.id for case in dev} | {case.id for case in test} == {case.id for case in everything}
    assert not {case.id for case in dev} & {case.id for case in test}


@pytest.mark.parametrize("line", ["", "{", "[]", '{"id": 1}', '{"id": 1, "question": "a"}', "\x00"])
def test_what_is_no_question_set_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match=r"set\.jsonl"):
        load_cases(path, "all")


def test_a_split_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="no split"):
        load_cases(None, "train")
