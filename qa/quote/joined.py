"""One answer from those to the parts of a question; what is open of it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.records import Answer, Citation, Status

_OPEN = {
    Status.NOT_FOUND: "nothing was found",
    Status.POSSIBLE: "no quote is sure",
    Status.PARTIAL: "only some of it is answered",
}


def joined(question: str, parts: Sequence[str], answers: Sequence[Answer]) -> Answer:
    """Return the answer to ``question`` from those to its ``parts``, at least one.

    It is whole only if all parts are answered. A sentence that answers two parts is quoted once.
    """
    citations: dict[tuple[str, int, int], Citation] = {}
    for citation in (citation for answer in answers for citation in answer.citations):
        place = citation.document_id, citation.span.start, citation.span.end
        if place not in citations or citation.confidence > citations[place].confidence:
            citations[place] = citation
    quoted = tuple(replace(one, number=number) for number, one in enumerate(citations.values(), 1))
    best = max(answers, key=lambda answer: answer.confidence)
    return replace(
        best,
        question=question,
        resolved_question=" ".join(answer.resolved_question for answer in answers),
        status=_status([answer.status for answer in answers]),
        citations=quoted,
        nearby=() if quoted else best.nearby,
        presence=max(answer.presence for answer in answers),
        reasons=tuple(line for part, one in zip(parts, answers, strict=True) for line in _reasons(part, one)),
        which=() if quoted else best.which,
    )


def _status(found: Sequence[Status]) -> Status:
    if len(set(found)) == 1:
        return found[0]
    sure = {Status.ANSWERED, Status.PARTIAL}
    return Status.PARTIAL if sure.intersection(found) else Status.POSSIBLE


def _reasons(part: str, answer: Answer) -> list[str]:
    """Return what is open of one part, named by its words."""
    still_open = _OPEN.get(answer.status)
    lines = [f"“{part}”: {still_open}."] if still_open else []
    return [*lines, *answer.reasons]
