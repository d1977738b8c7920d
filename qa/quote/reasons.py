"""Why nothing, or nothing sure, is quoted for a question; told of the question and the search."""

from __future__ import annotations

from collections.abc import Sequence

from index.store.index import Index
from qa.quote.choose import papers_left_out, silent_papers, states
from qa.rank.evidence import Evidence, Ranked
from qa.rank.numbered import counts_among, mentions, subjects_told
from qa.records import Status
from qa.settings import DEFAULT
from qa.understand.language import other_language
from qa.understand.several import superlative_in
from qa.understand.subjects import NOBODY

ASK_EACH = "The evidence table asks each paper."
NO_COMPARISON = "Loccit does not compare numbers."
#: Most papers that are looked through for a thing named by number; of more, those of the best passages.
MOST_NUMBERED = 50
#: Most words that a reason names.
MOST_WORDS = 5


def reasons_for(
    index: Index,
    evidence: Evidence,
    status: Status,
    quoted: Sequence[Ranked],
    documents: frozenset[str] | None,
) -> tuple[str, ...]:
    """Say why ``quoted`` is not a full and sure answer, looked for in ``documents`` or all papers."""
    question = evidence.question
    told = _limits(evidence, status, quoted)
    if status in (Status.ANSWERED, Status.PARTIAL):
        silent = silent_papers(evidence, {item.candidate.document.id for item in quoted})
        lacking = (f"Nothing sure enough was found in “{index.documents[paper].name}”." for paper in silent)
        return (*told, *lacking)
    language = other_language(question.text)
    if language is not None:
        return (f"The question seems to be in {language}, and the papers are searched in English.",)
    reasons = told
    if question.subject != NOBODY and not evidence.hits:
        reasons.append("No paper here is about the person the question names.")
    reasons += _unnamed(index, evidence, documents)
    if absent := evidence.absent:
        asked = "the papers" if documents is None else "the papers asked"
        listed = ", ".join(f"“{word}”" for word in absent[:MOST_WORDS])
        listed += f" and {len(absent) - MOST_WORDS} more words" if len(absent) > MOST_WORDS else ""
        reasons.append(f"No passage of {asked} mentions {listed}.")
    if not reasons and status is Status.NOT_FOUND:
        reasons.append("No sentence was found that is likely to answer.")
    return tuple(reasons)


def _limits(evidence: Evidence, status: Status, quoted: Sequence[Ranked]) -> list[str]:
    """Say what is left open beside the quotes: the comparison asked for, and papers that are not shown."""
    if not quoted:
        return []
    told = [
        f"No quote is about number {number} of “{name}”." for name, number in open_numbers(evidence, quoted)
    ]
    word = evidence.question.compared
    if not word and status is Status.POSSIBLE:
        word = superlative_in(evidence.question.text)
        word = "" if any(states(one, word) for one in quoted) else word
    if word:
        told.append(f"{NO_COMPARISON} The quotes give values found; which is {word} is open.")
    if evidence.unasked:
        asked = len({hit.passage.document_id for hit in evidence.hits})
        told.append(f"{asked} of {asked + evidence.unasked} papers were asked. {ASK_EACH}")
    shown = len({item.candidate.document.id for item in quoted})
    if left_out := len(papers_left_out(evidence, quoted, DEFAULT.relative)):
        told.append(f"{shown} of {shown + left_out} papers with a likely answer are shown. {ASK_EACH}")
    return told


def open_numbers(evidence: Evidence, quoted: Sequence[Ranked]) -> list[tuple[str, str]]:
    """Return which things named together ("patients 2 and 4") no quote is about: the name, and the number."""
    told = frozenset[tuple[str, str]]().union(
        *(subjects_told(one.candidate.document, one.candidate.sentence.span) for one in quoted)
    )
    return [
        (asked.text, number)
        for asked in evidence.question.numbered
        if not asked.ordinal and len(asked.numbers) > 1
        for number in sorted(asked.numbers)
        if not any((noun, number) in told for noun in asked.nouns)
    ]


def _unnamed(index: Index, evidence: Evidence, documents: frozenset[str] | None) -> list[str]:
    """Say which things that the question names by number ("patient 7") the papers do not mention."""
    scope = index.documents if documents is None else documents
    few = len(scope) <= MOST_NUMBERED
    looked = scope if few else dict.fromkeys(hit.passage.document_id for hit in evidence.hits)
    where = "" if few else " near the question"
    return [
        f"No passage{where} mentions “{asked.text}”."
        for asked in evidence.question.numbered
        if not any(mentions(index.documents[key], asked) for key in looked)
        and (asked.known or any(counts_among(index.documents[key], asked.nouns) for key in looked))
    ]
