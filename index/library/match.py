"""Which entry of a library belongs to which paper: by the path of its file, its DOI, or its title.

A path on this machine decides. A path of which only the end is the same, a DOI or a title counts where no
entry names the file; since a wrong reference is worse than none, ends of paths and titles count only where
nothing contradicts them, and of several works that fit equally none is taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from index.entry import Entry
from index.library.compare import LONG_TITLE, agrees, contradicts, one_work, same_doi, same_first, same_title
from index.library.record import Library, Record, bare_doi, exists, letters
from index.text import Document

_LONG_NAME = 20  #: letters of a file name that tells a file without its folder
_LISTED = 10  #: names that a line lists at most


@dataclass(slots=True)
class Matches:
    """The entry of each paper by document id, and what was strange, one line each."""

    entries: dict[str, Entry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def match(
    libraries: Sequence[Library],
    papers: Mapping[str, Sequence[Path]],
    printed: Callable[[str], Document],
) -> Matches:
    """Return the entry of each paper that has one.

    Args:
        libraries: the first wins where two have an entry for one paper equally.
        papers: paths of the files of each paper by document id; empty if they are not known.
        printed: returns a paper as it was read, by id.
    """
    matches, places = Matches(), _Places(papers)
    named: defaultdict[str, list[Record]] = defaultdict(list)
    similar: defaultdict[str, list[Record]] = defaultdict(list)
    for library in libraries:
        lost = []
        for record in library.records:
            for candidates in record.files:
                paper, alike = places.paper(library.path.parent, candidates)
                if paper and (not alike or _is_of(record, printed(paper))):
                    (similar if alike else named)[paper].append(record)
                elif not any(exists(library.path.parent / one) for one in candidates):
                    lost.append(f"{record.name} ({candidates[0]})")
        if lost:
            matches.problems.append(listed(lost, f"{library.path.name}: the file of %s does not exist"))
    told = _Told([record for library in libraries for record in library.records])
    for paper in papers:
        records = named[paper] or similar[paper] or told.records(printed(paper))
        _choose(matches, paper, list(dict.fromkeys(records)), printed)
    return matches


def _is_of(record: Record, document: Document) -> bool:
    return agrees(document, record.entry) and not contradicts(document, record.entry)


def _choose(
    matches: Matches, paper: str, records: Sequence[Record], printed: Callable[[str], Document]
) -> None:
    """Give a paper the best of its records, if there is one, and say so if it has several."""
    best = _best(records, printed(paper)) if len(records) > 1 else next(iter(records), None)
    if best:
        matches.entries[paper] = best.whole
    if len(records) > 1:
        names = " and ".join(record.name for record in records)
        used = best.name if best else "none"
        matches.problems.append(f"{printed(paper).source}: {len(records)} entries, {names}; {used} is used")


def listed(names: Sequence[str], words: str) -> str:
    """Return ``words`` with the first few names in place of "%s"."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return words.replace("%s", ", ".join(names[:_LISTED]) + more)


def _best(records: Sequence[Record], document: Document) -> Record | None:
    """Return the record that agrees most with what the paper prints, or None if different works do.

    Chapters can share the DOI of their book, and papers by the same author its year: for records of
    different works with one DOI, only the title tells.
    """

    def agreement(record: Record) -> tuple[bool, ...]:
        entry = record.entry
        doi = same_doi(document.doi, entry.doi)
        title = bool(document.title and entry.title) and same_title(document.title, entry.title)
        exact = title and letters(document.title) == letters(entry.title)
        first = same_first(document, entry)
        year = bool(entry.year) and entry.year == document.year
        return (doi, title, exact) if doi and not title else (doi, title, exact, first is True, year)

    most = max(map(agreement, records))
    best = [record for record in records if agreement(record) == most]
    return best[0] if all(one_work(best[0].entry, record.entry) for record in best) else None


class _Places:
    """Finds papers by paths, also by those of another machine."""

    def __init__(self, papers: Mapping[str, Iterable[Path]]) -> None:
        self._whole: dict[Path, str] = {}
        self._ends: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        for paper, paths in papers.items():
            for path in paths:
                place = _resolved(path)
                self._whole[place] = paper
                self._ends[place.parts[-2:]].add(paper)
                self._ends[place.parts[-1:]].add(paper)

    def paper(self, folder: Path, candidates: Sequence[str]) -> tuple[str, bool]:
        """Return the id of the paper at one of the paths, or "", and whether only the ends of paths agree.

        Paths that are not absolute are in ``folder``.
        """
        for candidate in candidates:
            if paper := self._whole.get(_resolved(folder / Path(candidate).expanduser())):
                return paper, False
        for candidate in candidates:
            parts = PurePosixPath(candidate.replace("\\", "/")).parts
            for count in (2, 1) if len("".join(parts[-1:])) >= _LONG_NAME else (2,):
                found = self._ends.get(parts[-count:], set())
                if len(parts) >= count and len(found) == 1:
                    return next(iter(found)), True
        return "", False


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return path.absolute()


class _Told:
    """Finds records by DOI and title."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._dois: defaultdict[str, list[Record]] = defaultdict(list)
        self._titles: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            self._dois[record.entry.doi].append(record)
            self._titles[letters(record.entry.title)].append(record)

    def records(self, document: Document) -> Sequence[Record]:
        """Return the records of a paper by what it prints."""
        if document.doi and (found := self._dois.get(bare_doi(document.doi))):
            return found
        title = letters(document.title)
        same = self._titles.get(title, []) if len(title) >= LONG_TITLE else []
        return [record for record in same if not contradicts(document, record.entry)]
