"""Reads text and Markdown: lines become blocks, and what interrupts a sentence is lifted out of it.

Works on text as people save it and as PDF extractors leave it: hard-wrapped
lines or one paragraph a line, headings bare, numbered or run in, tables in
tabs or pipes, captions in the middle of a column.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from index.errors import FileEmpty, GarbledText, UndecodableText
from index.read import headings
from index.read.clean import LOST, Vocabulary, join_lines, mend_ligatures, normalise, split_glued
from index.read.metadata import letters, state_fields
from index.read.structure import Draft, Source, assemble
from index.read.text.chunks import Chunk, classify, join_broken
from index.read.text.front import yaml_front
from index.read.text.lines import MARKED_HEADING, groups_of, layout_of, without_running_heads
from index.read.text.tables import gather_cells, table_of_lines
from index.text import BlockKind, Document, MappedText, line_starts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Notes on repairs that a document carries at most.
_NOTES = 20

# The marks of Markdown. Lengths are bounded, so that hostile text is read in linear time.
_LINK = re.compile(r"!?\[(?P<text>[^\[\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)")
_STRONG = re.compile(r"(?<![\w*])(?P<mark>\*\*|__)(?=[^\s*_])(?P<text>[^\n]{0,300}?\S)(?P=mark)(?![\w*])")
_EMPHASIS = re.compile(r"(?<![\w*])(?P<mark>[*_])(?=[^\s*_])(?P<text>[^\n*_]*?[^\s*_])(?P=mark)(?![\w*])")
_ESCAPE = re.compile(r"\\(?P<text>[*_#\[\]()~`.!+-])")
_COMMENT = re.compile(r"<!--(?:(?!<!--|-->).)*-->", re.DOTALL)
_TAG_OR_QUOTE = re.compile(r"</?(?:su[bp]|[biup]|em|strong|br ?/?)>|^ {0,3}> ?", re.IGNORECASE | re.MULTILINE)


def read_plain(data: bytes, name: str) -> Document:
    """Return the document in ``data``, a text or Markdown file called ``name``.

    Raises:
        FileEmpty: it holds no words.
        GarbledText: too many characters were lost before the file was saved.
        UndecodableText: the bytes are neither UTF-8 nor UTF-16 with a byte order mark.
    """
    raw = decode(data, name)
    front, body = yaml_front(raw)
    text, broken = mend_ligatures(normalise(MappedText.raw(raw[body:], body)), Vocabulary(raw))
    _require_words(text.text, name)
    heads = sum(MARKED_HEADING.match(line) is not None for line in text.text.split("\n"))
    marks = len(_LINK.findall(text.text)) + len(_STRONG.findall(text.text))
    marked = bool(front) or name.lower().endswith((".md", ".markdown")) or heads >= 2 or marks >= 3
    if marked:
        text = _without_marks(text)
    vocabulary = Vocabulary(text.text)
    groups = groups_of(text)
    layout = layout_of(groups)
    groups, left_out = without_running_heads(groups, layout)
    notes = [*broken, *left_out]
    drafts: list[Draft] = []
    for chunk in join_broken(classify(gather_cells(groups), layout), layout):
        drafts += _drafts(chunk, vocabulary, notes)
    different = list(dict.fromkeys(notes))
    if len(different) > _NOTES:
        different[_NOTES:] = [f"{len(different) - _NOTES} more repairs of the same kinds"]
    source = Source(data, name, "markdown" if marked else "text", lines=line_starts(raw))
    return assemble(source, state_fields([*front, *_retitled(drafts, front)]), different)


def _retitled(drafts: list[Draft], front: Sequence[Draft]) -> Iterator[Draft]:
    """Yield the drafts; what was taken for the title is none if the front matter states another."""
    stated = [letters(field.value) for draft in front for field in draft.fields if field.name == "title"]
    for draft in drafts:
        if draft.kind is BlockKind.TITLE and stated and letters(draft.text.text) not in stated:
            text = draft.text.text.rstrip()
            kind = BlockKind.PARAGRAPH if text.endswith((".", "!", "?")) else BlockKind.HEADING
            yield replace(draft, kind=kind, level=1 if kind is BlockKind.HEADING else 0)
        else:
            yield draft


def decode(data: bytes, name: str) -> str:
    """Return the text of a file, every line end a single line feed.

    Raises:
        UndecodableText: the bytes are neither UTF-8 nor UTF-16 with a byte order mark.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not {encoding.removesuffix('-sig').upper()} text."
        raise UndecodableText(name, reason, "Save the file as UTF-8 text.") from error
    if "\0" in text:
        reason = "the file contains NUL bytes, so it is not text."
        raise UndecodableText(name, reason, "Give text, not a binary file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _require_words(text: str, name: str) -> None:
    """Refuse a text without words, and one that lost more characters than repair can restore."""
    words = sum(any(character.isalpha() for character in word) for word in text.split())
    if not words:
        raise FileEmpty(name, "the file contains no words.", "Give a file with the paper's text.")
    lost = text.count(LOST)
    if lost > max(20, words / 20):
        reason = f"{lost} characters among {words} words were lost when the file was made."
        raise GarbledText(name, reason, "Save it again from the source, as UTF-8, or give the PDF.")


def _without_marks(text: MappedText) -> MappedText:
    """Return Markdown without link targets, emphasis marks, plain tags and comments.

    Heading marks stay, since they carry structure. A lone asterisk stays too: it
    may be a footnote mark.
    """
    for pattern in (_COMMENT, _TAG_OR_QUOTE):
        text = text.edit((m.start(), m.end(), "") for m in pattern.finditer(text.text))
    for pattern in (_LINK, _STRONG, _EMPHASIS, _ESCAPE):
        edits: list[tuple[int, int, str]] = []
        for match in pattern.finditer(text.text):
            edits += (match.start(), match.start("text"), ""), (match.end("text"), match.end(), "")
        text = text.edit(edits)
    return text


def _drafts(chunk: Chunk, vocabulary: Vocabulary, notes: list[str]) -> Iterator[Draft]:
    """Yield the drafts of a chunk: a heading that opens a paragraph is one of its own."""
    if chunk.kind is BlockKind.TABLE:
        yield table_of_lines(chunk.lines)
        return
    text, glued = split_glued(join_lines(chunk.lines, vocabulary), vocabulary)
    notes += glued
    yield from headings.with_run_in_heading(Draft(chunk.kind, text, level=chunk.level))
