"""Answers "Show Table 1" and "What does Figure 2 show?" with the caption and the rows themselves."""

from __future__ import annotations

from collections.abc import Iterator

from index.store.index import Index
from index.terms import terms as terms_of
from index.text import BlockKind, Document, Sentence, Span, Table
from qa.quote.cite import cite_stated
from qa.quote.metadata import LOOKED_UP, front_terms
from qa.rank.numbered import mentions
from qa.records import Citation, LookUp
from qa.understand.numbered import FIGURE, TABLE, Mention, kind_of_thing, mentions_in
from qa.understand.question import Question

#: Most rows that are quoted of one table, and papers that are offered where the question names none.
MOST_ROWS, MOST_PAPERS = 30, 10
#: Words with which a figure or table as a whole is asked for, beside those that only ask.
_WORDS = frozenset(
    terms_of(
        "depict illustrate contain content display present see seen legend caption row column data represent "
        "summarize summarise quote full whole"
    )
)


def look_up_float(index: Index, question: Question, documents: frozenset[str] | None) -> LookUp | None:
    """Return the captions and rows of the figures or tables asked for, from ``documents`` or all papers.

    None where the question names none, or also other things by number; where more is asked than what they
    show; and where papers mention them without a caption that was recognised. Where several papers have such
    a figure and the question names none of them, nothing is quoted.
    """
    if len(question.numbered) != 1 or question.numbered[0].nouns.isdisjoint((FIGURE, TABLE)):
        return None
    asked = question.numbered[0]
    scope = [index.documents[key] for key in index.documents if documents is None or key in documents]
    naming = _naming(question, asked)
    papers = [paper for paper in scope if naming <= front_terms(paper)]
    having = [paper for paper in papers if any(_quotes(paper, asked))]
    if not having:
        absent = papers and not any(mentions(paper, asked) for paper in scope)
        return LookUp((), (f"No paper here has {asked.text}.",)) if absent else None
    if len(having) > 1:
        return _which(having, asked)
    citations: list[Citation] = []
    left_out = 0
    for span, kind in _quotes(having[0], asked):
        if kind is BlockKind.TABLE and sum(c.table is not None for c in citations) == MOST_ROWS:
            left_out += 1
            continue
        sentence = Sentence(having[0].id, span, -1, kind)
        citations.append(cite_stated(having[0], sentence, number=len(citations) + 1, confidence=LOOKED_UP))
    rows = MOST_ROWS + left_out
    reasons = (f"{MOST_ROWS} of {rows} rows are quoted.",) if left_out else ()
    return LookUp(tuple(citations), reasons)


def _naming(question: Question, asked: Mention) -> set[str]:
    """Return the terms of the question beside the figure and the words that ask to see it."""
    named = {kind_of_thing(term) for term in terms_of(asked.text)} | asked.nouns | set(terms_of(asked.text))
    return {term for term in question.terms if term not in named and term not in _WORDS}


def _which(papers: list[Document], asked: Mention) -> LookUp:
    names = "; ".join(f"“{paper.name}”" for paper in papers[:MOST_PAPERS])
    more = f" and {len(papers) - MOST_PAPERS} more" if len(papers) > MOST_PAPERS else ""
    remedy = f"Name the paper in the question, or select one: {names}{more}."
    reason = f"{len(papers)} papers have {asked.text}. {remedy}"
    return LookUp((), (reason,), tuple(paper.id for paper in papers[:MOST_PAPERS]))


def _quotes(document: Document, asked: Mention) -> Iterator[tuple[Span, BlockKind]]:
    """Yield the captions of what is ``asked``, and after that of a table its rows."""
    tables = [table for table in document.tables if _is(asked, _label(document, table))]
    captions = {table.caption for table in tables}
    for block in document.blocks:
        alone = block.kind is BlockKind.CAPTION and block.span not in captions
        if alone and _is(asked, block.span.of(document.text)):
            yield block.span, BlockKind.CAPTION
    for table in tables:
        if table.caption:
            yield table.caption, BlockKind.CAPTION
        for row in table.rows:
            yield row.span, BlockKind.TABLE


def _label(document: Document, table: Table) -> str:
    return table.label or (table.caption.of(document.text) if table.caption else "")


def _is(asked: Mention, caption: str) -> bool:
    """Tell whether a caption begins with the label of what is ``asked``."""
    first = next(iter(mentions_in(caption[:80])), None)
    if first is None or first.start or not first.same_kind(asked):
        return False
    return not first.numbers.isdisjoint(asked.numbers)
