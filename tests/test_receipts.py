"""Receipts: the same question to the same index gives the same answer, or the replay says what differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.errors import IndexDamaged, LoccitError, UsageError
from index.store.index import Index
from index.store.open import open_index
from qa.answer import Answerer
from qa.conversation import Conversation
from qa.rank.stages import Stages
from qa.receipts import replay, write_receipt
from qa.records import Status
from qa.settings import Settings
from tests.answering import PAPERS, paper, plain_weights
from tests.index_fakes import WordEncoder, build_papers, write_papers

QUESTION = "What was the woman's LDH on admission?"


@pytest.fixture
def receipt(answerer: Answerer, tmp_path: Path) -> Path:
    path = tmp_path / "r.json"
    answer, _ = Conversation().ask(answerer, QUESTION)
    write_receipt(path, answer, Conversation(), None)
    return path


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    saved = json.loads(path.read_text(encoding="utf-8"))
    edit(saved)
    path.write_text(json.dumps(saved), encoding="utf-8")


def test_a_replay_gives_the_same_answer(answerer: Answerer, receipt: Path) -> None:
    assert "same answer, byte for byte (answered, 1 quotes)" in replay(receipt, answerer)


def test_history_papers_and_refusals_are_replayed_too(
    answerer: Answerer, cases: Index, tmp_path: Path
) -> None:
    path, chosen = tmp_path / "r.json", frozenset({paper(cases, "lung.txt").id})
    conversation = Conversation((QUESTION,))
    answer, _ = conversation.ask(answerer, "And the potassium?", chosen)
    write_receipt(path, answer, conversation, chosen)
    assert str(answer.status) in replay(path, answerer)


CHAIN = (QUESTION, "And her procalcitonin?", "Was she discharged?")


def test_an_answer_late_in_a_conversation_is_replayed_from_the_last_place(
    answerer: Answerer, tmp_path: Path
) -> None:
    path, conversation = tmp_path / "r.json", Conversation()
    for question in CHAIN:
        before = conversation
        answer, conversation = before.ask(answerer, question)
    write_receipt(path, answer, before, None)
    assert before.last is not None
    assert json.loads(path.read_text())["last"]["document_id"] == before.last.document_id
    assert "same answer" in replay(path, answerer)


def test_a_receipt_from_before_places_were_stated_is_replayed(answerer: Answerer, tmp_path: Path) -> None:
    path, conversation = tmp_path / "r.json", Conversation(CHAIN[:1])
    answer, _ = conversation.ask(answerer, CHAIN[1])
    write_receipt(path, answer, conversation, None)
    change(path, lambda saved: saved.pop("last"))
    assert "same answer" in replay(path, answerer)


@pytest.mark.parametrize(("history", "error"), [(CHAIN[:1], IndexDamaged), (CHAIN[:2], UsageError)])
def test_an_older_receipt_that_differs_after_several_questions_is_not_reported_as_damage(
    answerer: Answerer, tmp_path: Path, history: tuple[str, ...], error: type[LoccitError]
) -> None:
    path, conversation = tmp_path / "r.json", Conversation(history)
    answer, _ = conversation.ask(answerer, CHAIN[2])
    write_receipt(path, replace(answer, confidence=0.123), conversation, None)
    change(path, lambda saved: saved.pop("last"))
    with pytest.raises(error, match="differs now"):
        replay(path, answerer)


def test_settings_are_those_of_the_receipt(cases: Index, answerer: Answerer, tmp_path: Path) -> None:
    strict = Answerer(
        cases, WordEncoder(), stages=Stages(plain_weights(possible=0.1)), settings=Settings(threshold=0.999)
    )
    path = tmp_path / "r.json"
    answer, _ = Conversation().ask(strict, QUESTION)
    write_receipt(path, answer, Conversation(), None)
    assert answer.status is Status.POSSIBLE
    assert "possible" in replay(path, answerer)


@pytest.mark.parametrize(
    "edit",
    [
        lambda saved: saved["answer"]["citations"][0].update(quote="Her lactate dehydrogenase was 421 U/L."),
        lambda saved: saved["answer"]["citations"][0]["span"].update(start=0),
        lambda saved: saved["answer"].update(confidence=0.5),
        lambda saved: saved["answer"].update(status="not_found"),
        lambda saved: saved["answer"]["receipt"].update(threshold=0.4),
        lambda saved: saved["answer"]["receipt"]["settings"].update(threshold=0.999),
        lambda saved: saved["answer"]["citations"].clear(),
        lambda saved: saved.update(documents=[]),
    ],
)
def test_any_alteration_is_detected(
    answerer: Answerer, receipt: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    change(receipt, edit)
    with pytest.raises(IndexDamaged, match="differs"):
        replay(receipt, answerer)


@pytest.mark.parametrize("key", ["generation", "seconds"])
def test_times_may_differ_from_run_to_run(answerer: Answerer, receipt: Path, key: str) -> None:
    change(receipt, lambda saved: saved["answer"]["receipt"].update({key: {"generation": 99}.get(key, {})}))
    assert "same answer" in replay(receipt, answerer)


@pytest.mark.parametrize("key", ["index", "model", "ranker"])
def test_a_changed_model_index_or_setting_is_named(answerer: Answerer, receipt: Path, key: str) -> None:
    change(receipt, lambda saved: saved["answer"]["receipt"].update({key: "f" * 64}))
    with pytest.raises(UsageError, match="made with other"):
        replay(receipt, answerer)


def test_another_index_is_found(receipt: Path, tmp_path: Path) -> None:
    papers = {"lung.txt": PAPERS["lung.txt"].replace("412 U/L", "421 U/L")}
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers", papers))
    with open_index(tmp_path / "index") as index:
        other = Answerer(index, WordEncoder(), stages=Stages(plain_weights()))
        with pytest.raises(UsageError, match="other papers"):
            replay(receipt, other)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"format": 1}',
        b'{"format": 2, "history": [], "documents": null, "answer": {}}',
        b'{"format": 1, "history": [], "documents": null, "answer": {}}',
        b'{"format": 1, "history": [], "documents": null, "answer": {"receipt": {"settings": {"x": 1}}}}',
        b'{"format": 1, "history": 5, "documents": null, "answer": {"receipt": {"settings": {}}}}',
    ],
)
def test_files_that_are_not_receipts_are_refused_with_a_remedy(
    answerer: Answerer, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(data)
    with pytest.raises(LoccitError, match=r"r\.json") as caught:
        replay(path, answerer)
    assert isinstance(caught.value, UsageError)
    assert "loccit ask --receipt" in caught.value.remedy


@pytest.mark.parametrize(
    "edit",
    [
        lambda saved: saved["answer"]["receipt"]["settings"].update(passages="many"),
        lambda saved: saved["answer"].update(question=None),
        lambda saved: saved.update(history=[1]),
        lambda saved: saved["answer"]["receipt"].pop("model"),
        lambda saved: saved.update(last="lung.txt"),
        lambda saved: saved.update(last={"document_id": 1, "quoted": None}),
        lambda saved: saved.update(last={"document_id": "a", "quoted": {"start": 2, "end": 1}}),
        lambda saved: saved.update(last={"document_id": "a", "quoted": {"start": 0.5, "end": 1}}),
    ],
)
def test_a_receipt_without_what_a_replay_needs_is_refused(
    answerer: Answerer, receipt: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    change(receipt, edit)
    with pytest.raises(UsageError, match="another version, or damaged"):
        replay(receipt, answerer)


def test_a_missing_receipt_is_refused(answerer: Answerer, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.json: does not exist"):
        replay(tmp_path / "nowhere.json", answerer)
