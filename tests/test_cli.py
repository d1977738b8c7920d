"""The command: what it prints as JSON, and one line with a remedy for every mistake."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import typer

from index.embed.encoder import BUNDLED
from qa.cli.main import app, main
from qa.records import Answer, Citation, NearMiss, Receipt
from tests.index_fakes import build_papers, write_papers

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = '{"id": 1, "question": "How long did it last?"}'


class Said(NamedTuple):
    """What a run of the command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def loccit(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command in this process."""

    def run(*arguments: str | Path) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        assert isinstance(left.value.code, int)
        return Said(left.value.code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index made with a model that is on no machine."""
    folder = tmp_path_factory.mktemp("other-model")
    build_papers(folder / "index", write_papers(folder / "papers"))
    return folder / "index"


def one_line(said: Said, code: int) -> str:
    """Check the form of a mistake's message and return it."""
    assert said.code == code, said
    assert re.fullmatch(r"loccit: [^\n]+\n", said.err), said.err
    assert "Traceback" not in said.err
    return said.err


# Mistakes with papers


@pytest.mark.parametrize("command", ["read", "build"])
@pytest.mark.parametrize(
    ("data", "what", "remedy"),
    [
        (None, "does not exist", "Check the path"),
        (b"", "empty", "Get the file again"),
        (b" \n\t\n", "empty", "Get the file again"),
        (bytes(range(128, 256)) * 20, "not UTF-8", "Save the file as UTF-8"),
        (b"Title\n\nna\xefve caf\xe9 \x81 \x9d\n", "not UTF-8", "Save the file as UTF-8"),
        (b"\xff\xfe\x00\xd8a", "UTF-16", "Save the file as UTF-8"),
    ],
)
def test_files_that_cannot_be_read(
    loccit: Callable[..., Said], tmp_path: Path, command: str, data: bytes | None, what: str, remedy: str
) -> None:
    path = tmp_path / "paper.txt"
    if data is not None:
        path.write_bytes(data)
    where = ["--index", tmp_path / "index"] if command == "build" else []
    said = one_line(loccit(command, path, *where), 2)
    assert "paper.txt" in said
    assert what in said
    assert remedy in said


@pytest.mark.parametrize("command", ["read", "build"])
@pytest.mark.parametrize(
    ("name", "what", "remedy"),
    [
        ("notes.docx", ".docx files are not read", "Save the paper as"),
        ("notes.DOCX", ".DOCX files are not read", "Save the paper as"),
        ("notes", "has no suffix", "Rename it"),
        (".txt", "has no suffix", "Rename it"),
    ],
)
def test_names_that_no_paper_has(
    loccit: Callable[..., Said], tmp_path: Path, command: str, name: str, what: str, remedy: str
) -> None:
    """Text inside does not help; the Papers page says the same."""
    path = tmp_path / name
    path.write_bytes(b"Ferritin was low in two runners.\n")
    where = ["--index", tmp_path / "index"] if command == "build" else []
    said = one_line(loccit(command, path, *where), 2)
    assert name in said
    assert what in said
    assert remedy in said
    assert ".pdf, .xml, .txt or .md" in said


def test_a_bad_file_among_good_ones_is_refused_and_the_others_are_added(
    loccit: Callable[..., Said], seed_index: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    shutil.copytree(seed_index, folder)
    good, bad = tmp_path / "runners.txt", tmp_path / "notes.docx"
    for path in (good, bad):
        path.write_text("Runners\n\nAbstract\n\nFerritin was low in two runners.\n", encoding="utf-8")
    said = loccit("add", bad, good, "--index", folder)
    assert "1 of 2 paths could not be read" in one_line(said, 2)
    assert "notes.docx: .docx files are not read" in said.out
    assert "3 papers (1 new" in said.out


@pytest.mark.parametrize(
    "command",
    [
        ["read"],
        ["build"],
        ["add"],
        ["watch"],
        ["import"],
        ["verify"],
        ["ask", "--file"],
        ["search", "--file"],
        ["ask", "What is myositis?", "--cross-encoder"],
        ["eval"],
        ["eval", "--against"],
        ["eval", "--set", "squad2", "--data"],
    ],
    ids=" ".join,
)
def test_a_path_that_does_not_exist_is_named_as_typed(
    loccit: Callable[..., Said], seed_index: Path, command: list[str]
) -> None:
    where = [] if command == ["read"] else ["--index", seed_index]
    said = one_line(loccit(*command, "/nowhere/deep/x.txt", *where), 2)
    assert said.startswith("loccit: /nowhere/deep/x.txt: does not exist")


def test_a_broken_pdf(loccit: Callable[..., Said], tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)))
    assert "paper.pdf" in one_line(loccit("read", path), 2)


