"""CSL-JSON, as Zotero, Better BibTeX, Mendeley and others export it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from index.entry import Entry, Name
from index.library.file_field import files_of
from index.library.record import Record, bare_doi, one_line, usable_key, year_in

#: CSL variables and their fields in BibTeX, where the names differ; others keep their names.
FIELDS = {
    "publisher-place": "address",
    "collection-title": "series",
    "keyword": "keywords",
    "container-title-short": "shortjournal",
    "title-short": "shorttitle",
    "URL": "url",
    "ISSN": "issn",
    "ISBN": "isbn",
    "PMID": "pmid",
    "PMCID": "pmcid",
}
#: CSL types and those of BibTeX; others are "misc".
KINDS = {
    "article-journal": "article",
    "article-magazine": "article",
    "article-newspaper": "article",
    "book": "book",
    "chapter": "incollection",
    "entry-encyclopedia": "incollection",
    "paper-conference": "inproceedings",
    "report": "techreport",
    "thesis": "phdthesis",
}
_OWN = {"id", "citation-key", "type", "title", "author", "container-title", "issued", "volume", "issue"}
_OWN |= {"page", "DOI", "file", "files", "attachments", "collections", "tags"}
_MARKUP = re.compile(r"</?(?:i|b|em|strong|su[bp]|span|sc)\b[^<>]*>")


def read_csl(text: str) -> tuple[list[Record], list[str]]:
    """Return the entries of a CSL-JSON file, and a line for each item that cannot be read."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return [], [f"not JSON ({error})"]
    items = value.get("items", [value]) if isinstance(value, dict) else value
    records, problems = [], []
    for number, item in enumerate(items if isinstance(items, list) else [], 1):
        try:
            records.append(record_of(item))
        except (AttributeError, TypeError, ValueError, KeyError, IndexError):
            problems.append(f"item {number}: not an item of CSL-JSON; it is left out")
    return records, problems


def record_of(item: Mapping[str, Any]) -> Record:
    """Return one item; raises ``TypeError``, ``ValueError`` or ``AttributeError`` for what is none."""
    further = {
        FIELDS.get(name, name): _plain(value)
        for name, value in item.items()
        if name not in _OWN and isinstance(value, str | int | float)
    }
    further |= {
        name: " and ".join(one.in_order for one in _names(item[name])) for name in ("editor",) if name in item
    }
    keys = (usable_key(str(item.get(name, ""))) for name in ("citation-key", "id"))
    entry = Entry(
        key=next((key for key in keys if key), ""),
        kind=KINDS.get(str(item.get("type", "")), "misc"),
        title=_plain(item.get("title", "")),
        authors=tuple(_names(item.get("author", []))),
        journal=_plain(item.get("container-title", "")),
        year=_year(item.get("issued", {})),
        volume=_plain(item.get("volume", "")),
        issue=_plain(item.get("issue", "")),
        pages=_plain(item.get("page", "")),
        doi=bare_doi(str(item.get("DOI", ""))),
        further=tuple((name, value) for name, value in further.items() if value),
        collections=tuple(_labels(item.get("collections"), "name")),
        tags=_tags(item),
    )
    return Record(entry, files_of(str(item.get("file", ""))))


def _plain(value: object) -> str:
    """Return a value without the markup that CSL allows in it; of several, the first."""
    one = value[0] if isinstance(value, list) and value else value
    return one_line(_MARKUP.sub("", str(one))) if one else ""


def _tags(item: Mapping[str, Any]) -> tuple[str, ...]:
    words = str(item.get("keyword", "")).replace(";", ",").split(",")
    tags = [*_labels(item.get("tags"), "tag"), *(word.strip() for word in words)]
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _labels(value: object, name: str) -> Iterator[str]:
    """Yield the labels in a list of texts, or of objects with the ``name`` of each; or the only one."""
    for label in value if isinstance(value, list | tuple) else [value]:
        text = label.get(name) if isinstance(label, Mapping) else label
        if isinstance(text, str | int) and str(text).strip():
            yield one_line(text)


def _year(issued: Mapping[str, Any]) -> int | None:
    parts = issued.get("date-parts") or [[]]
    first = parts[0][0] if parts[0] else issued.get("literal") or issued.get("raw") or ""
    return year_in(str(first))


def _names(people: list[Mapping[str, str]]) -> Iterator[Name]:
    for person in people:
        if literal := one_line(person.get("literal", "")):
            yield Name(literal, group=True)
            continue
        particle = person.get("non-dropping-particle") or person.get("dropping-particle") or ""
        parts = (person.get("family", ""), person.get("given", ""), particle, person.get("suffix", ""))
        family, given, particle, suffix = map(one_line, parts)
        if family or given:
            yield Name(family or given, given if family else "", particle, suffix, group=not given)
