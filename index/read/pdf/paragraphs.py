"""Cuts lines in reading order into blocks of one style: paragraphs, headings, captions, parts of tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from index.read import headings
from index.read.clean import WORD
from index.read.pdf.extract.pieces import BOLD, ITALIC
from index.read.pdf.layout import Line, Part

#: Words that running text has and tables and labels have not.
_FUNCTION_WORDS = frozenset({
    "the", "of", "and", "was", "were", "is", "are", "with", "that", "this", "which", "to", "in", "for",
    "by", "as", "be", "been", "from", "has", "have", "had", "not", "our", "we",
})  # fmt: skip
FIGURE = re.compile(
    r"\s*(?:fig(?:ure)?|table|scheme|chart|box|plate)s?\.?\s*[A-Z]?(?:\d|[IVX]+\b)", re.IGNORECASE
)
#: The end of a sentence, and the marks and citations that may follow it.
TERMINAL = re.compile(r"[.!?:][\])\"'\u201d\u2019\d,\u2013-]*(?:\s?\[[\d,\s\u2013-]+\])?\s*$")


@dataclass(frozen=True, slots=True)
class Body:
    """The style of the running text of a paper."""

    size: float
    font: str
    leading: float  #: baseline to baseline, in points
    bold: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one column that belong together."""

    lines: tuple[Line, ...]
    text: str  #: the lines joined by spaces, as extracted
    tabular: bool = False  #: whether its lines consist of cells set apart

    @property
    def size(self) -> float:
        """Font size of most lines."""
        return Counter(line.size for line in self.lines).most_common(1)[0][0]

    @property
    def bold(self) -> bool:
        """Whether all lines are bold."""
        return all(line.flags & BOLD for line in self.lines)

    @property
    def long(self) -> bool:
        """Whether it is as long as a paragraph."""
        return len(self.lines) >= 5

    def like(self, body: Body) -> bool:
        """Whether it is set as the running text is."""
        return abs(self.size - body.size) < 0.05 * body.size and (self.bold == body.bold)

    def distinct(self, body: Body) -> bool:
        """Whether it is set off from the running text: larger, bold, another font, capitals."""
        if self.size > body.size * 1.06 or self.bold != body.bold:
            return True
        letters = [character for character in self.text if character.isalpha()]
        capitals = sum(character.isupper() for character in letters)
        other = all(line.font != body.font for line in self.lines) or all(map(_slanted, self.lines))
        return other or (len(letters) > 3 and capitals > 0.9 * len(letters))


def body_of(lines: Sequence[Line]) -> Body:
    """Return the style that most characters have."""
    weights: Counter[tuple[float, str, bool]] = Counter()
    for line in lines:
        weights[round(line.size, 1), line.font, bool(line.flags & BOLD)] += sum(
            len(part.text) for segment in line.segments for part in segment.parts
        )
    (size, font, bold), _ = max(
        weights.items(), key=lambda item: (item[1], item[0]), default=((10.0, "", False), 0)
    )
    steps = [
        a.y - b.y
        for a, b in pairwise(lines)
        if (a.page, a.region) == (b.page, b.region) and abs(a.size - size) < 0.3 and 0 < a.y - b.y < 3 * size
    ]
    return Body(size, font, median(steps) if steps else 1.2 * size, bold)


def prose(text: str) -> bool:
    """Return whether a text reads as sentences: enough words, small words among them."""
    words = WORD.findall(text)
    if len(words) < 12 or len(words) < 0.6 * len(text.split()):
        return False
    small = sum(word.lower() in _FUNCTION_WORDS for word in words)
    return small >= 0.12 * len(words)


def blocks_of(pages: Sequence[Sequence[Line]], body: Body) -> list[Block]:
    """Cut the lines of each page into blocks."""
    return [block for lines in pages for block in _page_blocks(list(_run_in(lines, body)), body)]


def _run_in(lines: Sequence[Line], body: Body) -> Iterator[Line]:
    """Yield the lines, headings that open a paragraph on its first line set apart as lines of their own."""
    last: Line | None = None
    for line in lines:
        parts = [part for segment in line.segments for part in segment.parts]
        cut = _lead(parts, line, last, body)
        last = line
        if cut:
            yield _line_of(line, parts[:cut])
            yield _line_of(line, parts[cut:])
        else:
            yield line


