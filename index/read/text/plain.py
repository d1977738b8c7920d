"""Reads text and Markdown: lines -> blocks, with what interrupts a sentence lifted out of it.

Works on text as people save it and as PDF extractors leave it: hard-wrapped
lines or one paragraph a line, headings bare, numbered or run in, tables in
tabs or pipes, captions in the middle of a column.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from index.errors import FileEmpty, GarbledText, UndecodableText
from index.read import headings
from index.read.clean import LOST, Vocabulary, join_lines, mend_ligatures, normalise, split_glued
from index.read.metadata import state_fields
from index.read.structure import Draft, Source, assemble
from index.read.text.cell_lines import cell_table, gather_cells, rows_of_cells
from index.read.text.chunks import Chunk, classify, join_broken
from index.read.text.lines import groups_of, layout_of, without_running_heads
from index.read.text.markdown import looks_like_markdown, strip_markup
from index.read.text.tables import table_draft, table_of_lines
from index.text import BlockKind, Document, MappedText, line_starts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["decode", "read_plain", "table_draft"]

#: Notes on repairs that a document carries at most.
_NOTES = 20


def read_plain(data: bytes, name: str) -> Document:
    """Return the document in ``data``, a text or Markdown file called ``name``.

    Raises:
        FileEmpty: there are no words in it.
        GarbledText: too many characters were lost before the file was saved.
        UndecodableText: the bytes are neither UTF-8 nor UTF-16 with its mark.
    """
    raw = decode(data, name)
    text, broken = mend_ligatures(normalise(MappedText.raw(raw)), Vocabulary(raw))
    _check(text.text, name)
    marked = looks_like_markdown(text.text, name)
    if marked:
        text = strip_markup(text)
    vocabulary = Vocabulary(text.text)
    groups = groups_of(text)
    layout = layout_of(groups)
    groups, left_out = without_running_heads(groups, layout)
    groups = gather_cells(groups)
    drafted = [_draft(chunk, vocabulary) for chunk in join_broken(classify(groups, layout), layout)]
    notes = [*broken, *left_out, *(note for _, glued in drafted for note in glued)]
    source = Source(data, name, "markdown" if marked else "text", lines=line_starts(raw))
    return assemble(source, state_fields(_run_in([draft for draft, _ in drafted])), _shortened(notes))


def _check(text: str, name: str) -> None:
    """Refuse a text without words, and one that lost more characters than repair can bear."""
    words = sum(1 for word in text.split() if any(character.isalpha() for character in word))
    if not words:
        raise FileEmpty(name, "the file holds no words.", "Give a file with the paper's text.")
    lost = text.count(LOST)
    if lost > max(20, words / 20):
        raise GarbledText(
            name,
            f"{lost} characters among {words} words were lost when the file was made.",
            "Save it again from the source, as UTF-8, or give the PDF.",
        )


def _shortened(notes: Iterable[str]) -> list[str]:
    """Return different notes once each, and of many the first with the number of the others."""
    different = list(dict.fromkeys(notes))
    if len(different) <= _NOTES:
        return different
    return [*different[:_NOTES], f"{len(different) - _NOTES} more repairs of the same kinds"]


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
        cells = cell_table(chunk.lines)
        return rows_of_cells(chunk.lines) if cells else table_of_lines(chunk.lines), ()
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