def test_a_folder_without_papers(loccit: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    said = one_line(loccit("build", tmp_path / "papers", "--index", tmp_path / "index"), 2)
    assert "No papers in" in said
    assert ".pdf" in said
    assert not (tmp_path / "index" / "CURRENT").exists()


def test_a_mistake_loses_no_paper(loccit: Callable[..., Said], tmp_path: Path, other_model: Path) -> None:
    before = (other_model / "CURRENT").read_bytes()
    (tmp_path / "empty.txt").touch()
    one_line(loccit("add", tmp_path / "empty.txt", "--index", other_model), 2)
    one_line(loccit("remove", "no such paper", "--index", other_model), 2)
    assert (other_model / "CURRENT").read_bytes() == before


# Mistakes with the index


@pytest.mark.parametrize(
    "command",
    [
        ["ask", "What is ferritin?"],
        ["search", "ferritin"],
        ["info"],
        ["info", "--json"],
        ["verify"],
        ["rollback"],
        ["gc"],
        ["export", "file"],
        ["remove", "ferritin.txt"],
        ["eval", "--split", "dev"],
    ],
)
def test_no_index_yet(loccit: Callable[..., Said], tmp_path: Path, command: list[str]) -> None:
    said = one_line(loccit(*command, "--index", tmp_path / "nowhere"), 2)
    assert "nowhere" in said
    assert "loccit build" in said
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "command", [["build"], ["add", "a.txt"], ["chat"], ["info"], ["gc"], ["ask", "What is ferritin?"]]
)
def test_a_file_is_not_an_index(loccit: Callable[..., Said], tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "paper.txt").touch()
    said = one_line(loccit(*command, "--index", tmp_path / "paper.txt"), 2)
    assert "paper.txt: a file, not a folder" in said
    assert "--index" in said


@pytest.mark.parametrize("command", ["ask", "search"])
def test_an_index_of_another_model(loccit: Callable[..., Said], other_model: Path, command: str) -> None:
    said = one_line(loccit(command, "What is ferritin?", "--index", other_model, "--model", BUNDLED), 6)
    assert "built with words (" in said
    assert BUNDLED in said
    assert "loccit build --model" in said


def test_a_model_that_is_not_here(loccit: Callable[..., Said], other_model: Path) -> None:
    said = one_line(loccit("ask", "What is ferritin?", "--index", other_model), 2)
    assert "'words' is not on this machine" in said


