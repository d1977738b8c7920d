"""The ``loccit`` command: build an index, ask it, look into it.

Heavy libraries are imported inside the commands, so that help comes at once.
A user's mistake ends in one line on standard error and an exit code
(``index.errors``); ``--debug`` shows the traceback as well.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from index.errors import LoccitError, UsageError
from qa.resources import index_folder
from qa.terminal import never_fail_to_write, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Answers questions about scientific papers in the papers' own words.

    loccit build                                       the two seed papers

    loccit build ~/papers                              every PDF, JATS XML, Markdown and text file below

    loccit ask "What was the woman's CK on admission?"

    loccit chat                                        the same in the browser
    """,
)

IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index", help="Folder of the index; by default one for you on this machine.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", help="Embedding model: folder or name on this machine.", show_default=False),
]
PaperOption = Annotated[
    list[str] | None,
    typer.Option(
        "--paper", help="Ask only this paper (file name, title or id); repeatable.", show_default=False
    ),
]


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Take the options that stand before a command."""
    _state["debug"] = debug


_state = {"debug": False}


@app.command()
def build(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Papers or folders; the seed papers by default.")
    ] = None,
    index: IndexOption = None,
    model: ModelOption = None,
    workers: Annotated[int, typer.Option(help="Papers read at once.", min=1, max=32)] = 2,
) -> None:
    """Make the index hold exactly the papers given.

    loccit build

    loccit build paper.pdf notes/ --index ~/trial-index
    """
    from qa.commands import build_index

    build_index(paths, index_folder(index), model=model, workers=workers, add=False)


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Papers or folders to add.")],
    index: IndexOption = None,
    workers: Annotated[int, typer.Option(help="Papers read at once.", min=1, max=32)] = 2,
) -> None:
    """Add papers to the index.

    loccit add new-paper.pdf
    """
    from qa.commands import build_index

    build_index(paths, index_folder(index), model=None, workers=workers, add=True)


@app.command()
def remove(
    papers: Annotated[list[str], typer.Argument(help="File name, title or id of each paper.")],
    index: IndexOption = None,
) -> None:
    """Take papers out of the index. Nothing is read or embedded anew.

    loccit remove 001_61e3d2fc1288ce0f.txt
    """
    from qa.commands import remove_papers

    remove_papers(papers, index_folder(index))


@app.command()
def ask(
    question: Annotated[
        str | None, typer.Argument(help="A question in a sentence.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help='JSON lines: {"id", "question", "history"}.', show_default=False),
    ] = None,
    after: Annotated[
        list[str] | None,
        typer.Option(
            "--after", help="An earlier question that this one follows up; repeatable.", show_default=False
        ),
    ] = None,
    paper: PaperOption = None,
    index: IndexOption = None,
    model: ModelOption = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Least confidence at which a quote is shown, 0 to 1.", min=0, max=1, show_default=False
        ),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", help="Save what is needed to replay the answer.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer in the papers' own words, each quote with its place.

    loccit ask "When was mycophenolate restarted?"

    loccit ask "And IVIG?" --after "When was mycophenolate restarted?"

    loccit ask --file questions.jsonl > answers.jsonl
    """
    from qa.commands import ask_file, ask_one

    folder = index_folder(index)
    if (question is None) == (file is None):
        raise UsageError(
            "Give a question or --file, not both." if file else "There is no question.",
            'For example: loccit ask "What was the dose?"',
        )
    if file is not None:
        ask_file(file, folder, model=model, threshold=threshold, papers=paper)
    elif question is not None:
        ask_one(
            question,
            folder,
            history=after or [],
            model=model,
            threshold=threshold,
            papers=paper,
            as_json=as_json,
            receipt=receipt,
        )


@app.command()
def search(
    question: Annotated[str | None, typer.Argument(help="What to look for.", show_default=False)] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help='JSON lines: {"id", "question", "history"}.', show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(help="How many passages.", min=1, max=1000)] = 10,
    paper: PaperOption = None,
    index: IndexOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the passages nearest to a question, whether or not they answer it.

    loccit search "muscle biopsy findings"
    """
    from qa.commands import search_file, search_one

    if (question is None) == (file is None):
        raise UsageError(
            "Give a question or --file, not both." if file else "There is no question.",
            'For example: loccit search "muscle biopsy findings"',
        )
    if file is not None:
        search_file(file, index_folder(index), limit=limit, model=model, papers=paper)
    elif question is not None:
        search_one(question, index_folder(index), limit=limit, model=model, papers=paper, as_json=as_json)


@app.command()
def chat(
    index: IndexOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Start the web app on this machine and open it; builds the seed papers if there is no index.

    loccit chat

    loccit chat --port 8600 --no-browser
    """
    from qa.commands import start_chat

    start_chat(index_folder(index), port=port, open_browser=browser)


@app.command("eval")
def evaluate(
    questions: Annotated[
        Path | None, typer.Argument(help="JSON lines of questions; the seed questions by default.")
    ] = None,
    index: IndexOption = None,
    split: Annotated[str, typer.Option(help="dev, test or all.")] = "all",
    out: Annotated[Path | None, typer.Option(help="Folder for the reports.", show_default=False)] = None,
    floors: Annotated[
        bool, typer.Option(help="Fail when a figure is below its floor (evals/floors.toml).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the answers against a fixed set of questions.

    loccit eval

    loccit eval --split test --json --out reports/
    """
    from evals.command import run

    run(
        questions,
        index_folder(index) if index else None,
        split=split,
        out=out,
        floors=floors,
        as_json=as_json,
    )


@app.command()
def info(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what the index holds.

    loccit info --json
    """
    from qa.commands import show_info

    show_info(index_folder(index), as_json=as_json)


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="A PDF, JATS XML, Markdown or text file.")],
    text: Annotated[bool, typer.Option("--text", help="Print the canonical text.")] = False,
) -> None:
    """Show how one paper is understood, before anything is built from it.

    loccit read paper.pdf

    loccit read paper.pdf --text
    """
    from qa.commands import show_reading

    show_reading(file, text=text)


@app.command()
def verify(
    receipt: Annotated[
        Path | None, typer.Argument(help="A receipt to replay; without one the index's files are checked.")
    ] = None,
    index: IndexOption = None,
) -> None:
    """Check every file of the index against its checksum, or replay a receipt.

    loccit verify

    loccit verify r.json
    """
    from qa.commands import verify_index, verify_receipt

    if receipt is None:
        verify_index(index_folder(index))
    else:
        verify_receipt(receipt, index_folder(index))


@app.command()
def rollback(index: IndexOption = None) -> None:
    """Go back to the generation before.

    loccit rollback
    """
    from qa.commands import roll_back

    roll_back(index_folder(index))


@app.command()
def gc(index: IndexOption = None) -> None:
    """Delete generations that nobody uses any more.

    loccit gc
    """
    from qa.commands import collect_garbage

    collect_garbage(index_folder(index))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    never_fail_to_write()
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        code = typer.main.get_command(app).main(args=given, prog_name="loccit", standalone_mode=False)
    except LoccitError as error:
        _fail(str(error), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _fail("Stopped. Nothing was lost: run the command again to go on.", 130)
    except BrokenPipeError:  # whoever read the results has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}. Check the path and the disk.", 4)
    except typer.TyperException as error:  # wrong usage, as the library words it
        _fail(f"{error.format_message().rstrip('.')}. See: loccit --help", 2)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    if _state["debug"]:
        Console(stderr=True).print_exception()
    sys.stderr.write(f"loccit: {visible(' '.join(message.split()))}\n")
    sys.exit(code)
