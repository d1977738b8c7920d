"""Judgements are evaluation questions once it is known what is right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evals.sets.cases import read_cases
from evals.sets.feedback import as_lines
from evals.sets.named import load
from index.errors import UsageError
from index.store.index import Index
from qa.answer import Answerer
from qa.files.feedback import Right, judgements, save
from tests.answering import sentence

if TYPE_CHECKING:
    from tests.commands import Loccit

LDH = "What was the woman's LDH on admission?"
BREAD = "How do I bake bread?"
DAY = "On which day was the woman discharged?"


def test_judgements_are_a_question_set(answerer: Answerer, cases: Index, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no answer has been judged"):
        load("feedback", None, "all", papers=None, limit=None, index=tmp_path)
    document, place = sentence(cases, "discharged on day 9")
    save(tmp_path, answerer.ask(LDH), helpful=True)
    save(tmp_path, answerer.ask(BREAD), helpful=True)
    save(tmp_path, answerer.ask(DAY), helpful=False, gold=[Right(document.id, place.span.of(document.text))])
    save(tmp_path, answerer.ask("What was her CK?"), helpful=False, gold=[])
    save(tmp_path, answerer.ask("What was her sodium?"), helpful=False)  # nobody has said what is right
    taken = load("feedback", None, "all", papers=None, limit=None, index=tmp_path)
    right, refused, corrected, absent = taken.on(cases.documents)
    assert [one.question for one in (right, refused, corrected)] == [LDH, BREAD, DAY]
    quoted, span = sentence(cases, "412 U/L")
    assert (right.gold[0].document_id, right.gold[0].span) == (quoted.id, span.span)
    assert (refused.answerable, refused.gold) == (False, ())
    assert [(gold.document_id, gold.span) for gold in corrected.gold] == [(document.id, place.span)]
    assert (absent.answerable, absent.gold) == (False, ())

    path = tmp_path / "set.jsonl"
    path.write_text(as_lines(judgements(tmp_path)[:4]), encoding="utf-8")
    assert load(str(path), None, "all", papers=None, limit=None).on(cases.documents) == taken.on(
        cases.documents
    )
    path.write_text(as_lines(judgements(tmp_path)), encoding="utf-8")
    with pytest.raises(UsageError, match="line 5: “answerable” is None: decide"):
        read_cases(path)


def test_the_command_measures_them_on_their_index(loccit: Loccit, seed_index: Path, tmp_path: Path) -> None:
    from qa.session import opened

    folder = tmp_path / "index"
    shutil.copytree(seed_index, folder)
    with opened(folder) as answerer:
        save(folder, answerer.ask("When was MMF restarted?"), helpful=True)
    report = loccit("eval", "--set", "feedback", "--index", folder, "--json")
    assert report.code == 0
    assert json.loads(report.out)["sets"]["feedback"]["hit@1"] == 1.0
