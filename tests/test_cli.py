"""The command: its JSON, its text, its help."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer

from evals.sets.named import load
from evals.sets.names import NAMES
from index.embed.model import BUNDLED
from qa.cli.main import app
from qa.records import Answer, Citation, Nearby, Receipt
from tests.architecture import HEAVY
from tests.commands import Loccit, one_line
from tests.index_fakes import build_papers, write_papers

Ask = Callable[..., dict[str, Any]]

CK = "What was the woman's CK on admission?"
MMF = "When was MMF restarted?"


@pytest.fixture
def ask(loccit: Loccit, seed_index: Path) -> Ask:
    """Ask the seed papers and return the answer's JSON."""

    def run(question: str, *options: str | Path) -> dict[str, Any]:
        output = loccit("ask", question, "--json", "--index", seed_index, *options)
        assert (output.code, output.err) == (0, "")
        assert output.out.count("\n") == 1
        return dict(json.loads(output.out))

    return run


# Answers


def fields(record: type) -> set[str]:
    names = getattr(record, "__dataclass_fields__")  # noqa: B009 - absent from the type of a class
    return set(names)


def test_an_answer_as_json(ask: Ask, seeds: Path) -> None:
    answer = ask(MMF)
    assert answer.keys() == fields(Answer)
    assert answer["status"] == "possible"
    assert answer["presence"] >= answer["confidence"]
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
def test_not_in_these_papers(loccit: Loccit, seed_index: Path, question: str) -> None:
    output = loccit("ask", question, "--index", seed_index, "--json")
    assert (output.code, output.err) == (1, "")
    answer = json.loads(output.out)
    assert (answer["status"], answer["citations"]) == ("not_found", [])
    assert answer["reasons"]
    assert answer["nearby"]
    assert all(near.keys() == fields(Nearby) for near in answer["nearby"])


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
        (
            [MMF, "--right", "0.8"],
            r"^\n\[1\] “.*6 weeks.*”\n    .* · lines? \d+(?:–\d+)? · \w+ confidence \(\d+%\)\n",
        ),
        ([CK], r"\n\[1\] .*9641.*\n    TABLE 1: .*\n    Table 1 · .* · line \d+ · "),
        ([MMF, "--threshold", "1"], r"^Possible answers, not sure: 3 quotes from 1 paper\.\n\n\[1\] “"),
        (["And her AST?", "--after", CK], r"^Understood as: What was the woman's AST on admission\?\n"),
    ],
    ids=["quote", "table row", "possible", "follow-up"],
)
def test_an_answer_as_text(loccit: Loccit, seed_index: Path, arguments: list[str], pattern: str) -> None:
    output = loccit("ask", *arguments, "--index", seed_index)
    assert (output.code, output.err) == (0, "")
    assert re.search(pattern, output.out), output.out


def test_nothing_found_is_said_with_the_reason_and_the_closest_passages(
    loccit: Loccit, seed_index: Path
) -> None:
    output = loccit("ask", "How do I bake a baguette?", "--index", seed_index)
    assert (output.code, output.err) == (1, "")
    assert re.match(
        r"Not found in these papers\.\nNo passage.*“baguette”(?s:.*)\nClosest passages:\n", output.out
    )
    assert "not answer" not in output.out


@pytest.mark.parametrize("paper", ["000_2de923414111d483.txt", "001_"])
def test_one_paper_only(ask: Ask, paper: str) -> None:
    answer = ask("What is the creatine kinase?", "--paper", paper)
    shown = [*answer["citations"], *answer["nearby"]]
    assert shown
    assert all(one["source"].startswith(paper[:3]) for one in shown)


def test_the_threshold_decides(ask: Ask, loccit: Loccit, seed_index: Path) -> None:
    assert ask(MMF, "--threshold", "1")["status"] == "possible"
    assert ask(MMF, "--threshold", "0")["status"] == "answered"
    assert ask(MMF, "--threshold", "0.25")["receipt"]["threshold"] == 0.25
    usual, strict = (ask(MMF, "--right", share)["receipt"]["threshold"] for share in ("0.9", "0.95"))
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


# Formats


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("text", r"\(1\)\n(?s:.*)\nReferences\n\n1\. Patel S, Abu-Abaa M, Mousavi F\. .*\. Cureus\. 2022\."),
        ("markdown", r"(?s)> \| Electrolyte \|.*\n> \| CK \|.*\[@patel2022\].*## References\n"),
        ("bibtex", r"@article\{patel2022,\n(?s:.*)author = \{Patel, Shriya and Abu-Abaa, Mohammad"),
        ("ris", r"TY  - JOUR\nID  - patel2022\n(?s:.*)\nAU  - Patel, Shriya\n(?s:.*)\nER  - \n"),
        ("csv", r"(?s)^\"question\",.*\"\[@patel2022\]\""),
        ("json", r'"citation_key": "patel2022", "pandoc": "\[@patel2022\]"'),
    ],
)
def test_the_formats_of_an_answer(loccit: Loccit, seed_index: Path, form: str, shown: str) -> None:
    output = loccit("ask", CK, "--format", form, "--index", seed_index)
    assert (output.code, output.err) == (0, "")
    assert re.search(shown, output.out.replace("\r\n", "\n")), output.out


