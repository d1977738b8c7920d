"""HTML inside Markdown: tables become pipe tables, blocks paragraphs; other tags go, their text stays.

Only tags of HTML count, with attributes as HTML writes them: "p <b and c> d" is no tag.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.read.structure import spanned, spread
from index.text import MappedText, inserted, join

#: Elements that stand apart from the text around them.
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "main", "nav", "ol", "p", "pre", "section", "summary", "ul", "table",
})  # fmt: skip
#: What a table consists of.
_CELLS = frozenset({"td", "th", "caption"})
_STRUCTURE = _CELLS | {"tr", "thead", "tbody", "tfoot", "colgroup", "col"}
#: Elements within a line. Superscript and subscript are not among them: they are read as such.
_INLINE = frozenset({
    "a", "abbr", "b", "big", "cite", "code", "del", "dfn", "em", "font", "i", "img", "input", "ins", "kbd",
    "label", "mark", "picture", "q", "s", "samp", "small", "source", "span", "strike", "strong", "time", "tt",
    "u", "var", "wbr",
})  # fmt: skip
_BREAKS = frozenset({"br", "li"})
_KNOWN = _BLOCKS | _STRUCTURE | _INLINE | _BREAKS
#: Attributes that are written without a value.
_BARE = frozenset({"open", "hidden", "nowrap", "checked", "disabled", "reversed", "controls"})

# Lengths are bounded and no tag contains another, so that hostile text is read in linear time.
_VALUE = r"\"[^\"<>]{0,2000}\"|'[^'<>]{0,2000}'|[^\s\"'=<>`]{1,2000}"
_TAG = re.compile(
    r"`[^`\n]{1,500}`|"  # code within a line
    rf"<(?P<close>/?)(?P<name>[a-z][a-z0-9]{{0,15}})(?P<rest>(?:\s+[\w:@.-]{{1,60}}(?:=(?:{_VALUE}))?){{0,50}})\s*/?>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(rf"\s([\w:@.-]{{1,60}})(?:=({_VALUE}))?")
_PROGRAM = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
#: Columns and rows that a cell spans at most.
_MOST = 100


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag and its place in the text."""

    name: str
    closes: bool
    start: int
    end: int
    attributes: dict[str, str]

    def spans(self, name: str) -> int:
        """Return how many columns ("colspan") or rows ("rowspan") a cell covers."""
        return spanned(self.attributes.get(name), _MOST)


def without_tags(text: MappedText) -> MappedText:
    """Return Markdown without the tags of HTML, each table as a pipe table between empty lines."""
    if "<" in text.text:
        text = text.sub(_PROGRAM, "")
        text = join(list(_parts(text, list(_tags(text.text)))), "")
    return text.sub(_ENTITY, lambda match: html.unescape(match[0]).replace("\xa0", " ").replace("\xad", ""))


def _tags(text: str) -> Iterator[Tag]:
    for match in _TAG.finditer(text):
        name = (match["name"] or "").lower()
        given = {key.lower(): value.strip("\"'") for key, value in _ATTRIBUTE.findall(match["rest"] or "")}
        if name in _KNOWN and all(value or key in _BARE for key, value in given.items()):
            yield Tag(name, bool(match["close"]), *match.span(), given)


def _parts(text: MappedText, tags: Sequence[Tag]) -> Iterator[MappedText]:
    """Yield the text between the tags, and what stands for each tag and table."""
    at = 0
    last = -1  #: position of the tag that ends the table before
    for number, tag in enumerate(tags):
        if number <= last:
            continue
        yield text[at : tag.start]
        at = tag.end
        if tag.name == "table" and not tag.closes:
            last = _table_end(tags, number)
            closing = tags[last] if tags[last].name == "table" else None
            stop = closing.start if closing else len(text)
            yield _table(text, tags[number + 1 : last + (closing is None)], tag, stop)
            at = closing.end if closing else len(text)
        else:
            yield inserted(_instead(tag), tag.start)
    yield text[at:]


def _table_end(tags: Sequence[Tag], opened: int) -> int:
    """Return the position of the tag that closes a table; of the last tag if none does."""
    depth = 0
    for number in range(opened, len(tags)):
        if tags[number].name == "table":
            depth += -1 if tags[number].closes else 1
        if not depth:
            return number
    return len(tags) - 1


def _instead(tag: Tag) -> str:
    """Return what stands for a tag outside of tables."""
    if tag.name in _BREAKS:
        return "\n" if tag.name == "br" else "" if tag.closes else "\n- "
    if tag.name[0] == "h" and tag.name[1:].isdecimal() and not tag.closes:
        return "\n\n" + "#" * int(tag.name[1:]) + " "
    return "" if tag.name in _INLINE else "\n\n"


def _table(text: MappedText, tags: Sequence[Tag], opened: Tag, stop: int) -> MappedText:
    """Return captions and rows, each on a line of its own; text outside of cells comes first."""
    rows: list[list[tuple[Tag, MappedText]]] = [[]]
    above = [_flat(text, [], opened.end, tags[0].start if tags else stop)]
    own = [number for number, tag in _outer(tags) if tag.name in _STRUCTURE]
    for number, following in zip(own, [*own[1:], len(tags)], strict=True):
        tag = tags[number]
        end = tags[following].start if following < len(tags) else stop
        cell = _flat(text, tags[number + 1 : following], tag.end, end)
        if tag.name in ("td", "th") and not tag.closes:
            rows[-1].append((tag, cell))
        elif tag.name == "tr":
            rows.append([])
        if cell.text and (tag.closes or tag.name not in ("td", "th")):
            above.append(cell)
    rows = [row for row in rows if row]
    spans = [[(text, tag.spans("colspan"), tag.spans("rowspan")) for tag, text in row] for row in rows]
    lines = [_line(row) for row in spread(spans)]
    heads = [all(tag.name == "th" for tag, _ in row) for row in rows]
    if heads[:2] == [True, False]:
        lines.insert(1, inserted("|---|", lines[0].origins[-1]))
    empty = inserted("", opened.start)
    return join(
        [empty, empty, *(part for a in above if a.text for part in (a, empty)), *lines, empty, empty], "\n"
    )


def _outer(tags: Sequence[Tag]) -> Iterator[tuple[int, Tag]]:
    """Yield position and tag of those that are not of a table inside a cell."""
    depth = 0
    for number, tag in enumerate(tags):
        if tag.name == "table":
            depth += -1 if tag.closes else 1
        elif not depth:
            yield number, tag


def _flat(text: MappedText, tags: Sequence[Tag], start: int, end: int) -> MappedText:
    """Return a stretch as one line without tags; a pipe in it is escaped."""
    parts: list[MappedText] = []
    for tag in tags:
        parts += text[start : tag.start], inserted("" if tag.name in _INLINE else " ", tag.start)
        start = tag.end
    flat = join([*parts, text[start:end]], "").strip()
    return flat.sub(r"\s*\n\s*|\|", lambda match: r"\|" if match[0] == "|" else " ")


def _line(cells: Sequence[MappedText]) -> MappedText:
    """Return a row of a pipe table."""
    at = next((cell.origins[0] for cell in cells if cell.text), 0)
    parts = [inserted("|", at)]
    for cell in cells:
        at = cell.origins[-1] if cell.text else at
        parts += inserted(" ", at), cell, inserted(" |", at)
    return join(parts, "")
