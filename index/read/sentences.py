"""Finds the sentences of a document: what can be quoted.

nupunkt (Punkt: Kiss and Strunk 2006, with a general list of abbreviations) proposes
borders; the rules of ``index.read.borders`` decide.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from index.read.borders import is_border, past_citation
from index.text import CONTENT_KINDS, BlockKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index.text import Block, Document

#: Where a sentence may end: full stops and the closing marks behind them.
_STOP = re.compile(r"[.?!\u2026]+[)\]\"'\u201d\u2019]*(?=\s|[\[(]?\d)")


_LONG_STRETCH = re.compile(r"\S{200,}")
#: Characters given to nupunkt at once.
_WINDOW = 20_000


@lru_cache(maxsize=1)
def _splitter() -> Any:  # noqa: ANN401 - nupunkt's tokenizer has no public type
    from nupunkt import load_default_model

    return load_default_model()


def sentence_spans(document: Document) -> Iterator[tuple[Block, Span]]:
    """Yield each quotable sentence of the content, with its block, in reading order.

    A table yields its body rows. Titles, headings, front matter and references
    yield nothing: they do not answer questions about content.
    """
    rows = {table.span: table.rows for table in document.tables}
    for block in document.blocks:
        if block.kind not in CONTENT_KINDS:
            continue
        if block.kind is BlockKind.TABLE and block.span in rows:
            for row in rows[block.span]:
                yield block, row.span
        else:
            start = block.span.start
            for span in split_sentences(block.span.of(document.text)):
                yield block, Span(start + span.start, start + span.end)


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of a paragraph, without the white space between them.

    The spans are in order, do not overlap and leave out white space only.
    """
    proposed = _proposed(text)
    spans: list[Span] = []
    start = 0
    for stop in _candidates(text, proposed):
        end = past_citation(text, stop)
        if stop > start and is_border(text, start, stop, end, proposed=_near(proposed, stop)):
            spans += _trimmed(text, start, end)
            start = end
    spans += _trimmed(text, start, len(text))
    return spans


def _proposed(text: str) -> list[int]:
    """Return the ends of nupunkt's sentences.

    Given in windows, and without the inside of long stretches that have no white
    space: there it would take time in the square of their length.
    """
    masked = _LONG_STRETCH.sub(lambda found: "x" * len(found.group()), text)
    ends: list[int] = []
    start = 0
    while start < len(masked):
        whole = start + _WINDOW >= len(masked)
        end = len(masked) if whole else max(masked.rfind(" ", start, start + _WINDOW), start) + 1
        spans = list(_splitter().span_tokenize(masked[start:end]))
        ends += [start + stop for _, stop in (spans if whole else spans[:-1])]
        # the last sentence of a window may be cut: the next window begins with it
        start = end if whole or len(spans) < 2 else start + spans[-1][0]
    return ends


def _candidates(text: str, proposed: Sequence[int]) -> list[int]:
    """Return, in order, the ends of all full stops, and of what else was proposed."""
    stops = {match.end() for match in _STOP.finditer(text)}
    return sorted(stops.union(end for end in proposed if not _near_any(stops, end)))


def _near_any(stops: set[int], end: int) -> bool:
    return any(end - shift in stops for shift in (-2, -1, 0, 1, 2))


def _near(proposed: Sequence[int], stop: int) -> bool:
    """Tell whether a border was proposed at ``stop`` or within the marks and spaces around it."""
    at = bisect_left(proposed, stop - 2)
    return at < len(proposed) and proposed[at] <= stop + 2


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    part = text[start:end]
    if part.strip():
        yield Span(start + len(part) - len(part.lstrip()), start + len(part.rstrip()))
