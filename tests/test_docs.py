"""The documentation: its commands and snippets run and print what the pages say, and its site builds.

A block that is not run has ``<!-- not run: REASON -->`` on the line before it.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt

from index.embed.mpnet import is_installed
from qa.cli.main import main
from tests.browser import watched_page
from tests.make_pdf import Sheet, column, pdf
from tests.test_cli import commands
from tests.test_zotero import write_zotero

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
CONFIG = tomllib.loads((ROOT / "docs" / "site" / "zensical.toml").read_text(encoding="utf-8"))["project"]


def pages_of(nav: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the pages in a navigation, in order."""
    for entry in nav:
        for below in entry.values():
            yield from [below] if isinstance(below, str) else pages_of(below)


PAGES = list(pages_of(CONFIG["nav"]))
#: Starts without an index, and shows what the large reader says. What the other pages show, both readers say.
TUTORIAL = "docs/tutorial.md"

SERVES = "it serves until Ctrl-C"  # run by tests/web, tests/test_mcp.py and tests/test_watch.py
#: The blocks that are not run, with the reasons that the pages state.
NOT_RUN = {
    "README.md": ["it installs Loccit"],
    "docs/tutorial.md": ["it installs Loccit", SERVES],
    "docs/explanation/scale.md": ["it takes an hour"],
    "docs/how-to/add-papers.md": [SERVES],
    "docs/how-to/use-the-app.md": [SERVES],
    "docs/how-to/evaluate.md": ["it asks a person", "three questions are too few"],
    "docs/how-to/mcp.md": [SERVES],
    "docs/how-to/cluster.md": ["it installs Loccit", *["it needs a cluster"] * 4],
    "docs/how-to/postgresql.md": ["it installs Loccit", *["it needs a server"] * 2],
    "docs/how-to/run-for-a-group.md": ["it needs Docker"],
    "docs/how-to/shell-completion.md": ["it changes the settings of your shell"],
    "docs/reference/evaluation.md": ["it needs public data, or minutes"],
    "evals/sets/README.md": ["it changes the question sets"],
}

#: A PDF that lies beside the papers as new.pdf.
NEW = (
    (
        "Weak thighs in a woman of 34 years: a case report",
        "",
        "A woman of 34 years could not climb stairs without help.",
    ),
    ("Prednisone was given at a dose of 60 mg daily for six weeks.", "She was well after a year."),
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    line: int  #: of the fence, counted from 1
    language: str
    file: str  #: the title: the block is the text of this file
    text: str
    not_run: str  #: the reason; empty if it runs


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    source = (ROOT / page).read_text(encoding="utf-8")
    lines, found = source.splitlines(), []
    for token in MarkdownIt().parse(source):
        if token.type == "code_block":
            assert "$ " not in token.content, f"{page}: an indented command is not run; fence it"
        if token.type == "fence" and token.map:
            reason = re.fullmatch(r"\s*<!-- not run: (.+) -->", lines[token.map[0] - 1])
            title = re.search(r'title="([^"]+)"', token.info)
            language = token.info.partition(" ")[0]
            found.append(
                Block(
                    token.map[0] + 1,
                    language,
                    title[1] if title else "",
                    token.content,
                    reason[1] if reason else "",
                )
            )
    return found


@dataclass
class Session:
    """A user's folder, in which the blocks of one page run one after the other."""

    home: Path
    compared: bool  #: whether what is printed is compared with what the page shows
    names: dict[str, Any]  #: of the Python blocks

    def run(self, block: Block) -> None:
        """Run a block, or write its file, and compare what is printed with what is shown."""
        if block.file:
            (self.home / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                typed, _, shown = command.partition("\n")
                self.command(typed, shown)
        elif block.language in {"python", "pycon"}:
            self.python(block)
        elif block.language in {"json", "jsonl"}:
            for text in [block.text] if block.language == "json" else block.text.splitlines():
                json.loads(text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        else:
            assert block.language in {"text", "mermaid", "bibtex", "sql"}, f"what is {block.language!r}?"

    def command(self, typed: str, shown: str) -> None:
        """Run one command: of Loccit in this process, all others by bash."""
        shell = any(set(word) <= set("|&;<>") for word in shlex.shlex(typed, punctuation_chars=True))
        words = [re.sub("^~(?=/)", str(self.home), word) for word in shlex.split(typed, comments=True)]
        if words[0] == "loccit" and not shell:
            code, out, err = in_process(words[1:])
        else:
            done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, check=False)
            code, out, err = done.returncode, done.stdout, done.stderr
        assert code <= 1 or shown.startswith("loccit: "), f"{typed}\n{out}{err}"
        self.compare(typed, shown, out, err + out)

    def python(self, block: Block) -> None:
        """Run Python code, or the prompts of an interactive session."""
        if block.language == "python":
            exec(compile(block.text, f"line {block.line}", "exec"), self.names)
            return
        test = doctest.DocTestParser().get_doctest(block.text, self.names, "block", None, block.line)
        failed = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        runner.run(test, out=failed.write, clear_globs=False)
        self.names.update(test.globs)
        assert not self.compared or not runner.failures, failed.getvalue()

    def compare(self, typed: str, shown: str, *printed: str) -> None:
        """Fail if a text is shown that is none of those ``printed``; "..." stands for anything."""
        if shown.strip() and self.compared:
            checker = doctest.OutputChecker()
            assert any(checker.check_output(shown, text, FLAGS) for text in printed), (
                f"{typed}\n{printed[-1]}"
            )


FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def in_process(arguments: list[str]) -> tuple[int, str, str]:
    """Run ``loccit`` here, which loads the models once; return its exit code and what it printed."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    with (
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
        pytest.raises(SystemExit) as left,
    ):
        main(arguments)
    out, err = (stream.buffer.getvalue().decode() for stream in streams)
    return int(left.value.code or 0), out, err


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """The variables of a user's shell, in which ``loccit`` is the code under test."""
    programs = tmp_path_factory.mktemp("bin")
    program = programs / "loccit"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from qa.cli.main import main; main()" "$@"\n')
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"))
        patch.setenv(
            "PATH", os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
        )
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests" / "blocked"), str(ROOT)]))
        patch.setenv("COLUMNS", "100")
        patch.setenv("MPLBACKEND", "agg")
        patch.delenv("LOCCIT_INDEX", raising=False)
        yield patch


@pytest.fixture
def session(page: str, environment: pytest.MonkeyPatch, seed_index: Path, tmp_path: Path) -> Session:
    """A home folder with the seed papers in ``papers``, their index, a new PDF and a folder of Zotero."""
    shutil.copytree(ROOT / "seeds", tmp_path / "papers", ignore=shutil.ignore_patterns("*.toml"))
    (tmp_path / "new.pdf").write_bytes(pdf([Sheet(column(lines, 72, 700)) for lines in NEW]))
    write_zotero(tmp_path)
    data = tmp_path / ".local" / "share"
    if page != TUTORIAL:
        shutil.copytree(seed_index, data / "loccit" / "index")
    environment.setenv("HOME", str(tmp_path))
    environment.setenv("XDG_DATA_HOME", str(data))
    environment.chdir(tmp_path)
    large = page == TUTORIAL and is_installed()
    environment.setenv("LOCCIT_READER", "large" if large else "small")
    return Session(tmp_path, large or page != TUTORIAL, {"__name__": "__main__"})


@pytest.mark.parametrize("page", [page for page in PAGES if any(not block.not_run for block in blocks(page))])
def test_the_blocks_of_a_page_run_in_order(page: str, session: Session) -> None:
    for block in blocks(page):
        if not block.not_run:
            try:
                session.run(block)
            except Exception as error:
                error.add_note(f"{page}, line {block.line}")
                raise


def test_blocks_that_do_not_run_are_listed_with_their_reasons() -> None:
    found = {page: [block.not_run for block in blocks(page) if block.not_run] for page in PAGES}
    assert {page: reasons for page, reasons in found.items() if reasons} == NOT_RUN


def test_every_page_is_in_the_navigation() -> None:
    pages = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")}
    assert pages - set(PAGES) == set()


def test_commands_and_options_in_the_text_exist() -> None:
    known = commands()
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for typed in re.findall(r"`loccit ([^`\n]+)`", text):
            words = typed.split()
            name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), "")
            if words[0].startswith("-") or words[0] == "COMMAND":
                continue
            assert name, f"{page}: loccit {typed}"
            options = {option for one in known[name].params for option in (*one.opts, *one.secondary_opts)}
            assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options | {
                "--help"
            }, f"{page}: {typed}"


