"""The user's library in a build: the files that Zotero keeps, and the entry of each paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from index.entry import Entry
from index.ingest.originals import paths as known_paths
from index.ingest.report import FileOutcome
from index.ingest.selection import Selection
from index.library.compare import differences
from index.library.match import listed, match
from index.library.read import read_library
from index.library.record import Library
from index.library.zotero import is_zotero
from index.read import may_be_paper
from index.text import Document


def with_libraries(paths: Sequence[Path], stated: Sequence[Path]) -> tuple[list[Path], list[Library]]:
    """Return the paths of papers, with Zotero's files in place of its data folder, and all libraries.

    Raises:
        UsageError: one of the ``stated`` libraries does not exist or is none.
    """
    folders = {path for path in paths if is_zotero(path)}
    roots = tuple(path for path in paths if path not in folders)
    libraries = [read_library(path, roots) for path in stated]
    chosen: list[Path] = []
    for path in paths:
        if path not in folders:
            chosen.append(path)
            continue
        libraries.append(library := read_library(path, roots))
        chosen += [paper for paper in library.papers if may_be_paper(paper)]
        chosen += [] if library.read else [path / "storage"]
    return chosen, [_with_unread(one) if one.papers else one for one in libraries]


def _with_unread(library: Library) -> Library:
    """Return Zotero's library; files of its storage that it does not count as papers are a problem."""
    storage, papers = library.path.parent / "storage", set(library.papers)
    files = sorted(file for file in storage.glob("*/*") if file not in papers and may_be_paper(file))
    if not files:
        return library
    why = "not read, being in Zotero’s trash, unknown to it, or a web page beside a paper"
    line = listed([file.name for file in files if file.is_file()], f"{storage}: {why}: %s")
    return replace(library, problems=(*library.problems, line))


def with_entries(
    selection: Selection, libraries: Sequence[Library], folder: Path, outcomes: Sequence[FileOutcome]
) -> tuple[Selection, tuple[str, ...], tuple[str, ...]]:
    """Return the papers with their entries in ``libraries``, what was strange, and where both differ.

    A paper that this build was not given keeps its entry if the libraries have none, and so does every
    paper if no library can be read.
    """
    lines = [line for library in libraries for line in library.problems]
    if not any(library.read for library in libraries):
        return selection, tuple(lines), ()
    given: dict[str, list[Path]] = {}
    for outcome in outcomes:
        if outcome.document_id in selection.sources:
            given.setdefault(outcome.document_id or "", []).append(outcome.path)
    known = known_paths(folder)
    papers = {
        key: given.get(key) or ([Path(known[key])] if key in known else [])
        for key in sorted(selection.sources)
    }
    printed = cache(lambda key: selection.paper(key).document())
    matches = match(libraries, papers, printed)
    before = selection.entries.own
    kept = {key: entry for key, entry in before.items() if key not in given}
    made = selection.with_entries(kept | matches.entries)
    lines += matches.problems
    lines += _without(made, given, libraries)
    new = {key: one for key, one in matches.entries.items() if before.get(key) != one or key in made.fresh}
    return made, tuple(lines), tuple(_differing(made, new, printed))


def _without(
    selection: Selection, given: Mapping[str, list[Path]], libraries: Sequence[Library]
) -> Iterator[str]:
    """Yield which papers have no entry, and which entries no paper; of Zotero's, many have no file."""
    bare = [selection.sources[key] for key in selection.ids if key in given and not selection.entries.of(key)]
    if bare:
        yield listed(bare, "no entry for %s")
    used = {replace(entry, further=()) for entry in selection.entries.own.values()}
    for library in libraries:
        idle = [one.name for one in library.records if replace(one.entry, further=()) not in used]
        if idle and not library.papers:
            yield listed(idle, f"{library.path.name}: no paper here for %s")


def _differing(
    selection: Selection, new: Mapping[str, Entry], printed: Callable[[str], Document]
) -> Iterator[str]:
    for key in selection.ids:
        if key in new:
            for line in differences(printed(key), new[key]):
                yield f"{selection.sources[key]}: {line}"
