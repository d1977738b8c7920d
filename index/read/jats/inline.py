"""The running text of a JATS element, white space as a reader sees it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.read.jats.tree import Node
from index.text import MappedText, join

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Elements whose content is no text of the paper.
_SILENT = frozenset({
    "tex-math", "annotation", "annotation-xml", "graphic", "inline-graphic", "object-id", "alt-text",
    "long-desc", "email-icon", "processing-meta", "custom-meta",
})  # fmt: skip
#: Elements that are a word or line of their own, whatever surrounds them.
_APART = frozenset({
    "p", "title", "break", "label", "list-item", "def", "term", "disp-formula", "sec", "td", "th", "tr",
    "li", "subtitle",
})  # fmt: skip
#: Elements within a word or phrase: no space around them even among the parts of a reference.
_WITHIN = frozenset({
    "italic", "bold", "sup", "sub", "sc", "underline", "monospace", "styled-content", "xref", "ext-link",
    "named-content", "inline-formula", "math", "roman", "mi", "mn", "mo", "mrow", "msup", "msub", "mtext",
    "uri", "year", "volume", "fpage", "lpage", "issue", "source", "article-title", "person-group", "name",
    "surname", "given-names", "pub-id", "mixed-citation", "collab", "etal", "publisher-name",
    "publisher-loc", "month", "day", "comment", "string-name",
})  # fmt: skip


def synthetic(text: str, at: int) -> MappedText:
    """Return text that replaces markup, all of it at raw offset ``at``."""
    return MappedText(text, [at] * len(text))


def inline(node: Node, *, spaced: bool = False) -> MappedText:
    """Return the text of ``node`` with white space collapsed.

    Args:
        node: any element.
        spaced: put a space between child elements, as between the parts of a reference.
    """
    text = join(list(_pieces(node, spaced=spaced)), "")
    text = text.edit((m.start(), m.end(), "") for m in re.finditer("[\u200b\u2060\ufeff\u00ad]", text.text))
    text = text.edit((m.start(), m.end(), " ") for m in re.finditer(r"\s+", text.text) if m.group() != " ")
    return text.strip()


def _pieces(node: Node, *, spaced: bool) -> Iterator[MappedText]:
    for child in node.children:
        if isinstance(child, MappedText):
            yield child
        elif child.tag in _SILENT:
            continue
        elif child.tag == "alternatives":
            shown = [part for part in child.elements() if part.tag not in _SILENT]
            for part in shown[:1]:
                yield from _pieces(part, spaced=False)
        elif child.tag in _APART or (spaced and child.tag not in _WITHIN):
            yield synthetic(" ", child.at)
            yield from _pieces(child, spaced=spaced)
            yield synthetic(" ", child.at)
        else:
            if child.tag == "sup" and _citation(child):
                yield synthetic(" ", child.at)
            yield from _pieces(child, spaced=spaced)


def _citation(node: Node) -> bool:
    """Return whether a superscript holds only references to the literature: a space sets it off the word."""
    return any(
        child.tag == "xref" and child.attributes.get("ref-type") == "bibr" for child in node.elements()
    )


def label_and_title(node: Node) -> MappedText:
    """Return "1. Introduction" for a section with that label and title; empty where it has no title."""
    title, label = node.find("title"), node.find("label")
    if title is None:
        return MappedText("", ())
    text = inline(title)
    if label is not None and text.text:
        head = inline(label)
        return head + synthetic(" ", label.at) + text if head.text else text
    return text
