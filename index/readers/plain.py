"""Reads text and Markdown: lines -> blocks, with what interrupts a sentence lifted out of it.

Works on text as people save it and as PDF extractors leave it: hard-wrapped
lines or one paragraph a line, headings bare, numbered or run in, tables in
tabs or pipes, captions in the middle of a column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from index import headings
from index.clean import Vocabulary, join_lines, mend_ligatures, normalise, split_glued
from index.errors import FileEmpty, UndecodableText
from index.markdown import looks_like_markdown, strip_markup
from index.metadata import state_fields
from index.structure import Draft, Source, assemble
from index.text import BlockKind, Document, MappedText, Span, line_starts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TERMINAL = re.compile(r"[.!?:;][\])\"'\u201d\u2019]*(?:\s*\[[\d,\s\u2013-]+\])?$")
_NUMBERED_ITEM = re.compile(r"\s*(?:\[\d{1,3}\]|\d{1,3}[.)])\s+\S")
_MARKED_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Lines that belong together, and what they are."""

    kind: BlockKind
    lines: tuple[MappedText, ...]
    level: int = 0


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
    warnings = list(notes)
    drafts = []
    for chunk in _join_broken(_classify(_groups(text))):
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


def _groups(text: MappedText) -> Iterator[list[MappedText]]:
    """Yield the lines between empty lines, each with its indentation."""
    group: list[MappedText] = []
    at = 0
    for line in text.text.split("\n"):
        mapped = text[at : at + len(line)]
        at += len(line) + 1
        if line.strip():
            group.append(mapped)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _classify(groups: Iterator[list[MappedText]]) -> Iterator[_Chunk]:
    """Yield chunks in the file's order; front matter ends at the first heading."""
    listed = list(groups)
    wrapped = _hard_wrapped(listed)
    first_heading = next((i for i, g in enumerate(listed) if _opens_body(g)), 0)
    in_references = in_back = False
    for number, group in enumerate(listed):
        if number < first_heading:
            yield _front_chunk(group, first=number == 0)
            continue
        following = listed[number + 1] if number + 1 < len(listed) else []
        for part in _split_group(group, wrapped=wrapped and not in_references):
            chunk = _body_chunk(part, following, in_references=in_references)
            if chunk.kind is BlockKind.HEADING:
                in_references = headings.references_heading(chunk.lines[0].text)
                in_back = headings.back_heading(chunk.lines[0].text) or (in_back and chunk.level > 1)
            elif in_back and chunk.kind is BlockKind.PARAGRAPH:
                chunk = replace(chunk, kind=BlockKind.NOTE)
            yield from _references(chunk) if chunk.kind is BlockKind.REFERENCE else (chunk,)


def _hard_wrapped(groups: Sequence[Sequence[MappedText]]) -> bool:
    """Tell whether paragraphs are broken into lines: most lines of long groups lack a full stop."""
    lines = [line.text for group in groups if len(group) >= 3 for line in group[:-1]]
    return bool(lines) and median(len(line) for line in lines) < 160


def _opens_body(group: Sequence[MappedText]) -> bool:
    first = group[0].text
    if _MARKED_HEADING.match(first) and headings.known_heading(_MARKED_HEADING.sub(r"\2", first)):
        return True
    return len(group) == 1 and headings.known_heading(first)


def _front_chunk(group: Sequence[MappedText], *, first: bool) -> _Chunk:
    """Classify a group before the first heading: title, running text, or front matter."""
    text = " ".join(line.text for line in group)
    words = len(text.split())
    if words >= 40 and not headings.licence_text(text) and not headings.front_matter(text):
        return _Chunk(BlockKind.PARAGRAPH, tuple(group))
    marked = _MARKED_HEADING.match(group[0].text)
    titled = first and 3 <= words <= 40 and not headings.front_matter(text)
    if titled or (marked and len(marked.group(1)) == 1 and first):
        return _Chunk(BlockKind.TITLE, (_unmark(group[0]), *group[1:]))
    return _Chunk(BlockKind.FRONT, tuple(group))


def _unmark(line: MappedText) -> MappedText:
    found = _MARKED_HEADING.match(line.text)
    return line[found.start(2) : found.end(2)] if found else line


def _split_group(group: Sequence[MappedText], *, wrapped: bool) -> Iterator[list[MappedText]]:
    """Split a group where a caption begins or ends, and around tables."""
    part: list[MappedText] = []
    for line in group:
        if headings.panel_labels(line.text):
            continue
        if part and _parts_here(part, line, wrapped=wrapped):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _parts_here(part: Sequence[MappedText], line: MappedText, *, wrapped: bool) -> bool:
    before = part[-1].text
    if headings.caption(line.text) or _tabular(before) != _tabular(line.text):
        return True
    if _tabular(line.text):
        return False
    if not wrapped or headings.known_heading(before) or _MARKED_HEADING.match(line.text):
        return True
    if not headings.caption(part[0].text):
        return headings.known_heading(line.text) and _TERMINAL.search(before) is not None
    resumed = line.text[:1].isspace() or line.text.lstrip()[:1].islower()
    return resumed and _TERMINAL.search(before.rstrip()) is not None


def _tabular(line: str) -> bool:
    return "\t" in line.strip() or (line.strip().startswith("|") and line.strip().endswith("|"))


