"""What tells a paper from others: whom or what it studies, read in front of each of its passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.text import Document, Span
from qa.rank.reader import Text
from qa.understand.subjects import people_in

#: Sentences from the start of a paper that are looked through.
OPENING = 40
#: Most characters of each part; fewest of a sentence that stands in for a missing title.
LONGEST, LEAST = 220, 60


def identity_of(document: Document, opening: Sequence[Span]) -> tuple[str, ...]:
    """Return up to two sentences of the ``opening`` of a paper, which identify it beside its title.

    The first long one where the paper states no title, and the first that introduces a person by age and sex.
    """
    sentences = [" ".join(span.of(document.text).split()) for span in opening[:OPENING]]
    first = next((text for text in sentences if len(text) > LEAST), "") if not document.title else ""
    person = next((text for text in sentences if people_in(text)), "")
    return tuple(_shortened(text) for text in dict.fromkeys((first, person)) if text)


def identified(text: Text, identity: Sequence[str]) -> Text:
    """Return a passage with what identifies its paper in front, unless the passage says it itself."""
    own = [part for part in identity if part[:LEAST] not in text.text]
    return replace(text, context="\n".join((*own, text.context))) if own else text


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0]
