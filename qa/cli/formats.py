"""The formats of ``loccit ask --format``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qa.cli.options import AnswerFormat
from qa.show.citation import Style, citation_keys, references
from qa.show.export import as_csv, as_markdown, as_text, citations_of, with_references
from qa.show.library import as_bibtex, as_ris
from qa.show.terminal import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.store.generation import Index
    from qa.records import Answer
    from qa.show.citation import Reference


def cited_in(answers: Sequence[Answer], index: Index) -> dict[str, Reference]:
    """Return the references to the papers that ``answers`` cite, by paper."""
    citations = citations_of(answers)
    return references(citations, index.documents, citation_keys(index.bylines) if citations else {})


def write_answers(answers: Sequence[Answer], index: Index, form: AnswerFormat, style: Style) -> None:
    """Write answers to standard output; as JSON, one line each."""
    cited = cited_in(answers, index)
    if form is AnswerFormat.JSON:
        for answer in answers:
            emit(with_references(answer, cited))
        return
    styled = {AnswerFormat.TEXT: as_text, AnswerFormat.MARKDOWN: as_markdown, AnswerFormat.CSV: as_csv}
    if form in styled:
        text = styled[form](answers, cited, style)
    else:
        text = as_bibtex(answers, cited) if form is AnswerFormat.BIBTEX else as_ris(answers, cited)
    sys.stdout.write(text)
