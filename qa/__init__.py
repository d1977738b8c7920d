"""Questions to quoted answers, and the command line.

    with qa.open("my-index") as papers:
        answer = papers.ask("Which dose of prednisone was given?")

Importing this package loads nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from qa.records import Answer as Answer
from qa.records import Citation as Citation
from qa.records import Status as Status

if TYPE_CHECKING:
    from qa.annotated import Annotated
    from qa.answer import Answerer
    from qa.conversation import Conversation as Conversation
    from qa.rank.evidence import RankedPassage
    from qa.settings import AskOptions

__all__ = ["Answer", "Citation", "Conversation", "Status", "annotate", "as_html", "as_markdown", "open"]


def open(place: str | Path, options: AskOptions | None = None) -> AbstractContextManager[Answerer]:
    """Open an index for questions: ``with qa.open(place) as papers: papers.ask(...)``.

    ``place`` is its folder, or the address of a database (postgresql://...). Entering raises a
    ``LoccitError`` if the index cannot be used, see ``qa.session.opened``.
    """
    from qa.files.resources import index_place
    from qa.session import opened
    from qa.settings import USUAL

    return opened(index_place(place) if isinstance(place, str) else place, options or USUAL)


def annotate(papers: Answerer, answers: Sequence[Answer], into: str | Path) -> tuple[Annotated, ...]:
    """Write copies of the PDFs that ``answers`` cite into a folder, with the quotes highlighted.

    Returns what became of each cited paper; raises a ``LoccitError`` as ``qa.annotated.annotate`` does.
    """
    from qa.annotated import annotate as annotate_copies

    return annotate_copies(papers.index, answers, Path(into))


def as_html(shown: Answer | RankedPassage) -> str:
    """Return an answer, or a passage found, as HTML, with the text of papers escaped."""
    from qa.show.notebook import answer_html, passage_html

    return answer_html(shown) if isinstance(shown, Answer) else passage_html(shown.passage)


def as_markdown(shown: Answer | RankedPassage) -> str:
    """Return the same as Markdown (CommonMark), with special characters of papers escaped."""
    from qa.show.export import as_markdown as markdown_of
    from qa.show.export import passage_lines

    if isinstance(shown, Answer):
        return markdown_of([shown], {})
    return "\n".join(passage_lines(shown.passage))


def __getattr__(name: str) -> object:
    """Import ``Conversation`` at its first use: its module loads numpy and the readers."""
    if name == "Conversation":
        from qa.conversation import Conversation

        return Conversation
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
