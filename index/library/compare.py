"""Where a paper and its entry in the library disagree. What differs in form only is not a difference."""

from __future__ import annotations

from collections.abc import Iterator

from index.entry import Entry
from index.library.record import bare_doi, letters
from index.text import Document

_SMALL = frozenset({"and", "et", "for", "in", "of", "on", "the", "und"})  #: left out in abbreviated journals


def differences(printed: Document, entry: Entry) -> tuple[str, ...]:
    """Return a line for each field in which they differ: "year: 2021 in the paper, 2022 in the library"."""
    return tuple(
        f"{name}: {here} in the paper, {there} in the library"
        for name, here, there in _different(printed, entry)
    )


def _different(printed: Document, entry: Entry) -> Iterator[tuple[str, str, str]]:
    if printed.title and entry.title and not _same_title(printed.title, entry.title):
        yield "title", f"“{printed.title}”", f"“{entry.title}”"
    if printed.authors and entry.authors and not _same_authors(printed, entry):
        yield "authors", ", ".join(printed.authors), ", ".join(name.as_printed for name in entry.authors)
    if printed.journal and entry.journal and not _same_journal(printed.journal, entry.journal):
        yield "journal", printed.journal, entry.journal
    if printed.year and entry.year and printed.year != entry.year:
        yield "year", str(printed.year), str(entry.year)
    if contradicts(printed.doi, entry.doi):
        yield "DOI", printed.doi, entry.doi


def same_doi(one: str, other: str) -> bool:
    """Return whether both state a DOI, and the same one."""
    return bool(one and other) and bare_doi(one) == bare_doi(other)


def contradicts(one: str, other: str) -> bool:
    """Return whether both state a DOI, and different ones."""
    return bool(one and other) and not same_doi(one, other)


def _same_title(one: str, other: str) -> bool:
    """Compare letters; a subtitle may be missing."""
    shorter, longer = sorted((letters(one), letters(other)), key=len)
    return longer.startswith(shorter) and len(shorter) > len(longer) / 3


def _same_authors(printed: Document, entry: Entry) -> bool:
    names = [letters(name.family) for name in entry.authors]
    if names[-1] == "etal":
        names.pop()
    elif len(names) != len(printed.authors):
        return False
    return all(name in letters(author) for author, name in zip(printed.authors, names, strict=False))


def _same_journal(one: str, other: str) -> bool:
    """Compare words, of which each may be abbreviated: "J Biol Chem"."""
    first, second = ([letters(word) for word in name.replace(".", " ").split()] for name in (one, other))
    first, second = ([word for word in words if word and word not in _SMALL] for words in (first, second))
    if "".join(first) == "".join(second):
        return True
    pairs = zip(first, second, strict=False)
    return len(first) == len(second) and all(a.startswith(b) or b.startswith(a) for a, b in pairs)
