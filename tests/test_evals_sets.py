"""Question sets: by name, and as SQuAD, BEIR, PubMedQA and JSON lines; their papers and halves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evals.measure.collection import kept_index
from evals.sets.cases import occurrences, read_cases
from evals.sets.corpora import document_of
from evals.sets.named import load
from index.errors import IndexMissing, UsageError
from index.text import Span
from tests.index_fakes import WordEncoder

TEXT = "Ferritin fell to 31 ug/L. None had anaemia."
OTHER = "Melatonin of 3 mg lengthened sleep."


def taken(path: Path | str, **more: Any) -> Any:  # noqa: ANN401 - the set
    options = {"split": "all", "papers": None, "limit": None, **more}
    return load(str(path), None, options["split"], papers=options["papers"], limit=options["limit"])


def lines(path: Path, entries: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return path


def squad(path: Path, context: str = TEXT) -> Path:
    questions = [
        {"id": "1", "question": "How low?", "answers": [{"text": "31 ug/L", "answer_start": 17}]},
        {"id": "2", "question": "How high?", "answers": [], "is_impossible": True},
    ]
    more = [{"id": "3", "question": "Which dose?", "answers": [{"text": "3 mg", "answer_start": 13}]}]
    data = [
        {"title": "A", "paragraphs": [{"context": context, "qas": questions}]},
        {"title": "B", "paragraphs": [{"context": OTHER, "qas": more}]},
    ]
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    return path


def test_squad(tmp_path: Path) -> None:
    found = taken(squad(tmp_path / "few.json"))
    assert (found.name, found.unit, len(found.documents)) == ("few", "passage", 2)
    first, second, _ = found.cases
    (gold,) = first.gold
    assert gold.span.of(found.documents[0].text) == "31 ug/L"
    assert (first.short, second.answerable, second.about) == (("31 ug/L",), False, found.documents[0].id)
    with pytest.raises(UsageError, match="gold text differs"):
        taken(squad(tmp_path / "wrong.json", " " + TEXT))


def test_fewer_papers_and_fewer_questions(tmp_path: Path) -> None:
    path = squad(tmp_path / "few.json")
    found = taken(path, papers=1)
    (document,) = found.documents
    assert found.cases
    assert {gold.document_id for case in found.cases for gold in case.gold} == {document.id}
    assert {case.about for case in found.cases} == {document.id}  # also of what is unanswerable
    assert len(taken(path, limit=2).cases) == 2
    assert taken(path, limit=2) == taken(path, limit=2)


def test_a_question_is_in_the_half_of_its_paper(tmp_path: Path) -> None:
    path = squad(tmp_path / "few.json")
    split = {case.id: case.split for case in taken(path).cases}
    assert set(split.values()) <= {"dev", "test"}
    assert split["1"] == split["2"]  # asked on the same paper


def beir(folder: Path) -> Path:
    lines(folder / "corpus.jsonl", [{"_id": "x", "title": "Iron", "text": TEXT}, {"_id": "y", "text": OTHER}])
    lines(folder / "queries.jsonl", [{"_id": "q1", "text": "ferritin"}, {"_id": "q2", "text": "unjudged"}])
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\tx\t2\nq1\ty\t0\nq1\tz\t1\n", encoding="utf-8"
    )
    return folder


def test_beir(tmp_path: Path) -> None:
    found = taken(beir(tmp_path / "trial"))
    assert (found.name, found.unit, len(found.documents)) == ("trial", "document", 2)
    (case,) = found.cases
    (gold,) = case.gold
    whole = next(document for document in found.documents if document.source == "x")
    assert (whole.title, whole.text) == ("Iron", f"Iron\n\n{TEXT}")
    assert (gold.document_id, gold.span, gold.grade) == (whole.id, Span(0, len(whole.text)), 2)
    (tmp_path / "trial" / "qrels" / "test.tsv").unlink()
    with pytest.raises(UsageError, match=r"test\.tsv: does not exist"):
        taken(tmp_path / "trial")


def test_pubmedqa(tmp_path: Path) -> None:
    path = tmp_path / "asked.json"
    entry = {"QUESTION": "Does it fall?", "CONTEXTS": [TEXT], "LABELS": ["RESULTS"], "final_decision": "yes"}
    path.write_text(json.dumps({"17": entry}), encoding="utf-8")
    found = taken(path)
    assert (found.unit, found.cases[0].type, found.cases[0].id) == ("document", "yes", "17")
    assert found.cases[0].gold[0].span == Span(0, len(found.documents[0].text))


def test_json_lines_with_their_texts(tmp_path: Path) -> None:
    entries = [
        {
            "id": 1,
            "question": "How low?",
            "context": TEXT,
            "answers": {"text": ["31 ug/L"], "answer_start": [17]},
        },
        {"id": 2, "question": "How high?", "context": TEXT, "answers": [], "type": "none"},
    ]
    found = taken(lines(tmp_path / "own.jsonl", entries))
    assert len(found.documents) == 1
    assert [case.answerable for case in found.cases] == [True, False]
    assert (found.cases[0].short, found.cases[1].type) == (("31 ug/L",), "none")
    entries[0]["answers"] = {"text": ["31 ug/L"], "answer_start": [16]}
    with pytest.raises(UsageError, match="differs from its place"):
        taken(lines(tmp_path / "own.jsonl", entries))


def test_json_lines_on_papers_of_an_index(tmp_path: Path) -> None:
    document = document_of(TEXT, "iron.txt", title="Iron")
    papers = {document.id: document}
    quote = {"document": "iron.txt", "quote": "31  ug/L", "line": 1}
    place = {"document": document.id, "start": 17, "end": 24}
    entries: list[dict[str, Any]] = [
        {"id": "a", "question": "How low?", "gold": [quote]},
        {"id": "b", "question": "How low?", "gold": [place], "split": "test"},
        {"id": "c", "question": "How high?", "gold": []},
    ]
    found = taken(lines(tmp_path / "mine.jsonl", entries))
    assert found.documents is None
    by_quote, by_place, none = found.on(papers)
    assert by_quote.gold[0].span == by_place.gold[0].span == Span(17, 24)
    assert (by_quote.gold[0].line, by_place.gold[0].line) == (1, None)
    assert (by_quote.answerable, none.answerable) == (True, False)
    assert [case.id for case in taken(tmp_path / "mine.jsonl", split="test").on(papers)] == ["b"]


@pytest.mark.parametrize(
    ("gold", "what"),
    [
        ({"document": "iron.txt", "quote": "not in it"}, "does not contain the gold quote"),
        ({"document": "iron.txt", "quote": " "}, "does not contain the gold quote"),
        ({"document": "nowhere.txt", "quote": "31 ug/L"}, "there is no paper named"),
        ({"document": "iron.txt", "start": 0, "end": 3, "quote": "31 ug/L"}, "is not the gold quote"),
    ],
)
def test_gold_that_is_not_there_is_refused(tmp_path: Path, gold: dict[str, Any], what: str) -> None:
    document = document_of(TEXT, "iron.txt")
    found = taken(lines(tmp_path / "mine.jsonl", [{"id": "a", "question": "How low?", "gold": [gold]}]))
    with pytest.raises(UsageError, match=what):
        found.on({document.id: document})


def test_gold_of_a_name_that_fits_two_papers_says_so(tmp_path: Path) -> None:
    one = document_of(TEXT, "iron.txt")
    papers = {one.id: one, "f" * 64: replace(one, id="f" * 64)}
    gold = {"document": "iron.txt", "quote": "31 ug/L"}
    found = taken(lines(tmp_path / "mine.jsonl", [{"id": "a", "question": "How low?", "gold": [gold]}]))
    with pytest.raises(UsageError, match=r"2 papers are named “iron\.txt”: .*ffff…"):
        found.on(papers)


def test_a_quote_is_found_at_every_place() -> None:
    assert occurrences("a  b", "a b, a\nb, ab") == [Span(0, 3), Span(5, 8)]
    assert occurrences("(p < .05)", "x (p <\n.05) y") == [Span(2, 11)]
    assert occurrences(" ", "a b") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        '{"id": 1}',
        '{"id": 1, "question": "a"}',
        "\x00",
        '{"id": 1, "question": "a", "gold": [1]}',
        '{"id": 1, "question": "a", "gold": [{"document": "x"}]}',
        '{"id": 1, "question": "a", "gold": [{"document": "x", "start": "0", "end": 3}]}',
        '{"id": 1, "question": "a", "gold": [], "answerable": null}',
    ],
)
@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_a_file_in_another_format_is_refused(tmp_path: Path, text: str, ending: str) -> None:
    path = tmp_path / f"set.{ending}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"set\.json"):
        taken(path).on({})


def test_a_wrong_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('\n{"id": "q1"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="line 2: it lacks 'gold'"):
        read_cases(path)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"question": 5}, "“question” is 5, not text"),
        ({"question": " "}, "“question”: the question is empty"),
        ({"question": "a" * 2001}, "“question”: the question has 2001 characters"),
        ({"question": "How\0low?"}, "“question” holds a NUL character"),
        ({"gold": None}, "“gold” is null, not a list"),
        ({"gold": "abc"}, '“gold” is "abc", not a list'),
        ({"short": 5}, "“short” is 5, not a list"),
        ({"short": [5]}, "“short” is 5, not text"),
        ({"history": "abc"}, '“history” is "abc", not a list'),
        ({"history": [""]}, "“history”: the question is empty"),
        ({"answerable": True}, "“answerable” is true, but there is no gold"),
        ({"id": None}, "“id” is null, not text"),
        ({"split": 1}, "“split” is 1, not text"),
        ({"gold": [{"document": "x", "quote": "a", "page": "2"}]}, '“page” is "2", not a whole number'),
        (
            {"gold": [{"document": "x", "start": 5, "end": 3}]},
            "“start and end” is \\[5, 3\\], not two offsets",
        ),
        ({"gold": [{"document": "x", "quote": "a", "short": [1]}]}, "“short” is 1, not two offsets"),
    ],
)
def test_a_field_of_another_type_is_named_with_its_line(
    tmp_path: Path, changes: dict[str, Any], what: str
) -> None:
    path = lines(tmp_path / "set.jsonl", [{"id": "z", "question": "How low?", "gold": []} | changes])
    with pytest.raises(UsageError, match=f"line 1: {what}"):
        taken(path)


def test_two_questions_with_one_id_are_refused(tmp_path: Path) -> None:
    entry = {"id": "a", "question": "How low?", "gold": []}
    with pytest.raises(UsageError, match="same id"):
        taken(lines(tmp_path / "mine.jsonl", [entry, entry]))


def test_a_split_or_set_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no split"):
        taken("seeds", split="train")
    with pytest.raises(UsageError, match="does not exist, and no set has this name"):
        taken(tmp_path / "nowhere.jsonl")
    with pytest.raises(UsageError, match=r"a folder without corpus\.jsonl"):
        taken(tmp_path)
    for name in ("pubmedqa", "evidence_inference", "squad2", "case_reports"):
        with pytest.raises(UsageError, match="LOCCIT_BENCH"):
            taken(name)
        with pytest.raises(UsageError, match="nowhere: does not exist"):
            load(name, tmp_path / "nowhere", "all", papers=None, limit=None)


def test_halves_of_the_seed_questions() -> None:
    ids = {split: {case.id for case in taken("seeds", split=split).cases} for split in ("dev", "test", "all")}
    assert ids["dev"] | ids["test"] == ids["all"]
    assert not ids["dev"] & ids["test"]


@pytest.mark.bench
@pytest.mark.parametrize("name", ["evidence_inference", "pubmedqa", "squad2", "case_reports"])
def test_public_sets_have_both_halves(bench: Path, name: str) -> None:
    found = load(name, bench, "all", papers=None, limit=None)
    assert found.name == name
    assert {case.split for case in found.cases} == {"dev", "test"}


def test_an_index_is_kept_until_papers_change(tmp_path: Path) -> None:
    encoder = WordEncoder()
    papers = [document_of(TEXT, "iron"), document_of(OTHER, "sleep")]
    kept_index("set", papers, tmp_path, encoder).close()
    encoded = len(encoder.encoded)
    assert encoded > 0
    kept_index("set", papers[::-1], tmp_path, encoder).close()
    assert len(encoder.encoded) == encoded
    kept_index("set", papers[:1], tmp_path, encoder).close()
    assert len(encoder.encoded) == encoded  # another index, but the same vectors
    kept_index("set", [*papers, document_of("Tea is drunk.", "tea")], tmp_path, encoder).close()
    assert len(encoder.encoded) == encoded + 2  # a passage and a sentence
    (pointer, *_) = sorted(tmp_path.glob("*/CURRENT"))
    pointer.write_text("damaged", encoding="utf-8")
    for manifest in tmp_path.glob("*/gen-*/manifest.json"):
        manifest.write_text("{}", encoding="utf-8")
    with kept_index("set", papers, tmp_path, encoder) as index:
        assert set(index.documents) == {paper.id for paper in papers}


def test_a_set_on_papers_that_the_index_lacks(tmp_path: Path, seed_index: Path) -> None:
    from evals.measure.runner import answering

    gold = {"document": "0" * 64, "start": 0, "end": 3}
    found = taken(lines(tmp_path / "mine.jsonl", [{"id": "a", "question": "How low?", "gold": [gold]}]))
    with (
        pytest.raises(IndexMissing, match="lacks, for example 0000"),
        answering(found, seed_index, None, lambda *_: None),
    ):
        pass
