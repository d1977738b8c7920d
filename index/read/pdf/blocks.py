"""Decides what each block of a PDF is and makes the drafts of its paper."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from index.read import headings
from index.read.clean import Vocabulary
from index.read.metadata import state_fields
from index.read.pdf.charts import axes
from index.read.pdf.front import (
    cover,
    front_blocks,
    front_drafts,
    mend,
    running_drafts,
    with_file_fields,
)
from index.read.pdf.layout import Line, Segment
from index.read.pdf.paragraphs import FIGURE, TERMINAL, Block, Body, blocks_of, body_of, prose
from index.read.pdf.tables import table_of
from index.read.structure import Draft, table_label
from index.text import CONTENT_KINDS, BlockKind, Span

#: Words inside figures from which their loss is reported.
_MANY_LABELS = 30
_NUMBERED = re.compile(r"\s*(?:\[(\d{1,3})\]|\(?(\d{1,3})[.)]|(\d{1,3})\s+(?=[A-Z]))\s*\S?")
_LEGAL = re.compile(r"doi|10\.\d{4}/|\u00a9|licen[cs]e", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Blocks that belong together, and what they are."""

    kind: BlockKind
    lines: tuple[Line, ...]
    level: int = 0


def drafts_of(
    pages: Sequence[Sequence[Line]], removed: Sequence[Sequence[Segment]], head: dict[str, Any]
) -> tuple[list[Draft], tuple[str, ...]]:
    """Return the drafts of a paper and notes on what could not be repaired.

    Args:
        pages: for each page its lines in reading order.
        removed: for each page the running heads and feet taken out of it.
        head: the file's own metadata, used where the text states none.
    """
    body = body_of([line for page in pages for line in page])
    blocks = blocks_of(pages, body)
    stated = str((head.get("info") or {}).get("Title", ""))
    skipped = cover(blocks, body, stated)
    before, blocks = blocks[:skipped], blocks[skipped:]
    title, end = front_blocks(blocks, body, stated)
    vocabulary = Vocabulary("\n".join(line.text.text for page in pages for line in page))
    notes: list[str] = []
    drafts = [_plain(BlockKind.FRONT, block, vocabulary) for block in before]
    drafts += front_drafts(blocks[:end], title, vocabulary)
    drafts += running_drafts(removed)
    label = ""
    left_out: Counter[int] = Counter()
    captioned = False  #: whether the chunk before is the caption of a table
    for chunk in _join_broken(_with_references(list(_classify(blocks[end:], body, left_out)))):
        if chunk.kind is BlockKind.CAPTION:
            label = table_label(chunk.lines[0].text.text)
        if chunk.kind is BlockKind.TABLE and not captioned and axes(chunk.lines):
            notes.append(f"page {chunk.lines[0].page}: the numbers along the axes of a chart were left out")
        else:
            drafts += _drafts(chunk, vocabulary, notes, label)
        captioned = chunk.kind is BlockKind.CAPTION and bool(label)
    if left_out.total() >= _MANY_LABELS:
        pages_of = ", ".join(map(str, sorted(left_out)))
        notes.append(f"{left_out.total()} words inside figures were left out (pages: {pages_of})")
    if not any(draft.kind in CONTENT_KINDS for draft in drafts):
        # Without running text, nothing tells labels from statements: everything is kept.
        chunks = [Chunk(BlockKind.PARAGRAPH, block.lines) for block in blocks]
        drafts = [draft for chunk in chunks for draft in _drafts(chunk, vocabulary, notes)]
    first = blocks[0].lines[0].page if blocks else 0
    own = [origin for page in pages for line in page if line.page == first for origin in line.text.origins]
    drafts = state_fields(drafts, Span(min(own, default=0), max(own, default=0) + 1))
    return with_file_fields(drafts, head), tuple(notes)


def _plain(kind: BlockKind, block: Block, vocabulary: Vocabulary) -> Draft:
    return Draft(kind, mend((line.text for line in block.lines), vocabulary, []))


