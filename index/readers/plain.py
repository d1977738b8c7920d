"""Reads text and Markdown: lines -> blocks, with what interrupts a sentence lifted out of it.

Works on text as people save it and as PDF extractors leave it: hard-wrapped
lines or one paragraph a line, headings bare, numbered or run in, tables in
tabs or pipes, captions in the middle of a column.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from index import headings
from index.clean import Vocabulary, join_lines, mend_ligatures, normalise, split_glued
from index.errors import FileEmpty, UndecodableText
from index.markdown import looks_like_markdown, strip_markup
from index.metadata import state_fields
from index.readers.chunks import Chunk, classify, join_broken
from index.readers.lines import groups_of, layout_of, without_running_heads
from index.readers.text_tables import table_draft, table_of_lines
from index.structure import Draft, Source, assemble
from index.text import BlockKind, Document, MappedText, line_starts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["decode", "read_plain", "table_draft"]


def read_plain(data: bytes, name: str) -> Document:
    """Return the document in ``data``, a text or Markdown file called ``name``.

    Raises:
        FileEmpty: there is nothing but white space.
        UndecodableText: the bytes are neither UTF-8 nor UTF-16 with its mark.
    """
    raw = decode(data, name)
    if not raw.strip():
        raise FileEmpty(name, "the file holds no text.", "Give a file with the paper's text.")
    text, notes = mend_ligatures(normalise(MappedText.raw(raw)), Vocabulary(raw))
    marked = looks_like_markdown(text.text, name)
    if marked:
        text = strip_markup(text)
    vocabulary = Vocabulary(text.text)
    groups, left_out = without_running_heads(groups_of(text))
    warnings = [*notes, *left_out]
    drafts = []
    layout = layout_of(groups)
    for chunk in join_broken(classify(groups, layout), layout):
        draft, glued = _draft(chunk, vocabulary)
        drafts.append(draft)
        warnings += glued
    source = Source(data, name, "markdown" if marked else "text", lines=line_starts(raw))
    return assemble(source, state_fields(_run_in(drafts)), warnings)


def decode(data: bytes, name: str) -> str:
    """Return the text of a file, every line end a single line feed.

    Raises:
        UndecodableText: the bytes are neither UTF-8 nor UTF-16 with its mark.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UndecodableText(
            name,
            f"byte {error.start} is not {encoding.removesuffix('-sig').upper()} text.",
            "Save the file as UTF-8 text.",
        ) from error
    if "\0" in text:
        raise UndecodableText(
            name, "the file holds zero bytes: it is not text.", "Give text, not a binary file."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _draft(chunk: Chunk, vocabulary: Vocabulary) -> tuple[Draft, tuple[str, ...]]:
    if chunk.kind is BlockKind.TABLE:
        return table_of_lines(chunk.lines), ()
    joined, notes = split_glued(join_lines(chunk.lines, vocabulary), vocabulary)
    return Draft(chunk.kind, joined, level=chunk.level), notes


def _run_in(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Yield the drafts, headings that open a paragraph set apart from it."""
    for draft in drafts:
        length, level = (0, 0)
        if draft.kind is BlockKind.PARAGRAPH:
            length, level = headings.run_in_heading(draft.text.text)
        if length:
            yield Draft(BlockKind.HEADING, draft.text[:length].strip(), level=level)
        yield replace(draft, text=draft.text[length:].strip()) if length else draft
