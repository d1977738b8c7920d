"""An evidence table: the same questions asked of each paper, papers as rows and questions as columns.

A cell holds the paper's best quote, verbatim, with its place and calibrated confidence. The quotes of the
answer from all papers are in the cells of their papers; only the other papers are asked by themselves. Within
one paper some sentence always fits best, and scores relative to that paper make it look certain. So the
confidence of those cells never exceeds that of their sentence among all papers, for which it is calibrated. A
paper without any sentence that is likely among all papers is therefore not read: no reading would show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from index.errors import UsageError
from index.text import Span
from qa.records import UNSUPPORTED, Answer, Citation
from qa.show.citation import citation_keys, reference_to
from qa.show.evidence import NOT_ASKED, Cell, EvidenceTable, Row, numbered, ordered

if TYPE_CHECKING:
    from index.store.index import Index
    from qa.answer import Answerer
    from qa.rank.evidence import Evidence

#: Most papers that are asked; those nearest to the questions come first.
MOST_PAPERS = 500
#: Confidence below which a paper's sentence is not shown.
NEGLIGIBLE = 0.05
#: Passages whose sentences are compared over all papers, at least and for each paper asked.
_WIDE, _OF_EACH = 200, 5

#: What papers answer when asked by themselves, by question and paper. It stays valid as long as the settings
#: of the answerer do: a quote that its paper no longer has is asked for again.
Alone = dict[tuple[str, str], "tuple[Citation, ...]"]


@dataclass(frozen=True, slots=True)
class _Column:
    """A question put to all papers, before any is asked by itself."""

    question: str
    papers: tuple[str, ...]  #: those with a quote first, then by nearness
    answered: Mapping[str, Citation]  #: best quote of the answer, by paper
    looked_up: bool  #: the answer is about the papers that the question means, and complete
    #: likely sentences and their confidence, by paper; None where confidences are not compared
    among_all: Mapping[str, Mapping[Span, float]] | None
    note: str  #: see ``EvidenceTable.notes``

    def silent(self, paper: str) -> bool:
        """Whether the paper has no quote to show, whatever it answers by itself."""
        return self.looked_up or (self.among_all is not None and paper not in self.among_all)


def evidence_table(
    answerer: Answerer,
    questions: str | Sequence[str],
    *,
    documents: frozenset[str] | None = None,
    answers: Iterable[Answer] = (),
    most: int = MOST_PAPERS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> EvidenceTable:
    """Put one or more questions to each paper; the papers with the surest quotes come first.

    Args:
        answerer: answers from one open index.
        questions: standalone questions, one a column; repeated ones count once.
        documents: ids of the papers to ask; None for all.
        answers: what was answered before; the table has their quotes for its questions, too.
        most: how many papers are asked, nearest to the questions first.
        progress: called with the number of papers asked so far and their total.

    Raises:
        UsageError: there is no question.
        QuestionError: a question is empty or too long.
        QuoteError: a quote differs from its paper's text; nothing is shown then.
    """
    asked = [questions] if isinstance(questions, str) else list(questions)
    table = None
    for table in growing(answerer, asked, documents=documents, answers=answers, most=most):
        progress(table.asked, len(table.rows))
    if table is None:
        raise UsageError("the table has no question.", "Give at least one.")
    return numbered(ordered(table))


def growing(
    answerer: Answerer,
    questions: Sequence[str],
    *,
    documents: frozenset[str] | None = None,
    answers: Iterable[Answer] = (),
    most: int = MOST_PAPERS,
    alone: Alone | None = None,
) -> Iterator[EvidenceTable]:
    """Yield a table as it grows: after each question with what all papers answer, then after each paper.

    Rows are in the order of asking and citations have no numbers yet. ``alone`` is what papers answered by
    themselves, and is added to: with it, only new questions and papers are asked. See ``evidence_table``.
    """
    given, alone = tuple(answers), {} if alone is None else alone
    columns: list[_Column] = []
    papers: list[str] = []
    cells: dict[tuple[str, str], Cell] = {}
    scope = answerer.index.names if documents is None else documents
    made = _Maker(answerer.index, answerer.threshold, len(scope))
    asked = tuple(dict.fromkeys(" ".join(question.split()) for question in questions))
    for question in asked:
        columns.append(_column(answerer, question, documents, given, most))
        papers = _nearest(columns)[:most]
        cells |= _without_reading(columns, papers, answerer.threshold)
        yield made.table(asked, columns, papers, cells)
    for paper in papers:
        waiting = [column for column in columns if (paper, column.question) not in cells]
        for column in waiting:
            cells[paper, column.question] = _cell(_best(answerer, column, paper, alone), answerer.threshold)
        if waiting:
            yield made.table(asked, columns, papers, cells)


def _column(
    answerer: Answerer, question: str, documents: frozenset[str] | None, given: Sequence[Answer], most: int
) -> _Column:
    """Put a question to all papers together."""
    index = answerer.index
    scope = index.names.keys() if documents is None else documents & index.names.keys()
    passages = max(_WIDE, _OF_EACH * min(len(scope), most))
    wide = answerer.configured(replace(answerer.settings, passages=passages, read=0))
    gathered = wide.gather(question, documents=documents)
    citations = [
        *answerer.ask(question, documents=documents).citations,
        *(one for answer in given if answer.resolved_question == question for one in answer.citations),
    ]
    best: dict[str, Citation] = {}
    for citation in sorted(citations, key=lambda citation: -citation.confidence):
        if citation.document_id in scope and _holds(index, citation):
            best.setdefault(citation.document_id, citation)
    near = (hit.passage.document_id for hit in gathered.hits)
    rest = sorted(scope, key=lambda key: (index.names[key].casefold(), key))
    compared = gathered.stated or gathered.question.every_paper or gathered.question.compared
    return _Column(
        question=question,
        papers=tuple(dict.fromkeys((*best, *near, *rest))),
        answered=best,
        looked_up=bool(gathered.stated and gathered.stated.citations),
        among_all=None if compared else _among_all(gathered),
        note=_note(gathered),
    )


def _among_all(gathered: Evidence) -> dict[str, dict[Span, float]]:
    """Return the likely sentences among those of all papers with their confidence, by paper and span."""
    likely: dict[str, dict[Span, float]] = {}
    for one in gathered.ranked:
        if one.confidence >= NEGLIGIBLE:
            likely.setdefault(one.candidate.document.id, {})[one.candidate.sentence.span] = one.confidence
    return likely


def _note(gathered: Evidence) -> str:
    unsupported = [UNSUPPORTED] if gathered.stated and UNSUPPORTED in gathered.stated.reasons else []
    return " ".join((*gathered.notes, *unsupported))


def _nearest(columns: Sequence[_Column]) -> list[str]:
    """Return the papers to ask: the first of each question, then the second, and so on."""
    place: dict[str, int] = {}
    for column in columns:
        for at, paper in enumerate(column.papers):
            place[paper] = min(at, place.get(paper, at))
    return sorted(place, key=place.__getitem__)


def _without_reading(
    columns: Sequence[_Column], papers: Sequence[str], threshold: float
) -> dict[tuple[str, str], Cell]:
    """Return the cells that follow from what all papers answer together."""
    return {
        (paper, column.question): _cell(column.answered.get(paper), threshold)
        for column in columns
        for paper in papers
        if paper in column.answered or column.silent(paper)
    }


def _cell(citation: Citation | None, threshold: float) -> Cell:
    return Cell(citation, citation is not None and citation.confidence >= threshold)


def _best(answerer: Answerer, column: _Column, paper: str, alone: Alone) -> Citation | None:
    """Return the best quote of a paper that is asked by itself; None if it is unlikely to answer."""
    key = column.question, paper
    if key not in alone or not all(_holds(answerer.index, one) for one in alone[key]):
        alone[key] = answerer.ask(column.question, documents=frozenset((paper,))).citations
    citations: Iterable[Citation] = alone[key]
    if column.among_all is not None:
        likely = column.among_all.get(paper, {})
        citations = [
            replace(one, confidence=min(one.confidence, among_all))
            for one in citations
            if (among_all := _likelihood(likely, one.span))
        ]
    return max(citations, key=lambda citation: citation.confidence, default=None)


def _likelihood(likely: Mapping[Span, float], quote: Span) -> float:
    """Return the confidence of the likeliest sentence of a quote; 0 if none is likely."""
    return max((confidence for span, confidence in likely.items() if quote.contains(span)), default=0.0)


def _holds(index: Index, citation: Citation) -> bool:
    """Whether the paper still has the quote where it stood."""
    return index.quote(citation.document_id, citation.span) == citation.quote


class _Maker:
    """Makes the records of a growing table; each paper's reference is made once."""

    def __init__(self, index: Index, threshold: float, papers: int) -> None:
        self._index, self._threshold, self._papers = index, threshold, papers
        self._keys = citation_keys(index.bylines)
        self._rows: dict[str, Row] = {}

    def table(
        self,
        questions: tuple[str, ...],
        columns: Sequence[_Column],
        papers: Sequence[str],
        cells: Mapping[tuple[str, str], Cell],
    ) -> EvidenceTable:
        """Return the table with the ``cells`` that are known, by paper and question."""
        notes = [column.note for column in columns]
        return EvidenceTable(
            questions=questions,
            rows=tuple(
                replace(
                    self._row(paper), cells=tuple(cells.get((paper, one), NOT_ASKED) for one in questions)
                )
                for paper in papers
            ),
            left_out=max(self._papers - len(papers), 0),
            generation=self._index.generation,
            threshold=self._threshold,
            notes=tuple(notes + [""] * (len(questions) - len(notes))),
        )

    def _row(self, paper: str) -> Row:
        if paper not in self._rows:
            document = self._index.documents[paper]
            self._rows[paper] = Row(document.name, reference_to(document, self._keys[paper]), ())
        return self._rows[paper]
