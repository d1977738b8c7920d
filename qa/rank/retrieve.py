"""From an understood question to passages: abbreviations written out, other people's papers set aside."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from index.search import search
from qa.rank.candidates import abbreviations_of, paper_stems
from qa.understand.abbreviations import known_forms, stems
from qa.understand.question import TELLING, equivalents, telling_words
from qa.understand.subjects import NOBODY, PATIENT, people_in, subjects_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from index.search import Hit
    from index.store.open import Index
    from index.text import Document, Span
    from qa.understand.question import Question
    from qa.understand.subjects import Subject

#: How many times the passages wanted are searched where some will be set aside.
WIDER = 4
#: Of the best hits, how many are counted, and how many of them make a paper the one that is asked about.
BEST, MOSTLY = 10, 4


def retrieve(
    index: Index,
    question: Question,
    vector: NDArray[np.float32],
    *,
    limit: int,
    documents: frozenset[str] | None = None,
    deeper: int = 0,
) -> list[Hit]:
    """Return the ``limit`` best passages for ``question``, best first.

    Searches twice where the papers found define abbreviations of the question:
    the second time with their other forms. Words that only ask or name a person
    are not searched for; where a person is named, papers on other people give way.
    Where the best passages are mostly of one paper, up to ``deeper`` more of that
    paper follow: the words that name a paper find all of it, and what is asked may
    stand in any part.
    """
    wider = limit if question.subject == NOBODY else WIDER * limit
    wider += WIDER * deeper
    words = telling_words(question)
    hits = search(index, words, vector, limit=wider, documents=documents)
    papers = list(dict.fromkeys(hit.passage.document_id for hit in hits[:limit]))
    expanded = " ".join([words, *other_forms(question, [index.documents[key] for key in papers])])
    if expanded != words:
        hits = search(index, expanded, vector, limit=wider, documents=documents)
    if question.subject != NOBODY:
        hits = [
            hit
            for hit in hits
            if about(index.documents[hit.passage.document_id], hit.passage.span, question.subject)
        ]
    return [*hits[:limit], *_of_one_paper(hits, limit)[:deeper]]


def main_paper(hits: Sequence[Hit]) -> str:
    """Return the paper that at least half of the best hits are in, as the one asked about; "" without one."""
    paper, count = _foremost(hits)
    return paper if 2 * count >= BEST else ""


def _foremost(hits: Sequence[Hit]) -> tuple[str, int]:
    """Return the paper that most of the best hits are in, and how many; "" and 0 without hits."""
    papers = Counter(hit.passage.document_id for hit in hits[:BEST])
    return papers.most_common(1)[0] if papers else ("", 0)


def _of_one_paper(hits: list[Hit], limit: int) -> list[Hit]:
    """Return the hits from ``limit`` on in the paper that most of the best are in; none without one."""
    paper, count = _foremost(hits)
    return [hit for hit in hits[limit:] if hit.passage.document_id == paper] if count >= MOSTLY else []


def other_forms(question: Question, documents: Sequence[Document]) -> list[str]:
    """Return the long and short forms that ``documents``, or general usage, have for the question's words."""
    if not question.abbreviations:
        return []
    asked = frozenset(question.terms)
    added: dict[str, None] = {}
    own = {pair: None for document in documents for pair in abbreviations_of(document).items()}
    for short, long in known_forms(own):
        short_terms, long_terms = stems(short), stems(long)
        if short_terms and short_terms <= asked:
            if not long_terms <= asked:
                added[long] = None
        elif long_terms and long_terms <= asked:
            added[short] = None
    return list(added)


def about(document: Document, span: Span, subject: Subject) -> bool:
    """Tell whether ``span`` can be about ``subject``.

    Not so if its paper reports on other people only, unless the span itself
    introduces someone who fits; nor if the span introduces only people who do not.
    """
    if subject == NOBODY:
        return True
    named = people_in(span.of(document.text))
    if named:
        return any(not person.conflicts(subject) for person in named)
    reported = paper_subjects(document)
    return not reported or any(not person.conflicts(subject) for person in reported)


def tells_of(document: Document, question: Question) -> bool:
    """Tell whether a paper reports on the person that ``question`` names, and has all its specific words.

    Then a person whom another paper merely cites is not meant.
    """
    person = question.subject
    fitting = (
        not one.conflicts(person) and (person.age is None or one.age == person.age)
        for one in paper_subjects(document)
    )
    if not any(fitting):
        return False
    same, held = equivalents(question, abbreviations_of(document)), paper_stems(document)
    rare = zip(question.terms, question.specific, strict=True)
    topics = [term for term, weight in rare if weight >= TELLING and term != PATIENT]
    return all(any(form <= held for form in same[term]) for term in topics)


def of_another(document: Document, span: Span) -> bool:
    """Tell whether ``span`` introduces only people whom its paper does not report on, but others did."""
    named = people_in(span.of(document.text))
    if not named:
        return False
    reported = paper_subjects(document)
    return bool(reported) and all(one.conflicts(other) for one in named for other in reported)


@lru_cache(maxsize=256)
def _subjects(document_id: str, text: str) -> tuple[Subject, ...]:  # the id tells papers apart
    return subjects_of(text)


def paper_subjects(document: Document) -> tuple[Subject, ...]:
    """Return the people whom a paper reports on."""
    return _subjects(document.id, document.text)