def test_the_style_of_the_references(loccit: Loccit, seed_index: Path) -> None:
    shown = loccit("ask", CK, "--style", "apa", "--index", seed_index).out
    assert "\n  patel2022: Patel, S., Abu-Abaa, M., & Mousavi, F. (2022). Seronegative" in shown


def test_the_papers_cited_in_answers_to_a_file(loccit: Loccit, seed_index: Path, questions: Path) -> None:
    output = loccit("ask", "--file", questions, "--format", "bibtex", "--index", seed_index)
    assert output.code == 2
    assert output.err.splitlines()[0].startswith("empty: the question is empty.")
    assert "2 of 5 questions could not be asked" in output.err
    assert output.out.count("@article{patel2022,") == output.out.count("@misc{paper,") == 1
    output = loccit("ask", "--file", questions, "--format", "json", "--index", seed_index)
    lines = [json.loads(line) for line in output.out.splitlines()]
    assert [one.get("id") for one in lines] == ["a", 7, 3, "empty", "half a pair"]
    assert [item["id"] for item in lines[2]["references"]] == ["patel2022"]


def test_json_and_another_format_contradict(loccit: Loccit, seed_index: Path) -> None:
    output = loccit("ask", CK, "--json", "--format", "ris", "--index", seed_index)
    assert "--json cannot be combined with --format ris" in one_line(output, 2)


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
    papers = {"ev\nil.txt": "An \x1b[31mevil\u202e title\n\nAbstract\n\nFerritin was low in two runners.\n"}
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers", papers))
    for command in (["info", "--index", tmp_path / "index"], ["read", tmp_path / "papers" / "ev\nil.txt"]):
        output = loccit(*command)
        assert output.code == 0
        assert not {"\x1b", "\u202e"} & set(output.out)
    assert "ev<U+000A>il.txt" in loccit("info", "--index", tmp_path / "index").out


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
    assert "With 2 questions, these figures are rough." in shown
    assert re.search(r"^all\b", shown, re.MULTILINE)


def test_eval_on_an_index_without_the_papers(
    loccit: Loccit, seed_index: Path, seed_lines: list[str], tmp_path: Path
) -> None:
    key = json.loads(seed_lines[0])["gold"][0]["document"]
    path = tmp_path / "others.jsonl"
    path.write_text(seed_lines[0].replace(key, "0" * 64), encoding="utf-8")
    said = one_line(loccit("eval", path, "--index", seed_index), 2)
    assert f"on papers that the index {seed_index} lacks, for example" in said
    assert "(1 of 1). Give the index of those papers with --index." in said


def test_eval_asks_the_usual_index_unless_the_questions_are_the_seeds(
    loccit: Loccit, seed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.jsonl"
    gold = {"document": "002.txt", "quote": "x"}
    path.write_text(json.dumps({"id": "1", "question": "Which?", "gold": [gold]}), encoding="utf-8")
    monkeypatch.setenv("LOCCIT_INDEX", str(tmp_path / "none"))
    assert str(tmp_path / "none") in one_line(loccit("eval", path), 2)
    monkeypatch.setenv("LOCCIT_INDEX", str(seed_index))
    assert f"the index {seed_index} lacks, for example 002.txt" in one_line(loccit("eval", path), 2)
    assert load("seeds", None, "all", papers=None, limit=None).on_seeds


def test_help_and_the_error_name_the_same_sets(loccit: Loccit) -> None:
    help_text = " ".join(loccit("eval", "--help").out.replace("│", " ").split())
    refused = one_line(loccit("eval", "nowhere"), 2)
    for name in NAMES:
        assert name in help_text
        assert name in refused


# Help and documentation


def commands() -> dict[str, Any]:
    """Return the commands by name, as in ``build``."""

    def below(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own class
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, f"{name} ")
            yield prefix + name, command

    return dict(below(typer.main.get_command(app)))


def test_the_table_of_the_readme_names_every_command(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| command | purpose |\n")[2].partition("\n\n")[0]
    assert [name for name in commands() if f"`{name}`" not in table] == []


@pytest.mark.parametrize("name", sorted(commands()))
def test_help_explains_the_command_and_every_option(loccit: Loccit, name: str) -> None:
    assert not commands()[name].get_short_help_str(60).endswith("...")
    assert [one.name for one in commands()[name].params if not getattr(one, "help", "--help")] == []
    output = loccit(*name.split(), "--help")
    assert output.code == 0
    assert re.search(rf"^  loccit {name.removesuffix(' run')}\b", output.out, re.MULTILINE)


@pytest.mark.parametrize(("typed", "completed"), [("loccit ex", "export"), ("loccit ask --for", "--format")])
def test_the_shell_completes_commands_and_options(typed: str, completed: str) -> None:
    words = typed.split()
    asked = {"_LOCCIT_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    program = Path(sys.executable).with_name("loccit")
    done = subprocess.run([program], env=os.environ | asked, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [completed]


@pytest.mark.parametrize(
    ("option", "shown"), [("--help", "loccit ask"), ("--version", f"loccit {metadata.version('loccit')}\n")]
)
def test_help_and_version_load_nothing_heavy(option: str, shown: str) -> None:
    script = (
        "import sys\nfrom qa.cli.main import main\n"
        f"try:\n    main(['{option}'])\nexcept SystemExit as left:\n    assert left.code == 0\n"
        f"heavy = {sorted(HEAVY | {'numpy', 'index.store.open'})}\n"
        "assert not sys.modules.keys() & heavy, sys.modules.keys() & heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout
