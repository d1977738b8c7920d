"""An evidence table: the same questions asked of each paper, papers as rows and questions as columns.

A cell holds the paper's best quote, verbatim, with its place and calibrated confidence. Beside a sure one
stand others that are about as likely: a patient is often treated more than once. A cell is about one paper,
so each is asked by itself: that another paper answers in clearer words says nothing of this one.
The answer from all papers comes first. What it quotes is in the cells of its papers, unless they have a surer
quote when asked by themselves, so the table never knows less than the answer above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

from index.errors import UsageError
from index.store.index import Index
from qa.answer import Answerer
from qa.quote.choose import alike
from qa.rank.evidence import UNTOLD, Evidence
from qa.records import UNSUPPORTED, Answer, Citation
from qa.settings import DEFAULT
from qa.show.citation import citation_keys, reference_to
from qa.show.evidence import NOT_ASKED, Cell, EvidenceTable, Row, numbered, ordered

#: Most papers that are asked; those nearest to the questions come first.
MOST_PAPERS = 500
#: Passages that decide which papers are nearest, at least and for each paper asked.
_WIDE, _OF_EACH = 200, 5

#: Least log-odds that a paper answers at which it has a quote, and how much it rises with the words of the
#: question that the paper lacks: the mean over all words of how rare those are in English, 0 to 1.
LEAST, LACKING = -0.9, 4.0
#: How rare a name is at least.
NAME = 0.5

#: What papers answer when asked by themselves, by question and paper. It stays valid as long as the settings
#: of the answerer do: a quote that its paper no longer has is asked for again.
Alone = dict[tuple[str, str], "tuple[Citation, ...]"]


@dataclass(frozen=True, slots=True)
class _Column:
    """A question put to all papers, before any is asked by itself."""

    question: str
    papers: tuple[str, ...]  #: those with a quote first, then by nearness
    answered: Mapping[str, tuple[Citation, ...]]  #: quotes of the answer, by paper, the likeliest first
    looked_up: bool  #: the answer is about the papers that the question means, and complete
    note: str  #: see ``EvidenceTable.notes``

    def settles(self, paper: str, threshold: float) -> bool:
        """Whether asking ``paper`` by itself would change nothing."""
        quotes = self.answered.get(paper)
        return self.looked_up or (quotes is not None and quotes[0].confidence >= threshold)


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
        cells |= _of_the_answer(columns, papers, answerer.threshold)
        yield made.table(asked, columns, papers, cells)
    for paper in papers:
        waiting = [column for column in columns if not column.settles(paper, answerer.threshold)]
        for column in waiting:
            cells[paper, column.question] = _cell(_quotes(answerer, column, paper, alone), answerer.threshold)
        if waiting:
            yield made.table(asked, columns, papers, cells)


def _column(
    answerer: Answerer, question: str, documents: frozenset[str] | None, given: Sequence[Answer], most: int
) -> _Column:
    """Put a question to all papers together."""
    index = answerer.index
    scope = index.names.keys() if documents is None else documents & index.names.keys()
    gathered = answerer.gather(question, documents=documents)
    citations = [
        *answerer.decide(question, gathered, documents=documents).citations,
        *(one for answer in given if answer.resolved_question == question for one in answer.citations),
    ]
    best: dict[str, tuple[Citation, ...]] = {}
    for citation in sorted(citations, key=lambda citation: -citation.confidence):
        if citation.document_id in scope and _holds(index, citation):
            best[citation.document_id] = (*best.get(citation.document_id, ()), citation)
    limit = max(_WIDE, _OF_EACH * min(len(scope), most))
    near = (hit.passage.document_id for hit in answerer.nearest(question, limit=limit, documents=documents))
    rest = sorted(scope, key=lambda key: (index.names[key].casefold(), key))
    return _Column(
        question=question,
        papers=tuple(dict.fromkeys((*best, *near, *rest))),
        answered=best,
        looked_up=bool(gathered.stated and gathered.stated.citations),
        note=_note(gathered),
    )


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


def _of_the_answer(
    columns: Sequence[_Column], papers: Sequence[str], threshold: float
) -> dict[tuple[str, str], Cell]:
    """Return the cells that follow from what all papers answer together."""
    return {
        (paper, column.question): _cell(column.answered.get(paper, ()), threshold)
        for column in columns
        for paper in papers
        if paper in column.answered or column.looked_up
    }


def _cell(quotes: Sequence[Citation], threshold: float) -> Cell:
    """Return the cell with the likeliest of the ``quotes``; beside a sure one, those that say more."""
    if not quotes:
        return Cell(None, sure=False)
    first, *others = sorted(quotes, key=lambda quote: -quote.confidence)
    kept = [first]
    for one in others if first.confidence >= threshold else ():
        likely = one.confidence >= DEFAULT.relative * first.confidence
        if likely and len(kept) < DEFAULT.quotes and not any(alike(one.quote, two.quote) for two in kept):
            kept.append(one)
    return Cell(first, first.confidence >= threshold, further=tuple(kept[1:]))


def _quotes(answerer: Answerer, column: _Column, paper: str, alone: Alone) -> list[Citation]:
    """Return the quotes of a paper that is asked by itself, and of the answer."""
    key = column.question, paper
    if key not in alone or not all(_holds(answerer.index, one) for one in alone[key]):
        alone[key] = _alone(answerer, column.question, frozenset((paper,)))
    return [*alone[key], *column.answered.get(paper, ())]


def _alone(answerer: Answerer, question: str, paper: frozenset[str]) -> tuple[Citation, ...]:
    """Return the quotes of a paper that is asked by itself.

    Within one paper some sentence always fits best, also where the question is about another drug or disease.
    So the more specific the words are that the paper lacks, the likelier it must be to answer, and one that
    lacks a name is never sure.
    """
    evidence = answerer.gather(question, documents=paper)
    lacked = [
        evidence.question.rare.get(term, 0.0)
        for item in evidence.ranked[:1]
        for term in item.candidate.missing
    ]
    odds = LEAST + LACKING * sum(lacked) / max(len(evidence.question.terms), 1)
    answer = answerer.decide(question, evidence, documents=paper, possible=1.0 / (1.0 + exp(-odds)))
    if max(lacked, default=0.0) < NAME:
        return answer.citations
    most = UNTOLD * answerer.threshold
    return tuple(replace(one, confidence=min(one.confidence, most)) for one in answer.citations)


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
