"""An evidence table: one question put to each paper, one row for each with its best quote or "not stated".

Every row comes from the same contract as an answer: a verbatim quote with its
place and a calibrated confidence, at or above the threshold; below it, nothing.

Searched by itself, a paper has always some sentence that fits best, and scores that
are relative to the paper make it look sure. So no row is surer than its sentence is
among those of all papers asked, which is what the confidence is calibrated for.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from qa.show.export import escaped
from qa.show.present import (
    CONFIDENCE_WORDS,
    confidence_word,
    per_cent,
    place_of,
    section_words,
    where,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from index.text import Span
    from qa.answer import Answerer
    from qa.records import Citation

#: Most papers that are asked; those nearest to the question come first.
MOST_PAPERS = 200
NOT_STATED = "not stated"
#: Passages whose sentences are compared over all papers; the search weighs as many against each other.
_WIDE = 200
#: What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection").
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_COLUMNS = (
    "paper",
    "year",
    "stated",
    "short_answer",
    "quote",
    "section",
    "place",
    "confidence",
    "doi",
    "file",
    "start",
    "end",
    "document_id",
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one paper says."""

    document_id: str
    name: str  #: title, or file name where the paper states none
    source: str  #: file name
    year: int | None
    doi: str  #: empty where the paper states none
    citation: Citation | None  #: None: not stated, as far as the threshold tells


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """What each paper says on one question: first those that state it, surest first."""

    question: str  #: as it was searched
    rows: tuple[Row, ...]
    left_out: int  #: papers not asked, beyond ``MOST_PAPERS``
    generation: int
    threshold: float

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The quotes, numbered from 1 in the order of their rows."""
        return tuple(row.citation for row in self.rows if row.citation)


def evidence_table(
    answerer: Answerer,
    question: str,
    *,
    documents: frozenset[str] | None = None,
    most: int = MOST_PAPERS,
    progress: Callable[[int, int], None] | None = None,
) -> EvidenceTable:
    """Ask each paper by itself and return one row for each.

    Args:
        answerer: answers from one open index.
        question: standing alone.
        documents: ids of the papers to ask; None for all.
        most: how many papers are asked at most, nearest to the question first.
        progress: called with the papers asked so far and their total.

    Raises:
        QuestionError: the question is empty or too long.
        QuoteError: a quote differs from its paper's text; nothing is shown then.
    """
    papers = _nearest_first(answerer, question, documents)
    sure = _among_all(answerer, question, documents)
    rows = []
    for done, paper in enumerate(papers[:most], 1):
        rows.append(_row(answerer, question, paper, sure))
        if progress:
            progress(done, min(len(papers), most))
    rows.sort(key=lambda row: -row.citation.confidence if row.citation else 1.0)
    return EvidenceTable(
        question=" ".join(question.split()),
        rows=_numbered(rows),
        left_out=max(len(papers) - most, 0),
        generation=answerer.index.generation,
        threshold=answerer.threshold,
    )


def _nearest_first(answerer: Answerer, question: str, documents: frozenset[str] | None) -> list[str]:
    """Return the ids of the papers to ask; those that no search finds come last, in order of name."""
    hits = answerer.search(question, limit=1000, documents=documents)
    found = dict.fromkeys(one.hit.passage.document_id for one in hits)
    names = answerer.index.names
    rest = [key for key in names if key not in found and (documents is None or key in documents)]
    return [*found, *sorted(rest, key=lambda key: (names[key].casefold(), key))]


def _among_all(
    answerer: Answerer, question: str, documents: frozenset[str] | None
) -> dict[tuple[str, Span], float] | None:
    """Return the confidence of each sentence near the question among those of all papers, by paper and span.

    None for questions that are put to each paper, or looked up in its front matter, in any case.
    """
    wide = answerer.configured(replace(answerer.settings, passages=_WIDE, read=0))
    found = wide.gather(question, documents=documents)
    if found.question.every_paper or found.stated is not None:
        return None
    return {(one.candidate.document.id, one.candidate.sentence.span): one.confidence for one in found.ranked}


def _row(answerer: Answerer, question: str, paper: str, sure: dict[tuple[str, Span], float] | None) -> Row:
    answer = answerer.ask(question, documents=frozenset((paper,)))
    document = answerer.index.documents[paper]
    found = [citation if sure is None else _capped(citation, sure) for citation in answer.citations]
    best = max(found, key=lambda citation: citation.confidence, default=None)
    if best is not None and best.confidence < answerer.threshold:
        best = None
    return Row(paper, document.name, document.source, document.year, document.doi, best)


def _capped(citation: Citation, sure: dict[tuple[str, Span], float]) -> Citation:
    """Return a citation no surer than its sentence is among all; not sure at all if it is not among them."""
    among_all = sure.get((citation.document_id, citation.span), 0.0)
    return replace(citation, confidence=min(citation.confidence, among_all))


def _numbered(rows: list[Row]) -> tuple[Row, ...]:
    number = 0
    numbered = []
    for row in rows:
        if row.citation:
            number += 1
            numbered.append(replace(row, citation=replace(row.citation, number=number)))
        else:
            numbered.append(row)
    return tuple(numbered)


def as_csv(table: EvidenceTable) -> str:
    r"""Return the table as CSV (RFC 4180, every cell in quotes, ``\r\n``).

    A cell that a spreadsheet could take for a formula gets one apostrophe before it,
    as OWASP recommends; take that away, or look up the offsets, for the exact words.
    Nothing else is changed.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in table.rows:
        writer.writerow([guarded(str(value)) for value in _cells(row)])
    return stream.getvalue()


