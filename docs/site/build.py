"""Builds the documentation site: ``python docs/site/build.py [FOLDER]``, by default into ``build/site``.

The pages are the Markdown files of the repository, copied with the folders that they lie in, so that a link
between them holds on a Git host as well as on the site. Needs the extra ``docs``; a warning fails the build.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from qa.cli.main import app  # noqa: E402 - the checkout must be on the path first

#: Where ``docs/reference/commands.md`` gets the text made from the code.
MARK = "<!-- the commands -->\n"
#: Of the repository, what becomes pages or is linked or shown by them.
PAGES = ("*.md", "LICENSE", "docs/**/*", "evals/RESULTS.md", "evals/sets/README.md", "qa/**/README.md")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def main() -> None:
    """Build the site."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site")
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        copy_pages(stage / "pages")
        shutil.copy(ROOT / "docs" / "site" / "zensical.toml", stage)
        command = [sys.executable, "-m", "zensical", "build", "--strict"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=stage, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(COLOURS.sub("", done.stderr).partition("Traceback")[0])
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(stage / "site", target)


def copy_pages(into: Path) -> None:
    """Copy the pages and what they show, and write the commands into theirs."""
    for path in sorted({path for pattern in PAGES for path in ROOT.glob(pattern) if path.is_file()}):
        if path.suffix not in {".py", ".pyc", ".toml"}:
            copy = into / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    page = into / "docs" / "reference" / "commands.md"
    before, mark, after = page.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise SystemExit(f"{page.relative_to(into)}: the line {MARK.strip()} is missing")
    page.write_text(before + "\n".join(commands()) + after, encoding="utf-8")


def commands() -> Iterator[str]:
    """Yield the reference of all commands as Markdown, by name."""
    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="loccit")
    yield from described(group, context, "loccit")
    yield from below(group, context)


def below(group: Any, context: Any) -> Iterator[str]:  # noqa: ANN401 - typer's own classes
    """Yield the commands of a group, with those of the groups in it."""
    for name, command in sorted(group.commands.items()):
        inner = typer.Context(command, info_name=name, parent=context)
        yield from described(command, inner, inner.command_path)
        if hasattr(command, "commands"):
            yield from below(command, inner)


def described(command: Any, context: Any, heading: str) -> Iterator[str]:  # noqa: ANN401
    """Yield a heading, the help as paragraphs and examples, and a table of arguments and options."""
    yield f"## {heading}\n"
    for paragraph in (command.help or "").split("\n\n"):
        text = paragraph.strip()
        examples = text.removeprefix("\b\n")
        yield f"```sh\n{examples}\n```\n" if examples != text else f"{' '.join(text.split())}\n"
    yield f"```text\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```\n"
    yield "| argument, option | meaning |\n|---|---|"
    for parameter in command.get_params(context):
        if parameter.name != "help":
            name, text = (cell.replace("|", "\\|") for cell in parameter.get_help_record(context))
            yield f"| `{name}` | {text} |"
    yield ""


if __name__ == "__main__":
    main()
