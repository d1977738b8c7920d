"""Where a paper and an entry in the library disagree, and whether they can be, or surely are, one work.

What differs in form only is not a difference.
"""

from __future__ import annotations

from collections.abc import Iterator

from index.entry import Entry
from index.library.record import bare_doi, letters
from index.text import Document

LONG_TITLE = 20  #: letters of a title that tells a paper; "Introduction" does not
_SMALL = frozenset({"and", "et", "for", "in", "of", "on", "the", "und"})  #: left out in abbreviated journals


def differences(printed: Document, entry: Entry) -> tuple[str, ...]:
    """Return a line for each field in which they differ: "year: 2021 in the paper, 2022 in the library"."""
    return tuple(
        f"{name}: {here} in the paper, {there} in the library"
        for name, here, there in _different(printed, entry)
    )


def _different(printed: Document, entry: Entry) -> Iterator[tuple[str, str, str]]:
    if printed.title and entry.title and not same_title(printed.title, entry.title):
        yield "title", f"“{printed.title}”", f"“{entry.title}”"
    if printed.authors and entry.authors and not _same_authors(printed, entry):
        yield "authors", ", ".join(printed.authors), ", ".join(name.as_printed for name in entry.authors)
    if printed.journal and entry.journal and not _same_journal(printed.journal, entry.journal):
        yield "journal", printed.journal, entry.journal
    if printed.year and entry.year and printed.year != entry.year:
        yield "year", str(printed.year), str(entry.year)
    if printed.doi and entry.doi and not same_doi(printed.doi, entry.doi):
        yield "DOI", printed.doi, entry.doi


def same_doi(one: str, other: str) -> bool:
    """Return whether both state a DOI, and the same one."""
    return bool(one and other) and bare_doi(one) == bare_doi(other)


def contradicts(printed: Document, entry: Entry) -> bool:
    """Return whether both state a title, DOI, year or first author that one work cannot have.

    Years may be one apart: a paper appears online before its issue does.
    """
    return (
        bool(printed.title and entry.title and not same_title(printed.title, entry.title))
        or bool(printed.doi and entry.doi and not same_doi(printed.doi, entry.doi))
        or bool(printed.year and entry.year and abs(printed.year - entry.year) > 1)
        or same_first(printed, entry) is False
    )


def agrees(printed: Document, entry: Entry) -> bool:
    """Return whether both state a DOI, a long title, or a first author with a year, and the same one."""
    short = min(len(letters(printed.title)), len(letters(entry.title)))
    dated = bool(printed.year and entry.year and abs(printed.year - entry.year) <= 1)
    return (
        same_doi(printed.doi, entry.doi)
        or (short >= LONG_TITLE and same_title(printed.title, entry.title))
        or (dated and same_first(printed, entry) is True)
    )


def same_first(printed: Document, entry: Entry) -> bool | None:
    """Return whether the first authors have one family name, or None if that cannot be told."""
    first = next(iter(entry.authors), None)
    if first is None or first.group or not printed.authors or not letters(first.family):
        return None
    family = _name_words(first.family)
    author = _name_words(printed.authors[0])
    return any(author[at : at + len(family)] == family for at in range(len(author)))


def _name_words(name: str) -> list[str]:
    """Return the words of a name; "ue" is how some write "ü"."""
    words = (letters(word) for word in name.replace("-", " ").split())
    return [word.replace("ae", "a").replace("oe", "o").replace("ue", "u") for word in words if word]


def one_work(one: Entry, other: Entry) -> bool:
    """Return whether two entries may be of one work, as where a library has it twice."""
    firsts = {tuple(_name_words(entry.authors[0].family)) for entry in (one, other) if entry.authors}
    return (
        letters(one.title) == letters(other.title)
        and (not (one.doi and other.doi) or same_doi(one.doi, other.doi))
        and (not (one.year and other.year) or one.year == other.year)
        and len(firsts) < 2
    )


def same_title(one: str, other: str) -> bool:
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
