"""Zotero's data folder: its database, opened read-only and never written, and the files in ``storage``.

The database is opened as immutable, since a running Zotero holds its lock. So what Zotero has not finished
writing is not seen, or the database cannot be read; both are reported, and the next build sees it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from index.library.csl import record_of
from index.library.record import Library, Record, exists, one_line

DATABASE = "zotero.sqlite"
_KEYS = "better-bibtex.sqlite"
#: Zotero's types and fields as CSL has them.
_TYPES = {
    "journalArticle": "article-journal",
    "magazineArticle": "article-magazine",
    "newspaperArticle": "article-newspaper",
    "book": "book",
    "bookSection": "chapter",
    "conferencePaper": "paper-conference",
    "encyclopediaArticle": "entry-encyclopedia",
    "report": "report",
    "thesis": "thesis",
}
_FIELDS = {
    "publicationTitle": "container-title",
    "bookTitle": "container-title",
    "proceedingsTitle": "container-title",
    "encyclopediaTitle": "container-title",
    "journalAbbreviation": "container-title-short",
    "shortTitle": "title-short",
    "pages": "page",
    "url": "URL",
    "abstractNote": "abstract",
    "place": "publisher-place",
    "university": "publisher",
    "institution": "publisher",
    "series": "collection-title",
    "citationKey": "citation-key",
    "extra": "note",
}
_NO_PAPERS = ("attachment", "note", "annotation")
_LEFT_OUT = {"accessDate", "libraryCatalog", "date"}
_SNAPSHOT = "text/html"

_ITEMS = """SELECT i.itemID, t.typeName FROM items i JOIN itemTypes t USING (itemTypeID)
  WHERE i.itemID NOT IN (SELECT itemID FROM deletedItems) ORDER BY i.itemID"""
_DATA = """SELECT d.itemID, f.fieldName, v.value FROM itemData d
  JOIN fields f USING (fieldID) JOIN itemDataValues v USING (valueID)"""
_CREATORS = """SELECT x.itemID, t.creatorType, c.firstName, c.lastName, c.fieldMode FROM itemCreators x
  JOIN creators c USING (creatorID) JOIN creatorTypes t USING (creatorTypeID)
  ORDER BY x.itemID, x.orderIndex"""
_COLLECTIONS = "SELECT collectionID, collectionName, parentCollectionID FROM collections"
_IN_COLLECTION = "SELECT itemID, collectionID FROM collectionItems ORDER BY collectionID"
_TAGS = "SELECT x.itemID, t.name FROM itemTags x JOIN tags t USING (tagID) ORDER BY t.name"
_ATTACHMENTS = """SELECT a.itemID, a.parentItemID, a.contentType, a.path, i.key FROM itemAttachments a
  JOIN items i USING (itemID) WHERE a.path IS NOT NULL ORDER BY a.itemID"""


def is_zotero(folder: Path) -> bool:
    """Return whether ``folder`` is a data folder of Zotero."""
    return exists(folder / DATABASE)


def read_zotero(folder: Path, roots: tuple[Path, ...] = ()) -> Library | str:
    """Return the library in ``folder``, or why it cannot be read.

    ``roots`` are further paths; files linked relative to Zotero's base directory are looked for in them.
    """
    path = folder / DATABASE
    problems = [
        f"{path}: Zotero has not finished writing; close it and run the command again for the newest entries"
        for ending in ("-journal", "-wal")
        if _size(path.with_name(path.name + ending))
    ]
    try:
        before = path.stat()
        tables = _tables(path)
        after = path.stat()
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            raise sqlite3.DatabaseError("it changed while it was read")
    except (sqlite3.Error, OSError, UnicodeError) as error:
        return f"{path}: cannot be read ({error}). Close Zotero and run the command again"
    return _library(folder, tables, _keys(folder), roots, problems)


def _size(path: Path) -> int:
    """Return the size of a file that may be missing. An idle journal is empty or starts with zeros."""
    try:
        with path.open("rb") as stream:
            return len(stream.read(8).strip(b"\0"))
    except OSError:
        return 0


def _rows(path: Path, *queries: str) -> list[list[tuple[Any, ...]]]:
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        return [database.execute(query).fetchall() for query in queries]


def _tables(path: Path) -> list[list[tuple[Any, ...]]]:
    return _rows(path, _ITEMS, _DATA, _CREATORS, _COLLECTIONS, _IN_COLLECTION, _TAGS, _ATTACHMENTS)


def _keys(folder: Path) -> dict[int, str]:
    """Return the citation keys that Better BibTeX keeps, by item; empty without it."""
    try:
        (rows,) = _rows(folder / _KEYS, "SELECT itemID, citationKey FROM citationkey")
        return {item: str(key) for item, key in rows if key}
    except (sqlite3.Error, OSError):
        return {}


def _library(
    folder: Path,
    tables: list[list[tuple[Any, ...]]],
    keys: Mapping[int, str],
    roots: tuple[Path, ...],
    problems: list[str],
) -> Library:
    items, data, creators, collections, in_collection, tags, attachments = tables
    kinds = {item: kind for item, kind in items}
    values: dict[int, dict[str, Any]] = defaultdict(dict)
    for item, name, value in data:
        values[item][name] = value
    people, held = _people(creators), _collections(collections, in_collection)
    labels: dict[int, list[str]] = defaultdict(list)
    for item, tag in tags:
        labels[item].append(one_line(tag))
    files = _files(folder, kinds, attachments, roots, problems)
    records = []
    for item, kind in kinds.items():
        if kind not in _NO_PAPERS:
            made = _csl(kind, values[item]) | people[item]
            key = {"citation-key": keys[item]} if item in keys else {}
            more = {"collections": held[item], "tags": labels[item]}
            paths = tuple((str(path),) for path in files.get(item, ()))
            records.append(Record(record_of(made | key | more).entry, paths))
    given = dict.fromkeys(path for paths in files.values() for path in paths)
    return Library(folder / DATABASE, tuple(records), tuple(problems), tuple(given))


def _csl(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = {"type": _TYPES.get(kind, "document")}
    for name, value in values.items():
        if name not in _LEFT_OUT:
            item[_FIELDS.get(name, name)] = value
    item["issued"] = {"literal": str(values.get("date", ""))}
    for line in str(values.get("extra", "")).splitlines():
        name, _, rest = line.partition(":")
        if name.strip().lower() in ("citation key", "citekey", "bibtex"):
            item.setdefault("citation-key", rest.strip())
        elif name.strip().upper() == "DOI":
            item.setdefault("DOI", rest.strip())
    return item


def _people(creators: list[tuple[Any, ...]]) -> defaultdict[int, dict[str, list[dict[str, str]]]]:
    people: defaultdict[int, dict[str, list[dict[str, str]]]] = defaultdict(dict)
    for item, role, first, last, mode in creators:
        name = {"literal": last or ""} if mode == 1 else {"family": last or "", "given": first or ""}
        if role in ("author", "editor"):
            people[item].setdefault(role, []).append(name)
    return people


def _collections(
    collections: list[tuple[Any, ...]], in_collection: list[tuple[Any, ...]]
) -> defaultdict[int, list[str]]:
    """Return the collections of each item, each with those that it lies in: "Parent/Child"."""
    names = {key: one_line(name) for key, name, _ in collections}
    parents = {key: parent for key, _, parent in collections}
    held: defaultdict[int, list[str]] = defaultdict(list)
    for item, key in in_collection:
        path: list[int] = []
        while key in names and key not in path:
            path.insert(0, key)
            key = parents[key]
        if path:
            held[item].append("/".join(names[one] for one in path))
    return held


def _files(
    folder: Path,
    kinds: Mapping[int, str],
    attachments: list[tuple[Any, ...]],
    roots: tuple[Path, ...],
    problems: list[str],
) -> dict[int, list[Path]]:
    """Return the existing files of each item; a web page only where the item has nothing else."""
    found: dict[int, list[tuple[bool, Path]]] = defaultdict(list)
    for item, parent, kind, path, key in attachments:
        owner = item if parent is None else parent
        if item not in kinds or owner not in kinds:  # in the trash
            continue
        places = _places(folder, str(path), str(key), roots)
        if there := next((place for place in places if exists(place)), None):
            found[owner].append((kind == _SNAPSHOT, there))
        elif places:
            problems.append(f"{places[0]}: Zotero names this file, but it does not exist")
        else:
            problems.append(f"{path}: linked from Zotero's base directory; name that folder too to read it")
    chosen = {}
    for item, files in found.items():
        papers = [path for snapshot, path in files if not snapshot]
        chosen[item] = papers or [path for _, path in files]
    return chosen


def _places(folder: Path, path: str, key: str, roots: tuple[Path, ...]) -> list[Path]:
    if path.startswith("storage:"):
        return [folder / "storage" / key / path.removeprefix("storage:")]
    if path.startswith("attachments:"):
        return [root / path.removeprefix("attachments:") for root in roots]
    return [folder / path]
