"""Reads the YAML front matter of Markdown: what the paper states about itself, each with its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from index.read.byline import byline
from index.read.structure import Draft
from index.text import BlockKind, Field, MappedText, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCED = re.compile(r"\s*---[ \t]*\n(?P<yaml>.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
#: Characters of front matter at most; a file with more has none.
_LONGEST = 20_000
#: Lists and mappings in brackets at most.
_MOST_PARTS = 300
#: A line of front matter that is no YAML, such as a title with a colon of its own.
_LINE = re.compile(r"^(?P<key>[A-Za-z][\w -]{0,40}):[ \t]+(?P<value>[\w\"'].*?)[ \t]*$", re.MULTILINE)
#: Keys, by the name of the field that they state.
_KEYS = {
    "title": "title", "author": "author", "authors": "author", "date": "published", "published": "published",
    "doi": "doi", "journal": "journal", "license": "licence", "licence": "licence", "keywords": "keywords",
    "tags": "keywords", "received": "received", "accepted": "accepted", "year": "year",
}  # fmt: skip


def yaml_front(raw: str) -> tuple[list[Draft], int]:
    """Return one draft for each key of the front matter of ``raw``, and where the text after it begins.

    Without front matter there are no drafts, and the text begins at 0.
    """
    match = _FENCED.match(raw[: _LONGEST + 10])
    if match is None:
        return [], 0
    start, text = match.start("yaml"), match["yaml"]
    try:
        pairs = list(_pairs(text))
    except (yaml.YAMLError, RecursionError):
        pairs = [
            (*m.span(), m["key"], [(m["value"].strip("\"'"), *m.span("value"))]) for m in _LINE.finditer(text)
        ]
    if not any(key.lower() in _KEYS for _, _, key, _ in pairs):
        return [], 0
    drafts = [
        _draft(text[a:b], start + a, key.lower(), [(value, c - a, d - a) for value, c, d in values])
        for a, b, key, values in pairs
    ]
    return drafts, match.end()


def _pairs(text: str) -> Iterator[tuple[int, int, str, list[tuple[str, int, int]]]]:
    """Yield for each key of a YAML mapping where it and its value begin and end, itself, and its values.

    Raises:
        yaml.YAMLError: it is no YAML, or made to be endless: by parts nested or repeated by reference.
    """
    if text.count("[") + text.count("{") > _MOST_PARTS:
        raise yaml.YAMLError("it has too many parts")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise yaml.YAMLError("it refers to its own parts")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            name = str(key.value)
            yield key.start_mark.index, value.end_mark.index, name, list(_values(value, name))


def _values(node: yaml.Node, key: str) -> Iterator[tuple[str, int, int]]:
    """Yield the values below a key, each with its place; of a person who is described, the name."""
    if isinstance(node, yaml.ScalarNode):
        quoted = node.style in ("'", '"')
        yield node.value.strip(), node.start_mark.index + quoted, node.end_mark.index - quoted
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _values(item, key)
    elif isinstance(node, yaml.MappingNode):
        parts = {str(name.value).lower(): value for name, value in node.value}
        if "name" in parts:
            yield from _values(parts["name"], key)
        elif {"given", "family"} <= parts.keys():
            yield " ".join(next(_values(parts[part], key))[0] for part in ("given", "family")), *_place(node)
        elif len(node.value) == 1:  # "Ann Bee: {affiliation: ...}"
            yield from _values(node.value[0][0], key)


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index


def _draft(text: str, at: int, key: str, values: list[tuple[str, int, int]]) -> Draft:
    """Return a key and its values as one line of front matter, an abstract as a paragraph."""
    mapped = MappedText.raw(text, at)
    if key == "abstract" and values:
        _, start, end = values[0]
        indicator = re.match(r"(?:[|>][\d+-]*\n)?", text[start:])
        mapped = mapped[start + (indicator.end() if indicator else 0) : end]
    breaks = re.finditer(r"\s*\n\s*", mapped.text)
    mapped = mapped.edit((m.start(), m.end(), " ") for m in breaks).strip()
    if key == "abstract":
        return Draft(BlockKind.PARAGRAPH, mapped)
    places = {origin: place for place, origin in reversed(list(enumerate(mapped.origins)))}
    fields: list[Field] = []
    for value, start, end in values:
        inner = [places[at + i] for i in range(start, end) if at + i in places]
        if value and inner and key in _KEYS:
            fields += _fields(_KEYS[key], value, Span(inner[0], inner[-1] + 1))
    return Draft(BlockKind.FRONT, mapped, fields=tuple(fields))


def _fields(name: str, value: str, span: Span) -> Iterator[Field]:
    """Yield what a value states: each author of a byline, a date and its year."""
    if name == "author" and len(names := byline(value)) > 1 and len(value) == len(span):
        for field in names:
            yield Field(name, field.value, field.span and field.span.moved(span.start))
        return
    if name == "published" and not re.search(r"\d{4}", value):
        return  # "last modified", "today"
    yield Field(name, value, span)
    if name == "published":
        yield Field("year", value, span)
