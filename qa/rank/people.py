"""One guard for people: which papers and sentences can be about the person a question names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from index.text import Document, Span
from qa.rank.candidates import abbreviations_of, paper_stems
from qa.understand.abbreviations import equivalents
from qa.understand.question import TELLING, Question
from qa.understand.subjects import NOBODY, PATIENT, Subject, asks_of_patient, people_in, subjects_of


def guard(question: Question, papers: Iterable[Document]) -> Callable[[Document, Span], bool]:
    """Return the test that a sentence must pass to answer ``question``; ``papers`` are those found for it.

    A sentence must be able to be about the person named. Where the question is about a patient whom one of
    the papers reports on, sentences about people that a paper only cites are out as well.
    """
    if question.subject == NOBODY:
        reported = asks_of_patient(question.text)
    else:
        reported = any(_reports(paper, question) for paper in papers)

    def admits(document: Document, span: Span) -> bool:
        return about(document, span, question.subject) and not (reported and _only_cited(document, span))

    return admits


def about(document: Document, span: Span, subject: Subject) -> bool:
    """Return whether ``span`` can be about ``subject``.

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


def _reports(document: Document, question: Question) -> bool:
    """Return whether a paper reports on the person that ``question`` names, and has all its specific words.

    A person whom another paper only cites is then not the one meant.
    """
    person = question.subject
    fitting = (
        not one.conflicts(person) and (person.age is None or one.age == person.age)
        for one in paper_subjects(document)
    )
    if not any(fitting):
        return False
    same, held = equivalents(question, abbreviations_of(document)), paper_stems(document)
    topics = [term for term, weight in question.rare.items() if weight >= TELLING and term != PATIENT]
    return all(any(form <= held for form in same[term]) for term in topics)


def _only_cited(document: Document, span: Span) -> bool:
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


def reports_only_others(papers: Iterable[Document], person: Subject) -> bool:
    """Return whether the ``papers`` report on people, none of whom can be ``person``."""
    reported = [known for paper in papers for known in paper_subjects(paper)]
    return bool(reported) and all(known.conflicts(person) for known in reported)
