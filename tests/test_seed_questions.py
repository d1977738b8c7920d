"""The question set on the seed papers: enough of every kind, each quote at its offsets."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from evals.sets import corpora
from evals.sets.resolve import SPLITS, TYPES, main, read_cases, write_case

if TYPE_CHECKING:
    from pathlib import Path

    from evals.sets.resolve import Case


@pytest.fixture(scope="module")
def questions(root: Path) -> Path:
    return root / "evals" / "sets" / "seeds.jsonl"


@pytest.fixture(scope="module")
def cases(questions: Path) -> list[Case]:
    return read_cases(questions.read_text(encoding="utf-8").splitlines(), questions.name)


def test_every_quote_is_at_its_offsets(
    questions: Path, seeds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([str(questions), str(seeds), "--check"])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    assert printed.out.endswith(" questions, 0 placed anew, 0 faults\n")


def test_there_are_enough_of_every_kind(cases: list[Case]) -> None:
    kinds, types = Counter(case.kind for case in cases), Counter(case.type for case in cases)
    assert len(cases) >= 60
    assert sum(not case.answerable for case in cases) >= 15
    assert kinds["other_patient"] >= 8
    assert types["table"] >= 8
    assert types.keys() <= set(TYPES)


def test_both_halves_have_every_type(cases: list[Case]) -> None:
    for half in SPLITS:
        assert {case.type for case in cases if case.split == half} == {case.type for case in cases}


def test_no_question_is_repeated(cases: list[Case]) -> None:
    twice = [key for key, n in Counter((c.question.casefold(), c.history) for c in cases).items() if n > 1]
    assert twice == []


def test_a_line_is_written_as_it_was_read(questions: Path, cases: list[Case]) -> None:
    assert "".join(f"{write_case(case)}\n" for case in cases) == questions.read_text(encoding="utf-8")


def test_the_runner_reads_the_same_cases(questions: Path, cases: list[Case]) -> None:
    read = corpora.read_cases(questions)
    assert [case.id for case in read] == [case.id for case in cases]
    assert [[(g.document_id, g.span.start, g.span.end) for g in case.gold] for case in read] == [
        [(g.document, g.start, g.end) for g in case.gold] for case in cases
    ]


def test_a_moved_quote_is_corrected_and_a_false_one_reported(
    questions: Path, seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A control: the check above can fail."""
    copy = tmp_path / "copy.jsonl"
    shutil.copy(questions, copy)
    whole = copy.read_text(encoding="utf-8")
    first = whole.splitlines()[0]
    start = read_cases([first], "first")[0].gold[0].start
    moved = first.replace(f'"start": {start}', f'"start": {int(start or 0) + 1}')
    copy.write_text(whole.replace(first, moved), encoding="utf-8")
    assert main([str(copy), str(seeds), "--check"]) == 1
    assert main([str(copy), str(seeds)]) == 0
    assert copy.read_text(encoding="utf-8") == whole
    false = first.replace('"quote": "', '"quote": "Never said: ')
    copy.write_text(whole.replace(first, false), encoding="utf-8")
    assert main([str(copy), str(seeds), "--check"]) == 1
    assert "stands in 0 places" in capsys.readouterr().err
