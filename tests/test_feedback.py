"""Judgements of answers: kept, replaced and exported as evaluation questions."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from index.errors import StorageError
from qa.files.feedback import FILE, as_cases, judgements, save
from tests.test_present import answer_of, find, paper

if TYPE_CHECKING:
    from pathlib import Path

    from qa.records import Answer


def answer(question: str = "What fell?") -> Answer:
    document = paper()
    made = answer_of(document, find(document, "It rose again later."))
    return replace(made, question=question, resolved_question=question)


def test_a_later_judgement_replaces_the_first(tmp_path: Path) -> None:
    assert judgements(tmp_path) == []
    save(tmp_path, answer(), helpful=True)
    timed = replace(answer().receipt, seconds={"search": 0.5})
    save(tmp_path, replace(answer(), receipt=timed), helpful=False)
    (judgement,) = judgements(tmp_path)
    assert not judgement.helpful
    assert judgement.answer["citations"][0]["quote"] == "It rose again later."


def test_judgements_become_cases(tmp_path: Path) -> None:
    save(tmp_path, answer("One?"), helpful=True)
    save(tmp_path, answer("Two?"), helpful=False)
    good, bad = (json.loads(line) for line in as_cases(judgements(tmp_path)).splitlines())
    document = paper()
    (gold,) = good["gold"]
    assert document.text[gold["start"] : gold["end"]] == gold["quote"] == "It rose again later."
    assert gold["document"] == document.id
    assert (good["review"], bad["review"]) == (False, True)
    assert bad["gold"] == []


def test_many_sessions_save_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: save(tmp_path, answer(f"{number}?"), helpful=True), range(40)))
    assert len(judgements(tmp_path)) == 40


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(StorageError, match=FILE):
        judgements(tmp_path)
