"""Questions on case reports whose texts are not here: hashes notice a change, drafts become gold."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from evals.sets.case_reports import FOLDER, load_case_reports, main, read_questions, split_of
from evals.sets.resolve import SPLITS, TYPES
from index.errors import FileMissing, FormatMismatch, QuoteError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

REPORT = """<article><front><article-meta>
<title-group><article-title>A sore thumb</article-title></title-group></article-meta></front>
<body><sec><title>Case</title><p>{} She slept well. The thumb was cast for two weeks. She slept well.</p>
</sec></body></article>"""
THUMB, TOE = "A painter of 40 years had a sore thumb.", "A potter of 50 years had a sore toe."
DRAFT = {
    "id": "q1",
    "type": "numeric",
    "question": "For how long was the painter in plaster?",
    "gold": [{"file": "thumb.xml", "quote": "The thumb was cast for two weeks.", "short": ["two weeks"]}],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / FOLDER
    folder.mkdir(parents=True)
    (folder / "thumb.xml").write_text(REPORT.format(THUMB), encoding="utf-8")
    (folder / "toe.xml").write_text(REPORT.format(TOE).replace("thumb", "toe"), encoding="utf-8")
    return folder.parent


@pytest.fixture
def committed(root: Path) -> Path:
    return root / "evals" / "sets" / "case_reports.jsonl"


def write(data: Path, *drafts: dict[str, Any]) -> int:
    """Run the authoring command; the set is ``set.jsonl`` beside the reports' folder."""
    path = data / "drafts.jsonl"
    path.write_text("".join(f"{json.dumps(draft)}\n" for draft in drafts), encoding="utf-8")
    return main(["author", str(path), "--data", str(data), "--out", str(data / "set.jsonl")])


def with_gold(**fields: object) -> dict[str, Any]:
    return {**DRAFT, "gold": [{"file": "thumb.xml", **fields}]}


def test_a_draft_becomes_a_case_with_its_place_and_short_answer(data: Path) -> None:
    assert write(data, DRAFT) == 0
    corpus = load_case_reports(data, data / "set.jsonl")
    (case,) = corpus.cases
    (gold,) = case.gold
    thumb = next(document for document in corpus.documents if document.source == "thumb.xml")
    assert gold.document_id == thumb.id
    assert gold.span.of(thumb.text) == "The thumb was cast for two weeks."
    assert (case.short, case.answerable, case.papers) == (("two weeks",), True, "one")
    assert case.split == split_of(thumb.id)
    assert len(corpus.documents) == 2


def test_the_set_holds_none_of_the_words_of_a_report(data: Path) -> None:
    write(data, DRAFT)
    assert not set(re.findall(r"\w+", (data / "set.jsonl").read_text())) & {
        "cast",
        "two",
        "weeks",
        "thumb was",
    }


def test_drafts_are_added_and_replaced_by_id(data: Path) -> None:
    write(data, {**DRAFT, "id": "q2"})
    write(data, DRAFT, {**DRAFT, "id": "q2", "question": "How long in a cast?"})
    questions = read_questions(data / "set.jsonl")
    assert [(q.id, q.question) for q in questions] == [
        ("q1", DRAFT["question"]),
        ("q2", "How long in a cast?"),
    ]


def test_a_quote_that_stands_twice_needs_an_occurrence(data: Path) -> None:
    assert write(data, with_gold(quote="She slept well.")) == QuoteError.exit_code
    assert write(data, with_gold(quote="She slept well.", occurrence=3)) == QuoteError.exit_code
    assert not (data / "set.jsonl").exists()
    assert write(data, with_gold(quote="She slept well.", occurrence=2)) == 0
    (question,) = read_questions(data / "set.jsonl")
    text = load_case_reports(data, data / "set.jsonl").documents[0].text
    assert question.gold[0].start == text.rindex("She slept well.")


