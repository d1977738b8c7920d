"""Takes the marks out of Markdown and keeps the words, each with its origin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.text import MappedText

_LINK = re.compile(r"!?\[(?P<text>[^\[\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)")
_STRONG = re.compile(
    r"(?<![\w*])(?P<mark>\*\*|__)(?=[^\s*_])(?P<text>[^\n]{0,300}?\S)(?P=mark)(?![\w*])"  # bounded: linear
)
_EMPHASIS = re.compile(r"(?<![\w*])(?P<mark>[*_])(?=[^\s*_])(?P<text>[^\n*_]*?[^\s*_])(?P=mark)(?![\w*])")
_COMMENT = re.compile(r"<!--(?:(?!<!--|-->).)*-->", re.DOTALL)
_TAG = re.compile(r"</?(?:su[bp]|[biup]|em|strong|br ?/?)>", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?P<text>[*_#\[\]()~`.!+-])")
_QUOTE = re.compile(r"^ {0,3}> ?", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)


def looks_like_markdown(text: str, name: str) -> bool:
    """Tell by name or by its marks whether ``text`` is Markdown."""
    if name.lower().endswith((".md", ".markdown")):
        return True
    return len(_HEADING.findall(text)) >= 2 or len(_LINK.findall(text)) + len(_STRONG.findall(text)) >= 3


def strip_markup(text: MappedText) -> MappedText:
    """Return the text without link targets, emphasis marks, plain tags and comments.

    Heading marks stay, since they carry structure. A lone asterisk stays too: it
    may be a footnote mark.
    """
    for pattern in (_COMMENT, _TAG, _QUOTE):
        text = text.edit((m.start(), m.end(), "") for m in pattern.finditer(text.text))
    for pattern in (_LINK, _STRONG, _EMPHASIS, _ESCAPE):
        edits: list[tuple[int, int, str]] = []
        for match in pattern.finditer(text.text):
            edits.append((match.start(), match.start("text"), ""))
            edits.append((match.end("text"), match.end(), ""))
        text = text.edit(edits)
    return text