def test_a_damaged_index(loccit: Callable[..., Said], tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    (path,) = (tmp_path / "index").glob("gen-*/vectors.faiss")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "vectors.faiss" in one_line(loccit("info", "--index", tmp_path / "index"), 5)
    said = loccit("verify", "--index", tmp_path / "index")
    one_line(said, 5)
    assert "vectors.faiss" in said.out


def test_a_generation_before_a_damaged_one_answers_and_that_is_said(
    loccit: Callable[..., Said], tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    papers = write_papers(tmp_path / "papers")
    build_papers(folder, papers)
    (papers / "more.txt").write_text(
        "Tea\n\nAbstract\n\nGreen tea was drunk by eleven men.\n", encoding="utf-8"
    )
    build_papers(folder, papers)
    (folder / "gen-00000002" / "vectors.faiss").write_bytes(b"bad")
    said = loccit("info", "--index", folder)
    assert "vectors.faiss" in said.out
    assert "generation   2 (current)" in said.out
    said = loccit("export", tmp_path / "one.tar", "--index", folder)
    assert "damaged: generation 1 was exported" in " ".join(said.err.split())
    assert said.code == 0


def test_a_damaged_pointer_is_told(loccit: Callable[..., Said], tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    (tmp_path / "index" / "CURRENT").write_bytes(b"gen-00000009 what\n")
    said = loccit("verify", "--index", tmp_path / "index")
    one_line(said, 5)
    assert "CURRENT: it is missing or damaged" in " ".join(said.out.split())


# Mistakes with questions


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("", "empty"),
        (" \t", "empty"),
        ("?!", "holds no word"),
        ("why " * 2500, "has 9999 characters"),
        ("x" * 10_000, "has 10000 characters"),
        ("caf\udce9", "not text"),
    ],
)
def test_questions_that_cannot_be_asked(
    loccit: Callable[..., Said], seed_index: Path, command: str, question: str, what: str
) -> None:
    assert what in one_line(loccit(command, question, "--index", seed_index), 2)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "holds no question"),
        ("\n \n", "holds no question"),
        ("not JSON", "line 1: not a question"),
        (f"{LINE}\n\n[1]", "line 3: not a question"),
        ("5", "line 1: not a question"),
        ("null", "line 1: not a question"),
        ('{"id": 1}', "line 1: not a question"),
        ('{"question": 5}', "line 1: not a question"),
        ('{"question": "a", "history": "b"}', "line 1: not a question"),
        ('{"question": "a", "history": [1]}', "line 1: not a question"),
        ('{"question": "a", "history": {"b": 1}}', "line 1: not a question"),
        (f"{LINE}\n{{", "line 2: not a question"),
        ("[" * 100_000, "line 1: not a question"),
    ],
)
@pytest.mark.parametrize("command", ["ask", "search"])
def test_files_of_questions_that_are_none(
    loccit: Callable[..., Said], tmp_path: Path, command: str, text: str, what: str
) -> None:
    """Found before the index is opened and before anything is printed."""
    path = tmp_path / "questions.jsonl"
    path.write_text(text, encoding="utf-8")
    said = loccit(command, "--file", path, "--index", tmp_path / "nowhere")
    assert what in one_line(said, 2)
    assert '{"id": 1, "question": "...", "history": []}' in said.err
    assert said.out == ""


def test_files_of_questions_that_cannot_be_read(loccit: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes(b'{"question": "caf\xe9"}')
    assert "not UTF-8" in one_line(loccit("ask", "--file", tmp_path / "latin.jsonl"), 2)
    assert "a folder, not a file" in one_line(loccit("ask", "--file", tmp_path), 2)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["frobnicate"], "No such command"),
        (["--frob"], "No such option"),
        (["ask", "--frob", "x"], "No such option"),
        (["ask"], "There is no question"),
        (["search"], "There is no question"),
        (["ask", "a", "b"], "unexpected extra argument"),
        (["ask", "a", "--file", "b"], "not both"),
        (["search", "a", "--file", "b"], "not both"),
        (["ask", "--file", "b", "--after", "a"], "go with one question"),
        (["ask", "--file", "b", "--receipt", "r.json"], "go with one question"),
        (["ask", "a", "--receipt", "."], ".: a folder, not a file"),
        (["ask", "a", "--threshold", "2"], "--threshold"),
        (["ask", "a", "--threshold", "high"], "--threshold"),
        (["ask", "a", "--threshold", "0.5", "--right", "0.9"], "--right"),
        (["ask", "a", "--right", "90"], "--right"),
        (["search", "a", "--limit", "0"], "--limit"),
        (["chat", "--port", "0"], "--port"),
        (["build", "--workers", "0"], "--workers"),
        (["eval", "--split", "train"], "Choose dev, test or all"),
        (["eval", "nowhere.jsonl"], "nowhere.jsonl"),
        (["watch"], "Missing argument"),
        (["watch", "nowhere"], "nowhere: does not exist"),
        (["export"], "Missing argument"),
        (["import", "a", "b"], "unexpected extra argument"),
        (["build", ""], "path is empty"),
        (["add", "a.txt", ""], "path is empty"),
        (["watch", ""], "path is empty"),
        (["info", "--index", ""], "path is empty"),
    ],
)
def test_commands_that_make_no_sense(loccit: Callable[..., Said], arguments: list[str], what: str) -> None:
    assert what in one_line(loccit(*arguments), 2)


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["--frob"], "loccit"),
        (["ask", "--frob"], "loccit ask"),
        (["build", "--workers", "x"], "loccit build"),
        (["eval", "--limit", "x"], "loccit eval run"),
        (["eval", "add-feedback", "--frob"], "loccit eval add-feedback"),
    ],
)
def test_a_mistake_with_options_points_to_the_help_of_its_command(
    loccit: Callable[..., Said], arguments: list[str], command: str
) -> None:
    assert one_line(loccit(*arguments), 2).endswith(f"See: {command} --help\n")


