"""An entry of a library with the files that it names, and the whole of a library as it was read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.entry import Entry

_DOI_HOSTS = ("https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:")


@dataclass(frozen=True, slots=True)
class Record:
    """One entry, and where its files may lie."""

    entry: Entry  #: without its further fields if ``further`` gives them
    #: of each file the paths that its text can mean, the likeliest first; relative ones from the library's
    #: folder
    files: tuple[tuple[str, ...], ...] = ()
    #: decodes the further fields; few entries are used, and abstracts take long to decode
    further: Callable[[], tuple[tuple[str, str], ...]] | None = field(default=None, compare=False)

    @property
    def whole(self) -> Entry:
        """The entry with all its fields."""
        return replace(self.entry, further=self.further()) if self.further else self.entry

    @property
    def name(self) -> str:
        """The citation key, or the title, for people."""
        return self.entry.key or f"“{self.entry.title or 'an entry without a title'}”"


@dataclass(frozen=True, slots=True)
class Library:
    """A library as it was read."""

    path: Path  #: the file, for people
    records: tuple[Record, ...]
    problems: tuple[str, ...] = ()  #: what could not be read, one line each
    papers: tuple[Path, ...] = ()  #: files that the library keeps itself, as Zotero does
    read: bool = True  #: False if nothing of it could be read


def one_line(text: object) -> str:
    """Return bibliographic text on one line."""
    return " ".join(str(text).split())


def bare_doi(doi: str) -> str:
    """Return a DOI without the address of a resolver, in lower case; DOIs do not tell cases apart."""
    bare = doi.strip().lower()
    for host in _DOI_HOSTS:
        bare = bare.removeprefix(host)
    return bare.strip().rstrip(".")


def letters(text: str) -> str:
    """Return the letters and digits of ``text``, without accents and cases."""
    parts = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in parts if character.isalnum())


def year_in(date: str) -> int | None:
    """Return the first run of four digits in a date, its year."""
    digits = "".join(c if c.isascii() and c.isdigit() else " " for c in date).split()
    return next((int(run) for run in digits if len(run) == 4), None)


def usable_key(key: str) -> str:
    """Return a citation key, or nothing if it would end or break a citation in LaTeX or Markdown."""
    broken = any(c.isspace() or not c.isprintable() or c in "{}[](),;%\\\"~#`'=@" for c in key)
    return "" if broken or key.startswith(("http:", "https:")) else key


def exists(path: Path) -> bool:
    """Return whether there is a file; False for a path that the system cannot look at."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
