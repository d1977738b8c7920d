"""Judgements of answers are kept, replaced and withdrawn."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import StorageError
from qa.files.feedback import FILE, Right, judgements, save, withdraw
from qa.records import Answer, as_json
from tests.test_present import answer_of, find, paper


def answer(question: str = "What fell?") -> Answer:
    document = paper()
    made = answer_of(document, find(document, "It rose again later."))
    return replace(made, question=question, resolved_question=question)


def test_a_later_judgement_replaces_the_first_of_the_same_person(tmp_path: Path) -> None:
    assert judgements(tmp_path) == []
    save(tmp_path, answer(), helpful=True, owner="ada")
    timed = replace(answer().receipt, seconds={"search": 0.5})
    save(tmp_path, replace(answer(), receipt=timed), helpful=False, owner="ada")
    (judgement,) = judgements(tmp_path, owner="ada")
    assert (judgement.helpful, judgement.gold) == (False, None)
    assert judgement.answer["citations"][0]["quote"] == "It rose again later."
    save(tmp_path, answer(), helpful=False, owner="ada", gold=[Right("d", "It fell.")])
    assert [one.gold for one in judgements(tmp_path)] == [(Right("d", "It fell."),)]
    assert judgements(tmp_path, owner="grace") == []


def test_a_judgement_is_withdrawn_by_its_owner(tmp_path: Path) -> None:
    save(tmp_path, answer("Zwiesel?"), helpful=True, owner="ada")
    save(tmp_path, answer("Second?"), helpful=True, owner="ada")
    number = judgements(tmp_path)[1].number
    withdraw(tmp_path, "grace", number=number)
    withdraw(tmp_path, "grace", answer=answer("Zwiesel?"))
    assert len(judgements(tmp_path)) == 2
    withdraw(tmp_path, "ada", answer=answer("Zwiesel?"))
    withdraw(tmp_path, "ada", number=number)
    assert judgements(tmp_path) == []
    assert b"Zwiesel" not in (tmp_path / FILE).read_bytes()


def test_judgements_of_the_first_release_are_kept(tmp_path: Path) -> None:
    made = answer()
    with closing(sqlite3.connect(tmp_path / FILE)) as base:
        base.execute(
            "CREATE TABLE feedback (number INTEGER PRIMARY KEY, made TEXT NOT NULL, "
            "helpful INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, "
            "UNIQUE (question, answer))"
        )
        text = json.dumps(as_json(made))
        rows = [
            (3, "2026-01-01T00:00:00+00:00", 1, "A?", text),
            (5, "2026-01-02T00:00:00+00:00", 0, "B?", text),
        ]
        base.executemany("INSERT INTO feedback VALUES (?, ?, ?, ?, ?)", rows)
        base.commit()
    good, bad = judgements(tmp_path, owner="")
    assert (good.number, good.gold) == (3, (Right(made.citations[0].document_id, "It rose again later."),))
    assert (bad.number, bad.gold) == (5, None)


def test_many_sessions_save_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: save(tmp_path, answer(f"{number}?"), helpful=True), range(40)))
    assert len(judgements(tmp_path)) == 40


@pytest.mark.parametrize(
    ("column", "value"),
    [("answer", "{"), ("answer", "[1]"), ("answer", "{}"), ("gold", "[[1, 2]]"), ("gold", '[["d"]]')],
)
def test_a_damaged_row_is_left_out_and_said(tmp_path: Path, column: str, value: str) -> None:
    save(tmp_path, answer("First?"), helpful=True)
    save(tmp_path, answer("Second?"), helpful=True)
    with closing(sqlite3.connect(tmp_path / FILE)) as base:
        base.execute(f"UPDATE feedback SET gold = NULL, {column} = ? WHERE number = 1", [value])
        base.commit()
    said: list[str] = []
    assert [one.question for one in judgements(tmp_path, say=said.append)] == ["Second?"]
    assert said == ["Feedback: 1 damaged judgement is left out."]


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(StorageError, match=FILE):
        judgements(tmp_path)