def _classify(blocks: Sequence[Block], body: Body, left_out: Counter[int]) -> Iterator[Chunk]:
    """Yield chunks in reading order; count in ``left_out`` the words on each page that are in none."""
    in_references: Block | None = None  #: the heading of the list under way
    in_back = False  #: whether a part after the paper proper is under way
    after_caption = ""  #: label of the table whose caption came last
    for number, block in enumerate(blocks):
        text = block.text
        before = blocks[number - 1] if number else None
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        if _caption_like(block, body):
            after_caption = table_label(text)
            yield Chunk(BlockKind.CAPTION, block.lines)
            continue
        between = _between_rows(before, block, following)
        level = 0 if between else _heading_level(block, before, following, body)
        if level and in_references is not None and not _ends_references(block, in_references):
            level = 0
        in_table = after_caption and not block.like(body) and not prose(text)
        if level:
            in_references = block if headings.references_heading(text) else None
            in_back = headings.back_heading(text)
            after_caption = ""
            yield Chunk(BlockKind.HEADING, block.lines, level)
        elif in_references is not None:
            licence = headings.licence_text(text) and len(text.split()) > 12
            yield Chunk(BlockKind.FRONT if licence else BlockKind.REFERENCE, block.lines)
        elif block.tabular or between or in_table:
            yield Chunk(BlockKind.TABLE, block.lines)
        elif block.like(body) or prose(text) or headings.abstract_label(text):
            after_caption = ""
            kind = _text_kind(block, following, body)
            yield Chunk(BlockKind.NOTE if in_back and kind is BlockKind.PARAGRAPH else kind, block.lines)
        elif block.lines[0].page == 1 or _LEGAL.search(text):
            yield Chunk(BlockKind.FRONT, block.lines)
        else:  # labels inside figures and ornaments: no statement of the paper
            left_out[block.lines[0].page] += sum(len(word) > 1 and word.isalpha() for word in text.split())


