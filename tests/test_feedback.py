"""Judgements of answers are kept and replaced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from index.errors import StorageError
from qa.files.feedback import FILE, judgements, save
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


def test_many_sessions_save_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: save(tmp_path, answer(f"{number}?"), helpful=True), range(40)))
    assert len(judgements(tmp_path)) == 40


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(StorageError, match=FILE):
        judgements(tmp_path)
