"""The ``loccit`` command: ask, search, chat, evaluate; the commands about the index are in ``qa.cli.index``.

Heavy libraries are imported inside the commands, so that help comes at once.
A user's mistake ends in one line on standard error and an exit code
(``index.errors``); ``--debug`` shows the traceback as well.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from index.errors import LoccitError, UsageError
from qa.cli.eval import app as eval_app
from qa.cli.index import app as index_app
from qa.cli.options import (
    CrossEncoderOption,
    IndexOption,
    JsonOption,
    ModelOption,
    PaperOption,
    QuestionsOption,
)
from qa.cli.table import app as table_app
from qa.files.resources import index_folder
from qa.settings import AskOptions
from qa.show.terminal import never_fail_to_write, visible

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

app.add_typer(index_app)
app.add_typer(eval_app, name="eval")
app.add_typer(table_app)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"loccit {version('loccit')}\n")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Take the options that stand before a command."""
    _state["debug"] = debug


_state = {"debug": False}


@app.command()
def ask(
    question: Annotated[
        str | None, typer.Argument(help="A question in a sentence.", show_default=False)
    ] = None,
    file: QuestionsOption = None,
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
    right: Annotated[
        float | None,
        typer.Option(
            help="Share of the answers shown that should be right, up to 0.95; sets --threshold accordingly.",
            min=0,
            max=1,
            show_default=False,
        ),
    ] = None,
    cross_encoder: CrossEncoderOption = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", help="Save what is needed to replay the answer.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer in the papers' own words, each quote with its place.

    loccit ask "When was MMF restarted?"

    loccit ask "And IVIG?" --after "When was MMF restarted?"

    loccit ask --file questions.jsonl > answers.jsonl

    head -5 questions.jsonl | loccit ask --file -
    """
    from qa.cli.ask import ask_file, ask_one

    folder = index_folder(index)
    if (question is None) == (file is None):
        raise UsageError(
            "Give a question or --file, not both." if file else "There is no question.",
            'For example: loccit ask "What was the dose?"',
        )
    if file is not None and (after or receipt):
        raise UsageError(
            "--after and --receipt go with one question, not with --file.",
            'In a file, each question may have a "history".',
        )
    options = AskOptions(model, threshold, right, cross_encoder)
    if file is not None:
        ask_file(file, folder, options, papers=paper)
    elif question is not None:
        ask_one(
            question, folder, options, history=after or [], papers=paper, as_json=as_json, receipt=receipt
        )


@app.command()
def search(
    question: Annotated[str | None, typer.Argument(help="What to look for.", show_default=False)] = None,
    file: QuestionsOption = None,
    limit: Annotated[int, typer.Option(help="How many passages.", min=1, max=1000)] = 10,
    paper: PaperOption = None,
    index: IndexOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the passages nearest to a question, whether or not they answer it.

    Passages are in the order of "score", the ranking score of their best sentence.
    It compares passages of one question only and is not a probability.
    Passages that are not read for an answer have none ("–", in JSON null).
    They follow in the order of the hybrid search, whose score is "hybrid" in JSON.

    loccit search "muscle biopsy findings"

    loccit search "muscle biopsy findings" --json --limit 50
    """
    from qa.cli.ask import search_file, search_one

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
    sign_in: Annotated[
        Path | None,
        typer.Option(
            "--sign-in", help="Let in only who signs in: a file as in docs/SIGN_IN.md.", show_default=False
        ),
    ] = None,
) -> None:
    """Start the web app on this machine and open it; builds the seed papers if there is no index.

    loccit chat

    loccit chat --port 8600 --no-browser
    """
    from qa.cli.ask import start_chat

    start_chat(index_folder(index), port=port, open_browser=browser, sign_in=sign_in)


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="A PDF, JATS XML, Markdown or text file.")],
    text: Annotated[bool, typer.Option("--text", help="Print the canonical text.")] = False,
) -> None:
    """Show how one paper is understood, before anything is built from it.

    loccit read paper.pdf

    loccit read paper.pdf --text
    """
    from qa.cli.ask import show_reading

    show_reading(file, text=text)


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
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "loccit"
        _fail(f"{error.format_message().rstrip('.')}. See: {command} --help", 2)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    if _state["debug"]:
        Console(stderr=True).print_exception()
    sys.stderr.write(f"loccit: {visible(' '.join(message.split()))}\n")
    sys.exit(code)
