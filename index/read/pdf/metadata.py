"""What a PDF says about its paper: on its first page, in its running heads, in its own metadata."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from index.read.clean import Vocabulary, join_lines, mend_ligatures, normalise
from index.read.pdf.front import any_years, byline, citation_fields, masked
from index.read.pdf.layout import Segment, segment_text
from index.read.pdf.paragraphs import Block
from index.read.structure import Draft
from index.text import BlockKind, Field, MappedText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def mend(lines: Iterable[MappedText], vocabulary: Vocabulary, notes: list[str]) -> MappedText:
    """Return lines as one text, repaired; what could not be is added to ``notes``."""
    plain = [normalise(line).strip() for line in lines]
    joined = join_lines(plain, vocabulary)
    mended, lost = mend_ligatures(joined, vocabulary)
    notes += lost
    return mended


def front_drafts(blocks: Sequence[Block], title: set[int], vocabulary: Vocabulary) -> Iterator[Draft]:
    """Yield title, authors and the other statements before the abstract."""
    if title:
        lines = [line.text for i in sorted(title) for line in blocks[i].lines]
        text = mend(lines, vocabulary, [])
        badge = re.match(r"OPEN(?: ACCESS)?\s+(?=[A-Z][a-z])", text.text)
        version = re.search(r"\s*\[v(?:ersion )?\d+;[^\]]*\]?$", text.text)
        yield Draft(
            BlockKind.TITLE, text[badge.end() if badge else 0 : version.start() if version else len(text)]
        )
    named, ended = False, False
    for i, block in enumerate(blocks):
        if i in title:
            continue
        text = mend((line.text for line in block.lines), vocabulary, [])
        fields: tuple[Field, ...] = ()
        if title and not ended and 0 < i - max(title) <= (8 if named else 4):
            fields = byline(masked(text, _superscripts(block)))
            ended = named and not fields  # a byline may go on over several blocks
            named = named or bool(fields)
        yield Draft(BlockKind.FRONT, text, fields=fields)


def _superscripts(block: Block) -> frozenset[int]:
    """Return the raw offsets of the characters that stand higher and smaller than their line."""
    return frozenset(
        origin
        for line in block.lines
        for segment in line.segments
        for part in segment.parts
        if part.size < 0.85 * segment.size and part.y > segment.y + 0.08 * segment.size
        for origin in part.text.origins
    )


def with_citation(drafts: list[Draft]) -> list[Draft]:
    """Add journal and year from the paper's own citation, where nothing states them better."""
    stated = {field.name for draft in drafts for field in draft.fields}
    for finder in (citation_fields, any_years):
        for i, draft in enumerate(drafts):
            if draft.kind is BlockKind.FRONT and not {"year", "journal"} <= stated:
                new = tuple(field for field in finder(draft.text.text) if field.name not in stated)
                stated |= {field.name for field in new}
                drafts[i] = replace(draft, fields=draft.fields + new)
    return drafts


def running_drafts(removed: Sequence[Sequence[Segment]]) -> Iterator[Draft]:
    """Yield the running heads that state something about the paper, each once, as front matter."""
    seen: set[str] = set()
    for page in removed:
        for segment in page:
            text = normalise(segment_text(segment)).strip()
            key = re.sub(r"\d+", "#", text.text)
            if key not in seen and re.search(r"doi|10\.\d{4}|\b(?:19|20)\d\d\b", text.text, re.IGNORECASE):
                seen.add(key)
                yield Draft(BlockKind.FRONT, text)


def with_file_fields(drafts: list[Draft], head: dict[str, Any]) -> list[Draft]:
    """Add title and DOI from the file's metadata where the text states none."""
    stated = {field.name for draft in drafts for field in draft.fields}
    info = head.get("info") or {}
    found: list[Field] = []
    title = str(info.get("Title", "")).strip()
    if (
        "title" not in stated
        and len(title.split()) > 2
        and not re.search(r"\.\w{2,4}$|^Microsoft|untitled", title)
    ):
        found.append(Field("title", title, None))
    if "doi" not in stated:
        places = " ".join([*(str(value) for value in info.values()), str(head.get("xmp", ""))])
        doi = re.search(r"\b10\.\d{4,9}/[^\s<>\"';,]+", places)
        if doi:
            found.append(Field("doi", doi.group().rstrip("."), None))
    if found and drafts:
        drafts[0] = replace(drafts[0], fields=drafts[0].fields + tuple(found))
    return drafts
