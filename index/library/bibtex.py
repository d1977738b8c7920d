"""BibTeX and BibLaTeX: entries with their fields as written, and in plain text."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial
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
#: What only LaTeX gives a meaning, braces apart; decoding takes long.
_LATEX = ("\\", "$", "~", "%", "--", "``", "''", "!`", "?`")
_LONGEST = 20_000  #: characters of a field that is decoded; longer ones stay as they stand
_MONTHS = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}


def read_bibtex(text: str) -> tuple[list[Record], list[str]]:
    """Return the entries of a .bib file, and a line for each block that cannot be read."""
    from bibtexparser.entrypoint import parse_string

    for name in ("bibtexparser", "pylatexenc"):  # what they log is among the problems
        logging.getLogger(name).addHandler(logging.NullHandler())
    library = parse_string(text)
    problems: list[str] = []
    strings = _strings(library.strings, problems)
    blocks = [*library.entries, *_repaired(library.failed_blocks, problems)]
    written = [_written(block, strings, problems) for block in blocks]
    by_key = {block.key.lower(): fields for block, fields in reversed([*zip(blocks, written, strict=True)])}
    records = []
    for block, fields in zip(blocks, written, strict=True):
        try:
            records.append(_record(block.entry_type.lower(), block.key, _inherited(fields, by_key)))
        except (RecursionError, ValueError):
            problems.append(f"{block.key}: is left out: its LaTeX cannot be read, as with too many braces")
            continue
        if not usable_key(block.key):
            problems.append(f"{block.key}: the key cannot be cited in LaTeX; another is made")
    return records, problems


def _repaired(failed_blocks: Iterable[Any], problems: list[str]) -> Iterator[Any]:
    """Yield the entries among the blocks that failed, and report all of these."""
    from bibtexparser.model import DuplicateFieldKeyBlock
    from bibtexparser.model import Entry as Block

    for failed in failed_blocks:
        line, first = (failed.start_line or 0) + 1, one_line((failed.raw or "").strip().split("\n")[0])[:60]
        if isinstance(failed, DuplicateFieldKeyBlock) and isinstance(failed.ignore_error_block, Block):
            yield failed.ignore_error_block
            names = ", ".join(sorted(failed.duplicate_keys))
            problems.append(f"line {line}: “{first}” has two fields {names}; the first is used")
        else:
            problems.append(f"line {line}: “{first}” {_why(failed)}")


def _why(failed: Any) -> str:  # noqa: ANN401 - one of several blocks
    from bibtexparser.model import DuplicateBlockKeyBlock

    if isinstance(failed, DuplicateBlockKeyBlock):
        return "has the key of an earlier entry; only that one is used"
    return "is left out: a brace, comma or quotation mark is missing"


def _strings(defined: Iterable[Any], problems: list[str]) -> dict[str, str]:
    """Return the values of ``@string``, in which earlier ones are replaced."""
    strings: dict[str, str] = {}
    for string in defined:
        value = str(string.value)
        if string.enclosing == "no-enclosing":
            value = _joined(value, strings, f"@string {string.key}", problems)
        if len(value) <= _LONGEST:  # a few strings that double each other would fill the memory
            strings[string.key.lower()] = _text(value)
    return strings


def _written(block: Any, strings: Mapping[str, str], problems: list[str]) -> dict[str, str]:  # noqa: ANN401
    """Return the fields of an entry as written, strings replaced; of two of one name, the first."""
    fields: dict[str, str] = {}
    for field in block.fields:
        value = str(field.value)
        if field.enclosing == "no-enclosing":
            value = _joined(value, strings, f"{block.key}: {field.key}", problems)
        fields.setdefault(field.key.lower(), value)
    return fields


def _joined(value: str, strings: Mapping[str, str], where: str, problems: list[str]) -> str:
    """Return the text of ``name # {words}``; names that are not defined are left out and reported."""
    parts, depth, quoted = [""], 0, False
    for sign in value:
        quoted ^= sign == '"' and not depth
        depth += (sign == "{") - (sign == "}")
        if sign == "#" and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    texts = []
    for part in map(str.strip, parts):
        bare = part[:1] not in ("{", '"') and not part.isdigit() and part.lower() not in _MONTHS
        if bare and len(parts) > 1 and part.lower() not in strings:
            problems.append(f"{where}: no @string defines “{one_line(part)[:60]}”; it is left out")
        else:
            texts.append(strings.get(part.lower(), _text(part)))
    return "".join(texts)


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
    def first(*names: str) -> str:
        return next((text for name in names if (text := _plain(name, fields.get(name, "")))), "")

    title = ": ".join(part for part in (first("title"), first("subtitle")) if part)
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
        bibtex=tuple(fields.items()),
        collections=_listed(first("groups")),
        tags=_listed(first("keywords")),
    )
    files = tuple(one for name in _FILES for one in files_of(fields.get(name, "")))
    return Record(entry, files, partial(_further, fields))


def _further(fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the other fields in plain text; one that cannot be decoded stays as it stands."""
    further = {}
    for name in fields.keys() - {*_OWN, *_FILES}:
        try:
            further[name] = _plain(name, fields[name])
        except (RecursionError, ValueError):
            further[name] = one_line(fields[name])
    return tuple((name, further[name]) for name in fields if further.get(name))


def _listed(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.replace(";", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _plain(name: str, value: str) -> str:
    if name in _VERBATIM:
        return one_line(value.replace("\\_", "_").replace("\\%", "%").replace("{", "").replace("}", ""))
    if len(value) > _LONGEST:
        return one_line(value)
    if not any(sign in value for sign in _LATEX):
        return one_line(value.replace("{", "").replace("}", ""))
    return _decoded(value)


@lru_cache(4096)  # journals and authors recur
def _decoded(value: str) -> str:
    start = next(at for at, sign in enumerate(value) if sign in "{\\$~%-`'!?")
    return one_line(value[:start] + _decoder().latex_to_text(value[start:]))


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
