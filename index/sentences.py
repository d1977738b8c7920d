"""Finds the sentences of a document: what can be quoted.

nupunkt (Punkt: Kiss and Strunk 2006, with a general list of abbreviations) proposes
borders; the rules here take back those that biomedical writing misleads it to.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from index.text import CONTENT_KINDS, BlockKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index.text import Block, Document

#: Ends after which a sentence goes on, whatever follows.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:i\.e|e\.g|cf|viz|et al|vs|ca|approx|resp|incl|spp?|subsp|var|[Ff]igs?|[Tt]abs?|[Rr]efs?"
    r"|[Ee]qs?|Suppl|[Nn]os?|[Vv]ol|pp?|[Dd]r|Drs|Prof|Mrs?|Ms|St|Inc|Ltd|Co|Corp|[A-Z]|i\.[vmpdn]|s\.c|p\.o"
    r"|b\.i\.d|t\.i\.d|q\.i\.d|q\.d|a\.m|p\.m|St\. ?Dev|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$"
)
#: Abbreviations that may well end a sentence; then only a lower-case or digit start goes on.
_MAY_END = re.compile(
    r"(?:et al|a\.m|p\.m|i\.[vmpdn]|s\.c|p\.o|b\.i\.d|t\.i\.d|q\.i\.d|q\.d|spp|Inc|Ltd|Co|Corp)\.$"
)
_CITATION = re.compile(r"\s*(?:\[[\d,;\s\u2013-]+\]|\(\d+(?:[,\u2013-]\s?\d+)*\))\s*")
_CLOSERS = re.compile(r"[)\]\"'\u201d\u2019]+\s*")


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
    """Return the sentences of a paragraph, without the white space between them."""
    borders = [end for _, end in _splitter().span_tokenize(text)]
    spans: list[Span] = []
    start = 0
    for end in borders:
        end = _past_citation(text, end)
        if end <= start or (end < len(text) and not _border(text[start:end].rstrip(), text[end:].lstrip())):
            continue
        if text[start:end].strip():
            spans.append(_trimmed(text, start, end))
        start = end
    if text[start:].strip():
        spans.append(_trimmed(text, start, len(text)))
    return spans


def _past_citation(text: str, end: int) -> int:
    """Move a border behind a citation or closing bracket that belongs to the sentence before."""
    for pattern in (_CLOSERS, _CITATION):
        found = pattern.match(text, end)
        if found and found.end() < len(text):
            end = found.end()
    return end


def _border(before: str, after: str) -> bool:
    if before.count("(") > before.count(")") and ")" in after[:200] and len(before) < 400:
        opened = before.rfind("(")
        if not re.search(r"[.!?]\s", before[opened:]):
            return False
    if after[:1].islower() and not re.match(r"[a-z]?[A-Z]|p\d|m?RNA", after):
        return False
    if not _ABBREVIATION.search(before):
        return True
    return bool(_MAY_END.search(before)) and after[:1].isupper()


def _trimmed(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return Span(start + len(part) - len(part.lstrip()), start + len(part.rstrip()))
