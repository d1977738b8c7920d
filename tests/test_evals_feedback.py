"""Judgements become evaluation cases: a person confirms or states the right quote, which is in a paper."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.cli.feedback import add
from evals.sets.cases import read_cases
from evals.sets.feedback import append, as_lines, case, decide, shown, waiting
from evals.sets.named import load
from index.errors import UsageError
from index.store.generation import Index
from qa.answer import Answerer
from qa.files.feedback import Judgement, judgements, save
from tests.answering import sentence

LDH = "What was the woman's LDH on admission?"
BREAD = "How do I bake bread?"


@pytest.fixture
def judged(answerer: Answerer, tmp_path: Path) -> Callable[..., Judgement]:
    def one(question: str, *, helpful: bool) -> Judgement:
        folder = tmp_path / "judged"
        folder.mkdir(exist_ok=True)
        save(folder, answerer.ask(question), helpful)
        return judgements(folder)[-1]

    return one


def said(*texts: str) -> tuple[Callable[[str], str], list[str]]:
    requests: list[str] = []
    given = iter(texts)

    def ask(request: str) -> str:
        requests.append(request)
        return next(given)

    return ask, requests


def test_a_right_judgement_is_confirmed(judged: Callable[..., Judgement], cases: Index) -> None:
    judgement = judged(LDH, helpful=True)
    ask, requests = said("")
    found = decide(judgement, cases.documents, ask)
    assert found is not None
    assert "Enter: all these quotes are right" in requests[0]
    assert (found.id, found.question, found.answerable) == (f"feedback-{judgement.number}", LDH, True)
    document, place = sentence(cases, "412 U/L")
    assert (found.gold[0].document_id, found.gold[0].span) == (document.id, place.span)
    assert found.gold[0].quote == place.span.of(document.text)
    first = case(judgement, cases.documents, "1")
    assert first.gold == found.gold[:1]


def test_a_wrong_judgement_needs_the_right_quote(judged: Callable[..., Judgement], cases: Index) -> None:
    judgement = judged(LDH, helpful=False)
    ask, requests = said("She drank tea.", " She was  discharged on day 9. ")
    found = decide(judgement, cases.documents, ask)
    assert found is not None
    assert "no paper contains “She drank tea.”" in requests[1]
    assert [gold.quote for gold in found.gold] == ["She was discharged on day 9."]
    nothing = decide(judgement, cases.documents, said("none")[0])
    assert nothing is not None
    assert (nothing.answerable, nothing.gold) == (False, ())
    assert decide(judgement, cases.documents, said("")[0]) is None


def test_a_refusal_that_was_right_is_an_unanswerable_question(
    judged: Callable[..., Judgement], cases: Index
) -> None:
    judgement = judged(BREAD, helpful=True)
    assert "not found" in shown(judgement)[-1]
    found = decide(judgement, cases.documents, said("")[0])
    assert found is not None
    assert not found.answerable
    assert decide(judgement, cases.documents, said("skip")[0]) is None
    with pytest.raises(UsageError, match="no quote 1"):
        case(judgement, cases.documents, "1")


def test_added_judgements_are_not_asked_again(
    judged: Callable[..., Judgement], cases: Index, tmp_path: Path
) -> None:
    one, other = judged(LDH, helpful=True), judged(BREAD, helpful=True)
    path = tmp_path / "sets" / "mine.jsonl"
    assert waiting([one, other], path) == [one, other]
    append(path, [case(one, cases.documents, "")])
    assert waiting([one, other], path) == [other]
    append(path, [case(other, cases.documents, "")])
    taken = load(str(path), None, "all", papers=None, limit=None)
    first, second = taken.on(cases.documents)
    assert (first.answerable, second.answerable) == (True, False)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="not a JSON object"):
        waiting([one], path)


def test_all_judgements_are_downloaded_as_undecided_questions(
    judged: Callable[..., Judgement], cases: Index, tmp_path: Path
) -> None:
    good, bad = judged(LDH, helpful=True), judged(BREAD, helpful=False)
    path = tmp_path / "set.jsonl"
    path.write_text(as_lines([good]), encoding="utf-8")
    (confirmed,) = load(str(path), None, "all", papers=None, limit=None).on(cases.documents)
    assert confirmed == case(good, cases.documents, "")
    path.write_text(as_lines([good, bad]), encoding="utf-8")
    with pytest.raises(UsageError, match="line 2: “answerable” is None: decide"):
        read_cases(path)


def test_the_command_adds_one_without_asking(
    answerer: Answerer, cases: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "index"
    shutil.copytree(cases.folder.parent, folder)
    save(folder, answerer.ask(LDH), False)
    (judgement,) = judgements(folder)
    add(
        folder,
        None,
        number=judgement.number,
        gold="Her lactate dehydrogenase (LDH) was 412 U/L on admission.",
    )
    said = capsys.readouterr()
    assert "1 of 1 judgements added" in said.out
    assert LDH in said.err
    entry: dict[str, Any] = json.loads((folder / "feedback-cases.jsonl").read_text(encoding="utf-8"))
    assert entry["answerable"]
    with pytest.raises(UsageError, match="was added before"):
        add(folder, None, number=judgement.number, gold="none")
    with pytest.raises(UsageError, match="about one judgement"):
        add(folder, None, number=None, gold="none")
