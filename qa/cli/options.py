"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def stated_path(text: str) -> Path:
    """Return the path ``text``; an empty one would be the working folder.

    Raises:
        BadParameter: the path is empty, as that of a shell variable which is not set.
    """
    if not text:
        raise typer.BadParameter("The path is empty")
    return Path(text)


IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index",
        parser=stated_path,
        metavar="<path>",
        help="Folder of the index; by default one for you on this machine.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
CrossEncoderOption = Annotated[
    Path | None,
    typer.Option(
        "--cross-encoder",
        help="Folder of a CrossEncoder that puts the sentences into their order instead.",
        show_default=False,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="Embedding model: folder or name on this machine; mpnet for the larger one.",
        show_default=False,
    ),
]
PaperOption = Annotated[
    list[str] | None,
    typer.Option(
        "--paper", help="Ask only this paper (file name, title or id); repeatable.", show_default=False
    ),
]
QuestionsOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        help='JSON lines: {"id", "question", "history"}; "-" reads standard input.',
        show_default=False,
    ),
]
WorkersOption = Annotated[int, typer.Option(help="Papers read at once.", min=1, max=32)]
