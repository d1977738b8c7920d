"""An evidence table: the same question asked of each paper, one row per paper.

A row holds the paper's best quote, verbatim, with its place and calibrated confidence. The quotes of the
answer are in the rows of their papers; only the other papers are asked again, each by itself. Within one
paper some sentence always fits best, and scores relative to that paper make it look certain. So the
confidence of those rows never exceeds that of their sentence among all papers, for which it is calibrated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from itertools import count
from typing import TYPE_CHECKING

from qa.show.citation import biblatex, citation_keys, locator, pandoc
from qa.show.export import csv_of, escaped, short_words
from qa.show.notebook import framed, quote_html
from qa.show.present import counted, per_cent, place_of, section_words, where

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas

    from index.text import Span
    from qa.answer import Answerer
    from qa.rank.evidence import Evidence
    from qa.records import Answer, Citation

#: Most papers that are asked; those nearest to the question come first.
MOST_PAPERS = 200
NOTHING = "nothing found"
#: Confidence below which a paper's sentence is not shown.
NEGLIGIBLE = 0.05
#: Passages whose sentences are compared over all papers, at least and for each paper asked.
_WIDE, _OF_EACH = 200, 5
_COLUMNS = (
    *("paper", "year", "stated", "short_answer", "quote", "section", "place", "confidence"),
    *("doi", "citation_key", "pandoc", "biblatex", "file", "start", "end", "document_id"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one paper says."""

    document_id: str
    name: str  #: title, or file name of an untitled paper
    source: str  #: file name
    year: int | None
    doi: str  #: empty if the paper states none
    citation: Citation | None  #: None: the paper is unlikely to answer
    sure: bool  #: the confidence of its quote reaches the threshold
    key: str = ""  #: citation key


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """What each paper says on one question: those with a quote first, by falling confidence."""

    question: str  #: as searched
    rows: tuple[Row, ...]
    left_out: int  #: papers not asked, beyond ``MOST_PAPERS``
    generation: int
    threshold: float

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The quotes, numbered from 1 in the order of their rows."""
        return tuple(row.citation for row in self.rows if row.citation)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the columns of the CSV as a data frame, verbatim; what is missing is ``pandas.NA``.

        Year, offsets and confidence are numbers; ``start`` and ``end`` count code points of the paper's text.
        """
        import pandas

        rows: list[dict[str, object]] = [
            {
                **{column: value for column, value in _cells(row).items() if value not in ("", NOTHING)},
                "confidence": row.citation.confidence if row.citation else None,
            }
            for row in self.rows
        ]
        frame = pandas.DataFrame(rows, columns=list(_COLUMNS))
        numbers = {"year": "Int64", "start": "Int64", "end": "Int64", "confidence": "Float64"}
        return frame.astype({column: numbers.get(column, "string") for column in _COLUMNS})

    def _repr_html_(self) -> str:
        """Return what notebooks show; text of papers is escaped."""
        rows = []
        for row in self.rows:
            name = escape(f"{row.name} ({row.year})" if row.year else row.name)
            quote = quote_html(row.citation, sure=row.sure) if row.citation else f"<i>{NOTHING}</i>"
            rows.append(f"<tr><td>{name}</td><td>{quote}</td></tr>")
        head = f"<p><b>{escape(self.question)}</b></p><table><tr><th>Paper</th><th>Quote</th></tr>"
        return framed(f"{head}{''.join(rows)}</table><p>{escape(said(self))}</p>")

    def _repr_markdown_(self) -> str:
        """Return the same as Markdown."""
        return as_markdown(self)


