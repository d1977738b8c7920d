"""``loccit calibrate``: thresholds with a known optimum, refusals, and where they are used and stated."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from evals.calibrate.need import least_answerable, least_answers, least_unanswerable, trials_for
from evals.calibrate.own import Scores, cross_validated, decide, fit, shares
from evals.measure.bootstrap import wilson
from evals.sets.own import question_file
from index.errors import UsageError
from index.store.index import Index
from qa.answer import Answerer
from qa.calibration import FILE, MOST_PAPERS, Kept, apply, load, replaced, reset, save
from qa.conversation import Conversation
from qa.rank.select import log_odds
from qa.rank.stages import Stages
from qa.receipts import replay, write_receipt
from qa.records import Calibration, Status
from qa.session import opened
from qa.settings import AskOptions, Settings
from tests.answering import plain_weights
from tests.commands import one_line
from tests.index_fakes import WordEncoder

if TYPE_CHECKING:
    from tests.commands import Loccit

LDH = "What was the woman's LDH on admission?"
PIPES = pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")


def scored(confidence: Any, right: Any, **changes: Any) -> Scores:  # noqa: ANN401 - arrays or lists
    """Return questions that the papers answer, called not found until they are decided."""
    confidence, right = np.array(confidence, float), np.array(right, bool)
    no = np.zeros(len(right), bool)
    given = Scores(confidence, right, confidence, ~no, no, no, np.full(len(right), "ranked"))
    return replace(given, **changes)


# Fitting


def test_the_threshold_is_the_lowest_that_keeps_the_share() -> None:
    """Nine of the ten most confident are right, and so are eighteen of twenty; of twenty-one, too few."""
    confidence = np.linspace(0.99, 0.5, 30)
    right = np.array(([True] * 9 + [False]) * 2 + [False] * 10)
    fitted = fit(scored(confidence, right), 0.9)
    assert fitted.threshold == pytest.approx(confidence[19], abs=1e-6)
    decided = decide(fitted, scored(confidence, right))
    assert (shares(decided)["answered_right"].count, shares(decided)["answered_right"].total) == (18, 20)
    assert (fitted.slope, fitted.offset) == (1.0, 0.0)  # ten wrong ones are too few to correct the confidence
    assert dict(fitted.by_share)[0.9] == fitted.threshold
    assert 0.95 not in dict(fit(scored([0.9, 0.8], [False, True]), 0.9).by_share)


def test_at_most_four_of_a_hundred_answerable_questions_are_called_not_found() -> None:
    presence = np.linspace(0.01, 0.99, 100)
    some = scored(np.full(100, 0.001), [False] * 100, presence=presence)
    missed = shares(decide(fit(some, 0.9), some))["missed"]
    assert (missed.count, missed.total) == (4, 100)


def test_a_confidence_that_is_off_is_corrected_and_one_that_is_true_is_not() -> None:
    generator = np.random.default_rng(0)
    odds = generator.normal(0, 2, 4000)
    right = generator.random(4000) < 1 / (1 + np.exp(-odds))
    stated = 1 / (1 + np.exp(-(2 * odds - 1)))  # too extreme, and too low
    fitted = fit(scored(stated, right), 0.9)
    assert (fitted.slope, fitted.offset) == pytest.approx((0.5, 0.5), abs=0.06)
    chances = np.sort(1 / (1 + np.exp(-odds)))[::-1]
    best = chances[np.cumsum(chances) / np.arange(1, 4001) >= 0.9][-1]  # nine of ten above it are right
    assert fitted.threshold == pytest.approx(best, abs=0.04)
    true = fit(scored(1 / (1 + np.exp(-odds)), right), 0.9)
    assert (true.slope, true.offset) == pytest.approx((1.0, 0.0), abs=0.06)


def test_questions_are_judged_by_thresholds_that_did_not_see_them() -> None:
    """Chance alone: what was fitted promises 90 %, and new questions are right half of the time."""
    generator = np.random.default_rng(3)
    some = scored(generator.random(200), generator.random(200) < 0.5)
    fitted = shares(decide(fit(some, 0.9), some))["answered_right"]
    unseen = shares(cross_validated(some, 0.9))["answered_right"]
    assert fitted.count >= 0.9 * fitted.total > 0
    assert unseen.count < 0.9 * unseen.total


def test_what_thresholds_do_not_decide_keeps_its_outcome() -> None:
    basis = np.array(["looked up", "looked up", "capped", "none"])
    shown = np.array([True, True, True, False])
    some = scored([0.95, 0.6, 0.4, 0.0], [True] * 4, basis=basis, shown=shown, sure=shown)
    fitted = fit(scored([0.9, 0.8, 0.7], [True, True, False]), 0.9)
    decided = decide(fitted, some)
    assert decided.sure.tolist() == [True, False, True, False]
    assert decided.shown.tolist() == shown.tolist()


# How many questions


def test_how_many_questions_are_needed() -> None:
    assert wilson(9, 10) == pytest.approx((0.596, 0.982), abs=1e-3)  # Wilson, from a table
    assert trials_for(0.9, 0.05) == 141
    assert (least_answerable(0.9), least_answerable(0.95), least_unanswerable()) == (34, 25, 10)
    assert (least_answers(0.9), least_answers(0.95)) == (10, 20)


def test_too_few_questions_are_refused_with_what_is_missing(
    loccit: Loccit, seed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold = [{"document": "a.pdf", "quote": "a"}]
    lines = [
        json.dumps({"id": at, "question": f"Was it {at}?", "gold": [] if at % 3 else gold})
        for at in range(30)
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    said = one_line(loccit("calibrate", path, "--index", seed_index), 2)
    assert "10 questions that the papers answer and 20 that they do not" in said
    assert "at least 34 and 10. Add 24 more that the papers answer: loccit eval new" in said
    assert said.endswith(f"{path} --index {seed_index}\n")
    monkeypatch.setenv("LOCCIT_INDEX", str(seed_index))
    assert one_line(loccit("calibrate", path), 2).endswith(f"loccit eval new {path}\n")
    assert not (seed_index / FILE).exists()


# Where it is used


@pytest.fixture
def plain(cases: Index) -> Callable[..., Answerer]:
    def make(threshold: float = 0.5) -> Answerer:
        return Answerer(cases, WordEncoder(), stages=Stages(plain_weights(threshold)), settings=Settings())

    return make


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "own.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    return path


def calibration(answerer: Answerer, questions: Path, **changes: Any) -> Calibration:  # noqa: ANN401
    from index.files import sha256_of

    given = Calibration(
        threshold=0.999,
        possible=0.2,
        thresholds=((0.9, 0.999),),
        slope=0.5,
        offset=0.1,
        right=0.9,
        file=questions.name,
        digest=sha256_of(questions),
        made="2026-11-30T12:00:00+00:00",
        answerable=40,
        unanswerable=12,
        papers=2,
        reader=answerer.reader,
        stages=answerer.stages.identity(answerer.settings),
        model=answerer.encoder.fingerprint,
    )
    return replace(given, **changes)


def test_a_calibration_decides_corrects_and_is_undone(
    plain: Callable[..., Answerer], questions: Path, tmp_path: Path
) -> None:
    usual = plain().ask(LDH)
    save(tmp_path, calibration(plain(), questions), questions, ())
    fitted = apply(plain(), tmp_path)
    answer = fitted.ask(LDH)
    assert (usual.status, answer.status) == (Status.ANSWERED, Status.POSSIBLE)
    odds = log_odds(np.array([usual.confidence, answer.confidence]))
    assert odds[1] == pytest.approx(0.5 * odds[0] + 0.1)
    assert (fitted.warnings, fitted.possible) == ((), 0.2)
    assert answer.receipt.calibration == calibration(plain(), questions)
    assert str(tmp_path) not in json.dumps(str(answer.receipt))  # the path stays on this machine
    stated = fitted.configured(Settings(threshold=0.3))
    assert stated.threshold == 0.3
    assert (reset(tmp_path), reset(tmp_path)) == (True, False)
    again = apply(plain(), tmp_path).ask(LDH)
    assert (again.confidence, again.receipt.calibration) == (usual.confidence, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "another"}, "another embedding model"),
        ({"reader": "large"}, "the large reader"),
        ({}, "other weights"),
    ],
)
def test_it_is_not_used_with_what_it_was_not_fitted_with(
    plain: Callable[..., Answerer], questions: Path, tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    other = calibration(plain(), questions, stages="0" * 64, **changes)
    save(tmp_path, other, questions, ())
    answerer = apply(plain(), tmp_path)
    (warning,) = answerer.warnings
    assert reason in warning
    assert warning.endswith(f"loccit calibrate {questions} --index {tmp_path}")
    assert (answerer.threshold, answerer.calibration) == (0.5, None)


def test_changed_questions_and_a_damaged_file_are_told(
    plain: Callable[..., Answerer], questions: Path, tmp_path: Path
) -> None:
    save(tmp_path, calibration(plain(), questions), questions, ())
    questions.write_text("{}\n{}\n", encoding="utf-8")
    answerer = apply(plain(), tmp_path)
    assert "own.jsonl has changed" in answerer.warnings[0]
    assert answerer.calibration is not None
    questions.unlink()  # as on another machine
    assert apply(plain(), tmp_path).warnings == ()
    (tmp_path / FILE).write_text('{"format": 1, "calibration": {}}', encoding="utf-8")
    with pytest.raises(UsageError, match="damaged"):
        load(tmp_path)
    damaged = apply(plain(), tmp_path)
    assert "damaged" in damaged.warnings[0]
    assert f"loccit calibrate --reset --index {tmp_path}" in damaged.warnings[0]
    assert damaged.threshold == 0.5


@pytest.mark.parametrize(
    "stated",
    [
        {"threshold": math.nan},
        {"threshold": -3},
        {"possible": 1.5},
        {"right": 7},
        {"thresholds": [[0.9, 2.0]]},
        {"thresholds": [[-1, 0.5]]},
        {"slope": math.inf},
        {"slope": -1},
        {"slope": 0},
        {"offset": 1e308},
        {"offset": math.nan},
        {"papers": -1},
        {"answerable": True},
    ],
    ids=str,
)
def test_numbers_that_cannot_be_are_damage_in_the_file_and_in_receipts(
    plain: Callable[..., Answerer], questions: Path, tmp_path: Path, stated: dict[str, Any]
) -> None:
    save(tmp_path, calibration(plain(), questions), questions, ())
    path = tmp_path / FILE
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["calibration"] |= stated
    path.write_text(json.dumps(kept), encoding="utf-8")
    answerer = apply(plain(), tmp_path)
    assert "damaged" in answerer.warnings[0]
    assert (answerer.calibration, answerer.threshold) == (None, 0.5)

    receipt = tmp_path / "r.json"
    answer, _ = Conversation().ask(plain().calibrated(calibration(plain(), questions)), LDH)
    write_receipt(receipt, answer, Conversation(), None)
    saved = json.loads(receipt.read_text(encoding="utf-8"))
    saved["answer"]["receipt"]["calibration"] |= stated
    receipt.write_text(json.dumps(saved), encoding="utf-8")
    with pytest.raises(UsageError, match="damaged"):
        replay(receipt, plain())


@pytest.mark.parametrize("stated", [{"format": True}, {"format": 2}, {"format": 1.0}, {"path": 5}], ids=str)
def test_another_version_is_told(
    plain: Callable[..., Answerer], questions: Path, tmp_path: Path, stated: dict[str, Any]
) -> None:
    save(tmp_path, calibration(plain(), questions), questions, ())
    kept = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    (tmp_path / FILE).write_text(json.dumps(kept | stated), encoding="utf-8")
    with pytest.raises(UsageError, match="damaged, or of another version"):
        load(tmp_path)


@PIPES
@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_damage_and_a_folder_is_not_removed(
    plain: Callable[..., Answerer], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / FILE
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    assert "damaged" in apply(plain(), tmp_path).warnings[0]
    if kind == "pipe":
        assert reset(tmp_path)
        return
    (path / "mine.txt").touch()
    with pytest.raises(UsageError, match="a folder, which Loccit has not made"):
        reset(tmp_path)
    assert (path / "mine.txt").exists()


@PIPES
@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "pipe", "folder", "nowhere"])
def test_questions_that_cannot_be_read_are_not_compared(
    plain: Callable[..., Answerer], questions: Path, tmp_path: Path, name: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    save(tmp_path, calibration(plain(), questions), tmp_path / name, ())
    answerer = apply(plain(), tmp_path)
    assert answerer.calibration is not None
    assert answerer.warnings == ()


@pytest.mark.parametrize(
    ("total", "left", "words"),
    [
        (12, 6, ""),
        (12, 1, "on 12 papers, of which 1 is still"),
        (12, 0, "on 12 papers, of which 0 are still"),
        (2_500, 400, "on 2,500 papers, of which about 1,000 are still"),
    ],
)
def test_papers_that_were_replaced_are_told(
    plain: Callable[..., Answerer], questions: Path, tmp_path: Path, total: int, left: int, words: str
) -> None:
    ids = [f"{at:064}" for at in range(total)]
    save(tmp_path, calibration(plain(), questions, papers=total), questions, ids)
    kept = load(tmp_path)
    assert kept is not None
    assert len(kept.documents) == min(total, MOST_PAPERS)
    said = replaced(kept, ids[:left], tmp_path)
    assert (words in said) if words else not said
    answerer = apply(plain(), tmp_path)
    assert "of which 0 are still in the index" in answerer.warnings[0].replace("about ", "")
    assert answerer.calibration is not None


def test_info_says_what_ask_says(loccit: Loccit, seed_index: Path, questions: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(seed_index, folder)
    with opened(folder) as answerer:
        one = calibration(answerer, questions)
        save(folder, one, questions, answerer.index.documents)
        assert json.loads(loccit("info", "--index", folder, "--json").out)["calibration_warning"] is None
        for other, reason in (
            (replace(one, stages="0" * 64), "other weights"),
            (replace(one, model="x"), "another embedding model"),
        ):
            save(folder, other, questions, answerer.index.documents)
            said = json.loads(loccit("info", "--index", folder, "--json").out)["calibration_warning"]
            assert reason in said
            assert (said,) == apply(answerer, folder).warnings[-1:]


def test_a_receipt_replays_with_its_own_thresholds(
    plain: Callable[..., Answerer], questions: Path, tmp_path: Path
) -> None:
    path = tmp_path / "r.json"
    fitted = plain().calibrated(calibration(plain(), questions))
    answer, _ = Conversation().ask(fitted, LDH)
    write_receipt(path, answer, Conversation(), None)
    other = plain().calibrated(calibration(plain(), questions, threshold=0.1, slope=1.0))
    for answerer in (plain(), fitted, other):
        assert "same answer, byte for byte (possible" in replay(path, answerer)
    saved = json.loads(path.read_text(encoding="utf-8"))
    saved["answer"]["receipt"]["calibration"]["slope"] = "steep"
    path.write_text(json.dumps(saved), encoding="utf-8")
    with pytest.raises(UsageError, match="damaged"):
        replay(path, plain())
    answer, _ = Conversation().ask(plain(), LDH)  # one from before there were calibrations
    write_receipt(path, answer, Conversation(), None)
    saved = json.loads(path.read_text(encoding="utf-8"))
    del saved["answer"]["receipt"]["calibration"]
    path.write_text(json.dumps(saved), encoding="utf-8")
    assert "same answer" in replay(path, fitted)


@pytest.mark.slow
def test_the_command_calibrates_and_eval_agrees(loccit: Loccit, seed_index: Path, tmp_path: Path) -> None:
    """On 44 seed questions: what ``calibrate`` says of the fitted thresholds is what ``eval`` measures."""
    folder, path = tmp_path / "index", tmp_path / "own.jsonl"
    shutil.copytree(seed_index, folder)
    lines = question_file("seeds").read_text(encoding="utf-8").splitlines()
    kinds = [[line for line in lines if f'"answerable": {word}' in line] for word in ("true", "false")]
    path.write_text("\n".join([*kinds[0][:68:2], *kinds[1][:20:2]]) + "\n", encoding="utf-8")
    small = ("--index", folder, "--reader", "small")

    told = json.loads(loccit("calibrate", path, *small, "--json").out)
    kept = load(folder)
    assert isinstance(kept, Kept)
    assert kept.calibration.threshold == told["calibration"]["threshold"]
    assert (kept.calibration.answerable, kept.calibration.unanswerable) == (34, 10)

    measured = loccit("eval", path, *small, "--json")
    assert "fitted to these questions" in measured.err
    figures = json.loads(measured.out)
    assert figures["calibration"].startswith("own.jsonl, ")
    assert figures["threshold"] == kept.calibration.threshold
    assert figures["answered_right"] >= 0.9
    usual = json.loads(loccit("eval", path, *small, "--no-calibration", "--json", "--limit", "1").out)
    assert (usual["calibration"], usual["threshold"] > 0.7) == (None, True)
    assert "aimed at 90%" in loccit("info", "--index", folder).out
    with opened(folder, AskOptions(reader="small", calibration=False)) as answerer:
        assert answerer.calibration is None
    assert "used again" in loccit("calibrate", "--reset", "--index", folder).out
    assert "as shipped" in loccit("info", "--index", folder).out
