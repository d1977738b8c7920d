"""The command: JSON and text output, and a one-line error with a remedy for every mistake."""

from __future__ import annotations

import json
import re
import shlex
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
from tests.index_fakes import TEA, build_papers, write_papers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Loccit = Callable[..., "Output"]
    Ask = Callable[..., dict[str, Any]]

CK = "What was the woman's CK on admission?"
MMF = "When was MMF restarted?"


class Output(NamedTuple):
    """What a run of the command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def loccit(capsys: pytest.CaptureFixture[str]) -> Loccit:
    """Run the command in this process."""

    def run(*arguments: str | Path) -> Output:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        assert isinstance(left.value.code, int)
        return Output(left.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def ask(loccit: Loccit, seed_index: Path) -> Ask:
    """Ask the seed papers and return the answer's JSON."""

    def run(question: str, *options: str | Path) -> dict[str, Any]:
        output = loccit("ask", question, "--json", "--index", seed_index, *options)
        assert (output.code, output.err) == (0, "")
        assert output.out.count("\n") == 1
        return dict(json.loads(output.out))

    return run


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index built with a model that is not installed anywhere; not to be changed."""
    folder = tmp_path_factory.mktemp("other-model")
    build_papers(folder / "index", write_papers(folder / "papers"))
    return folder / "index"


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """The folder of an index of three papers."""
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    return tmp_path / "index"


def one_line(output: Output, code: int) -> str:
    """Check the form of an error message and return it."""
    assert output.code == code, output
    assert re.fullmatch(r"loccit: [^\n]+\n", output.err), output.err
    return output.err


# Mistakes with papers


@pytest.mark.parametrize("command", ["read", "build"])
@pytest.mark.parametrize(
    ("name", "data", "what", "remedy"),
    [
        ("paper.txt", None, "does not exist", "Check the path"),
        ("paper.txt", b"", "empty", "Get the file again"),
        ("paper.txt", b" \n\t\n", "empty", "Get the file again"),
        ("paper.txt", bytes(range(128, 256)) * 20, "not UTF-8", "Save the file as UTF-8"),
        ("paper.txt", b"Title\n\nna\xefve caf\xe9 \x81 \x9d\n", "not UTF-8", "Save the file as UTF-8"),
        ("paper.txt", b"\xff\xfe\x00\xd8a", "UTF-16", "Save the file as UTF-8"),
        ("paper.pdf", b"%PDF-1.7\n" + bytes(range(256)), "paper.pdf", ""),
        (
            "notes.docx",
            b"Ferritin.\n",
            ".docx files are not read",
            "Save the paper as .pdf, .xml, .txt or .md",
        ),
        (
            "notes.DOCX",
            b"Ferritin.\n",
            ".DOCX files are not read",
            "Save the paper as .pdf, .xml, .txt or .md",
        ),
        ("notes", b"Ferritin.\n", "has no suffix", "Rename it to end in .pdf, .xml, .txt or .md"),
        (".txt", b"Ferritin.\n", "has no suffix", "Rename it to end in .pdf, .xml, .txt or .md"),
    ],
)
def test_files_that_cannot_be_read(
    loccit: Loccit, tmp_path: Path, command: str, name: str, data: bytes | None, what: str, remedy: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    where = ["--index", tmp_path / "index"] if command == "build" else []
    error = one_line(loccit(command, tmp_path / name, *where), 2)
    assert name in error
    assert what in error
    assert remedy in error


def test_a_bad_file_is_refused_and_the_others_are_added(
    loccit: Loccit, seed_index: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    shutil.copytree(seed_index, folder)
    good, bad = tmp_path / "runners.txt", tmp_path / "notes.docx"
    for path in (good, bad):
        path.write_text("Runners\n\nAbstract\n\nFerritin was low in two runners.\n", encoding="utf-8")
    output = loccit("add", bad, good, "--index", folder)
    assert "1 of 2 paths could not be read" in one_line(output, 2)
    assert "notes.docx: .docx files are not read" in output.out
    assert "3 papers (1 new" in output.out


@pytest.mark.parametrize(
    "command",
    [
        *("read", "build", "add", "watch", "import", "verify", "eval", "ask --file", "search --file"),
        *("ask a --cross-encoder", "eval --against", "eval --set squad2 --data"),
    ],
)
def test_a_path_that_does_not_exist_is_named_as_typed(loccit: Loccit, seed_index: Path, command: str) -> None:
    where = [] if command == "read" else ["--index", seed_index]
    error = one_line(loccit(*command.split(), "/nowhere/deep/x.txt", *where), 2)
    assert error.startswith("loccit: /nowhere/deep/x.txt: does not exist")


# Mistakes with the index


@pytest.mark.parametrize(
    "command",
    [
        *("ask ferritin", "search ferritin", "table ferritin", "info --json", "verify", "rollback", "gc"),
        *("export file", "remove ferritin.txt", "eval --split dev"),
    ],
)
def test_a_folder_without_an_index(loccit: Loccit, tmp_path: Path, command: str) -> None:
    error = one_line(loccit(*command.split(), "--index", tmp_path / "nowhere"), 2)
    assert "nowhere" in error
    assert "loccit build" in error
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", ["build", "add a.txt", "chat", "info", "gc", "ask ferritin"])
def test_a_file_is_not_an_index(loccit: Loccit, tmp_path: Path, command: str) -> None:
    (tmp_path / "paper.txt").touch()
    error = one_line(loccit(*command.split(), "--index", tmp_path / "paper.txt"), 2)
    assert "paper.txt: a file, not a folder" in error
    assert "--index" in error


@pytest.mark.parametrize("command", ["ask", "search", "table"])
def test_an_index_of_another_model(loccit: Loccit, other_model: Path, command: str) -> None:
    error = one_line(loccit(command, "What is ferritin?", "--index", other_model, "--model", BUNDLED), 6)
    assert "built with words (" in error
    assert BUNDLED in error
    assert "loccit build --model" in error


def test_a_model_that_is_not_installed(loccit: Loccit, other_model: Path) -> None:
    error = one_line(loccit("ask", "What is ferritin?", "--index", other_model), 2)
    assert "'words' is not on this machine" in error


def test_a_mistake_leaves_the_index_as_it_was(loccit: Loccit, tmp_path: Path, other_model: Path) -> None:
    before = (other_model / "CURRENT").read_bytes()
    (tmp_path / "empty.txt").touch()
    one_line(loccit("add", tmp_path / "empty.txt", "--index", other_model), 2)
    one_line(loccit("remove", "no such paper", "--index", other_model), 2)
    assert (other_model / "CURRENT").read_bytes() == before


def test_a_damaged_index(loccit: Loccit, three: Path) -> None:
    (path,) = three.glob("gen-*/vectors.faiss")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "vectors.faiss" in one_line(loccit("info", "--index", three), 5)
    output = loccit("verify", "--index", three)
    assert "1 of 1 generations are damaged" in one_line(output, 5)
    assert "vectors.faiss" in output.out


def test_a_damaged_pointer(loccit: Loccit, three: Path) -> None:
    (three / "CURRENT").write_bytes(b"gen-00000009 what\n")
    output = loccit("verify", "--index", three)
    assert "CURRENT is damaged" in one_line(output, 5)
    assert "CURRENT: it is missing or damaged" in " ".join(output.out.split())


def test_the_generation_before_a_damaged_one_is_used_with_a_warning(
    loccit: Loccit, three: Path, tmp_path: Path
) -> None:
    build_papers(three, write_papers(tmp_path / "papers", TEA))
    (three / "gen-00000002" / "vectors.faiss").write_bytes(b"bad")
    output = loccit("info", "--index", three)
    assert "vectors.faiss" in output.out
    assert "generation   2 (current)" in output.out
    output = loccit("export", tmp_path / "one.tar", "--index", three)
    assert "generation 1 was exported instead" in " ".join(output.err.split())
    assert output.code == 0


# Mistakes with questions and options


@pytest.mark.parametrize("command", ["ask", "table"])
@pytest.mark.parametrize(
    ("question", "what"),
    [(" \t", "empty"), ("?!", "holds no word"), ("a " * 5000, "has 9999 characters"), ("\udce9", "not text")],
)
def test_questions_that_cannot_be_asked(
    loccit: Loccit, tmp_path: Path, command: str, question: str, what: str
) -> None:
    """Refused before the index is opened."""
    assert what in one_line(loccit(command, question, "--index", tmp_path / "nowhere"), 2)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ("frobnicate", "No such command"),
        ("--frob", "No such option"),
        ("ask --frob x", "No such option"),
        ("ask", "No question was given"),
        ("search", "No question was given"),
        ("ask a b", "unexpected extra argument"),
        ("ask a --file b", "Both a question and --file"),
        ("search a --file b", "Both a question and --file"),
        ("ask --file b --after a", "cannot be combined with --file"),
        ("ask --file b --receipt c", "cannot be combined with --file"),
        ("ask a --receipt .", ".: a folder, not a file"),
        ("ask a --threshold 2", "--threshold"),
        ("ask a --threshold high", "--threshold"),
        ("ask a --threshold 0.5 --right 0.9", "--right"),
        ("ask a --right 90", "--right"),
        ("search a --limit 0", "--limit"),
        ("table a --format pdf", "--format"),
        ("chat --port 0", "--port"),
        ("build --workers 0", "--workers"),
        ("eval --split train", "Choose dev, test or all"),
        ("eval nowhere.jsonl", "nowhere.jsonl"),
        ("watch", "Missing argument"),
        ("watch nowhere", "nowhere: does not exist"),
        ("export", "Missing argument"),
        ("import a b", "unexpected extra argument"),
        ('build ""', "path is empty"),
        ('add a.txt ""', "path is empty"),
        ('watch ""', "path is empty"),
        ('info --index ""', "path is empty"),
        ("ask --frob", "See: loccit ask --help"),
        ("build --workers x", "See: loccit build --help"),
        ("eval --limit x", "See: loccit eval run --help"),
        ("eval add-feedback --frob", "See: loccit eval add-feedback --help"),
    ],
)
def test_invalid_arguments(loccit: Loccit, arguments: str, what: str) -> None:
    assert what in one_line(loccit(*shlex.split(arguments)), 2)


@pytest.mark.parametrize("option", ["--out", "--trec"])
def test_a_report_that_could_not_be_written_is_refused_first(
    loccit: Loccit, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").touch()
    assert "a file, not a folder" in one_line(loccit("eval", option, tmp_path / "file"), 2)
    assert "a folder, not a file" in one_line(loccit("eval", "--save-baseline", tmp_path), 2)


@pytest.mark.parametrize(
    ("name", "what"),
    [("no such paper", "no paper is called"), ("0", "papers are called"), ("", "no paper is called")],
)
def test_names_of_no_paper_or_several(loccit: Loccit, seed_index: Path, name: str, what: str) -> None:
    error = one_line(loccit("ask", "What is myositis?", "--paper", name, "--index", seed_index), 2)
    assert what in error
    assert "loccit info" in error


def test_a_receipt_that_cannot_be_written(loccit: Loccit, seed_index: Path, tmp_path: Path) -> None:
    output = loccit("ask", MMF, "--index", seed_index, "--receipt", tmp_path / "no" / "folder" / "r.json")
    assert "r.json" in one_line(output, 4)


# Answers


def fields(record: type) -> set[str]:
    names = getattr(record, "__dataclass_fields__")  # noqa: B009 - absent from the type of a class
    return set(names)


def test_an_answer_as_json(ask: Ask, seeds: Path) -> None:
    answer = ask(MMF)
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


@pytest.mark.parametrize("question", ["How do I bake bread?", "What was the woman's body mass index?"])
def test_not_in_these_papers(ask: Ask, question: str) -> None:
    answer = ask(question)
    assert (answer["status"], answer["citations"]) == ("not_found", [])
    assert answer["reasons"]
    assert answer["near_misses"]
    assert all(near.keys() == fields(NearMiss) for near in answer["near_misses"])


@pytest.mark.parametrize("question", ["\x00\x1b[2J CK?", "\u202eCK", "CK " + "\u0301" * 500, "🙂 CK?"])
def test_control_characters_of_a_question_are_not_printed(
    loccit: Loccit, seed_index: Path, question: str
) -> None:
    output = loccit("ask", question, "--index", seed_index)
    assert (output.code, output.err) == (0, "")
    assert not {"\x1b", "\u202e"} & set(output.out)


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ([MMF], r"^\n\[1\] “.*6 weeks.*”\n    .* · lines? \d+(?:–\d+)? · \w+ confidence \(\d+%\)\n"),
        ([CK], r"\n\[1\] .*9641.*\n    TABLE 1: .*\n    Table 1 · .* · line \d+ · "),
        (
            ["How do I bake bread?"],
            r"^Not in these papers\.\n(?s:.*)\nNearest passages \(not answers\):\n",
        ),
        (["And her AST?", "--after", CK], r"^Understood as: What was the woman's AST on admission\?\n"),
    ],
    ids=["quote", "table row", "refusal", "follow-up"],
)
def test_an_answer_as_text(loccit: Loccit, seed_index: Path, arguments: list[str], pattern: str) -> None:
    output = loccit("ask", *arguments, "--index", seed_index)
    assert (output.code, output.err) == (0, "")
    assert re.search(pattern, output.out), output.out


@pytest.mark.parametrize("paper", ["000_2de923414111d483.txt", "001_"])
def test_one_paper_only(ask: Ask, paper: str) -> None:
    answer = ask("What is the creatine kinase?", "--paper", paper)
    shown = [*answer["citations"], *answer["near_misses"]]
    assert shown
    assert all(one["source"].startswith(paper[:3]) for one in shown)


def test_the_threshold_decides(ask: Ask, loccit: Loccit, seed_index: Path) -> None:
    assert ask(MMF, "--threshold", "1")["status"] == "not_found"
    assert ask(MMF, "--threshold", "0")["status"] == "answered"
    assert ask(MMF, "--threshold", "0.25")["receipt"]["threshold"] == 0.25
    usual, strict = (ask(MMF, "--right", share)["receipt"]["threshold"] for share in ("0.8", "0.9"))
    assert ask(MMF)["receipt"]["threshold"] == usual < strict
    assert "0.95" in one_line(loccit("ask", MMF, "--right", "0.99", "--index", seed_index), 2)


def test_a_receipt_is_replayed(loccit: Loccit, seed_index: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    asked = ("ask", "And her AST?", "--after", CK, "--receipt", path, "--index", seed_index)
    assert loccit(*asked).code == 0
    output = loccit("verify", path, "--index", seed_index)
    assert output.code == 0
    assert "same answer, byte for byte" in " ".join(output.out.split())
    changed = path.read_text(encoding="utf-8").replace("And her AST?", "And her ALT?")
    path.write_text(changed, encoding="utf-8")
    assert "differs" in one_line(loccit("verify", path, "--index", seed_index), 5)


# Many questions


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    entries: list[dict[str, Any]] = [
        {"id": "a", "question": MMF, "history": []},
        {"id": 7, "question": "How do I bake bread?"},
        {"question": "And her AST?", "history": [CK]},
        {"id": "empty", "question": ""},
        {"id": "half a pair", "question": "\ud800"},
    ]
    path.write_text("\n".join(json.dumps(entry) for entry in entries), encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["ask", "search"])
def test_each_question_of_a_file_gives_a_line(
    loccit: Loccit, seed_index: Path, questions: Path, command: str
) -> None:
    """An invalid question gives an error in its line; the others are answered."""
    output = loccit(command, "--file", questions, "--index", seed_index)
    assert "2 of 5 questions could not be asked" in one_line(output, 2)
    first, second, third, *bad = (json.loads(line) for line in output.out.splitlines())
    assert [one["id"] for one in (first, second, third)] == ["a", 7, 3]  # without an id: the line's number
    assert [one.keys() for one in bad] == [{"id", "question", "error"}] * 2
    assert [one["question"] for one in bad] == ["", "\ud800"]
    assert third["resolved_question"] == "What was the woman's AST on admission?"
    if command == "ask":
        assert first.keys() == {"id", *fields(Answer)}
        assert "6 weeks" in first["citations"][0]["quote"]
        assert second["status"] == "not_found"
    else:
        assert first.keys() == {"id", "question", "resolved_question", "hits"}
        assert [hit["rank"] for hit in second["hits"]] == list(range(1, 11))


def test_hits_are_in_the_order_of_the_score_shown(loccit: Loccit, seed_index: Path) -> None:
    command = ("search", "muscle biopsy findings", "--limit", "12", "--index", seed_index)
    listed = json.loads(loccit(*command, "--json").out)
    assert listed.keys() == {"question", "hits"}
    hits = listed["hits"]
    assert hits[0].keys() == {
        *("rank", "score", "hybrid", "lexical", "dense", "document_id", "source", "title", "section"),
        *("page", "line", "span", "quote"),
    }
    assert "biopsy" in hits[0]["quote"].lower()
    ranked = [hit["score"] for hit in hits if hit["score"] is not None]
    rest = [hit["hybrid"] for hit in hits[len(ranked) :]]
    assert ranked
    assert rest
    assert [hit["score"] for hit in hits] == sorted(ranked, reverse=True) + [None] * len(rest)
    assert rest == sorted(rest, reverse=True)
    shown = re.findall(r"^(\d+) +\S (\S+)", loccit(*command).out, re.MULTILINE)
    scores = [f"{score:.2f}" for score in ranked] + ["–"] * len(rest)
    assert shown == [(str(rank), score) for rank, score in enumerate(scores, 1)]


# Papers and indexes


def test_info_as_json(loccit: Loccit, seed_index: Path) -> None:
    held = json.loads(loccit("info", "--json", "--index", seed_index).out)
    assert held["papers"] == len(held["documents"]) == 2
    assert held["model"] == BUNDLED
    assert held.keys() >= {"index", "generation", "created", "passages", "sentences", "bytes", "warnings"}
    (kept,) = held["generations"]
    assert kept["current"]
    assert (kept["number"], kept["papers"], kept["problem"]) == (held["generation"], 2, "")
    for document in held["documents"]:
        assert document.keys() >= {"id", "source", "title", "authors", "year", "doi", "passages", "warnings"}


def test_control_characters_of_papers_are_not_printed(loccit: Loccit, tmp_path: Path) -> None:
    papers = {"evil.txt": "An \x1b[31mevil\u202e title\n\nAbstract\n\nFerritin was low in two runners.\n"}
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers", papers))
    for command in (["info", "--index", tmp_path / "index"], ["read", tmp_path / "papers" / "evil.txt"]):
        output = loccit(*command)
        assert output.code == 0
        assert not {"\x1b", "\u202e"} & set(output.out)


def test_read_shows_a_paper(loccit: Loccit, seeds: Path) -> None:
    paper = seeds / "000_2de923414111d483.txt"
    text = loccit("read", paper, "--text").out
    assert "\ufffd" not in text
    assert "There is a paucity of data" in text
    about = loccit("read", paper).out
    assert "sections" in about
    assert "Case Presentation" in about


def test_remove_and_rollback(loccit: Loccit, three: Path) -> None:
    output = loccit("remove", "sleep.txt", "--index", three)
    assert (output.code, "generation 2: 2 papers (0 new, 1 removed)" in output.out) == (0, True)
    assert "Generation 1 is now current" in loccit("rollback", "--index", three).out
    assert json.loads(loccit("info", "--json", "--index", three).out)["papers"] == 3
    assert "Deleted 1 generation." in loccit("gc", "--index", three).out
    assert "generation 1: intact" in loccit("verify", "--index", three).out


def test_export_and_import(loccit: Loccit, three: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "three.loccit", tmp_path / "other"
    output = loccit("export", file, "--index", three)
    assert (output.code, output.err, "3 papers" in output.out) == (0, "", True)
    assert "--replace" in one_line(loccit("export", file, "--index", three), 2)
    output = loccit("import", file, "--index", other)
    assert (output.code, output.err) == (0, "")
    assert json.loads(loccit("info", "--json", "--index", other).out)["papers"] == 3
    assert "--replace" in one_line(loccit("import", file, "--index", other), 2)
    assert "generation 2" in loccit("import", file, "--replace", "--index", other).out


# Evaluation


@pytest.fixture
def seed_lines(root: Path) -> list[str]:
    return (root / "evals" / "sets" / "seeds.jsonl").read_text(encoding="utf-8").splitlines()


def test_eval_as_json_and_as_a_report(
    loccit: Loccit, seed_index: Path, seed_lines: list[str], tmp_path: Path
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join([seed_lines[2], seed_lines[-1]]), encoding="utf-8")
    output = loccit("eval", few, "--json", "--floors", "--out", tmp_path / "out", "--index", seed_index)
    assert output.code == 0
    figures = json.loads(output.out)
    assert (figures["set"], figures["split"], figures["questions"]) == ("few", "all", 2)
    assert figures.keys() >= {"recall@1", "recall@5", "recall@10", "mrr", "hit@1", "refusal_recall", "types"}
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in report["outcomes"]] == [json.loads(seed_lines[i])["id"] for i in (2, -1)]
    shown = loccit("eval", few, "--index", seed_index).out
    assert "recall@5" in shown
    assert re.search(r"^all\b", shown, re.MULTILINE)


def test_eval_on_an_index_without_the_papers(
    loccit: Loccit, seed_index: Path, seed_lines: list[str], tmp_path: Path
) -> None:
    key = json.loads(seed_lines[0])["gold"][0]["document"]
    path = tmp_path / "others.jsonl"
    path.write_text(seed_lines[0].replace(key, "0" * 64), encoding="utf-8")
    assert "lacks 1 of the 1 papers" in one_line(loccit("eval", path, "--index", seed_index), 2)


# Help and documentation


def commands() -> dict[str, Any]:
    """Return the commands by name, as in ``build`` and ``eval add-feedback``."""

    def below(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own class
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, f"{name} ")
            yield prefix + name, command

    return dict(below(typer.main.get_command(app)))


def test_the_table_of_the_readme_names_every_command(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| command | purpose |\n")[2].partition("\n\n")[0]
    assert [name for name in commands() if f"`{name}`" not in table and name != "eval run"] == []


def test_the_readme_names_no_other_command(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^\$ |`)loccit ([a-z]+)", readme, re.MULTILINE))
    assert named
    assert named <= commands().keys()


@pytest.mark.parametrize("name", sorted(commands()))
def test_help_explains_the_command_and_every_option(loccit: Loccit, name: str) -> None:
    assert not commands()[name].get_short_help_str(60).endswith("...")
    assert [one.name for one in commands()[name].params if not getattr(one, "help", "--help")] == []
    output = loccit(*name.split(), "--help")
    assert output.code == 0
    assert re.search(rf"^  loccit {name.removesuffix(' run')}\b", output.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("option", "shown"), [("--help", "loccit ask"), ("--version", f"loccit {metadata.version('loccit')}\n")]
)
def test_help_and_version_load_nothing_heavy(option: str, shown: str) -> None:
    script = (
        "import sys\nfrom qa.cli.main import main\n"
        f"try:\n    main(['{option}'])\nexcept SystemExit as left:\n    assert left.code == 0\n"
        "heavy = {'torch', 'streamlit', 'faiss', 'sentence_transformers', 'numpy', 'index.store.open'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout


# The command as a process


def test_debug_shows_the_traceback(loccit: Loccit, tmp_path: Path) -> None:
    output = loccit("--debug", "ask", "What?", "--index", tmp_path / "nowhere")
    assert output.code == 2
    assert "Traceback" in output.err


def test_the_installed_program_reports_a_mistake(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("loccit")
    command = [str(program), "ask", "What?", "--index", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    one_line(Output(done.returncode, done.stdout, done.stderr), 2)
    assert done.stdout == ""


def test_output_may_be_cut_off_by_its_reader(seed_index: Path) -> None:
    """As in ``loccit read paper --text | head -1``."""
    program = Path(sys.executable).with_name("loccit")
    command = [str(program), "info", "--json", "--index", str(seed_index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
