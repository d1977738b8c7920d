"""Answers questions about a paper itself (DOI, authors, dates, licence) from its front matter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.search import Hit
from index.store.index import Index
from index.terms import terms as terms_of
from index.text import Document, Field, Sentence, Span
from qa.quote.cite import cite_stated
from qa.rank.candidates import abbreviations_of, paper_stems
from qa.records import Citation, LookUp
from qa.understand.abbreviations import equivalents
from qa.understand.question import Question

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
#: The one field that running text may tell where no front matter states it.
_TOLD = "affiliation"
#: Specificity (see ``qa.understand.question``) from which on a word names something.
_NAME = 0.4
#: Papers whose front matter is looked through for names; of more, those of the best passages.
_FEW = 50
#: Papers that are all meant by a question that names none.
_SEVERAL = 10
#: Words by which metadata is asked for.
_WORDS = frozenset(
    terms_of(
        "doi digital identifier corresponding correspondence author authors wrote written authored "
        "published publication publish licence license licenced licensed copyright open-access reuse "
        "journal appeared keywords keyword title received accepted acceptance submitted review "
        "released release cite citation affiliated affiliation university institution institute "
        "department hospital e-mail email contact preprint manuscript first last senior lead"
    )
)
_LONGEST_QUOTE = 400
#: Looked up, not inferred: what is left is the risk that the question was about something else.
LOOKED_UP = 0.95
_FALLBACK = {"published": ("published", "year"), "received": ("received", "review began")}


def asked_field(question: str) -> str | None:
    """Return the name of the metadata field that ``question`` asks for; None for content."""
    found = [
        (match.start(), at)
        for at, (_, pattern) in enumerate(_PATTERNS)
        if (match := pattern.search(question))
    ]
    return _PATTERNS[min(found)[1]][0] if found else None


def look_up(
    index: Index, question: Question, name: str, hits: Sequence[Hit], documents: frozenset[str] | None
) -> LookUp | None:
    """Return what the papers meant state as the field ``name``; None for a question about content.

    A question that names something the papers meant never mention ("Who wrote
    Hamlet?") is not about them. What a paper does not state is not looked for
    elsewhere: other years, names and journals are those of other papers.
    """
    papers = [paper for paper in _papers(index, question, hits, documents) if not _foreign(question, paper)]
    found = [(paper, *place) for paper in papers for place in _places(paper, name)]
    if not found and (not papers or name == _TOLD):
        return None
    silent = [paper.name for paper in papers if not any(other is paper for other, *_ in found)]
    return LookUp(
        tuple(_cite(number, *place) for number, place in enumerate(found, 1)),
        tuple(f"“{paper}” does not state it: {name}." for paper in silent),
    )


def _cite(number: int, document: Document, span: Span, short: Span, sure: float) -> Citation:
    kind = next(block.kind for block in document.blocks if block.span.contains(span))
    sentence = Sentence(document.id, span, -1, kind)
    return cite_stated(document, sentence, number=number, confidence=min(sure, LOOKED_UP), short=short)


def _foreign(question: Question, document: Document) -> bool:
    """Tell whether the question names something that the paper has in no form."""
    same = equivalents(question, abbreviations_of(document))
    held = paper_stems(document)
    return any(not any(form <= held for form in same[term]) for term in _names(question))


def _papers(
    index: Index, question: Question, hits: Sequence[Hit], documents: frozenset[str] | None
) -> Sequence[Document]:
    """Return the papers meant.

    Those whose title, authors or journal the question names; all of a few, where it names nothing; else that
    of the best passage.
    """
    scope = [key for key in index.documents if documents is None or key in documents]
    best = list(dict.fromkeys(hit.passage.document_id for hit in hits))
    looked_at = scope if len(scope) <= _FEW else best
    if question.every_paper or not best:
        return [index.documents[key] for key in looked_at]
    names = _names(question)
    named = {key: len(names & front_terms(index.documents[key])) for key in looked_at}
    most = max(named.values(), default=0)
    if most:
        return [index.documents[key] for key in looked_at if named[key] == most]
    if not names and len(looked_at) <= _SEVERAL:
        return [index.documents[key] for key in sorted(looked_at, key=lambda key: key != best[0])]
    return [index.documents[best[0]]]


def front_terms(document: Document) -> set[str]:
    """Return the terms by which a paper is named: of its title, authors, journal and file."""
    return set(terms_of(" ".join((document.title, *document.authors, document.journal, document.source))))


def _names(question: Question) -> set[str]:
    """Return the terms of the question that name something."""
    return {term for term, rare in question.rare.items() if rare >= _NAME and term not in _WORDS}


def _places(document: Document, name: str) -> list[tuple[Span, Span, float]]:
    """Return quote, decisive words and certainty of each statement of the field, without repeats."""
    wanted = _FALLBACK.get(name, (name,))
    fields: list[Field] = []
    for candidate in wanted:
        fields = [field for field in document.fields if field.name == candidate]
        if fields:
            break
    found: dict[Span, tuple[Span, float]] = {}
    for field in fields:
        if field.span is None:  # known from the file's properties only: there is nothing to quote
            continue
        block = next(block.span for block in document.blocks if block.span.contains(field.span))
        quote = block if len(block) <= _LONGEST_QUOTE else field.span
        previous = found.get(quote)
        start = previous[0].start if previous and name == "author" else field.span.start
        found[quote] = Span(start, field.span.end), field.sure
    return [(quote, *found[quote]) for quote in list(found)[:2]]
