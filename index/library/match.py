"""Which entry of a library belongs to which paper: by the path of its file, its DOI, or its title.

A path decides; a DOI or a title only where no entry names the file. A title has to be the same and the only
one, and no DOI may contradict it, since a wrong reference is worse than none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from index.entry import Entry
from index.library.compare import contradicts, same_doi
from index.library.record import Library, Record, bare_doi, exists, letters
from index.text import Document

_LONG_NAME = 20  #: letters of a file name that tells a file without its folder
_LONG_TITLE = 20  #: letters of a title that tells a paper; "Introduction" does not
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
    for library in libraries:
        lost = []
        for record in library.records:
            for candidates in record.files:
                paper, alike = places.paper(library.path.parent, candidates)
                if paper and not (alike and contradicts(printed(paper).doi, record.entry.doi)):
                    named[paper].append(record)
                elif not any(exists(library.path.parent / one) for one in candidates):
                    lost.append(f"{record.name} ({candidates[0]})")
        if lost:
            matches.problems.append(listed(lost, f"{library.path.name}: the file of %s does not exist"))
    told = _Told([record for library in libraries for record in library.records])
    for paper in papers:
        records = list(dict.fromkeys(named[paper] or told.records(printed(paper))))
        if records:
            best = _best(records, printed(paper)) if len(records) > 1 else records[0]
            matches.entries[paper] = best.entry
            if len(records) > 1:
                names = " and ".join(record.name for record in records)
                matches.problems.append(
                    f"{printed(paper).source}: {len(records)} entries, {names}; {best.name} is used"
                )
    return matches


def listed(names: Sequence[str], words: str) -> str:
    """Return ``words`` with the first few names in place of "%s"."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return words.replace("%s", ", ".join(names[:_LISTED]) + more)


def _best(records: Sequence[Record], document: Document) -> Record:
    """Return the record that agrees most with what the paper prints, else the first."""
    title = letters(document.title)

    def agreement(record: Record) -> tuple[bool, bool]:
        entry = record.entry
        return same_doi(document.doi, entry.doi), bool(title) and letters(entry.title) == title

    return max(records, key=agreement)


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
        same = self._titles.get(title, []) if len(title) >= _LONG_TITLE else []
        return [record for record in same if not contradicts(document.doi, record.entry.doi)]
