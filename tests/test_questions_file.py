"""The committed question files: right places, enough questions of each type, no text where not allowed."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from evals.sets.author import main
from evals.sets.cases import SPLITS, TYPES, Case, entry_of, lines_of, read_cases
from evals.sets.own import load_case_reports, load_natural, load_practice
from evals.sets.splits import half_of, part_of

SETS = ("seeds", "case_reports", "natural", "practice", "conversations")


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "evals" / "sets"


@pytest.fixture(scope="module")
def sets(folder: Path) -> dict[str, tuple[Case, ...]]:
    return {name: read_cases(folder / f"{name}.jsonl") for name in SETS}


def papers_of(case: Case) -> set[str]:
    return {gold.document_id for gold in case.gold} | ({case.about} - {""})


def papers_in(cases: Sequence[Case]) -> set[str]:
    return set().union(*map(papers_of, cases))


@pytest.mark.parametrize("name", SETS)
def test_writing_a_set_gives_its_file(folder: Path, sets: dict[str, tuple[Case, ...]], name: str) -> None:
    text = (folder / f"{name}.jsonl").read_text(encoding="utf-8")
    assert lines_of(map(entry_of, sets[name])) == text


def test_every_seed_quote_is_at_its_offsets(
    folder: Path, seeds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(folder / "seeds.jsonl"), str(seeds)]) == 0
    assert capsys.readouterr().err == ""


def test_moved_quotes_are_placed_again_and_wrong_ones_reported(
    folder: Path, seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.jsonl"
    shutil.copy(folder / "seeds.jsonl", copy)
    whole = copy.read_text(encoding="utf-8")
    first = whole.splitlines()[0]
    start = json.loads(first)["gold"][0]["start"]
    copy.write_text(whole.replace(first, first.replace(f": {start},", f": {start + 1},")), encoding="utf-8")
    assert main(["check", str(copy), str(seeds)]) == 2
    assert main(["place", str(copy), str(seeds)]) == 0
    assert copy.read_text(encoding="utf-8") == whole
    wrong = first.replace('"quote": "', '"quote": "Never said: ')
    copy.write_text(whole.replace(first, wrong), encoding="utf-8")
    assert main(["place", str(copy), str(seeds)]) == 2
    assert "does not contain the gold quote" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "least", "refused", "without"),
    [("seeds", 300, 90, {"whole"}), ("case_reports", 300, 40, {"whole"}), ("natural", 300, 80, {"metadata"})],
)
def test_both_halves_have_every_type_and_no_question_is_asked_twice(
    sets: dict[str, tuple[Case, ...]], name: str, least: int, refused: int, without: set[str]
) -> None:
    cases = sets[name]
    assert len({(case.question.casefold(), case.history) for case in cases}) == len(cases) >= least
    assert sum(not case.answerable for case in cases) >= refused
    for half in SPLITS:
        assert {case.type for case in cases if case.split == half} == set(TYPES) - without


def test_the_seeds_try_to_mix_up_the_patients(sets: dict[str, tuple[Case, ...]]) -> None:
    assert Counter(case.kind for case in sets["seeds"])["other_patient"] >= 8


def test_case_reports_are_in_the_half_of_their_hash(sets: dict[str, tuple[Case, ...]]) -> None:
    for case in sets["case_reports"]:
        assert {half_of(paper) for paper in papers_of(case)} <= {case.split}
        assert case.answerable == bool(case.gold) == (case.type != "unanswerable")
        assert case.papers == "one" or len(papers_of(case)) > 1


@pytest.mark.parametrize("name", SETS[1:])
def test_files_without_text_have_hashes(sets: dict[str, tuple[Case, ...]], name: str) -> None:
    for case in sets[name]:
        assert not case.short
        for gold in case.gold:
            assert re.fullmatch("[0-9a-f]{64}", gold.sha256)
            assert gold.file and not gold.quote
            assert all(gold.span.contains(place) for place in gold.short)


@pytest.mark.parametrize("name", ["practice", "conversations"])
def test_practice_questions_have_gold_or_the_paper_that_lacks_the_answer(
    sets: dict[str, tuple[Case, ...]], name: str
) -> None:
    assert len(sets[name]) > 1000
    for case in sets[name]:
        assert case.answerable == bool(case.gold) == (not case.about)


def test_no_practice_paper_is_measured(sets: dict[str, tuple[Case, ...]]) -> None:
    assert not papers_in(sets["practice"]) & papers_in([*sets["case_reports"], *sets["natural"]])


def test_natural_questions_of_different_halves_share_no_paper(sets: dict[str, tuple[Case, ...]]) -> None:
    one = [case for case in sets["natural"] if case.type != "several"]
    dev, test = (papers_in([case for case in one if case.split == half and not case.kind]) for half in SPLITS)
    assert not dev & test


def test_a_practice_paper_trains_the_reader_or_the_rankers(sets: dict[str, tuple[Case, ...]]) -> None:
    parts: dict[str, set[str]] = defaultdict(set)
    for case in (*sets["practice"], *sets["conversations"]):
        for paper in papers_of(case):
            parts[paper].add(case.split)
    assert set(map(frozenset, parts.values())) == {frozenset({"reader"}), frozenset({"ranking"})}
    assert papers_in(sets["conversations"]) <= papers_in(sets["practice"])
    assert sum(bool(case.history) and case.split == "ranking" for case in sets["conversations"]) > 300


@pytest.mark.bench
def test_case_reports_fit_the_papers_and_quote_none(bench: Path) -> None:
    corpus = load_case_reports(bench)
    phrases = set()
    for case in corpus.cases:
        for text in (case.question, *case.history):
            words = text.casefold().split()
            phrases |= {" ".join(words[at : at + 8]) for at in range(len(words) - 7)}
    for document in corpus.documents:
        text = " ".join(document.text.casefold().split())
        assert not [phrase for phrase in phrases if phrase in text]


@pytest.mark.bench
def test_natural_questions_fit_their_papers(bench: Path, sets: dict[str, tuple[Case, ...]]) -> None:
    corpus = load_natural(bench)
    assert len(corpus.documents) == 48
    assert len(corpus.cases) == len(sets["natural"])


@pytest.mark.bench
def test_practice_fits_the_papers(bench: Path, sets: dict[str, tuple[Case, ...]]) -> None:
    corpus = load_practice(bench)
    split = {paper: case.split for case in sets["practice"] for paper in papers_of(case)}

    # Documents of public sets keep the part that training gives them.
    reads = {
        paper.id: part_of(paper.id) == "ranker" if paper.format == "text" else paper.id[0] < "a"
        for paper in corpus.documents
    }
    assert {key: "reader" if read else "ranking" for key, read in reads.items()} == split
    assert len(corpus.cases) == len(sets["practice"])
    talks = load_practice(bench, "ranking", "conversations")
    assert talks.documents == corpus.documents
    assert len(talks.cases) == sum(case.split == "ranking" for case in sets["conversations"])
    assert {case.split for case in talks.cases} == {"dev"}
