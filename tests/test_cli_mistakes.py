"""Mistakes with the command: one line that says what happened and what to do."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index.embed.model import BUNDLED
from tests.commands import Loccit, Output, one_line
from tests.index_fakes import TEA, build_papers, write_papers


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index built with a model that is not installed anywhere; not to be changed."""
    folder = tmp_path_factory.mktemp("other-model")
    build_papers(folder / "index", write_papers(folder / "papers"))
    return folder / "index"


# Mistakes with papers


@pytest.mark.parametrize("command", ["read", "build"])
@pytest.mark.parametrize(
    ("name", "data", "what", "remedy"),
    [
        ("paper.txt", None, "does not exist", "Check the path"),
        ("paper.txt", b"", "empty", "Get the file again"),
        ("paper.txt", bytes(range(128, 256)) * 20, "not UTF-8", "Save the file as UTF-8"),
        ("paper.txt", b"\xff\xfe\x00\xd8a", "UTF-16", "Save the file as UTF-8"),
        ("paper.pdf", b"%PDF-1.7\n" + bytes(range(256)), "paper.pdf", ""),
        ("notes.DOCX", b"Words.\n", "named .docx but not a Word document", "Save the document again"),
        ("notes.EPUB", b"Words.\n", ".EPUB files are not read", "Save the paper as .pdf, .xml"),
        ("notes", b"Ferritin.\n", "has no suffix", "Rename it to end in .pdf, .xml"),
        (".txt", b"Ferritin.\n", "has no suffix", "Rename it to end in .pdf, .xml"),
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
    good, bad = tmp_path / "runners.txt", tmp_path / "notes.odt"
    for path in (good, bad):
        path.write_text("Runners\n\nAbstract\n\nFerritin was low in two runners.\n", encoding="utf-8")
    output = loccit("add", bad, good, "--index", folder)
    assert "1 of 2 paths could not be read" in one_line(output, 2)
    assert "notes.odt: .odt files are not read" in output.out
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
    (path,) = three.glob("segments/*.seg")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    output = loccit("verify", "--index", three)
    assert "1 of 1 generations are damaged" in one_line(output, 5)
    assert path.name in output.out
    message = one_line(loccit("info", "--index", three), 5)
    assert path.name in message
    assert "loccit build" in message


def test_papers_are_added_to_and_removed_from_a_damaged_index(
    loccit: Loccit, seed_index: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    shutil.copytree(seed_index, index)
    (path,) = index.glob("segments/*.seg")
    path.write_bytes(path.read_bytes()[:-1])
    output = loccit("add", write_papers(tmp_path / "tea", TEA), "--index", index)
    assert output.code == 0
    assert "Lost, unless given again" in " ".join(output.out.split())
    path = max(index.glob("segments/*.seg"), key=lambda path: path.stat().st_mtime)
    path.write_bytes(path.read_bytes()[:-1])
    output = loccit("remove", "tea.txt", "--index", index)
    assert (output.code, "there is no paper named" in output.err) == (2, True)


def test_a_damaged_pointer(loccit: Loccit, three: Path) -> None:
    (three / "CURRENT").write_bytes(b"gen-00000009 what\n")
    output = loccit("verify", "--index", three)
    assert "CURRENT is damaged" in one_line(output, 5)
    assert "CURRENT: it is missing or damaged" in " ".join(output.out.split())


def test_the_generation_before_a_damaged_one_is_used_with_a_warning(
    loccit: Loccit, three: Path, tmp_path: Path
) -> None:
    build_papers(three, write_papers(tmp_path / "papers", TEA))
    (three / "gen-00000002" / "papers.json").write_bytes(b"bad")
    output = loccit("info", "--index", three)
    assert "papers.json" in output.out
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
        ("aks", "'aks'. Did you mean 'ask'? See: loccit --help"),
        ("ask a --threshold 2", "'--threshold': must be at most 1. See: loccit ask --help"),
        ("eval --limit x", "See: loccit eval --help"),
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
    [
        ("no such paper", "there is no paper named"),
        ("0", "papers are called"),
        ("", "there is no paper named"),
    ],
)
def test_names_of_no_paper_or_several(loccit: Loccit, seed_index: Path, name: str, what: str) -> None:
    error = one_line(loccit("ask", "What is myositis?", "--paper", name, "--index", seed_index), 2)
    assert what in error
    assert "loccit info" in error


def test_a_receipt_that_cannot_be_written(loccit: Loccit, seed_index: Path, tmp_path: Path) -> None:
    output = loccit(
        "ask",
        "When was MMF restarted?",
        "--index",
        seed_index,
        "--receipt",
        tmp_path / "no" / "folder" / "r.json",
    )
    assert "r.json" in one_line(output, 4)


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