# The site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning, such as a broken link, fails the build."""
    target = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, str(ROOT / "docs" / "site" / "build.py"), str(target)]
    done = subprocess.run(
        command, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


class Loads(HTMLParser):
    """Collects what a page loads: the addresses of scripts, styles, images, frames and fonts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        loaded = tag != "link" or not {"canonical", "prev", "next"} & set(values.get("rel", "").split())
        if tag != "a" and loaded:
            names = ("src", "srcset", "href", "data", "poster")
            self.addresses += [values[name] for name in names if name in values]


def test_pages_and_styles_load_nothing_from_another_host(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) >= len(PAGES)
    loaded = {
        address: page.name for page in pages for address in Loads(page.read_text(encoding="utf-8")).addresses
    }
    styles = {
        address: style.name
        for style in site.rglob("*.css")
        for address in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", style.read_text(encoding="utf-8"))
    }
    assert loaded
    foreign = {address: where for address, where in (loaded | styles).items() if urlsplit(address).netloc}
    assert foreign == {}


def test_the_reference_has_every_command_with_its_options(site: Path) -> None:
    page = (site / "docs" / "reference" / "commands.html").read_text(encoding="utf-8")
    for name, command in commands().items():
        section = page.partition(f'<h2 id="loccit-{name.replace(" ", "-")}"')[2].partition("<h2 ")[0]
        assert section, name
        names = [
            one.opts[-1] if one.opts[-1].startswith("-") else one.metavar or one.name
            for one in command.params
        ]
        assert [shown for shown in names if f"<code>{shown}" not in section] == []


@pytest.mark.browser
def test_opened_from_disk_the_site_is_searched_without_a_network(site: Path, browser: Browser) -> None:
    requested: list[str] = []
    with watched_page(browser, (1280, 900)) as page:
        page.on("request", lambda request: requested.append(request.url))
        for name in ("docs/explanation/design.html", "docs/tutorial.html"):
            page.goto((site / name).as_uri())
        page.keyboard.press("/")
        page.keyboard.type("strictness")
        page.get_by_role("link", name=re.compile("Use the app|The web app")).first.wait_for()
    assert requested
    assert {urlsplit(url).scheme for url in requested} <= {"file", "data", "blob"}