def guarded(cell: str) -> str:
    """Return ``cell`` with an apostrophe before it where a spreadsheet could compute it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _cells(row: Row) -> tuple[object, ...]:
    found = row.citation
    if found is None:
        return (
            row.name,
            row.year or "",
            "no",
            "",
            NOT_STATED,
            "",
            "",
            "",
            row.doi,
            row.source,
            "",
            "",
            row.document_id,
        )
    return (
        row.name,
        row.year or "",
        "uncertain" if unlikely(found) else "yes",
        short_words(found),
        found.quote,
        section_words(found.section),
        place_of(found),
        f"{found.confidence:.2f}",
        row.doi,
        row.source,
        found.span.start,
        found.span.end,
        row.document_id,
    )


def short_words(citation: Citation) -> str:
    """Return the decisive words of a quote; empty where there are none for sure."""
    if citation.short is None:
        return ""
    start = citation.span.start
    return citation.quote[citation.short.start - start : citation.short.end - start]


def as_markdown(table: EvidenceTable) -> str:
    """Return the table in Markdown (GitHub's tables); every sign that would be markup is escaped."""
    lines = [
        f"## {escaped(table.question)}",
        "",
        "| Paper | Quote | Place | Confidence |",
        "|---|---|---|---|",
    ]
    for row in table.rows:
        year = f" ({row.year})" if row.year else ""
        found = row.citation
        if found is None:
            lines.append(f"| {escaped(row.name + year)} | *{NOT_STATED}* | | |")
            continue
        cells = (
            escaped(row.name + year),
            f"“{escaped(found.quote)}”",
            escaped(where("", found.section, place_of(found))),
            f"{per_cent(found.confidence)}%",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"{said(table)} Index generation {table.generation}."]
    return "\n".join(lines) + "\n"


def said(table: EvidenceTable) -> str:
    """Return in a sentence or two in how many papers a quote was found, and what "not stated" means."""
    found, asked = len(table.citations), len(table.rows)
    unsure = sum(unlikely(citation) for citation in table.citations)
    words = f"A quote was found in {found} of {asked} paper{'s' * (asked != 1)}"
    words += f", in {unsure} of them with low confidence." if unsure else "."
    if found < asked:
        words += f" “Not stated”: no sentence reached the required confidence of {table.threshold:.0%}."
    if table.left_out:
        words += f" {table.left_out} papers less similar to the question were not searched."
    return words


def unlikely(citation: Citation) -> bool:
    """Tell whether a quote is less likely than not to answer."""
    return confidence_word(citation.confidence) == CONFIDENCE_WORDS[-1][1]


def as_json(table: EvidenceTable) -> dict[str, Any]:
    """Return the table as an object that ``json.dumps`` takes, with the field names above."""
    return asdict(table)
