"""The ``loccit`` command: joins the commands and turns errors into one line and an exit code.

Commands import heavy libraries inside their functions, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from index.errors import LoccitError
from qa.cli import ask, evaluate, mcp, papers, store
from qa.show.terminal import never_fail_to_write, visible

app = typer.Typer(
    rich_markup_mode=None,  # plain text: examples stay lines that can be copied
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (ask, papers, store, mcp, evaluate):
    app.add_typer(group.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"loccit {version('loccit')}\n")
        raise typer.Exit


@app.callback()
def _loccit(
    _debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Answer questions about scientific papers with verbatim quotes.

    \b
    loccit build                  index the two seed papers
    loccit build ~/papers         index every PDF, JATS XML, HTML, Word, Markdown and text file
    loccit ask "What was the woman's CK on admission?"
    loccit chat                   ask in a browser

    loccit COMMAND --help shows the options and examples of a command.
    """


_INTERRUPTED = 130  #: exit code after Ctrl-C


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code (``index.errors``)."""
    never_fail_to_write()
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    debug = given[0] == "--debug"
    if given[debug : debug + 2] == ["eval", "new"]:  # the one command of two words
        given[debug : debug + 2] = ["eval new"]
    try:
        code = typer.main.get_command(app).main(args=given, prog_name="loccit", standalone_mode=False)
        if code == _INTERRUPTED:  # what Typer makes of Ctrl-C
            raise KeyboardInterrupt
    except LoccitError as error:
        _fail(str(error), error.exit_code, debug=debug)
    except (typer.Abort, KeyboardInterrupt):
        _fail(
            "Interrupted. Finished work is kept; run the command again to continue.",
            _INTERRUPTED,
            debug=debug,
        )
    except BrokenPipeError:  # the reader of the output has closed it, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}. Check the path and the disk.", 4, debug=debug)
    except typer.TyperException as error:  # wrong usage, in the library's words
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "loccit"
        _fail(f"{_plain(error.format_message())} See: {command} --help", 2, debug=debug)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _plain(message: str) -> str:
    """Return a message of the library in our words, as a sentence that ends in one mark."""
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    return message if message.endswith(("?", "!")) else f"{message.rstrip('.')}."


#: Of messages on options, which are those of a library for data.
_WORDS = {
    "Input should be less than or equal to": "must be at most",
    "Input should be greater than or equal to": "must be at least",
    "Input should be a valid integer": "must be a whole number",
    "Input should be a valid": "must be a",
    ", unable to parse string as a number": "",
    ", unable to parse string as an integer": "",
}


def _fail(message: str, code: int, *, debug: bool) -> None:
    if debug:
        Console(stderr=True).print_exception()
    sys.stderr.write(f"loccit: {visible(' '.join(message.split()))}\n")
    sys.exit(code)