def _body_chunk(part: list[MappedText], following: Sequence[MappedText], *, in_references: bool) -> _Chunk:
    first = part[0].text
    marked = _MARKED_HEADING.match(first)
    if marked and len(part) == 1:
        return _Chunk(BlockKind.HEADING, (_unmark(part[0]),), _marked_level(marked))
    if len(part) == 1 and headings.known_heading(first):
        return _Chunk(BlockKind.HEADING, tuple(part), 1)
    if in_references:
        return _Chunk(BlockKind.REFERENCE, tuple(part))
    if _tabular(first) and len(part) >= 2:
        return _Chunk(BlockKind.TABLE, tuple(part))
    if headings.caption(first):
        return _Chunk(BlockKind.CAPTION, tuple(part))
    if headings.front_matter(first) or headings.licence_text(first[:200]):
        return _Chunk(BlockKind.FRONT, tuple(part))
    if len(part) == 1 and (level := headings.numbered_heading(first)):
        return _Chunk(BlockKind.HEADING, tuple(part), level)
    if len(part) == 1 and _bare_heading(first, following):
        return _Chunk(BlockKind.HEADING, tuple(part), 2)
    return _Chunk(BlockKind.PARAGRAPH, tuple(part))


def _marked_level(marked: re.Match[str]) -> int:
    return max(len(marked.group(1)) - 1, 1)


def _bare_heading(line: str, following: Sequence[MappedText]) -> bool:
    """Tell whether a short line without full stop stands above running text."""
    text = line.strip()
    above_text = len(following) > 0 and len(" ".join(part.text for part in following).split()) >= 12
    starts_well = text[:1].isupper() and not line[:1].isspace()
    return starts_well and above_text and len(text.split()) <= 8 and text[-1].isalnum()


def _references(chunk: _Chunk) -> Iterator[_Chunk]:
    """Yield one chunk an entry, entries known by their numbers."""
    entry: list[MappedText] = []
    for line in chunk.lines:
        if entry and _NUMBERED_ITEM.match(line.text):
            yield replace(chunk, lines=tuple(entry))
            entry = []
        entry.append(line)
    yield replace(chunk, lines=tuple(entry))


def _join_broken(chunks: Iterator[_Chunk]) -> list[_Chunk]:
    """Join a paragraph cut off in mid-sentence with its rest, across what was lifted out between."""
    done: list[_Chunk] = []
    open_at: int | None = None
    cited = False
    for chunk in chunks:
        lifted = chunk.kind in {BlockKind.CAPTION, BlockKind.TABLE, BlockKind.FRONT}
        if chunk.kind is BlockKind.PARAGRAPH and open_at is not None and _goes_on(done[open_at], chunk):
            done[open_at] = replace(done[open_at], lines=done[open_at].lines + chunk.lines)
        elif cited and chunk.kind is BlockKind.PARAGRAPH:
            chunk = replace(chunk, kind=BlockKind.FRONT)
            done.append(chunk)
            cited = False
            continue
        else:
            done.append(chunk)
        cited = (
            chunk.kind is BlockKind.FRONT and len(_text(chunk).split()) <= 6 and "cit" in _text(chunk).lower()
        )
        if chunk.kind is BlockKind.PARAGRAPH:
            open_at = open_at if done[-1] is not chunk and open_at is not None else len(done) - 1
            if _TERMINAL.search(_text(done[open_at])):
                open_at = None
        elif not lifted:
            open_at = None
    return done


def _goes_on(before: _Chunk, after: _Chunk) -> bool:
    start, end = _text(after)[:1], _text(before)
    return start.islower() or (end[-1:] in "-\u2010" and start.isalnum())


def _text(chunk: _Chunk) -> str:
    return " ".join(line.text.strip() for line in chunk.lines)


def _draft(chunk: _Chunk, vocabulary: Vocabulary) -> tuple[Draft, tuple[str, ...]]:
    if chunk.kind is BlockKind.TABLE:
        return table_draft([_cells(line) for line in chunk.lines if not _rule(line.text)]), ()
    joined, notes = split_glued(join_lines(chunk.lines, vocabulary), vocabulary)
    return Draft(chunk.kind, joined, level=chunk.level), notes


def _rule(line: str) -> bool:
    return re.fullmatch(r"[\s|:+-]+", line) is not None


def _cells(line: MappedText) -> list[MappedText]:
    bar = "\t" if "\t" in line.text.strip() else "|"
    inner = line.strip()
    if bar == "|":
        inner = inner[1 : len(inner) - 1]
    cells: list[MappedText] = []
    at = 0
    for cell in inner.text.split(bar):
        cells.append(inner[at : at + len(cell)].strip())
        at += len(cell) + 1
    return cells


def table_draft(rows: Sequence[Sequence[MappedText]]) -> Draft:
    """Return the table with these cells; the first row is the header where it holds no digit.

    Rows are joined by line feeds and cells by tabs, both with the origin of the
    character before.
    """
    text = MappedText("", ())
    spans: list[tuple[Span, ...]] = []
    for row in rows:
        row_spans: list[Span] = []
        for number, cell in enumerate(row):
            if text.text:
                text += MappedText("\t" if number else "\n", text.origins[-1:])
            row_spans.append(Span(len(text), len(text) + len(cell)))
            text += cell
        spans.append(tuple(row_spans))
    header = int(len(rows) > 1 and not any(c.isdigit() for cell in rows[0] for c in cell.text))
    return Draft(BlockKind.TABLE, text, rows=tuple(spans), header_rows=header)


def _run_in(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Yield the drafts, headings that open a paragraph set apart from it."""
    for draft in drafts:
        length, level = (0, 0)
        if draft.kind is BlockKind.PARAGRAPH:
            length, level = headings.run_in_heading(draft.text.text)
        if length:
            yield Draft(BlockKind.HEADING, draft.text[:length].strip(), level=level)
        yield replace(draft, text=draft.text[length:].strip()) if length else draft