def _with_references(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Make a list of references of those that end a paper or a part of it under no usual heading."""
    listed = headings.unheaded_references([(chunk.kind, chunk.lines[0].text.text) for chunk in chunks])
    return [replace(c, kind=BlockKind.REFERENCE) if at in listed else c for at, c in enumerate(chunks)]


def _between_rows(before: Block | None, block: Block, following: Block | None) -> bool:
    """Return whether a short line is between two rows of one table, as a heading inside it does."""
    if before is None or following is None or not (before.tabular and following.tabular):
        return False
    pages = {before.lines[-1].page, block.lines[0].page, following.lines[0].page}
    near = before.lines[-1].y - following.lines[0].y < 6 * block.size
    return len(pages) == 1 and len(block.lines) == 1 and near


def _ends_references(block: Block, heading: Block) -> bool:
    """Return whether a heading inside a reference list ends it: a usual one, or one set as the list's own."""
    alike = abs(block.size - heading.size) < 0.02 * heading.size
    alike = alike and block.lines[0].font == heading.lines[0].font
    return alike or headings.known_heading(block.text)


def _text_kind(block: Block, following: Block | None, body: Body) -> BlockKind:
    small = block.size < body.size * 0.93
    last = block.lines[-1]
    at_foot = following is None or last.place != following.lines[0].place
    if small and (block.lines[0].page == 1 or headings.licence_text(block.text[:300])) and at_foot:
        return BlockKind.FRONT
    if headings.front_matter(block.text) and len(block.text.split()) < 40:
        return BlockKind.FRONT
    return BlockKind.NOTE if small and (at_foot or not block.long) else BlockKind.PARAGRAPH


def _caption_like(block: Block, body: Body) -> bool:
    """Return whether a block is a caption, and not a sentence that begins with "Figure 1"."""
    if not FIGURE.match(block.text):
        return False
    if block.size < 0.96 * body.size or (block.lines[0].starts_bold and not body.bold):
        return True
    if not headings.caption(block.text):
        return False
    return not block.like(body) or re.match(r"\s*\S+\s*\S+\s*[.:|]", block.text) is not None


def _alone(block: Block, before: Block | None, following: Block | None) -> bool:
    """Return whether a short line has empty space above and below, as a heading in plain type has."""
    line = block.lines[0]
    if following is None or len(block.lines) > 1 or line.x1 > line.right - 0.25 * (line.right - line.left):
        return False
    if not 2 <= len(block.text.split()) <= 10 or not block.text[:1].isupper():
        return False
    if re.search(r"[\d=.,;:]\s*$|[=<>%]", block.text):
        return False
    same = following.lines[0].place == line.place
    below = line.y - following.lines[0].y
    above = before.lines[-1].y - line.y if before and before.lines[-1].region == line.region else 99.0
    return same and 1.5 * line.size < below < 4 * line.size and (above > 1.5 * line.size or above < 0)


def _heading_level(block: Block, before: Block | None, following: Block | None, body: Body) -> int:
    text = block.text.strip()
    if len(block.lines) > 3 or len(text) > 160 or not any(c.isalpha() for c in text) or block.tabular:
        return 0
    alone = following is not None and prose(following.text) and _alone(block, before, following)
    distinct = block.distinct(body) or alone
    if headings.front_matter(text) and not headings.known_heading(text):
        return 0
    numbered = headings.numbered_heading(text.rstrip("."))
    if headings.known_heading(text) and (distinct or text[:1].isupper() or text[:1].isdigit()):
        return numbered or 1
    if numbered and (distinct or (numbered > 1 and text[-1].isalnum())):
        return numbered
    if not distinct or following is None or len(text.split()) > 16 or text[-1] in ",;":
        return 0
    if not text[:1].isupper() or not re.search(r"[a-zA-Z]{3}", text) or block.size < body.size * 0.93:
        return 0
    return 2 if block.size < body.size * 1.15 else 1


def _join_broken(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Join a paragraph cut off in mid-sentence with its rest, across what is between."""
    done: list[Chunk] = []
    open_at: dict[BlockKind, int] = {}
    for chunk in chunks:
        at = open_at.get(chunk.kind)
        if at is not None and _goes_on(done[at], chunk):
            done[at] = replace(done[at], lines=done[at].lines + chunk.lines)
        else:
            done.append(chunk)
            at = len(done) - 1
        if chunk.kind is BlockKind.PARAGRAPH:
            open_at = {} if TERMINAL.search(done[at].lines[-1].text.text) else {BlockKind.PARAGRAPH: at}
        elif chunk.kind in (BlockKind.REFERENCE, BlockKind.TABLE, BlockKind.NOTE):
            open_at[chunk.kind] = at
        if chunk.kind is not BlockKind.TABLE:
            open_at.pop(BlockKind.TABLE, None)
        if chunk.kind is BlockKind.HEADING:
            open_at = {}
    return done


def _goes_on(before: Chunk, after: Chunk) -> bool:
    if before.kind is BlockKind.REFERENCE:
        return True
    if before.kind is BlockKind.TABLE:
        return before.lines[-1].page == after.lines[0].page
    last, first = before.lines[-1], after.lines[0]
    if before.kind is BlockKind.NOTE and (TERMINAL.search(last.text.text) or last.size != first.size):
        return False
    end, start = last.text.text[-1:], first.text.text[:1]
    if start.islower() or (end in "-\u2010\u2013" and start.isalnum()):
        return True
    full = last.x1 > last.right - 3 * last.size
    indented = first.x0 > first.left + 0.7 * first.size
    return full and not indented and abs(last.size - first.size) < 0.06 * last.size


def _drafts(chunk: Chunk, vocabulary: Vocabulary, notes: list[str], label: str = "") -> Iterator[Draft]:
    """Yield the drafts of a chunk; ``label`` is that of the caption before it."""
    if chunk.kind is BlockKind.TABLE:
        draft, unclear = table_of(chunk.lines, captioned=bool(label))
        if unclear:
            notes.append(f"page {chunk.lines[0].page}, {label or 'a table'}: {unclear}")
        yield draft
    elif chunk.kind is BlockKind.REFERENCE:
        for entry in _entries(chunk.lines):
            yield Draft(chunk.kind, mend((line.text for line in entry), vocabulary, []))
    else:
        text = mend((line.text for line in chunk.lines), vocabulary, notes)
        yield from headings.with_run_in_heading(Draft(chunk.kind, text, level=chunk.level))


def _entries(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Yield the lines of each entry: entries begin with rising numbers, or with authors."""
    starts = _starts_by_number(lines)
    if len(starts) <= max(1, len(lines) // 12):
        starts = [
            i
            for i, (before, line) in enumerate(pairwise(lines), start=1)
            if headings.author_entry(line.text.text) and headings.ends_entry(before.text.text)
        ]
    for a, b in pairwise(sorted({0, *starts, len(lines)})):
        yield lines[a:b]


def _starts_by_number(lines: Sequence[Line]) -> list[int]:
    starts: list[int] = []
    expected: int | None = None
    for i, line in enumerate(lines):
        match = _NUMBERED.match(line.text.text)
        number = int(match[1] or match[2] or match[3]) if match else None
        if number is not None and (expected is None or expected <= number <= expected + 2):
            starts.append(i)
            expected = number + 1
    return starts