@pytest.mark.parametrize("option", ["--out", "--trec"])
def test_a_report_that_could_not_be_written_is_refused_before_it_is_made(
    loccit: Callable[..., Said], tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").touch()
    said = one_line(loccit("eval", option, tmp_path / "file"), 2)
    assert "a file, not a folder" in said
    assert "a folder, not a file" in one_line(loccit("eval", "--save-baseline", tmp_path), 2)


@pytest.mark.parametrize(
    ("name", "what"),
    [("no such paper", "no paper is called"), ("0", "papers are called"), ("", "no paper is called")],
)
def test_names_that_fit_no_paper_or_several(
    loccit: Callable[..., Said], seed_index: Path, name: str, what: str
) -> None:
    said = one_line(loccit("ask", "What is myositis?", "--paper", name, "--index", seed_index), 2)
    assert what in said
    assert "loccit info" in said


def test_a_place_that_cannot_be_written(
    loccit: Callable[..., Said], seed_index: Path, tmp_path: Path
) -> None:
    asked = ("ask", "When was MMF restarted?", "--index", seed_index)
    said = one_line(loccit(*asked, "--receipt", tmp_path / "no" / "folder" / "r.json"), 4)
    assert "r.json" in said


# Answers


def fields(record: type) -> set[str]:
    names = getattr(record, "__dataclass_fields__")  # noqa: B009 - absent from the type of a class
    return set(names)


@pytest.fixture
def ask(loccit: Callable[..., Said], seed_index: Path) -> Callable[..., dict[str, Any]]:
    """Ask the seed papers and return the answer's JSON."""

    def run(question: str, *options: str | Path) -> dict[str, Any]:
        said = loccit("ask", question, "--json", "--index", seed_index, *options)
        assert (said.code, said.err) == (0, "")
        assert said.out.count("\n") == 1
        found = json.loads(said.out)
        assert isinstance(found, dict)
        return found

    return run


def test_an_answer_as_json(ask: Callable[..., dict[str, Any]], seed_index: Path, seeds: Path) -> None:
    answer = ask("When was MMF restarted?")
    assert answer.keys() == fields(Answer)
    assert answer["status"] == "answered"
    assert answer["receipt"].keys() == fields(Receipt)
    first = answer["citations"][0]
    assert first.keys() == fields(Citation)
    assert "6 weeks" in first["quote"]
    assert first["source"] in {path.name for path in seeds.iterdir()}
    assert first["span"].keys() == first["passage"].keys() == {"start", "end"}
    assert first["span"]["end"] - first["span"]["start"] == len(first["quote"])
    lines = (seeds / first["source"]).read_text(encoding="utf-8").splitlines()
    assert first["quote"].split()[1] in lines[first["line"] - 1]


def test_the_woman_and_her_table(ask: Callable[..., dict[str, Any]]) -> None:
    first = ask("What was the woman's CK on admission?")["citations"][0]
    assert "9641" in first["quote"]
    assert first["table"]["label"] == "Table 1"
    assert any("9641" in cell for cell in first["table"]["cells"])
    assert first["source"].startswith("001")


@pytest.mark.parametrize("question", ["How do I bake bread?", "What was the woman's body mass index?"])
def test_not_in_these_papers(ask: Callable[..., dict[str, Any]], question: str) -> None:
    answer = ask(question)
    assert (answer["status"], answer["citations"]) == ("not_found", [])
    assert answer["reasons"]
    assert answer["near_misses"]
    assert all(near.keys() == fields(NearMiss) for near in answer["near_misses"])


@pytest.mark.parametrize(
    "question",
    [
        "Wie hoch war die Kreatinkinase der Frau bei der Aufnahme?",
        "\u5973\u6027\u306eCK\u306f\u3044\u304f\u3064\u3067\u3057\u305f\u304b\uff1f",
        "\u0643\u0645 \u0643\u0627\u0646 \u0627\u0644\u0625\u0646\u0632\u064a\u0645\u061f",
    ],
)
def test_a_question_in_another_language(ask: Callable[..., dict[str, Any]], question: str) -> None:
    answer = ask(question)
    assert answer["status"] in {"answered", "not_found"}
    if answer["status"] == "not_found":
        assert any("English" in reason for reason in answer["reasons"])


@pytest.mark.parametrize("question", ["\x00\x1b[2J CK?", "\u202eCK", "CK " + "\u0301" * 500, "🙂 CK?"])
def test_odd_characters_do_no_harm(loccit: Callable[..., Said], seed_index: Path, question: str) -> None:
    said = loccit("ask", question, "--index", seed_index)
    assert (said.code, said.err) == (0, "")
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out


def test_an_answer_as_text(loccit: Callable[..., Said], seed_index: Path) -> None:
    said = loccit("ask", "When was MMF restarted?", "--index", seed_index)
    flat = " ".join(said.out.split())
    assert (said.code, said.err) == (0, "")
    assert "[1] “" in flat
    assert "6 weeks" in flat
    assert re.search(r"line \d+", flat)
    assert "confidence (" in flat


def test_a_refusal_as_text(loccit: Callable[..., Said], seed_index: Path) -> None:
    said = loccit("ask", "How do I bake bread?", "--index", seed_index)
    assert said.code == 0
    assert said.out.startswith("Not in these papers.\n")
    assert "Nearest passages (they do not answer):" in said.out


def test_a_follow_up_shows_how_it_was_understood(
    ask: Callable[..., dict[str, Any]], loccit: Callable[..., Said], seed_index: Path
) -> None:
    earlier = ("--after", "What was the woman's CK on admission?")
    answer = ask("And her AST?", *earlier)
    assert answer["question"] == "And her AST?"
    assert answer["resolved_question"] == "What was the woman's AST on admission?"
    said = loccit("ask", "And her AST?", *earlier, "--index", seed_index)
    assert said.out.startswith("Understood as: What was the woman's AST on admission?\n")


def test_one_paper_only(ask: Callable[..., dict[str, Any]]) -> None:
    for paper in ("000_2de923414111d483.txt", "001_"):
        answer = ask("What is the creatine kinase?", "--paper", paper)
        shown = [*answer["citations"], *answer["near_misses"]]
        assert shown
        assert all(one["source"].startswith(paper[:3]) for one in shown)


def test_the_threshold_decides(ask: Callable[..., dict[str, Any]]) -> None:
    question = "When was MMF restarted?"
    assert ask(question, "--threshold", "1")["status"] == "not_found"
    assert ask(question, "--threshold", "0")["status"] == "answered"
    assert ask(question, "--threshold", "0.25")["receipt"]["threshold"] == 0.25
    usual, strict = (ask(question, "--right", share)["receipt"]["threshold"] for share in ("0.8", "0.9"))
    assert ask(question)["receipt"]["threshold"] == usual < strict


def test_no_threshold_makes_all_answers_right(loccit: Callable[..., Said], seed_index: Path) -> None:
    said = loccit("ask", "What was the dose?", "--right", "0.99", "--index", seed_index)
    assert said.code == 2
    assert "0.95" in said.err


def test_a_receipt_is_replayed(loccit: Callable[..., Said], seed_index: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    earlier = ("--after", "What was the woman's CK on admission?")
    assert loccit("ask", "And her AST?", *earlier, "--receipt", path, "--index", seed_index).code == 0
    said = loccit("verify", path, "--index", seed_index)
    assert said.code == 0
    assert "same answer, byte for byte" in " ".join(said.out.split())
    path.write_text(
        path.read_text(encoding="utf-8").replace("And her AST?", "And her ALT?"), encoding="utf-8"
    )
    assert "differs" in one_line(loccit("verify", path, "--index", seed_index), 5)


# Many questions


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    entries = [
        {"id": "a", "question": "When was MMF restarted?", "history": []},
        {"id": 7, "question": "How do I bake bread?"},
        {"question": "And her AST?", "history": ["What was the woman's CK on admission?"]},
    ]
    lines = [json.dumps(entry) for entry in entries]
    path.write_text("\ufeff" + "\n\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_many_questions_are_answered_one_a_line(
    loccit: Callable[..., Said], seed_index: Path, questions: Path
) -> None:
    said = loccit("ask", "--file", questions, "--index", seed_index)
    assert (said.code, said.err) == (0, "")
    first, second, third = (json.loads(line) for line in said.out.splitlines())
    assert (first["id"], second["id"], third["id"]) == ("a", 7, 5)  # without an id: the number of the line
    assert all(found.keys() == {"id", *fields(Answer)} for found in (first, second, third))
    assert "6 weeks" in first["citations"][0]["quote"]
    assert second["status"] == "not_found"
    assert third["resolved_question"] == "What was the woman's AST on admission?"


@pytest.mark.parametrize("command", ["ask", "search"])
def test_questions_come_from_standard_input(
    loccit: Callable[..., Said],
    seed_index: Path,
    questions: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    def piped(data: bytes) -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return loccit(command, "--file", "-", "--index", seed_index)

    said = piped(questions.read_bytes())
    assert (said.code, said.err) == (0, "")
    assert [json.loads(line)["id"] for line in said.out.splitlines()] == ["a", 7, 5]
    assert "standard input: holds no question" in one_line(piped(b""), 2)
    assert "standard input, line 1: not a question" in one_line(piped(b"What?"), 2)
    assert "standard input: byte 1 is not UTF-8" in one_line(piped(b"[\xe9"), 2)


def test_many_searches_are_answered_one_a_line(
    loccit: Callable[..., Said], seed_index: Path, questions: Path
) -> None:
    said = loccit("search", "--file", questions, "--limit", "3", "--index", seed_index)
    assert (said.code, said.err) == (0, "")
    found = [json.loads(line) for line in said.out.splitlines()]
    assert [one["id"] for one in found] == ["a", 7, 5]
    assert all(one.keys() == {"id", "question", "resolved_question", "hits"} for one in found)
    assert all([hit["rank"] for hit in one["hits"]] == [1, 2, 3] for one in found)


def test_one_bad_question_does_not_stop_the_others(
    loccit: Callable[..., Said], seed_index: Path, tmp_path: Path
) -> None:
    path = tmp_path / "questions.jsonl"
    asked = ["", "What is myositis?", "x" * 10_000, "\ud800"]
    path.write_text("\n".join(json.dumps({"question": one}) for one in asked), encoding="utf-8")
    said = loccit("ask", "--file", path, "--index", seed_index)
    assert "3 of 4 questions could not be asked" in one_line(said, 2)
    found = [json.loads(line) for line in said.out.splitlines()]
    assert ["error" in one for one in found] == [True, False, True, True]
    assert [one["question"] for one in found] == asked


def test_hits_as_json(loccit: Callable[..., Said], seed_index: Path) -> None:
    said = loccit("search", "muscle biopsy findings", "--limit", "2", "--json", "--index", seed_index)
    found = json.loads(said.out)
    assert found.keys() == {"question", "hits"}
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    assert found["hits"][0].keys() == {
        *("rank", "score", "hybrid", "lexical", "dense", "document_id", "source", "title", "section"),
        *("page", "line", "span", "quote"),
    }
    assert "biopsy" in found["hits"][0]["quote"].lower()


def test_hits_are_in_the_order_of_the_score_shown(loccit: Callable[..., Said], seed_index: Path) -> None:
    command = ("search", "muscle biopsy findings", "--limit", "12", "--index", seed_index)
    hits = json.loads(loccit(*command, "--json").out)["hits"]
    read = [hit["score"] for hit in hits if hit["score"] is not None]
    rest = [hit["hybrid"] for hit in hits[len(read) :]]
    assert [hit["score"] for hit in hits] == sorted(read, reverse=True) + [None] * len(rest)
    assert rest == sorted(rest, reverse=True)
    assert read
    assert rest
    shown = re.findall(r"^\d+ +\S (\S+)", loccit(*command).out, re.MULTILINE)
    assert shown == [f"{score:.2f}" for score in read] + ["–"] * len(rest)


def test_hits_as_text(loccit: Callable[..., Said], seed_index: Path) -> None:
    said = loccit("search", "muscle biopsy findings", "--limit", "2", "--index", seed_index)
    assert (said.code, said.err) == (0, "")
    assert re.findall(r"^([12]) ", said.out, re.MULTILINE) == ["1", "2"]


# Looking into the index and into papers


def test_info_as_json(loccit: Callable[..., Said], seed_index: Path) -> None:
    found = json.loads(loccit("info", "--json", "--index", seed_index).out)
    assert found["papers"] == len(found["documents"]) == 2
    assert found["model"] == BUNDLED
    assert found.keys() >= {"index", "generation", "created", "passages", "sentences", "bytes", "warnings"}
    (kept,) = found["generations"]
    assert kept["current"]
    assert (kept["number"], kept["papers"], kept["problem"]) == (found["generation"], 2, "")
    for document in found["documents"]:
        assert document.keys() >= {"id", "source", "title", "authors", "year", "doi", "passages", "warnings"}


def test_info_as_text_holds_no_control_characters(loccit: Callable[..., Said], tmp_path: Path) -> None:
    papers = {"evil.txt": "An \x1b[31mevil\u202e title\n\nAbstract\n\nFerritin was low in two runners.\n"}
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers", papers))
    for command in (["info", "--index", tmp_path / "index"], ["read", tmp_path / "papers" / "evil.txt"]):
        said = loccit(*command)
        assert said.code == 0
        assert "\x1b" not in said.out
        assert "\u202e" not in said.out


def test_read_prints_the_canonical_text(loccit: Callable[..., Said], seeds: Path) -> None:
    paper = seeds / "000_2de923414111d483.txt"
    text = loccit("read", paper, "--text").out
    assert "\ufffd" not in text
    assert "There is a paucity of data" in text
    about = loccit("read", paper).out
    assert "sections" in about
    assert "Case Presentation" in about


def test_remove_and_rollback(loccit: Callable[..., Said], tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build_papers(folder, write_papers(tmp_path / "papers"))
    assert loccit("remove", "sleep.txt", "--index", folder).code == 0
    assert json.loads(loccit("info", "--json", "--index", folder).out)["papers"] == 2
    assert loccit("rollback", "--index", folder).code == 0
    assert json.loads(loccit("info", "--json", "--index", folder).out)["papers"] == 3
    assert loccit("gc", "--index", folder).code == 0
    assert "intact" in loccit("verify", "--index", folder).out


def test_export_and_import(loccit: Callable[..., Said], tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    file, other = tmp_path / "three.loccit", tmp_path / "other"
    said = loccit("export", file, "--index", tmp_path / "index")
    assert (said.code, said.err) == (0, "")
    assert "3 papers" in said.out
    assert "--replace" in one_line(loccit("export", file, "--index", tmp_path / "index"), 2)
    assert loccit("export", file, "--replace", "--index", tmp_path / "index").code == 0
    said = loccit("import", file, "--index", other)
    assert (said.code, said.err) == (0, "")
    assert json.loads(loccit("info", "--json", "--index", other).out)["papers"] == 3
    assert "--replace" in one_line(loccit("import", file, "--index", other), 2)
    assert "generation 2" in loccit("import", file, "--replace", "--index", other).out
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    assert "three.loccit" in one_line(loccit("import", file, "--index", tmp_path / "third"), 5)
    file.write_text("something else")
    assert "not an exported index" in one_line(loccit("import", file, "--index", tmp_path / "third"), 5)
    assert (
        not (tmp_path / "third").exists() or "no index" in loccit("info", "--index", tmp_path / "third").err
    )


# Evaluating


def test_eval_as_json_and_as_a_report(
    loccit: Callable[..., Said], seed_index: Path, root: Path, tmp_path: Path
) -> None:
    lines = (root / "evals" / "sets" / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join([lines[2], lines[-1]]), encoding="utf-8")
    said = loccit("eval", few, "--json", "--floors", "--out", tmp_path / "out", "--index", seed_index)
    assert said.code == 0
    figures = json.loads(said.out)
    assert (figures["set"], figures["split"], figures["questions"]) == ("few", "all", 2)
    assert figures.keys() >= {"recall@1", "recall@5", "recall@10", "mrr", "hit@1", "refusal_recall", "types"}
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in report["outcomes"]] == [json.loads(lines[i])["id"] for i in (2, -1)]
    shown = loccit("eval", few, "--index", seed_index).out
    assert "recall@5" in shown
    assert re.search(r"^all\b", shown, re.MULTILINE)


def test_an_index_without_the_papers_asked_about(
    loccit: Callable[..., Said], seed_index: Path, root: Path, tmp_path: Path
) -> None:
    line = (root / "evals" / "sets" / "seeds.jsonl").read_text(encoding="utf-8").splitlines()[0]
    key = json.loads(line)["gold"][0]["document"]
    path = tmp_path / "others.jsonl"
    path.write_text(line.replace(key, "0" * 64), encoding="utf-8")
    assert "lacks 1 of the 1 papers" in one_line(loccit("eval", path, "--index", seed_index), 2)


# The command as a program


def commands() -> dict[str, Any]:
    found = getattr(typer.main.get_command(app), "commands")  # noqa: B009 - of groups only
    return dict(found)


def test_every_command_is_documented(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    missing = [name for name in commands() if f"`{name}`" not in readme and f"loccit {name}" not in readme]
    assert missing == []


def test_no_command_is_documented_that_does_not_exist(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^\$ |`)loccit ([a-z]+)", readme, re.MULTILINE))
    assert named
    assert named <= commands().keys()


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_help_of_every_command_is_an_example(loccit: Callable[..., Said], name: str) -> None:
    said = loccit(name, "--help")
    assert said.code == 0
    assert f"loccit {name}" in said.out


@pytest.mark.parametrize(
    ("option", "said"), [("--help", "loccit ask"), ("--version", f"loccit {metadata.version('loccit')}\n")]
)
def test_help_and_version_load_nothing_heavy(option: str, said: str) -> None:
    script = (
        "import sys\nfrom qa.cli.main import main\n"
        f"try:\n    main(['{option}'])\nexcept SystemExit as left:\n    assert left.code == 0\n"
        "heavy = {'torch', 'streamlit', 'faiss', 'sentence_transformers', 'numpy', 'index.store.open'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout


def test_a_mistake_in_a_real_process(tmp_path: Path) -> None:
    def process(*options: str) -> Said:
        program = Path(sys.executable).with_name("loccit")
        command = [str(program), *options, "ask", "What?", "--index", str(tmp_path / "nowhere")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return Said(done.returncode, done.stdout, done.stderr)

    said = process()
    assert one_line(said, 2)
    assert said.out == ""
    said = process("--debug")
    assert said.code == 2
    assert "Traceback" in said.err


def test_results_may_be_cut_off_by_their_reader(seed_index: Path) -> None:
    """As ``loccit read paper --text | head -1`` does."""
    program = Path(sys.executable).with_name("loccit")
    command = [str(program), "info", "--json", "--index", str(seed_index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
