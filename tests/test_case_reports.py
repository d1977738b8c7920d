"""Question files without text: drafts become offsets and hashes, and changes of a paper are detected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.sets.author import main
from evals.sets.cases import read_cases
from evals.sets.own import REPORTS, load_case_reports
from evals.sets.splits import half_of
from index.errors import FileMissing, UsageError

REPORT = """<article><front><article-meta>
<title-group><article-title>A sore thumb</article-title></title-group></article-meta></front>
<body><sec><title>Case</title><p>{} She slept well. The thumb was cast for two weeks. She slept well.</p>
</sec></body></article>"""
THUMB, TOE = "A painter of 40 years had a sore thumb.", "A potter of 50 years had a sore toe."
DRAFT = {
    "id": "q1",
    "type": "numeric",
    "question": "For how long was the painter in plaster?",
    "gold": [{"document": "thumb.xml", "quote": "The thumb was cast for two weeks."}],
    "short": ["two weeks"],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / REPORTS
    folder.mkdir(parents=True)
    (folder / "thumb.xml").write_text(REPORT.format(THUMB), encoding="utf-8")
    (folder / "toe.xml").write_text(REPORT.format(TOE).replace("thumb", "toe"), encoding="utf-8")
    return folder.parent


def add(data: Path, *drafts: dict[str, Any]) -> int:
    path = data / "drafts.jsonl"
    path.write_text("".join(f"{json.dumps(draft)}\n" for draft in drafts), encoding="utf-8")
    return main(["add", str(path), str(data / "set.jsonl"), str(data / REPORTS)])


def test_a_draft_becomes_a_case(data: Path) -> None:
    assert add(data, DRAFT) == 0
    corpus = load_case_reports(data, data / "set.jsonl")
    (case,) = corpus.cases
    (gold,) = case.gold
    thumb = next(document for document in corpus.documents if document.source == "thumb.xml")
    assert gold.document_id == thumb.id
    assert gold.span.of(thumb.text) == "The thumb was cast for two weeks."
    assert (case.short, case.answerable, case.papers) == (("two weeks",), True, "one")
    assert case.split == half_of(thumb.id)
    assert len(corpus.documents) == 2
    assert "two weeks" not in (data / "set.jsonl").read_text(encoding="utf-8")


def test_drafts_are_added_and_replaced_by_id(data: Path) -> None:
    add(data, {**DRAFT, "id": "q2"})
    add(data, DRAFT, {**DRAFT, "id": "q2", "question": "How long in a cast?"})
    cases = {case.id: case.question for case in read_cases(data / "set.jsonl")}
    assert cases == {"q1": DRAFT["question"], "q2": "How long in a cast?"}


def test_a_quote_counts_wherever_it_occurs(data: Path) -> None:
    slept = [{"document": "thumb.xml", "quote": "She slept well."}]
    assert add(data, {**DRAFT, "gold": slept, "short": []}) == 0
    (case,) = load_case_reports(data, data / "set.jsonl").cases
    assert len({gold.span for gold in case.gold}) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"gold": [{"document": "thumb.xml", "quote": "The thumb was cast for ten weeks."}]},
        {"gold": [{"document": "thumb.xml", "quote": "cast for two weeks"}]},
        {"gold": [{"document": "ear.xml", "quote": "The ear."}]},
        {"gold": [{"document": "thumb.xml"}]},
        {"gold": []},
        {"short": ["ten weeks"]},
        {"type": "odd"},
        {"type": "unanswerable"},
        {"papers": "several"},
        {"type": "unanswerable", "gold": [], "short": [], "about": "ear.xml"},
    ],
)
def test_a_wrong_draft_is_refused_by_its_id(
    data: Path, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(data, {**DRAFT, **change}) != 0
    assert not (data / "set.jsonl").exists()
    assert capsys.readouterr().err


def test_an_unanswerable_question_is_in_the_half_of_its_report(data: Path) -> None:
    add(data, {"id": "q1", "type": "unanswerable", "question": "His pulse?", "gold": [], "about": "toe.xml"})
    corpus = load_case_reports(data, data / "set.jsonl")
    (case,) = corpus.cases
    toe = next(document for document in corpus.documents if document.source == "toe.xml")
    assert (case.answerable, case.gold, case.about) == (False, (), toe.id)
    assert case.split == half_of(toe.id)


def test_a_changed_or_missing_report_is_named(data: Path, tmp_path: Path) -> None:
    add(data, DRAFT)
    path = data / REPORTS / "thumb.xml"
    path.write_text(path.read_text(encoding="utf-8").replace("40", "41"), encoding="utf-8")
    with pytest.raises(FileMissing, match=r"thumb\.xml: .* sha256"):
        load_case_reports(data, data / "set.jsonl")
    path.unlink()
    with pytest.raises(FileMissing, match=r"thumb\.xml"):
        load_case_reports(data, data / "set.jsonl")
    with pytest.raises(FileMissing, match="no XML files"):
        load_case_reports(tmp_path, data / "set.jsonl")


def test_text_that_differs_from_its_hash_is_noticed(data: Path) -> None:
    add(data, DRAFT)
    path = data / "set.jsonl"
    moved = json.loads(path.read_text(encoding="utf-8"))
    moved["gold"][0]["start"] += 1
    path.write_text(json.dumps(moved), encoding="utf-8")
    with pytest.raises(UsageError, match="is not the gold quote"):
        load_case_reports(data, path)
    assert main(["check", str(path), str(data / REPORTS)]) == UsageError.exit_code
