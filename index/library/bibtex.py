"""BibTeX and BibLaTeX: entries with their fields as written, and in plain text."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from index.entry import Entry, Name
from index.library.file_field import files_of
from index.library.record import Record, bare_doi, one_line, usable_key, year_in

#: Fields that have places of their own in ``Entry``, by preference.
_JOURNAL = ("journal", "journaltitle", "booktitle", "maintitle")
_OWN = {"title", "subtitle", "author", *_JOURNAL, "year", "date", "volume", "number", "issue", "pages", "doi"}
#: Fields that hold no LaTeX.
_VERBATIM = {"doi", "url", "file", "eprint"}
_FILES = ("file", "pdf", "bdsk-file", "localfile")
_MONTHS = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}


def read_bibtex(text: str) -> tuple[list[Record], list[str]]:
    """Return the entries of a .bib file, and a line for each block that cannot be read."""
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.model import DuplicateFieldKeyBlock
    from bibtexparser.model import Entry as Block

    for name in ("bibtexparser", "pylatexenc"):  # what they log is among the problems
        logging.getLogger(name).addHandler(logging.NullHandler())
    library = parse_string(text)
    problems: list[str] = []
    strings = {string.key.lower(): _text(str(string.value)) for string in library.strings}
    blocks: list[Block] = list(library.entries)
    for failed in library.failed_blocks:
        line, first = (failed.start_line or 0) + 1, one_line((failed.raw or "").strip().split("\n")[0])[:60]
        if isinstance(failed, DuplicateFieldKeyBlock) and isinstance(failed.ignore_error_block, Block):
            blocks.append(failed.ignore_error_block)
            names = ", ".join(sorted(failed.duplicate_keys))
            problems.append(f"line {line}: “{first}” has two fields {names}; the first is used")
        else:
            problems.append(f"line {line}: “{first}” {_why(failed)}")
    written = {block.key.lower(): _written(block, strings) for block in reversed(blocks)}
    records = []
    for block in blocks:
        fields = _inherited(_written(block, strings), written)
        records.append(_record(block.entry_type.lower(), block.key, fields))
        if not usable_key(block.key):
            problems.append(f"{block.key}: the key cannot be cited in LaTeX; another is made")
    return records, problems


def _why(failed: Any) -> str:  # noqa: ANN401 - one of several blocks
    from bibtexparser.model import DuplicateBlockKeyBlock

    if isinstance(failed, DuplicateBlockKeyBlock):
        return "has the key of an earlier entry; only that one is used"
    return "is left out: a brace, comma or quotation mark is missing"


def _written(block: Any, strings: Mapping[str, str]) -> dict[str, str]:  # noqa: ANN401 - bibtexparser's entry
    """Return the fields as written, strings replaced; of two of one name, the first."""
    fields: dict[str, str] = {}
    for field in block.fields:
        value = str(field.value)
        if field.enclosing == "no-enclosing" and value.lower() not in _MONTHS:
            value = "".join(_text(strings.get(part.strip().lower(), part)) for part in value.split("#"))
        fields.setdefault(field.key.lower(), value)
    return fields


def _text(value: str) -> str:
    """Return a value without the braces or quotation marks around it."""
    bare = value.strip()
    return bare[1:-1] if bare[:1] + bare[-1:] in ("{}", '""') else bare


def _inherited(fields: dict[str, str], entries: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """Return the fields of an entry with those of the book that it refers to, so that it stands alone."""
    parent = entries.get(fields.get("crossref", "").lower())
    if parent is None:
        return fields
    own = {name: value for name, value in fields.items() if name != "crossref"}
    inherited = {name: value for name, value in parent.items() if name not in {"title", "author", *_FILES}}
    return {"booktitle": parent.get("title", "")} | inherited | own


def _record(kind: str, key: str, fields: dict[str, str]) -> Record:
    plain = {name: _plain(name, value) for name, value in fields.items()}

    def first(*names: str) -> str:
        return next((plain[name] for name in names if plain.get(name)), "")

    title = ": ".join(part for part in (first("title"), first("subtitle")) if part)
    further = tuple((name, value) for name, value in plain.items() if name not in _OWN and value)
    entry = Entry(
        key=usable_key(key),
        kind=kind,
        title=title,
        authors=tuple(_names(fields.get("author", ""))),
        journal=first(*_JOURNAL),
        year=year_in(first("year")) or year_in(first("date")),
        volume=first("volume"),
        issue=first("number", "issue"),
        pages=first("pages").replace("--", "\u2013"),
        doi=bare_doi(first("doi")),
        further=tuple((name, value) for name, value in further if name not in _FILES),
        bibtex=tuple(fields.items()),
        collections=_listed(first("groups")),
        tags=_listed(first("keywords")),
    )
    return Record(entry, tuple(one for name in _FILES for one in files_of(fields.get(name, ""))))


def _listed(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.replace(";", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _plain(name: str, value: str) -> str:
    if name in _VERBATIM:
        return one_line(value.replace("\\_", "_").replace("\\%", "%").replace("{", "").replace("}", ""))
    return (
        one_line(_decoder().latex_to_text(value))
        if any(c in value for c in "\\{}$~-`'%")
        else one_line(value)
    )


@cache
def _decoder() -> Any:  # noqa: ANN401 - pylatexenc has no types
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text", keep_comments=True)


def _names(text: str) -> Iterator[Name]:
    from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names

    for name in split_multiple_persons_names(one_line(text)):
        if name.lower() == "others":
            yield Name("et al.", group=True)
            continue
        parts = parse_single_name_into_parts(name, strict=False)
        family, given, particle, suffix = (
            _plain("author", " ".join(words)) for words in (parts.last, parts.first, parts.von, parts.jr)
        )
        group = len(parts.last) == 1 and parts.last[0].startswith("{") and " " in parts.last[0]
        if family or given:
            alone = not (given or particle or suffix)
            yield Name(family or given, given if family else "", particle, suffix, group=alone and group)
