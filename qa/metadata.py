"""Answers questions about a paper itself (DOI, authors, dates, licence) from its front matter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.text import BlockKind, Sentence, Span
from qa.cite import cite
from qa.records import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.store import Index
    from index.text import Document, Field
    from qa.answer import Evidence
    from qa.records import Citation

_PAPER = r"(?:paper|article|report|study|publication|manuscript|case report|it|this)"
_NAMED = r"(?:paper|article|report|study|publication|manuscript) (?:on|about|by|of|from|with)"
_ASKED = (
    ("doi", r"\bdoi\b|digital object identifier"),
    (
        "corresponding author",
        r"\bcorresponding author|\bcorrespondence\b|whom? (?:should|can|do) (?:i|one|we) (?:contact|write)",
    ),
    (
        "author",
        r"\bwho (?:\w+ )?(?:wrote|authored|published)\b"
        r"|\bwho (?:are|is|were|was) the (?!corresponding)(?:\w+ )?authors?\b"
        r"|\bwritten by\b"
        r"|\b(?:names? of|list|name|which are|what are) (?:all )?(?:of )?the (?:\w+ )?authors?\b"
        r"|\b(?:first|last|senior|lead) author\b|^authors?\b",
    ),
    ("licence", r"\blicen[cs]e\b|\bcopyright\b|\bopen[- ]access\b|\breus(?:e|ed)\b"),
    ("journal", r"\b(?:which|what|name of the) journal\b|\bjournal\b.*\b(?:published|appear)"),
    (
        "affiliation",
        r"\baffiliat"
        r"|\b(?:which|what) (?:university|institution|institute|department|hospital)\b.*\b(?:authors?|wrote"
        r"|paper|from)\b|\bwhere do the authors work\b",
    ),
    ("keywords", r"\bkey ?words?\b"),
    ("title", r"\btitle of\b|\bwhat is the title\b"),
    (
        "received",
        rf"\b(?:when|date|day)\b.*\breceived\b(?=.*{_PAPER})|\b{_PAPER} (?:was )?(?:received|submitted)\b"
        rf"|\b(?:when|date|day)\b.*\b{_NAMED} .*\b(?:received|submitted)\b",
    ),
    ("accepted", rf"\b(?:when|date)\b.*{_PAPER}.*\baccepted\b|\bacceptance date\b"),
    ("review began", r"\breview (?:began|begin|begun|start(?:ed)?)|\bstart of (?:the )?(?:peer )?review"),
    ("review ended", r"\breview (?:ended?|finish(?:ed)?|complete[d]?)|\bend of (?:the )?(?:peer )?review"),
    (
        "published",
        rf"\b(?:when|date|day|year)\b.*{_PAPER}.*\b(?:publish|c[oa]me out|appear)"
        rf"|\b(?:publication|publishing) (?:date|year)|\b(?:date|year) of publication",
    ),
)
_PATTERNS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _ASKED)
_LONGEST_QUOTE = 400
#: Looked up, not inferred: what is left is the risk that the question was about something else.
_CONFIDENCE = 0.95
_FALLBACK = {"published": ("published", "year"), "received": ("received", "review began")}


def asked_field(question: str) -> str | None:
    """Return the name of the metadata field that ``question`` asks for; None for content."""
    found = [
        (match.start(), at)
        for at, (_, pattern) in enumerate(_PATTERNS)
        if (match := pattern.search(question))
    ]
    return _PATTERNS[min(found)[1]][0] if found else None


def metadata_citations(
    index: Index, evidence: Evidence, documents: frozenset[str] | None
) -> tuple[Citation, ...]:
    """Return the places in the papers asked about that state the field asked for; () if none."""
    name = asked_field(evidence.question.text)
    if name is None:
        return ()
    citations: list[Citation] = []
    for document in _papers(index, evidence, documents):
        for span, short in _places(document, name):
            sentence = Sentence(document.id, span, -1, _kind(document, span))
            number = len(citations) + 1
            scores = Scores(ranker=0.0, passage=0.0, lexical=0.0, dense=0.0, terms=())
            citations.append(
                cite(
                    document,
                    sentence,
                    span,
                    number=number,
                    confidence=_CONFIDENCE,
                    short=short,
                    scores=scores,
                )
            )
    return tuple(citations)


def _papers(index: Index, evidence: Evidence, documents: frozenset[str] | None) -> Sequence[Document]:
    """Return the papers meant: that of the best passage; all, where the question singles out none."""
    scope = [key for key in index.documents if documents is None or key in documents]
    best = list(dict.fromkeys(hit.passage.document_id for hit in evidence.hits))
    if evidence.question.every_paper or not best:
        return [index.documents[key] for key in (best if len(scope) > 10 else scope)]
    return [index.documents[best[0]]]


def _places(document: Document, name: str) -> list[tuple[Span, Span]]:
    """Return quote and decisive words for each statement of the field, without repeats."""
    wanted = _FALLBACK.get(name, (name,))
    fields: list[Field] = []
    for candidate in wanted:
        fields = [field for field in document.fields if field.name == candidate]
        if fields:
            break
    found: dict[Span, Span] = {}
    for field in fields:
        if field.span is None:  # known from the file's properties only: there is nothing to quote
            continue
        block = next(block.span for block in document.blocks if block.span.contains(field.span))
        quote = block if len(block) <= _LONGEST_QUOTE else field.span
        previous = found.get(quote)
        found[quote] = Span(previous.start, field.span.end) if previous and name == "author" else field.span
    return list(found.items())[:2]


def _kind(document: Document, span: Span) -> BlockKind:
    return next(block.kind for block in document.blocks if block.span.contains(span))
