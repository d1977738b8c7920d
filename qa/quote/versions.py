"""Versions of one paper side by side: what each says is quoted, the newest first, with the dates."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence

from rapidfuzz.fuzz import ratio

from index.ingest.catalogue import versions_of
from index.store.index import Index
from index.text import Document
from qa.rank.evidence import Ranked

_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
_ALIKE = 60  #: least similarity, of 100, of what two versions say in the same place


def beside_versions(
    index: Index, ranked: Sequence[Ranked], quoted: Sequence[Ranked]
) -> tuple[list[Ranked], tuple[str, ...]]:
    """Return what to quote where other versions of a quoted paper say something else, and what to tell.

    ``ranked`` holds the sentences that were found. What all versions say is quoted from the newest.
    """
    pairs = versions_of(index)
    done: list[Ranked] = []
    told: list[str] = []
    for item in quoted:
        if any(item is other or _bare(item) == _bare(other) for other in done if pairs):
            continue
        others = list(_counterparts(item, ranked, pairs))
        group = sorted([item, *others], key=lambda one: dated(one.candidate.document), reverse=True)
        if len({_bare(one) for one in group}) == 1:
            done.append(group[0])
            continue
        done += [one for one in group if not any(one is other for other in done)]
        told.append(_told([one.candidate.document for one in group]))
    return done, tuple(dict.fromkeys(told))


def _counterparts(
    item: Ranked, ranked: Sequence[Ranked], pairs: frozenset[tuple[str, str]]
) -> Iterator[Ranked]:
    """Yield from each other version of an item's paper the sentence that is most like it."""
    document, text = item.candidate.document, item.candidate.text
    kin = {key for pair in pairs if document.id in pair for key in pair} - {document.id}
    by_paper: dict[str, list[Ranked]] = {}
    for other in ranked:
        paper = other.candidate.document
        if paper.id in kin and _one_title(document.title, paper.title):
            by_paper.setdefault(paper.id, []).append(other)
    for others in by_paper.values():
        best = max(others, key=lambda other: ratio(text, other.candidate.text))
        if ratio(text, best.candidate.text) >= _ALIKE:
            yield best


def _one_title(first: str, second: str) -> bool:
    """Return whether two titles are the same, or one is added to: "Corrected: ..."."""
    shorter, longer = sorted((_folded(first), _folded(second)), key=len)
    return shorter in longer


def _folded(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _bare(item: Ranked) -> str:
    return " ".join(item.candidate.text.casefold().split())


def dated(document: Document) -> tuple[int, int, int]:
    """Return year, month and day of publication as far as stated, else zeros; dates sort in order."""
    for item in document.fields:
        parts = item.value.replace("-", " ").replace(",", " ").casefold().split()
        if item.name != "published" or len(parts) != 3:
            continue
        months = [_MONTHS[part[:3]] for part in parts if part[:3] in _MONTHS]
        numbers = [int(part) for part in parts if part.isdecimal()]
        if months and len(numbers) == 2:
            return max(numbers), months[0], min(numbers)
        if len(numbers) == 3 and numbers[0] > 31:  # year, month, day
            return numbers[0], numbers[1], numbers[2]
    return document.year or 0, 0, 0


def _told(documents: Sequence[Document]) -> str:
    named = ", ".join(f"{one.source} ({_date_words(one)})" for one in documents)
    order = "the newest comes first" if all(map(any, map(dated, documents))) else "not all state a date"
    return f"{len(documents)} versions of this paper differ here; {order}: {named}."


def _date_words(document: Document) -> str:
    stated = next((item.value for item in document.fields if item.name == "published"), "")
    return stated or str(document.year or "no date stated")
