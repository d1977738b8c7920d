"""From a sentence to a citation: the quote is checked against the text before anything is shown."""

from __future__ import annotations

from dataclasses import replace

from index.errors import QuoteError
from index.search import Hit
from index.store.index import Index
from index.text import Document, Sentence, Span
from qa.quote.short import short_answer
from qa.rank.evidence import Ranked
from qa.rank.numbered import lead_of
from qa.records import Citation, Nearby, Scores, TableContext
from qa.understand.question import Question

#: Characters of a quote, at most, that begins with the sentence which names the patient.
LONGEST_QUOTE = 400


def quote(document: Document, span: Span) -> str:
    """Return the characters of ``document`` at ``span``.

    Raises:
        QuoteError: the span leaves the text, or covers nothing but white space.
    """
    text = span.of(document.text)
    if len(text) != len(span) or not text.strip():
        raise QuoteError(
            f"{document.source}: there is no text at {span.start}:{span.end}.",
            "Rebuild the index: loccit build.",
        )
    return text


def check(document: Document, citation: Citation) -> None:
    """Refuse a citation whose quote is not verbatim.

    Raises:
        QuoteError: document, quote or short answer differ from the text cited.
    """
    same_document = citation.document_id == document.id
    same_text = quote(document, citation.span) == citation.quote
    inside = citation.short is None or citation.span.contains(citation.short)
    if not (same_document and same_text and inside and citation.passage.contains(citation.span)):
        raise QuoteError(
            f"{document.source}: the quote at {citation.span.start}:{citation.span.end} is not verbatim.",
            "Rebuild the index: loccit build.",
        )


def cite_stated(
    document: Document, sentence: Sentence, *, number: int, confidence: float, short: Span | None = None
) -> Citation:
    """Return the checked citation of what was looked up, not ranked."""
    scores = Scores(ranker=0.0, passage=0.0, lexical=0.0, dense=0.0, terms=())
    return cite(
        document, sentence, sentence.span, number=number, confidence=confidence, short=short, scores=scores
    )


def cite_ranked(index: Index, number: int, item: Ranked, question: Question) -> Citation:
    """Return the checked citation of a sentence that was ranked for ``question``."""
    candidate, hit = item.candidate, item.candidate.hit
    sentence = _with_lead(index, item, question)
    span = sentence.span
    passage = Span(min(hit.passage.span.start, span.start), max(hit.passage.span.end, span.end))
    scores = Scores(
        ranker=item.score,
        passage=hit.score,
        lexical=hit.lexical,
        dense=candidate.dense,
        terms=tuple(term for term in question.terms if term in candidate.matched),
    )
    short = short_answer(question, candidate, item.mark)
    return cite(
        candidate.document,
        sentence,
        passage,
        number=number,
        confidence=item.confidence,
        short=short,
        scores=scores,
    )


def _with_lead(index: Index, item: Ranked, question: Question) -> Sentence:
    """Return the sentence to quote, from the one on that names what the question names by number.

    "Her CK was 880 U/L" does not say of which patient.
    """
    candidate, sentence = item.candidate, item.candidate.sentence
    nouns = question.among.union(*(one.nouns for one in question.numbered))
    lead = lead_of(candidate.document, sentence.span, nouns) if nouns else None
    if lead is None:
        return sentence
    spans = (one.span for _, one in index.sentences_of(candidate.hit.position))
    start = next((span.start for span in spans if span.start <= lead < span.end), None)
    if start is None or sentence.span.end - start > LONGEST_QUOTE:
        return sentence
    return replace(sentence, span=Span(start, sentence.span.end))


def cite(
    document: Document,
    sentence: Sentence,
    passage: Span,
    *,
    number: int,
    confidence: float,
    short: Span | None,
    scores: Scores,
) -> Citation:
    """Return the checked citation of ``sentence``."""
    place = document.map.place(sentence.span)
    citation = Citation(
        number=number,
        document_id=document.id,
        source=document.source,
        title=document.title,
        span=sentence.span,
        quote=quote(document, sentence.span),
        page=place.page,
        page_label=place.page_label,
        line=place.line,
        last_line=place.last_line,
        section=section_of(document, sentence.span),
        passage=passage,
        confidence=confidence,
        short=short,
        table=table_context(document, sentence.span),
        scores=scores,
    )
    check(document, citation)
    return citation


def nearby(document: Document, hit: Hit) -> Nearby:
    """Return the passage of ``hit``."""
    span = hit.passage.span
    place = document.map.place(span)
    return Nearby(
        document_id=document.id,
        source=document.source,
        title=document.title,
        span=span,
        quote=quote(document, span),
        page=place.page,
        line=place.line,
        section=section_of(document, span),
        score=hit.score,
    )


def section_of(document: Document, span: Span) -> str:
    """Return the titles from the main section down to ``span``, joined by " > "."""
    for block in document.blocks:
        if block.span.overlaps(span):
            return " > ".join(document.section_path(block.section))
    return ""


def table_context(document: Document, span: Span) -> TableContext | None:
    """Return caption, column heads and cells if ``span`` is a row of a table; else None."""
    for table in document.tables:
        if not table.span.contains(span):
            continue
        for row in table.rows:
            if row.span == span:
                return TableContext(
                    label=table.label,
                    caption=table.caption.of(document.text) if table.caption else "",
                    header=tuple(_head(document.text, heads) for heads in table.columns),
                    cells=tuple(cell.of(document.text) for cell in row.cells),
                )
    return None


def _head(text: str, heads: tuple[Span, ...]) -> str:
    """Return the heads above one column as one, from top to bottom."""
    return " \u00b7 ".join(dict.fromkeys(head for span in heads if (head := span.of(text))))
