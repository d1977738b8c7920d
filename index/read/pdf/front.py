"""What a PDF states about its paper: on its first page, in its running heads, in the file's own metadata."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from index.read import headings
from index.read.byline import ARTICLE_KIND, PLACE, byline
from index.read.clean import WORD, Vocabulary, join_lines, mend_ligatures, normalise, without_numbers
from index.read.metadata import DOI, letters, statements
from index.read.pdf.extract.pieces import ARTIFACT
from index.read.pdf.layout import Segment, segment_text
from index.read.pdf.paragraphs import Block, Body, prose
from index.read.structure import Draft
from index.text import BlockKind, Field, MappedText, Origin, join

#: Blocks at the beginning among which a title stands.
_FIRST_DRAFTS = 30
#: Letters from which a title names one paper, and how sure the file's own metadata are.
_TELLING, _FILE = 15, 0.8
#: Share of the page's height, at the top and at the bottom, in which heads and feet stand.
_MARGIN = 0.13
_PAGE_NUMBER = re.compile(r"\W*(?:page|p\.)?\W*[a-z]?\d{1,5}(?:\W*(?:of|/)\W*\d{1,5})?\W*", re.IGNORECASE)
#: Words that only running text has.
_VERBS = frozenset({
    "was", "were", "is", "are", "has", "have", "had", "been", "that", "this", "which", "we", "can", "may",
    "by", "to", "it",
})  # fmt: skip
#: Words of a journal's banner.
_BANNER = re.compile(
    r"\b(?:journal|annals|archives|proceedings|bulletin|publishing|press|www|issn|vol(?:ume)?|https?)\b|doi[:.]"
    r"|^\s*\w+ reports\s*$",
    re.IGNORECASE,
)
#: A DOI or a year.
_STATES = re.compile(r"(?i:doi)|10\.\d{4}|\b(?:19|20)\d\d\b")


def front_blocks(blocks: Sequence[Block], body: Body, stated: str) -> tuple[set[int], int]:
    """Return the positions of the title's blocks, and the position where the paper proper begins.

    Args:
        blocks: of the whole paper, in reading order.
        body: style of its running text.
        stated: the title in the file's own metadata; empty if there is none.
    """
    if not blocks:
        return set(), 0
    first = blocks[0].lines[0].page
    count = next((i for i, block in enumerate(blocks) if block.lines[0].page != first), len(blocks))
    title = _title(blocks[:count], body, stated)
    after = max(title, default=-1) + 1
    return title, next((i for i in range(after, count) if _opens(blocks[i])), after)


def cover(blocks: Sequence[Block], body: Body, stated: str) -> int:
    """Return how many blocks from the start are a page before the paper, such as a journal's front page.

    It has no running text, and the page after it has all that opens a paper: title, byline, abstract or text.
    """
    page = blocks[0].lines[0].page if blocks else 0
    count = next((i for i, block in enumerate(blocks) if block.lines[0].page != page), 0)
    if not count or any(_opens(block) for block in blocks[:count]):
        return 0
    own = blocks[count:]
    title, end = front_blocks(own, body, stated)
    below = max(title, default=0) + 1
    named = any(byline(_parted(_text_of(b), b), whole=False) for b in own[below : min(below + 4, end)])
    opened = end < len(own) and own[end].lines[0].page == own[0].lines[0].page and _opens(own[end])
    return count if title and named and opened else 0


def _text_of(block: Block) -> MappedText:
    """Return the lines of a block as one text, without repairs."""
    return join([line.text for line in block.lines])


def _title(blocks: Sequence[Block], body: Body, stated: str) -> set[int]:
    """Return the blocks set as the title: the largest type that is no banner, or what the metadata names."""
    end = next((i for i, b in enumerate(blocks) if _abstract_heading(b.text)), len(blocks))
    able = [
        i
        for i, block in enumerate(blocks[:end])
        if 2 <= len(WORD.findall(block.text)) <= 50
        and block.size >= 1.05 * body.size
        and not (_is_type(block) or headings.front_matter(block.text) or headings.known_heading(block.text))
    ]
    if not able:
        return set()
    wanted = letters(stated)
    named = [i for i in able if len(wanted) > 15 and letters(blocks[i].text)[:40] in wanted]
    best = max(named or able, key=lambda i: (_rank(blocks[i]), -i))
    title = {best, *_same_type(blocks, best)}
    below = max(title) + 1
    if below < end:
        # A block under the title, smaller than it but large, continues it.
        block, above = blocks[below], blocks[best]
        large = len(block.lines) <= 2 and 1.3 * body.size < block.size < above.size
        near = above.lines[-1].y - block.lines[0].y < 2.5 * above.size
        if large and near and not (byline(block.text) or PLACE.search(block.text) or _is_type(block)):
            title.add(below)
    return title


def _is_type(block: Block) -> bool:
    return ARTICLE_KIND.fullmatch(block.text.strip()) is not None


def _abstract_heading(text: str) -> bool:
    return re.match(r"\s*(?:abstract|summary|a ?b ?s ?t ?r ?a ?c ?t)\b", text, re.IGNORECASE) is not None


def _rank(block: Block) -> float:
    words = len(block.text.split())
    rank = block.size * (0.5 if _BANNER.search(block.text) and words < 25 else 1.0)
    return rank * (0.8 if words < 4 else 1.0)


def _same_type(blocks: Sequence[Block], best: int) -> Iterator[int]:
    """Yield the blocks that continue the title: same size and weight, nothing large between."""
    for step in (-1, 1):
        last, i = blocks[best], best + step
        while 0 <= i < len(blocks) and abs(i - best) < 8:
            block = blocks[i]
            same = abs(block.size - last.size) < 0.03 * last.size
            if same and len(block.text) > 2 and _flows(last, block, step):
                yield i
                last = block
            elif block.size > 0.7 * last.size:
                break
            i += step


def _flows(last: Block, block: Block, step: int) -> bool:
    below, above = block.lines[0].y - last.lines[-1].y, block.lines[-1].y - last.lines[0].y
    if min(abs(below), abs(above)) >= 3.2 * last.size or _is_type(block):
        return False
    return block.bold == last.bold or (step > 0 and block.text[:1].islower())


def _opens(block: Block) -> bool:
    """Return whether the abstract or the running text begins with this block."""
    text = block.text
    if _abstract_heading(text) or headings.known_heading(text) or headings.abstract_label(text):
        return True
    if headings.front_matter(text) or headings.licence_text(text[:300]) or PLACE.search(text[:60]):
        return False
    verbs = sum(word.lower() in _VERBS for word in WORD.findall(text))
    return (prose(text) and verbs >= 3) or headings.sentences(text)


def mend(lines: Iterable[MappedText], vocabulary: Vocabulary, notes: list[str]) -> MappedText:
    """Return lines as one text, repaired; what could not be is added to ``notes``."""
    joined = join_lines([normalise(line) for line in lines], vocabulary)
    mended, lost = mend_ligatures(joined, vocabulary)
    notes += lost
    return mended


def front_drafts(blocks: Sequence[Block], title: set[int], vocabulary: Vocabulary) -> Iterator[Draft]:
    """Yield title, authors and the other statements before the abstract."""
    if title:
        text = mend((line.text for i in sorted(title) for line in blocks[i].lines), vocabulary, [])
        badge = re.match(r"OPEN(?: ACCESS)?\s+(?=[A-Z][a-z])", text.text)
        version = re.search(r"\s*\[v(?:ersion )?\d+;[^\]]*\]?$", text.text)
        end = version.start() if version else len(text)
        yield Draft(BlockKind.TITLE, text[badge.end() if badge else 0 : end])
    named = ended = False
    for i, block in enumerate(blocks):
        if i in title:
            continue
        text = mend((line.text for line in block.lines), vocabulary, [])
        fields: tuple[Field, ...] = ()
        if title and not ended and 0 < i - max(title) <= (8 if named else 4):
            fields = byline(_parted(text, block), whole=named)
            ended = named and not fields  # a byline may go on over several blocks
            named = named or bool(fields)
        yield Draft(BlockKind.FRONT, text, fields=fields)


def _parted(text: MappedText, block: Block) -> str:
    """Return a block's text with what only its layout shows: commas for raised marks, line feeds for breaks.

    A line break parts names only where each line is one name.
    """
    raised = _superscripts(block)
    lines = [segment_text(segment) for line in block.lines for segment in line.segments]
    starts = {line.origins[0] for line in lines[1:] if line.origins}
    alone = all(len(byline(line.text)) == 1 for line in lines)
    marks = {origin: "," for origin in raised}
    characters = [marks.get(origin, c) for c, origin in zip(text.text, text.origins, strict=True)]
    if alone:
        for at, origin in enumerate(text.origins):
            if at and origin in starts and characters[at - 1] == " ":
                characters[at - 1] = "\n"
    return "".join(characters)


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


def running_drafts(removed: Sequence[Sequence[Segment]]) -> Iterator[Draft]:
    """Yield the running heads that state something about the paper, each once, as front matter."""
    seen: set[str] = set()
    for page in removed:
        for segment in page:
            text = normalise(segment_text(segment)).strip()
            key = without_numbers(text.text)
            if key not in seen and _STATES.search(text.text):
                seen.add(key)
                yield Draft(BlockKind.FRONT, text, fields=tuple(statements(text.text, Origin.HEAD)))


def with_file_fields(drafts: list[Draft], head: dict[str, Any]) -> list[Draft]:
    """Add title and DOI from the file's own metadata where the text states none.

    A file's metadata may be those of a template or of another paper: only where its title is
    printed in the text does it speak of this paper.
    """
    stated = {field.name: field.value for draft in drafts for field in draft.fields}
    info = head.get("info") or {}
    fields: list[Field] = []
    title = str(info.get("Title", "")).strip()
    made_up = re.search(r"\.\w{2,4}$|^Microsoft|untitled", title)  # by the program that wrote the file
    printed = letters(" ".join(draft.text.text for draft in drafts[:_FIRST_DRAFTS]))
    if "title" not in stated and len(title.split()) > 2 and not made_up and letters(title) in printed:
        fields.append(Field("title", title, None, Origin.FILE, _FILE))
    places = " ".join([*(str(value) for value in info.values()), str(head.get("xmp", ""))])
    own = letters(stated.get("title", title if fields else ""))
    if (
        "doi" not in stated
        and len(own) >= _TELLING
        and own in letters(places)
        and (doi := DOI.search(places))
    ):
        fields.append(Field("doi", doi.group().rstrip(".'"), None, Origin.FILE, _FILE))
    if fields:
        drafts[0] = replace(drafts[0], fields=(*drafts[0].fields, *fields))
    return drafts


def running_heads(pages: Sequence[tuple[float, Sequence[Segment]]]) -> list[set[int]]:
    """Return for each page the positions of running heads, feet, page numbers and watermarks.

    ``pages`` holds for each page its height in points and its segments.
    """
    places: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    positions: list[set[int]] = [set() for _ in pages]
    for number, (height, segments) in enumerate(pages):
        # No head or foot stands in between. The outermost rows of a page may be one in any case.
        rows = sorted({round(segment.y) for segment in segments}) or [0]
        low = max(height * _MARGIN, rows[0] + 1.0)
        high = min(height * (1 - _MARGIN), rows[-1] - 1.0)
        positions[number].update(_own_number(number + 1, height, segments))
        for position, segment in enumerate(segments):
            if segment.flags & ARTIFACT:
                positions[number].add(position)
            elif not low < segment.y < high and (key := _key(segment)):
                places[key].append((number, position, segment.y))
    for key, marginal in places.items():
        bare = "#" in key and len(key) <= 3
        reach = 6 if bare else 12
        for page, position, y in marginal:
            others = {p for p, _, other in marginal if p != page and abs(other - y) < reach}
            if others and (len(pages) <= 8 or len(others) >= 2 or not bare):
                positions[page].add(position)
    return positions


def _own_number(number: int, height: float, segments: Sequence[Segment]) -> Iterator[int]:
    """Yield a bare figure in the outermost row that is the page's own number."""
    levels = [segment.y for segment in segments]
    for edge in (max(levels, default=height / 2), min(levels, default=height / 2)):
        row = [i for i, level in enumerate(levels) if abs(level - edge) < 2]
        outside = edge > height * (1 - _MARGIN) or edge < height * _MARGIN
        if outside and len(row) == 1 and segment_text(segments[row[0]]).text == str(number):
            yield row[0]


def _key(segment: Segment) -> str:
    """Return what running heads of one kind have in common; empty for a few marks."""
    text = segment_text(segment).text
    if _PAGE_NUMBER.fullmatch(text):
        return "#"
    if sum(character.isalnum() for character in text) < 4:
        return ""
    return without_numbers("".join(text.split())).lower()