@pytest.mark.parametrize(
    "draft",
    [
        with_gold(quote="The thumb was cast for ten weeks."),
        with_gold(quote=""),
        with_gold(),
        with_gold(quote="The thumb was cast for two weeks.", short=["ten weeks"]),
    ],
)
def test_a_quote_or_short_answer_that_is_not_there_is_refused(
    data: Path, draft: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(data, draft) == QuoteError.exit_code
    assert "q1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "draft",
    [
        {**DRAFT, "type": "odd"},
        {**DRAFT, "colour": "red"},
        {**DRAFT, "question": ""},
        {**DRAFT, "gold": []},
        {**DRAFT, "type": "unanswerable"},
        {**DRAFT, "kind": "near_miss"},
        {**DRAFT, "gold": [{"file": "ear.xml", "quote": "The ear."}]},
        {"id": "q1", "type": "unanswerable", "question": "Which ear?", "about": "ear.xml"},
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(data: Path, draft: dict[str, Any]) -> None:
    assert write(data, draft) == UsageError.exit_code


def test_an_unanswerable_question_lies_in_the_half_of_its_report(data: Path) -> None:
    write(data, {"id": "q1", "type": "unanswerable", "question": "His pulse?", "about": "toe.xml"})
    (case,) = load_case_reports(data, data / "set.jsonl").cases
    (question,) = read_questions(data / "set.jsonl")
    assert (case.answerable, case.gold, case.split) == (False, (), split_of(case.about))
    assert case.about == question.about


def test_another_file_under_the_same_name_is_noticed(data: Path) -> None:
    write(data, DRAFT)
    path = data / FOLDER / "thumb.xml"
    path.write_text(path.read_text().replace("40", "41"), encoding="utf-8")
    with pytest.raises(FormatMismatch, match=r"thumb\.xml: its sha256"):
        load_case_reports(data, data / "set.jsonl")


def test_text_that_differs_at_the_place_of_a_quote_is_noticed(data: Path) -> None:
    write(data, DRAFT)
    path = data / "set.jsonl"
    moved = json.loads(path.read_text())
    moved["gold"][0]["start"] += 1
    path.write_text(json.dumps(moved), encoding="utf-8")
    with pytest.raises(QuoteError, match="no longer the quote"):
        load_case_reports(data, path)
    assert main(["check", str(path), "--data", str(data)]) == QuoteError.exit_code


def test_missing_reports_are_named(data: Path, tmp_path: Path) -> None:
    write(data, DRAFT)
    (data / FOLDER / "thumb.xml").unlink()
    with pytest.raises(FileMissing, match=r"thumb\.xml"):
        load_case_reports(data, data / "set.jsonl")
    with pytest.raises(FileMissing, match="no reports"):
        load_case_reports(tmp_path, data / "set.jsonl")


@pytest.mark.parametrize(
    "line", ["{", "[]", "7", '{"id": "q1"}', '{"id": "q1", "gold": [{}], "history": []}']
)
def test_a_line_that_is_no_question_is_told_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 2"):
        read_questions(path)


def test_the_committed_set_is_well_formed(committed: Path) -> None:
    questions = read_questions(committed)
    assert len({question.id for question in questions}) == len(questions)
    assert [question.id for question in questions] == sorted(question.id for question in questions)
    for question in questions:
        assert question.type in TYPES
        assert question.answerable == bool(question.gold) == (question.type != "unanswerable")
        papers = {gold.document for gold in question.gold} | {question.about} - {""}
        assert not papers or {split_of(paper) for paper in papers} == {question.split}
        assert question.papers == "one" or len(papers) > 1
        for gold in question.gold:
            assert re.fullmatch(
                "[0-9a-f]{64} [0-9a-f]{64} PMC[0-9]+.xml", f"{gold.document} {gold.sha256} {gold.file}"
            )
            assert all(gold.start <= start < end <= gold.end for start, end in gold.short)


def test_the_committed_set_is_large_and_varied_and_asks_nothing_twice(committed: Path) -> None:
    questions = read_questions(committed)
    papers = {gold.document for question in questions for gold in question.gold}
    asked = {(question.question.casefold(), question.history) for question in questions}
    assert len(asked) == len(questions) >= 150
    assert len(papers) >= 30
    assert sum(not question.answerable for question in questions) >= 40
    for half in SPLITS:
        assert {question.type for question in questions if question.split == half} == set(TYPES)


def test_the_committed_set_fits_the_reports_and_quotes_none(committed: Path, bench: Path) -> None:
    corpus = load_case_reports(bench, committed)
    phrases = set()
    for case in corpus.cases:
        for text in (case.question, *case.history):
            words = text.casefold().split()
            phrases |= {" ".join(words[at : at + 8]) for at in range(len(words) - 7)}
    for document in corpus.documents:
        text = " ".join(document.text.casefold().split())
        assert not [phrase for phrase in phrases if phrase in text]
