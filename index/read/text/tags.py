"""HTML inside Markdown: tables become pipe tables, blocks paragraphs; other tags go, their text stays.

Only tags of HTML count, with attributes as HTML writes them: "p <b and c> d" is no tag.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.read.text.marked import HtmlText
from index.text import MappedText, inserted, join

#: Elements that stand apart from the text around them.
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "main", "nav", "ol", "p", "pre", "section", "summary", "ul", "table",
})  # fmt: skip
#: What a table consists of.
_CELLS = frozenset({"td", "th", "caption", "tr", "thead", "tbody", "tfoot", "colgroup", "col"})
#: Elements within a line. Superscript and subscript are not among them: they are read as such.
_INLINE = frozenset({
    "a", "abbr", "b", "big", "cite", "code", "del", "dfn", "em", "font", "i", "img", "input", "ins", "kbd",
    "label", "mark", "picture", "q", "s", "samp", "small", "source", "span", "strike", "strong", "time", "tt",
    "u", "var", "wbr",
})  # fmt: skip
_BREAKS = frozenset({"br", "li"})
_KNOWN = _BLOCKS | _CELLS | _INLINE | _BREAKS
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


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag and its place in the text."""

    name: str
    closes: bool
    start: int
    end: int


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
            yield Tag(name, bool(match["close"]), *match.span())


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
            at = tags[last].end if tags[last].name == "table" else len(text)
            table = HtmlText(text[tag.start : at], scripts=False).text()
            yield join([inserted("\n\n", tag.start), table, inserted("\n\n", tag.start)], "")
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