def evidence_table(
    answerer: Answerer,
    question: str,
    *,
    documents: frozenset[str] | None = None,
    answer: Answer | None = None,
    most: int = MOST_PAPERS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> EvidenceTable:
    """Put a question to each paper.

    Args:
        answerer: answers from one open index.
        question: a standalone question.
        documents: ids of the papers to ask; None for all.
        answer: what was answered; the question is asked for it if None.
        most: how many papers are asked, nearest to the question first.
        progress: called with the number of papers asked so far and their total.

    Raises:
        QuestionError: the question is empty or too long.
        QuoteError: a quote differs from its paper's text; nothing is shown then.
    """
    papers = _nearest_first(answerer, question, documents)
    passages = max(_WIDE, _OF_EACH * len(papers[:most]))
    wide = answerer.configured(replace(answerer.settings, passages=passages, read=0))
    gathered = wide.gather(question, documents=documents)
    looked_up = bool(gathered.stated and gathered.stated.citations)
    asked = gathered.question
    among_all = None if gathered.stated or asked.every_paper or asked.compared else _among_all(gathered)
    answer = answer or answerer.ask(question, documents=documents)
    best: dict[str, Citation] = {}
    for citation in sorted(answer.citations, key=lambda citation: -citation.confidence):
        best.setdefault(citation.document_id, citation)
    papers = list(dict.fromkeys((*best, *papers)))
    keys = citation_keys(answerer.index.bylines)
    rows = []
    for done, paper in enumerate(papers[:most], 1):
        found = best.get(paper)
        if found is None and not looked_up:  # what was looked up is of the papers that the question means
            found = _best(answerer, question, paper, among_all)
        document = answerer.index.documents[paper]
        sure = found is not None and found.confidence >= answerer.threshold
        stated = (document.name, document.source, document.year, document.doi)
        rows.append(Row(paper, *stated, found, sure, keys[paper]))
        progress(done, min(len(papers), most))
    rows.sort(key=lambda row: -row.citation.confidence if row.citation else 1.0)
    numbers = count(1)
    return EvidenceTable(
        question=" ".join(question.split()),
        rows=tuple(
            replace(row, citation=replace(row.citation, number=next(numbers))) if row.citation else row
            for row in rows
        ),
        left_out=max(len(papers) - most, 0),
        generation=answerer.index.generation,
        threshold=answerer.threshold,
    )


def _nearest_first(answerer: Answerer, question: str, documents: frozenset[str] | None) -> list[str]:
    """Return the ids of the papers to ask; papers without a hit come last, by name."""
    hits = answerer.search(question, limit=1000, documents=documents)
    near = dict.fromkeys(one.hit.passage.document_id for one in hits)
    names = answerer.index.names
    rest = [key for key in names if key not in near and (documents is None or key in documents)]
    return [*near, *sorted(rest, key=lambda key: (names[key].casefold(), key))]


def _among_all(gathered: Evidence) -> dict[tuple[str, Span], float]:
    """Return the confidence of each sentence found among those of all papers, by paper and span."""
    return {
        (one.candidate.document.id, one.candidate.sentence.span): one.confidence for one in gathered.ranked
    }


def _best(
    answerer: Answerer, question: str, paper: str, among_all: dict[tuple[str, Span], float] | None
) -> Citation | None:
    """Return the best quote of a paper that is asked by itself; None if it is unlikely to answer."""
    citations = answerer.ask(question, documents=frozenset((paper,))).citations
    if among_all is not None:
        citations = tuple(
            replace(one, confidence=min(one.confidence, among_all.get((paper, one.span), 0.0)))
            for one in citations
            if among_all.get((paper, one.span), 0.0) >= NEGLIGIBLE
        )
    return max(citations, key=lambda citation: citation.confidence, default=None)


def as_csv(table: EvidenceTable) -> str:
    """Return a row for each paper as CSV, see ``qa.show.export.csv_of``."""
    return csv_of(_COLUMNS, map(_cells, table.rows))


def _cells(row: Row) -> dict[str, object]:
    """Return the cells of a row by column, without the empty ones."""
    cells: dict[str, object] = {
        "paper": row.name,
        "year": row.year or "",
        "stated": "no",
        "quote": NOTHING,
    }
    cells |= {"doi": row.doi, "citation_key": row.key, "file": row.source, "document_id": row.document_id}
    if (citation := row.citation) is None:
        return cells
    return cells | {
        "stated": "yes" if row.sure else "possibly",
        "short_answer": short_words(citation),
        "quote": citation.quote,
        "section": section_words(citation.section),
        "place": place_of(citation),
        "pandoc": pandoc(row.key, locator(citation)),
        "biblatex": biblatex(row.key, locator(citation)),
        "confidence": f"{citation.confidence:.2f}",
        "start": citation.span.start,
        "end": citation.span.end,
    }


def as_markdown(table: EvidenceTable) -> str:
    """Return the table in GitHub's Markdown, with special characters escaped."""
    lines = [
        f"## {escaped(table.question)}",
        "",
        "| Paper | Quote | Place | Confidence |",
        "|---|---|---|---|",
    ]
    for row in table.rows:
        name = escaped(f"{row.name} ({row.year})" if row.year else row.name)
        if (citation := row.citation) is None:
            lines.append(f"| {name} | *{NOTHING}* | | |")
            continue
        place = escaped(where("", citation.section, place_of(citation)))
        place += f" {pandoc(row.key, locator(citation))}"
        sure = f"{per_cent(citation.confidence)}%{'' if row.sure else ', not sure'}"
        lines.append(f"| {name} | “{escaped(citation.quote)}” | {place} | {sure} |")
    return "\n".join([*lines, "", f"{said(table)}", ""])


def said(table: EvidenceTable) -> str:
    """Return how many papers answer, and how many may."""
    sure = sum(row.sure for row in table.rows)
    possible = len(table.citations) - sure
    words = f"{sure} of {counted(len(table.rows), 'paper')} answer{'s' * (sure == 1)} with confidence"
    words += f"; {possible} more may." if possible else "."
    if table.left_out:
        words += f" Not searched: {counted(table.left_out, 'paper')} less similar to the question."
    return words
