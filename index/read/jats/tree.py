"""Parses XML into a tree in which every character has its offset in the file, and gives its running text.

expat runs without entities, external subsets or network. A file that declares
its own entities is refused; the named characters of HTML are known.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from index.read.raised import Level, Run, set_out
from index.text import MappedText, inserted

#: Elements that contain each other at most.
DEEPEST = 150
#: Elements whose content is no text of the paper.
_SILENT = frozenset({
    "tex-math", "annotation", "annotation-xml", "graphic", "inline-graphic", "object-id", "alt-text",
    "long-desc", "email-icon", "processing-meta", "custom-meta",
})  # fmt: skip
#: Elements that are a word or line of their own, whatever surrounds them.
_APART = frozenset({
    "p", "title", "break", "label", "list-item", "def", "term", "disp-formula", "sec", "td", "th", "tr",
    "li", "subtitle", "mtd",
})  # fmt: skip
#: The level of each child of an element that sets its children above and below each other.
_SCRIPTS = {
    "msup": (Level.LINE, Level.POWER), "msub": (Level.LINE, Level.LOWERED),
    "msubsup": (Level.LINE, Level.LOWERED, Level.POWER),
}  # fmt: skip
#: What to write between the children of an element that sets them above and below each other.
_BETWEEN = {"mfrac": "/", "mover": " ", "munder": " ", "munderover": " "}
#: What the references cite whose numbers may be printed raised.
_CITED = frozenset({"bibr", "fn", "table-fn"})
#: Elements within a word or phrase: no space around them even among the parts of a reference.
_WITHIN = frozenset({
    "italic", "bold", "sup", "sub", "sc", "underline", "monospace", "styled-content", "xref", "ext-link",
    "named-content", "inline-formula", "math", "roman", "mi", "mn", "mo", "mrow", "msup", "msub", "mtext",
    "uri", "year", "volume", "fpage", "lpage", "issue", "source", "article-title", "person-group", "name",
    "surname", "given-names", "pub-id", "mixed-citation", "collab", "etal", "publisher-name",
    "publisher-loc", "month", "day", "comment", "string-name",
})  # fmt: skip
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class XmlError(ValueError):
    """The XML cannot be read, or asks for something unsafe."""


@dataclass(slots=True)
class Node:
    """An element: its children are texts and elements in the order of the file."""

    tag: str  #: without namespace prefix
    attributes: dict[str, str]  #: names without namespace prefix
    at: int  #: raw offset of its start tag
    children: list[Node | MappedText] = field(default_factory=list)

    def elements(self) -> Iterator[Node]:
        """Yield the child elements."""
        for child in self.children:
            if isinstance(child, Node):
                yield child

    def find(self, path: str) -> Node | None:
        """Return the first element at a path of tags: "front/article-meta"."""
        return next(self.all(path), None)

    def all(self, path: str) -> Iterator[Node]:
        """Yield every element at a path of tags."""
        first, _, rest = path.partition("/")
        for child in self.elements():
            if child.tag == first:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def without(self, tags: Collection[str]) -> Node:
        """Return the element without its child elements of these tags."""
        left = [child for child in self.children if not (isinstance(child, Node) and child.tag in tags)]
        return Node(self.tag, self.attributes, self.at, left)

    def walk(self, tag: str) -> Iterator[Node]:
        """Yield every descendant with this tag, in the order of the file."""
        for child in self.elements():
            if child.tag == tag:
                yield child
            yield from child.walk(tag)


def decode_xml(data: bytes) -> str:
    """Return the characters of an XML file, line ends as line feeds.

    Raises:
        XmlError: the encoding is unknown or the bytes do not fit it.
    """
    encoding = "utf-8-sig"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif match := _DECLARED.match(data[:300].lstrip()):
        declared = match.group(1).decode().lower()
        if declared not in ("utf-8", "utf8"):
            encoding = declared
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise XmlError(f"its characters cannot be decoded as {encoding}") from error
    if not isinstance(text, str):
        raise XmlError(f"{encoding} is not a text encoding")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(raw: str) -> Node:
    """Return the root element of ``raw``.

    Raises:
        XmlError: not well formed, declares entities, or is nested too deeply.
    """
    return _Builder(raw).root()


class _Builder:
    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.top = Node("", {}, 0)
        self.stack = [self.top]
        try:
            self.data = raw.encode("utf-8")
        except UnicodeEncodeError as error:
            raise XmlError("it contains an unpaired surrogate") from error
        # Byte offsets of the characters that take several bytes, and what to take off after each.
        self.bytes: list[int] = []
        self.extra: list[int] = []
        if len(self.data) != len(raw):
            at = total = 0
            for character in raw:
                width = 1 if character < "\x80" else len(character.encode("utf-8"))
                if width > 1:
                    total += width - 1
                    self.bytes.append(at)
                    self.extra.append(total)
                at += width
        parser = self.parser = expat.ParserCreate("utf-8")
        parser.buffer_text = False
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.SkippedEntityHandler = self.skipped
        parser.EntityDeclHandler = self.declared

    def root(self) -> Node:
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise XmlError(f"not well-formed XML ({error})") from error
        return next(self.top.elements())

    def offset(self) -> int:
        at = self.parser.CurrentByteIndex
        before = bisect_right(self.bytes, at - 1)
        return at - (self.extra[before - 1] if before else 0)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.stack) > DEEPEST:
            raise XmlError(f"nested deeper than {DEEPEST} elements")
        plain = {name.rpartition(":")[2]: value for name, value in attributes.items()}
        node = Node(tag.rpartition(":")[2], plain, self.offset())
        self.stack[-1].children.append(node)
        self.stack.append(node)

    def end(self, _: str) -> None:
        self.stack.pop()

    def text(self, text: str) -> None:
        at = self.offset()
        plain = self.raw.startswith(text, at)  # else a character reference, all of it at its beginning
        self.stack[-1].children.append(MappedText.raw(text, at) if plain else inserted(text, at))

    def skipped(self, name: str, is_parameter: bool) -> None:
        text = html.unescape(f"&{name};")
        if not is_parameter and not text.startswith("&"):
            self.stack[-1].children.append(inserted(text, self.offset()))

    def declared(self, name: str, *_: object) -> None:
        raise XmlError(f"it declares an entity ({name[:40]}); for safety, such files are not read")


def inline(node: Node, *, spaced: bool = False) -> MappedText:
    """Return the text of ``node`` with white space collapsed.

    Args:
        node: any element.
        spaced: put a space between child elements, as between the parts of a reference.
    """
    text = set_out(_pieces(node, Level.LINE, spaced=spaced))
    return text.sub("[\u200b\u2060\ufeff\u00ad]", "").collapsed()


def _pieces(node: Node, level: Level, *, spaced: bool) -> Iterator[Run]:
    before: Node | MappedText | None = None
    for child in node.children:
        if isinstance(child, MappedText):
            yield Run(child, level)
        elif child.tag in _SILENT:
            continue
        elif child.tag == "alternatives":
            shown = [part for part in child.elements() if part.tag not in _SILENT]
            for part in shown[:1]:
                yield from _pieces(part, level, spaced=False)
        elif child.tag in _APART or (spaced and child.tag not in _WITHIN):
            yield Run(inserted(" ", child.at))
            yield from _pieces(child, level, spaced=spaced)
            yield Run(inserted(" ", child.at))
        elif child.tag in _SCRIPTS or child.tag in _BETWEEN:
            yield from _formula(child, level)
        else:
            if _cites(before) and _cites(child):
                yield Run(inserted(",", child.at))  # two citations, and not one of a larger number
            yield from _pieces(child, _level(child, level), spaced=spaced)
        before = child


def _cites(node: Node | MappedText | None) -> bool:
    """Return whether an element is a citation or holds one alone."""
    if not isinstance(node, Node):
        return False
    if node.tag == "xref":
        return node.attributes.get("ref-type") in _CITED
    return node.tag == "sup" and len(node.children) == 1 and _cites(node.children[0])


def _level(node: Node, around: Level) -> Level:
    """Return the level of the text of ``node``, which is in an element on the level ``around``."""
    if node.tag == "xref" and node.attributes.get("ref-type") in _CITED:
        return Level.CITATION if around is Level.RAISED else Level.CITING
    if node.tag == "sup":
        return Level.CITATION if around is Level.CITING else Level.RAISED
    return Level.LOWERED if node.tag == "sub" else around


def _formula(node: Node, level: Level) -> Iterator[Run]:
    """Yield what a part of a formula sets above and below each other."""
    levels = _SCRIPTS.get(node.tag, ())
    for number, child in enumerate(node.elements()):
        if number and node.tag in _BETWEEN:
            yield Run(inserted(_BETWEEN[node.tag], child.at), level)
        own = levels[number] if number < len(levels) else Level.LINE
        alone = Node("", {}, node.at, [child])
        yield from _pieces(alone, level if own is Level.LINE else own, spaced=False)


def label_and_title(node: Node) -> MappedText:
    """Return "1. Introduction" for a section with that label and title; empty where it has no title."""
    title, label = node.find("title"), node.find("label")
    if title is None:
        return MappedText("", ())
    text = inline(title)
    if label is not None and text.text:
        head = inline(label)
        return head + inserted(" ", label.at) + text if head.text else text
    return text