def _lead(parts: Sequence[Part], line: Line, last: Line | None, body: Body) -> int:
    """Return how many parts at the start of a line are a heading set bold or italic; else 0."""
    if body.bold or line.celled or abs(line.size - body.size) > 0.25 * body.size:
        return 0
    if headings.caption(line.text.text):
        return 0
    mark = BOLD if parts[0].flags & BOLD else ITALIC if parts[0].flags & ITALIC else 0
    cut = next((i for i, part in enumerate(parts) if not part.flags & mark and part.text.text.strip()), 0)
    if not mark or not cut:
        return 0
    lead = " ".join("".join(part.text.text for part in parts[:cut]).split())
    words = len(WORD.findall(lead))
    if not 1 <= words <= 14 or len(parts[cut].text.text.strip()) < 2:
        return 0
    if not lead[0].isupper() and not lead[0].isdigit():
        return 0
    begins = last is None or TERMINAL.search(last.text.text) is not None or bool(last.flags & BOLD)
    ends = lead[-1] in ".:" or (mark == BOLD and parts[cut].x0 - parts[cut - 1].x1 > 0.7 * line.size)
    return cut if begins and ends and (mark == BOLD or words >= 2) else 0


def _line_of(line: Line, parts: Sequence[Part]) -> Line:
    main = max(parts, key=lambda part: len(part.text))
    whole = line.segments[0]
    x0, x1 = parts[0].x0, max(part.x1 for part in parts)
    segment = replace(whole, parts=tuple(parts), x0=x0, x1=x1, flags=main.flags, font=main.font)
    return replace(line, segments=(segment,), x0=x0, x1=x1, flags=main.flags, font=main.font)


def _page_blocks(lines: Sequence[Line], body: Body) -> Iterator[Block]:
    celled = _celled(lines)
    part: list[Line] = []
    for i, line in enumerate(lines):
        if part and (celled[i] != celled[i - 1] or _parts_here(part, line, body, celled=celled[i])):
            yield _block(part, tabular=celled[i - 1])
            part = []
        part.append(line)
    if part:
        yield _block(part, tabular=celled[-1])


def _block(lines: Sequence[Line], *, tabular: bool) -> Block:
    return Block(tuple(lines), " ".join(line.text.text.strip() for line in lines), tabular)


def _celled(lines: Sequence[Line]) -> list[bool]:
    """Return for each line whether it is a row of cells, below or above those of another."""
    flags = [line.celled for line in lines]
    return [
        flag
        and any(
            flags[j] and _aligned(lines[i], lines[j])
            for j in range(max(i - 4, 0), min(i + 5, len(lines)))
            if j != i
        )
        for i, flag in enumerate(flags)
    ]


def _aligned(line: Line, other: Line) -> bool:
    """Return whether two lines of one column have cells that begin, end or are centred at the same place."""
    if line.region != other.region:
        return False
    return any(
        abs(a.x0 - b.x0) < 2.5 or abs(a.x1 - b.x1) < 1.5 or abs(a.middle - b.middle) < 2.0
        for a in line.segments[1:]
        for b in other.segments[1:]
        if a.x1 < line.right - 2 or b.x1 < line.right - 2 or a.x1 - a.x0 < 0.3 * (line.right - line.left)
    )


def _parts_here(part: Sequence[Line], line: Line, body: Body, *, celled: bool) -> bool:
    """Return whether ``line`` begins a new block."""
    last = part[-1]
    em = max(last.size, 1.0)
    step = last.y - line.y
    leading = max(body.leading * em / (body.size or 1.0), 1.1 * em)
    if line.region != last.region or step <= 0 or step > (3.0 * em if celled else 1.4 * leading):
        return True
    if abs(line.size - last.size) > 0.06 * em:
        return True
    if celled or (_captioned(part[0]) and not _captioned(line)):
        return False  # a caption continues in plain type after its bold beginning
    if (line.flags ^ last.flags) & BOLD or headings.caption(line.text.text):
        return True
    if line.page <= 2 and headings.abstract_label(line.text.text):
        return True
    if len(part) == 1 and headings.known_heading(last.text.text):
        return True
    if _other_style(last, line, body):
        return True
    if line.left + 0.6 * em < line.x0 < line.left + 4 * em and last.x0 < line.left + 0.5 * em:
        return True  # indented
    return TERMINAL.search(last.text.text) is not None and _short(last)


def _captioned(line: Line) -> bool:
    """Return whether a line begins a caption: by its words, and set bold or as a caption's label is."""
    return line.starts_bold and FIGURE.match(line.text.text) is not None


def _other_style(last: Line, line: Line, body: Body) -> bool:
    """Return whether a line in a heading's type meets one in another."""
    if line.font == last.font and abs(line.size - last.size) < 0.02 * last.size:
        return False
    if line.font != body.font and last.font != body.font and _short(last):
        return True
    slanted = [x for x in (last, line) if _slanted(x)]
    return len(slanted) == 1 and _short(slanted[0])


def _slanted(line: Line) -> bool:
    return all(part.flags & ITALIC for segment in line.segments for part in segment.parts)


def _short(line: Line) -> bool:
    return line.x1 < line.right - 0.15 * (line.right - line.left)
