"""The YAML block at the head of a Markdown file, as Pandoc, Quarto and Jekyll write it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from index.read.structure import Draft
from index.text import BlockKind, Field, MappedText, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
#: Names of fields by the key that states them.
_KEYS = {
    "title": "title",
    "author": "author",
    "authors": "author",
    "date": "published",
    "published": "published",
    "year": "year",
    "doi": "doi",
    "journal": "journal",
    "keywords": "keywords",
    "license": "licence",
    "licence": "licence",
}
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def front_matter(raw: str) -> tuple[tuple[Draft, ...], int]:
    """Return the block as a draft with the fields that it states, and the offset where the paper begins.

    Nothing and 0 if there is no such block, or if it is no mapping of keys to values.
    """
    match = _BLOCK.match(raw)
    if match is None:
        return (), 0
    try:
        # Every scalar stays the text that it is: no dates, no objects.
        stated = yaml.load(match["yaml"], Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return (), 0
    if not isinstance(stated, dict):
        return (), 0
    text = MappedText.raw(match["yaml"], match.start("yaml"))
    fields = tuple(
        field
        for key, value in stated.items()
        if (name := _KEYS.get(str(key).lower()))
        for field in _fields(name, _texts(value), text.text)
    )
    return (Draft(BlockKind.FRONT, text, fields=fields),), match.end()


def _texts(value: object) -> list[str]:
    """Return the texts of a value: itself, those of a list, or the name in a mapping."""
    if isinstance(value, list):
        return [text for item in value[:200] for text in _texts(item)[:1]]
    if isinstance(value, dict):
        parts = [value[key] for key in ("given", "family") if isinstance(value.get(key), str)]
        named = next((value[key] for key in ("name", "title", "text") if isinstance(value.get(key), str)), "")
        return [named or " ".join(parts)]
    return [value] if isinstance(value, str) else []


def _fields(name: str, texts: list[str], block: str) -> Iterator[Field]:
    if name == "author" and len(texts) == 1:  # "Ann Bell, Carl Dunn and Eve Frost"
        texts = re.split(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", texts[0])
    for text in filter(None, (text.strip() for text in texts)):
        at = block.find(text)
        span = Span(at, at + len(text)) if at >= 0 else None  # a text folded over lines is not quoted
        yield Field(name, text, span)
        if name == "published" and (year := _YEAR.search(text)):
            yield Field("year", year.group(), Span(*year.span()).moved(at) if span else None)
