"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from index.place import Place
from qa.files.resources import CALIBRATION_VARIABLE, KEEP_VARIABLE, index_place
from qa.settings import READER_VARIABLE, ReaderName
from qa.show.citation import Style


class AnswerFormat(StrEnum):
    """How answers are printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    BIBTEX = "bibtex"
    RIS = "ris"
    CSV = "csv"
    JSON = "json"


class TableFormat(StrEnum):
    """How a table is printed."""

    TEXT = "text"
    CSV = "csv"
    MARKDOWN = "markdown"
    JSON = "json"
    XLSX = "xlsx"


def stated_path(text: str) -> Path:
    """Return ``text`` as a path.

    Raises:
        BadParameter: ``text`` is empty, as of an unset shell variable; it would mean the working folder.
    """
    if not text:
        raise typer.BadParameter("The path is empty")
    return Path(text)


def stated_place(text: str | Place) -> Place:
    """Return where the index ``text`` is; the default comes as a place already. Raises as ``index_place``."""
    if not isinstance(text, str):
        return text
    stated_path(text)
    return index_place(text)


IndexOption = Annotated[
    Any,  # Place: Typer takes no unions
    typer.Option(
        "--index",
        parser=stated_place,
        metavar="<path>",
        help="Folder of the index, or postgresql://USER@HOST/NAME.  [default: $LOCCIT_INDEX, or a folder in"
        " your user data]",
        default_factory=index_place,
        show_default=False,
    ),
]
FormatOption = Annotated[
    AnswerFormat | None,
    typer.Option(
        "--format",
        help="BibTeX and RIS hold the papers cited, with the quotes as notes.  [default: text]",
        show_default=False,
    ),
]
StyleOption = Annotated[Style, typer.Option(help="Style of the references in text, Markdown and CSV.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
CrossEncoderOption = Annotated[
    Path | None,
    typer.Option(help="Folder of a CrossEncoder model to rank the sentences with."),
]
ReaderOption = Annotated[
    ReaderName | None,
    typer.Option(
        "--reader",
        envvar=READER_VARIABLE,
        help="The network that reads passages.  [default: the largest installed one]",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        metavar="<model>", help="Embedding model: a folder, the name of a downloaded model, or mpnet."
    ),
]
CalibrationOption = Annotated[
    bool,
    typer.Option(
        envvar=CALIBRATION_VARIABLE, help="Use the thresholds that loccit calibrate has fitted, if any."
    ),
]
KeepFilesOption = Annotated[
    bool,
    typer.Option(
        envvar=KEEP_VARIABLE, help="Keep copies of the PDFs beside the index, to show their pages later."
    ),
]
PaperOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="<paper>", help="Search only this paper: file name or path, title or id. Repeatable."
    ),
]
BibOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--bib",
        parser=stated_path,
        metavar="<library>",
        help="Take titles, authors and citation keys from this .bib or CSL-JSON file. Repeatable.",
    ),
]
CollectionOption = Annotated[
    list[str] | None,
    typer.Option(metavar="<name>", help="Search only papers of this collection of your library. Repeatable."),
]
TagOption = Annotated[
    list[str] | None,
    typer.Option(metavar="<name>", help="Search only papers with this tag in your library. Repeatable."),
]
QuestionArgument = Annotated[str | None, typer.Argument(help="The question, as a sentence.")]
QuestionsOption = Annotated[
    Path | None,
    typer.Option("--file", help='Questions as JSON lines, {"id", "question", "history"}; - for stdin.'),
]
AfterOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="<question>",
        help="An earlier question that this one follows up. Repeatable, oldest first.",
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        metavar="<address>",
        help="Read and embed on a Dask cluster at tcp://HOST:PORT or tls://HOST:PORT, or by local:N processes"
        " here; --workers has no effect then.",
    ),
]
WorkersOption = Annotated[
    int, typer.Option(metavar="<number>", help="How many papers to read at a time.", min=1, max=32)
]
