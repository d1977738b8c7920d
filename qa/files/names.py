"""The names of papers: file names, with folders where several papers share one, and titles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from index.errors import UsageError
from index.ingest.catalogue import catalogue_of
from index.ingest.originals import paths
from index.read.open import name_of
from index.store.index import Index

_LISTED = 10  #: papers that a message lists at most


@dataclass(frozen=True, slots=True)
class Named:
    """A paper that a name fits, and the file that was named."""

    id: str
    file: str = ""  #: file name in the index, of one file among copies; empty if all are meant


def find_paper(index: Index, name: str, *, aside: bool = False) -> Named:
    """Return the paper called ``name``: file name or path, title, or the start of the id.

    The name of a file set aside stands for the paper used instead; with ``aside``, for that file.

    Raises:
        UsageError: the name fits no paper, or several.
    """
    kinds = (_named_files(index, name, aside=aside), _titled(index, name), _partly(index, name))
    matches = next((found for kind in kinds if (found := dict.fromkeys(kind))), {})
    if len({one.id for one in matches}) == 1:
        return next(iter(matches))
    if not matches:
        raise UsageError(f"there is no paper named “{name}”.", "See the names with: loccit info")
    files = file_names(index)
    listed = sorted(files[one.id] for one in matches)[:_LISTED]
    more = f" and {len(matches) - _LISTED} more" if len(matches) > _LISTED else ""
    what = f"{len(matches)} papers are called “{name}”: {', '.join(listed)}{more}."
    raise UsageError(what, "Name one of them as it is listed here, or by its title. See also: loccit info")


def _named_files(index: Index, name: str, *, aside: bool) -> Iterator[Named]:
    """Yield the papers of which a file has this name or path."""
    path = Path(name)
    wanted = (*path.parts[:-1], name_of(path)) if path.name else ()
    if not wanted:
        return
    catalogue, known = catalogue_of(index), paths(index.beside)
    for key, (source, _) in index.given().items():
        used = catalogue.aside[key].better if key in catalogue.aside and not aside else key
        copies = catalogue.copies.get(key, ())
        for file in (source, *copies):
            whole = PurePath(known[key] if key in known and file == source else file)
            parts = (*whole.parts[:-1], PurePath(file).name)
            if _folded(parts[-len(wanted) :]) == _folded(wanted) or whole == path.absolute():
                yield Named(used, file if copies and used == key else "")


def _folded(parts: tuple[str, ...]) -> list[str]:
    return [part.casefold() for part in parts]


def _titled(index: Index, name: str) -> Iterator[Named]:
    wanted = name.casefold().strip()
    for key, document in index.documents.items():
        if wanted and wanted in (document.title.casefold(), key):
            yield Named(key)


def _partly(index: Index, name: str) -> Iterator[Named]:
    """Yield the papers whose file name or title has ``name`` in it, or whose id begins so."""
    wanted = name.casefold().strip()
    for key, document in index.documents.items():
        called = f"{document.source}\n{document.title}".casefold()
        if wanted and (key.startswith(wanted) or wanted in called):
            yield Named(key)


def labels(index: Index, kind: str) -> dict[str, frozenset[str]]:
    """Return the papers of each "collection" or "tag" of the user's library, sorted by name.

    A collection holds the papers of those inside it: "Parent" those of "Parent/Child".
    """
    papers: defaultdict[str, set[str]] = defaultdict(set)
    for key in index.names:
        entry = index.entries.of(key)
        for name in (entry.collections if kind == "collection" else entry.tags) if entry else ():
            parts = name.split("/") if kind == "collection" else [name]
            for count in range(1, len(parts) + 1):
                papers["/".join(parts[:count])].add(key)
    return {name: frozenset(papers[name]) for name in sorted(papers, key=str.casefold)}


def labelled(index: Index, kind: str, names: Sequence[str]) -> frozenset[str]:
    """Return the papers that are in one of the collections, or have one of the tags, called ``names``.

    The last part of a collection's name is enough. Case does not matter.

    Raises:
        UsageError: there is no such collection or tag.
    """
    held, found = labels(index, kind), set[str]()
    for name in names:
        wanted = name.strip().strip("/").casefold()
        fitting = [one for one in held if one.casefold() == wanted]
        if kind == "collection":
            fitting = fitting or [one for one in held if one.casefold().endswith(f"/{wanted}")]
        if not fitting:
            known = ", ".join(list(held)[:_LISTED]) or "none; give your library with loccit build --bib"
            raise UsageError(f"No paper has the {kind} “{name}”.", f"Known: {known}.")
        found.update(*(held[one] for one in fitting))
    return frozenset(found)


def file_names(index: Index) -> dict[str, str]:
    """Return the file name of every file given, used or not, by document id, unique.

    Of several files of one name, each is shown with the folders that tell it apart, or with
    the start of its id where its folder is not known.
    """
    known = paths(index.beside)
    sources = {key: source for key, (source, _) in index.given().items()}
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key, source in sources.items():
        groups[source.casefold()].append(key)
    names = dict(sources)
    for keys in groups.values():
        if len(keys) > 1:
            folders = {key: PurePath(known[key]).parts[:-1] for key in keys if key in known}
            names |= {key: _apart(key, sources[key], folders) for key in keys}
    return names


def _apart(key: str, source: str, folders: dict[str, tuple[str, ...]]) -> str:
    own = folders.get(key, ())
    for count in range(1, len(own) + 1):
        if sum(other[-count:] == own[-count:] for other in folders.values()) == 1:
            return "/".join((*own[-count:], source))
    return f"{source} (id {key[:12]})"
