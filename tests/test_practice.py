"""Questions to learn from: on papers that no set measures, the reader's apart from the rankers'."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from evals.sets.case_reports import Question, read_questions
from evals.sets.practice import load_conversations, load_practice, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture(scope="module")
def questions(root: Path) -> Sequence[Question]:
    return read_questions(root / "evals" / "sets" / "practice.jsonl")


def papers_of(question: Question) -> set[str]:
    return {gold.document for gold in question.gold} | ({question.about} - {""})


def test_a_question_has_gold_or_the_paper_that_lacks_it(questions: Sequence[Question]) -> None:
    assert len({q.id for q in questions}) == len(questions) > 1000
    for question in questions:
        assert question.answerable == bool(question.gold) == (not question.about)
        assert question.split in ("reader", "ranking")


def test_no_paper_has_a_question_that_is_measured(questions: Sequence[Question], root: Path) -> None:
    measured = read_questions(root / "evals" / "sets" / "case_reports.jsonl")
    learned = set().union(*map(papers_of, questions))
    assert not learned & set().union(*map(papers_of, measured))


def test_a_paper_is_for_the_reader_or_for_ranking(questions: Sequence[Question]) -> None:
    parts = defaultdict(set)
    for question in questions:
        for paper in papers_of(question):
            parts[paper].add(question.split)
    assert all(len(found) == 1 for found in parts.values())


def test_conversations_keep_to_the_parts(questions: Sequence[Question], root: Path) -> None:
    part = {paper: question.split for question in questions for paper in papers_of(question)}
    turns = read_questions(root / "evals" / "sets" / "conversations.jsonl")
    assert len({turn.id for turn in turns}) == len(turns) > 1000
    for turn in turns:
        assert {part[paper] for paper in papers_of(turn)} == {turn.split}
        assert turn.answerable == bool(turn.gold) == (not turn.about)
    assert sum(bool(turn.history) and turn.split == "ranking" for turn in turns) > 300


@pytest.mark.bench
def test_the_set_fits_the_papers(bench: Path, questions: Sequence[Question]) -> None:
    corpus = load_practice(bench)
    split = {paper: q.split for q in questions for paper in papers_of(q)}
    assert {paper.id: part_of(paper) for paper in corpus.documents} == split
    assert len(corpus.cases) == len(questions)
    assert len(load_practice(bench, "reader").cases) == sum(q.split == "reader" for q in questions)


@pytest.mark.bench
def test_conversations_are_on_the_same_papers(bench: Path) -> None:
    corpus = load_conversations(bench)
    assert len(corpus.documents) == len(load_practice(bench).documents)
    assert sum(bool(case.history) for case in corpus.cases) > 200
    assert {case.split for case in corpus.cases} == {"dev"}
