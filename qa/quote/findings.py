"""A quote that only tells of an examination goes on to what that showed.

"What did the biopsy show?" finds "A biopsy was performed." first, for it has the
words; reports tell the findings in the next sentence: "It showed necrosis." Both
together are as verbatim, and answer.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from index.text import BlockKind, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.rank.evidence import Evidence, Ranked

_ASKED = re.compile(
    r"\bwhat (?:did|do|does|has|have|had)\b.*\b(?:show|reveal|find|found|demonstrate|detect|indicate|disclose"
    r"|yield|confirm|suggest)(?:n|ed|d)?\b"
    r"|\bwhat (?:was|were|is|are) (?:found|seen|shown|noted|detected|observed|revealed)\b"
    r"|\b(?:what|which) (?:was|were|is|are|did) (?:the |its |her |his |their )?(?:\w+ ){0,3}?"
    r"(?:findings?|results?)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:was|were|been) (?:\w+ly |then |also )?(?:performed|done|obtained|carried out|undertaken|conducted"
    r"|taken|ordered|requested|repeated|sent|arranged|collected)\b|\bunderwent\b",
    re.IGNORECASE,
)
_FOUND = re.compile(
    r"\b(?:show(?:s|ed|n|ing)?|reveal\w*|demonstrat\w+|found|findings?|confirm\w*|detect\w*|indicat(?:ed|ing)"
    r"|suggest\w*|disclos\w+|consistent with|compatible with|positive|negative|(?:ab)?normal|unremarkable"
    r"|evidence|elevated|increased|decreased|came back|was read as)\b",
    re.IGNORECASE,
)
#: A sentence that tells of the examination before it, and not of the next one.
_GOES_ON = re.compile(
    r"(?:it|this|these|they"
    r"|(?:the |these |its |their )?(?:final |initial |preliminary )?(?:findings?|results?|reports?"
    r"|(?:histo)?patholog\w+|histolog\w+|microscop\w+))\b",
    re.IGNORECASE,
)


def with_findings(evidence: Evidence, quoted: Sequence[Ranked]) -> list[Ranked]:
    """Return ``quoted``; what answers a question for findings with an examination alone goes on to them.

    Where the quote alone answers, the two together do too: the confidence stays what it is. A sentence that
    has become part of a quote is not quoted again.
    """
    if not _ASKED.search(evidence.question.text):
        return list(quoted)
    found: list[Ranked] = []
    for item in (_drawn_on(item, evidence.ranked) for item in quoted):
        spans = (other for other in found if other.candidate.document.id == item.candidate.document.id)
        if not any(other.candidate.sentence.span.overlaps(item.candidate.sentence.span) for other in spans):
            found.append(item)
    return found


def _drawn_on(item: Ranked, ranked: Sequence[Ranked]) -> Ranked:
    """Return ``item`` with the sentence after it where that tells what was found."""
    sentence, document = item.candidate.sentence, item.candidate.document
    text = item.candidate.text
    if sentence.kind is BlockKind.TABLE or not _DONE.search(text) or _FOUND.search(text):
        return item
    for other in ranked:
        after = other.candidate.sentence.span
        if other.candidate.hit.position != item.candidate.hit.position or after.start < sentence.span.end:
            continue
        between = document.text[sentence.span.end : after.start]
        follows = not between.strip() and "\n" not in between
        if follows and _GOES_ON.match(other.candidate.text) and _FOUND.search(other.candidate.text):
            whole = replace(sentence, span=Span(sentence.span.start, after.end))
            return replace(item, candidate=replace(item.candidate, sentence=whole), mark=other.mark)
    return item
