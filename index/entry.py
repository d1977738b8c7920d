"""What a reference manager says about a paper: the record that Zotero, BibTeX and CSL-JSON are read into.

Kept beside what the paper prints, never in its place: a document of an index shows the library's values and
keeps its own in ``Document.fields``. Standard library only.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Name:
    """One author. A group has only ``family``, its whole name."""

    family: str  #: without the particle
    given: str = ""
    particle: str = ""  #: "van" of "Ludwig van Beethoven"; always in lower case
    suffix: str = ""  #: "Jr", "III"
    group: bool = False  #: an institution, a study group, or a name of one word

    @property
    def in_order(self) -> str:
        """The name with the family name first: "van Beethoven, Ludwig, Jr"."""
        parts = (f"{self.particle} {self.family}".strip(), self.given, self.suffix)
        return ", ".join(part for part in parts if part)

    @property
    def as_printed(self) -> str:
        """The name as papers print it: "Ludwig van Beethoven Jr"."""
        return " ".join(part for part in (self.given, self.particle, self.family, self.suffix) if part)


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper in the user's library. All values are plain text, but for those of ``bibtex``."""

    key: str = ""  #: citation key; empty if the library has none
    kind: str = "article"  #: type of the entry in BibTeX
    title: str = ""  #: empty if not stated; so are the others
    authors: tuple[Name, ...] = ()
    journal: str = ""  #: or the book or proceedings that it is part of
    year: int | None = None
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    further: tuple[tuple[str, str], ...] = ()  #: other fields, by their names in BibTeX
    bibtex: tuple[tuple[str, str], ...] = ()  #: all fields as a .bib file has them, in LaTeX; else empty
    collections: tuple[str, ...] = ()  #: "Parent/Child"
    tags: tuple[str, ...] = ()

    def encoded(self) -> list[Any]:
        """Return the entry as lists for JSON."""
        return list(astuple(self))

    @classmethod
    def decoded(cls, value: list[Any]) -> Entry:
        """Return the entry that ``encoded`` gave; raises ``TypeError`` or ``ValueError`` for other lists."""
        key, kind, title, authors, journal, year, volume, issue, pages, doi, further, bibtex, *labels = value
        collections, tags = map(tuple, labels)
        return cls(
            *(
                key,
                kind,
                title,
                tuple(Name(*name) for name in authors),
                journal,
                year,
                volume,
                issue,
                pages,
                doi,
            ),
            further=tuple((name, text) for name, text in further),
            bibtex=tuple((name, text) for name, text in bibtex),
            collections=collections,
            tags=tags,
        )
