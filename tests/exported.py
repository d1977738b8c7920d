"""A paper, a citation and an answer for the tests of exports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from index.read.text.plain import read_plain
from index.text import Document, Span
from qa.records import Answer, Citation, Receipt, Scores, Status
from qa.show.citation import Reference, citation_keys, references

_BEES = "On bees\n\nAbstract\n\nBees fly.\n\nResults\n\nNine bees flew home.\n"


def paper_of(**changes: Any) -> Document:  # noqa: ANN401 - the fields of a document
    """Return a paper with the title "On bees" and no other data than ``changes``."""
    return replace(read_plain(_BEES.encode(), "bees.txt"), **({"title": "On bees"} | changes))


def citation_of(document: Document, **changes: Any) -> Citation:  # noqa: ANN401 - the fields of a citation
    """Return a citation of the sentence on nine bees, or of the whole text if it has another one."""
    sentence = "Nine bees flew home."
    start = max(document.text.find(sentence), 0)
    span = Span(start, start + len(sentence)) if sentence in document.text else Span(0, len(document.text))
    cited = Citation(
        number=1,
        document_id=document.id,
        source=document.source,
        title=document.title,
        span=span,
        quote=span.of(document.text),
        page=3,
        page_label="e27",
        line=None,
        last_line=None,
        section="Results > Bees",
        passage=span,
        confidence=0.9,
        short=None,
        table=None,
        scores=Scores(1.0, 1.0, 1.0, 0.5, ("bee",)),
    )
    return replace(cited, **changes)


def answer_of(*citations: Citation, question: str = "How many?") -> Answer:
    """Return an answer with ``citations``."""
    receipt = Receipt("i", 1, "m", "r", 0.5, {}, {})
    return Answer(question, question, Status.ANSWERED, 0.9, 0.9, citations, (), (), receipt)


def cited_by(answer: Answer, *documents: Document) -> dict[str, Reference]:
    """Return the references of ``answer``, the index holding ``documents``."""
    keys = citation_keys({document.id: document.byline for document in documents})
    return references(answer.citations, {document.id: document for document in documents}, keys)
