"""The formats of answers, passages and tables, as ``loccit ask``, ``search`` and ``table`` write them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qa.cli.options import AnswerFormat, TableFormat
from qa.records import Answer
from qa.show.citation import Reference, Style, citation_keys, references
from qa.show.evidence import EvidenceTable
from qa.show.export import as_csv, as_markdown, as_text, citations_of, with_references
from qa.show.library import as_bibtex, as_ris
from qa.show.terminal import emit

if TYPE_CHECKING:
    from index.store.index import Index
    from qa.rank.evidence import RankedPassage


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


def write_table(table: EvidenceTable, form: TableFormat) -> None:
    """Write an evidence table to standard output."""
    from qa.cli.printed import show_table
    from qa.show import evidence
    from qa.show.spreadsheet import as_xlsx

    match form:
        case TableFormat.TEXT:
            show_table(table)
        case TableFormat.JSON:
            emit(asdict(table))
        case TableFormat.XLSX:
            sys.stdout.buffer.write(as_xlsx(table))
        case TableFormat.CSV:
            sys.stdout.write(evidence.as_csv(table))
        case TableFormat.MARKDOWN:
            sys.stdout.write(evidence.as_markdown(table))


def hit_json(ranked: RankedPassage) -> dict[str, Any]:
    """Return a passage found as ``loccit search --json`` prints it."""
    hit, passage = ranked.hit, ranked.passage
    return {
        "rank": ranked.rank,
        "score": ranked.score,
        "hybrid": hit.score,
        "lexical": hit.lexical,
        "dense": hit.dense,
        "document_id": passage.document_id,
        "source": passage.source,
        "title": passage.title,
        "section": passage.section,
        "page": passage.page,
        "line": passage.line,
        "span": {"start": passage.span.start, "end": passage.span.end},
        "quote": passage.quote,
    }
