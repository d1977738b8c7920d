"""The YAML block at the head of a Markdown file, as Pandoc, Quarto and Jekyll write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import yaml

from index.read.byline import YEAR, byline
from index.read.metadata import DOI
from index.read.structure import Draft
from index.text import BlockKind, Field, MappedText, Span, inserted, join

Clean = Callable[[MappedText], MappedText]

_BLOCK = re.compile(r"---[ \t]*\n(?P<yaml>(?:[^\n]*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
#: The beginning of an entry. Each is read on its own, so that a slip in one costs only that one.
_ENTRY = re.compile(r"^(?P<key>[^\W\d_][\w .-]{0,40}?)[ \t]*:(?=\s)[ \t]*", re.MULTILINE)
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
    "abstract": "abstract",
}
#: Keys of the two parts of a name.
_PARTS = (("given", "family"), ("given-names", "surname"), ("first_name", "last_name"), ("first", "last"))
#: Characters of an entry that is parsed; a longer one is no metadata.
_LONGEST = 20_000
#: Characters with which a value begins that is no plain text, or none on the line of its key.
_MARKS = tuple("\n[]{}\"'&*!|>%@`#-?")


def front_matter(raw: str, clean: Clean) -> tuple[tuple[Draft, ...], int]:
    """Return the entries of the block, with the fields they state, and the offset where the paper begins.

    Nothing and 0 if the file begins with no such block, or with one that states nothing known.

    Args:
        raw: the text of the file.
        clean: takes the marks of Markdown out of a value.
    """
    block = _BLOCK.match(raw)
    entries = list(_ENTRY.finditer(raw, block.start("yaml"), block.end("yaml"))) if block else []
    above = raw[block.start("yaml") : entries[0].start()] if block and entries else "-"
    known = any(entry["key"].lower() in _KEYS for entry in entries)
    if block is None or not known or any(line[:1] not in ("", "#") for line in above.split("\n")):
        return (), 0
    ends = [entry.start() for entry in entries[1:]] + [block.end("yaml")]
    found = (_Entry(raw, entry, end, clean) for entry, end in zip(entries, ends, strict=True))
    return tuple(draft for entry in found for draft in entry.drafts()), block.end()


class _Entry:
    """A key of the block and its value."""

    def __init__(self, raw: str, match: re.Match[str], end: int, clean: Clean) -> None:
        """The entry is at ``match.start()`` to ``end`` of ``raw``."""
        self._raw, self._clean = raw, clean
        self._start, self._value, self._end = match.start(), match.end(), end
        self._label = MappedText.raw(match["key"] + ": ", self._start)
        self._name = _KEYS.get(match["key"].lower(), "")

    def drafts(self) -> Iterator[Draft]:
        """Yield what the entry states; an entry that is not understood is front matter as it stands."""
        node = self._parsed() if self._name and self._end - self._start <= _LONGEST else None
        texts = [text for text in (self._texts(node) if node else [self._slip()]) if text.text]
        whole = Draft(BlockKind.FRONT, self._placed(self._raw[self._start : self._end], self._start))
        if not texts or not self._name:
            yield whole
        elif self._name == "title":
            stated = Field("title", texts[0].text, Span(0, len(texts[0])))
            yield Draft(BlockKind.TITLE, texts[0], fields=(stated,))
        elif self._name == "abstract":
            yield Draft(BlockKind.HEADING, inserted("Abstract", self._start), level=1)
            yield from (Draft(BlockKind.PARAGRAPH, text) for text in self._paragraphs(node) or texts)
        elif self._name == "author":
            yield _authors(texts)
            if node and any(isinstance(item, yaml.MappingNode) for item in (node, *node.value)):
                yield whole  # addresses and other things about the authors
        else:
            text = self._label + join(texts, ", ")
            yield Draft(BlockKind.FRONT, text, fields=tuple(_fields(self._name, text.text, len(self._label))))

    def _parsed(self) -> yaml.Node | None:
        try:
            # Composed and not loaded: every scalar keeps its letters and its place.
            entry = yaml.compose(self._raw[self._start : self._end], Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError):
            return None
        return entry.value[0][1] if isinstance(entry, yaml.MappingNode) else None

    def _slip(self) -> MappedText:
        """Return a value that YAML does not allow ("title: Tea: a trial") as plain text, if it is that."""
        value = self._raw[self._value : self._end]
        text = self._placed("" if value.startswith(_MARKS) or len(value) > _LONGEST else value, self._value)
        return self._clean(text)

    def _texts(self, node: yaml.Node) -> list[MappedText]:
        """Return the texts of a value: itself, those of a list, or the name in a mapping."""
        if isinstance(node, yaml.SequenceNode):
            return [text for item in node.value[:500] for text in self._texts_of_item(item)]
        return self._texts_of_item(node)

    def _texts_of_item(self, node: yaml.Node) -> list[MappedText]:
        if isinstance(node, yaml.ScalarNode):
            return [self._text(node)]
        if not isinstance(node, yaml.MappingNode):
            return []
        values = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
        name = next((values[key] for key in ("name", "title", "text", "literal") if key in values), None)
        if isinstance(name, yaml.MappingNode):
            return self._texts_of_item(name)
        if name is None:
            keys = next((keys for keys in _PARTS if keys[1] in values), ())
            parts = [values[key] for key in keys if isinstance(values.get(key), yaml.ScalarNode)]
            if not parts and len(node.value) == 1 and isinstance(node.value[0][1], yaml.MappingNode):
                # "Ann Bell: {institute: [sea]}"
                parts = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            return [join([self._text(part) for part in parts])] if parts else []
        return [self._text(name)] if isinstance(name, yaml.ScalarNode) else []

    def _text(self, node: yaml.ScalarNode) -> MappedText:
        return self._clean(self._placed(node.value, self._start + node.start_mark.index))

    def _paragraphs(self, node: yaml.Node | None) -> list[MappedText]:
        """Return the paragraphs of a value of several lines; none of other values."""
        if not isinstance(node, yaml.ScalarNode):
            return []
        at = self._start + node.start_mark.index
        done: list[MappedText] = []
        for part in re.split(r"\n\s*\n", node.value):
            placed = self._placed(part, at)
            at = placed.origins[-1] + 1 if placed.text else at
            done.append(self._clean(placed))
        return done

    def _placed(self, value: str, at: int) -> MappedText:
        """Return the words of ``value`` at their places from ``at`` on, escaped ones where the last ended."""
        words: list[MappedText] = []
        for word in value.split():
            found = self._raw.find(word, at, self._end)
            words.append(MappedText.raw(word, found) if found >= 0 else inserted(word, at))
            at = found + len(word) if found >= 0 else at
        return join(words)


def _authors(texts: Sequence[MappedText]) -> Draft:
    """Return the authors in one line; a single text may name several ("Ann Bell and Carl Dunn")."""
    line = join(texts, ", ")
    if len(texts) == 1 and (named := byline(line.text)):
        return Draft(
            BlockKind.FRONT, line, fields=tuple(Field(item.name, item.value, item.span) for item in named)
        )
    fields: list[Field] = []
    at = 0
    for text in texts:
        fields.append(Field("author", text.text, Span(at, at + len(text))))
        at += len(text) + 2
    return Draft(BlockKind.FRONT, line, fields=tuple(fields))


def _fields(name: str, text: str, start: int) -> Iterator[Field]:
    """Yield the fields that a line states, whose value begins at ``start``."""
    year = YEAR.search(text, start)
    if name == "doi":
        if match := DOI.search(text, start):
            value = match.group().rstrip(".")
            yield Field("doi", value, Span(match.start(), match.start() + len(value)))
    elif name not in ("published", "year"):
        yield Field(name, text[start:], Span(start, len(text)))
    elif year:
        if name == "published":
            yield Field("published", text[start:], Span(start, len(text)))
        yield Field("year", year.group(), Span(*year.span()))
