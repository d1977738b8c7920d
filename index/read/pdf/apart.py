"""Finds what a page shows beside its running text: line numbers, watermarks, hidden and turned text.

Works on the pieces of whole pages, before they are joined into lines. Nothing is
left out without a note, except the numbers of lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import mode

from index.read.clean import WORD, without_numbers
from index.read.pdf.extract.pieces import HIDDEN, Piece, RawPage
from index.read.pdf.layout import runs_of
from index.read.pdf.paragraphs import prose

#: Points of type that nobody can read.
_TINY = 1.5
#: Letters of a page that make it one with text.
FEW_LETTERS = 20
#: Numbers below each other that may count the lines of a page; for every line one more.
_NUMBERS = 3
#: Points by which the edges of a column of numbers differ.
_EDGE = 1.5
#: Letters of a watermark at least.
_MARK = 4


@dataclass(frozen=True, slots=True)
class Apart:
    """What is set apart from the running text of one page: positions in ``RawPage.pieces``."""

    hidden: frozenset[int]
    numbers: frozenset[int]  #: of lines
    marks: frozenset[int]  #: watermarks
    angle: int  #: of the running text, in degrees

    @property
    def out(self) -> frozenset[int]:
        """All that is left out."""
        return self.hidden | self.numbers | self.marks


def set_apart(pages: Sequence[RawPage]) -> list[Apart]:
    """Return for each page what is no part of its running text."""
    hidden = [_hidden(page) for page in pages]
    shown = [
        {i: piece for i, piece in enumerate(page.pieces) if i not in out}
        for page, out in zip(pages, hidden, strict=True)
    ]
    angles = [_upright(pieces.values()) for pieces in shown]
    upright = [
        {i: piece for i, piece in pieces.items() if piece.angle == angle}
        for pieces, angle in zip(shown, angles, strict=True)
    ]
    numbers = _line_numbers(pages, upright)
    marks = _watermarks(shown, upright)
    return [Apart(*each) for each in zip(hidden, numbers, marks, angles, strict=True)]


def letters(pieces: Iterable[Piece]) -> int:
    """Return how many letters the pieces have."""
    return sum(character.isalpha() for piece in pieces for character in piece.text)


def _hidden(page: RawPage) -> frozenset[int]:
    """Return the pieces that cannot be seen; none on a page without others: they are its text layer."""
    unseen = frozenset(i for i, p in enumerate(page.pieces) if p.flags & HIDDEN or 0 < p.size < _TINY)
    if not unseen or letters(p for i, p in enumerate(page.pieces) if i not in unseen) < FEW_LETTERS:
        return frozenset()
    return unseen


def _upright(pieces: Iterable[Piece]) -> int:
    """Return the angle of most of the text: 90 for a table set sideways."""
    weights: Counter[int] = Counter()
    for piece in pieces:
        weights[piece.angle] += len(piece.text)
    return max(weights, key=lambda angle: (weights[angle], -angle), default=0)


def _line_numbers(pages: Sequence[RawPage], upright: Sequence[dict[int, Piece]]) -> list[frozenset[int]]:
    """Return the numbers that count the lines of the pages, as preprints have them."""
    columns = [_counting(pieces, page.height) for page, pieces in zip(pages, upright, strict=True)]
    if not any(columns):
        return columns
    edges = {
        (round(pieces[i].x0), round(pieces[i].x1))
        for column, pieces in zip(columns, upright, strict=True)
        for i in column
    }
    done: list[frozenset[int]] = []
    against = 0  #: pages with text where the numbers of others are
    for page, pieces, column in zip(pages, upright, columns, strict=True):
        # A page with a few lines has a few numbers, at the same place.
        few = [i for i in _bare_numbers(pieces) if any(_at_edge(pieces[i], *edge) for edge in edges)]
        free = all(_margin(x0, x1, few, pieces, page.height) for x0, x1 in edges)
        against += not column and not free
        done.append(column or frozenset(few if free else ()))
    # A list or table that happens to have one line an entry fills a page, not a paper.
    numbered, full = sum(map(bool, columns)), sum(len(_rows(pieces)) > _NUMBERS for pieces in upright)
    return done if numbered > max(against, 0.3 * full - 1) else [frozenset() for _ in pages]


def _at_edge(piece: Piece, x0: float, x1: float) -> bool:
    return min(abs(piece.x0 - x0), abs(piece.x1 - x1)) < _EDGE


def _bare_numbers(pieces: dict[int, Piece]) -> list[int]:
    """Return the pieces of up to four digits and nothing else."""
    texts = ((i, piece.text.strip()) for i, piece in pieces.items())
    return [i for i, text in texts if len(text) <= 4 and text.isascii() and text.isdecimal()]


def _counting(pieces: dict[int, Piece], height: float) -> frozenset[int]:
    """Return the columns of numbers on one page that count its lines."""
    bare = _bare_numbers(pieces)
    if len(bare) < _NUMBERS:
        return frozenset()
    rows = {i: number for number, row in enumerate(_rows(pieces)) for i in row}
    taken: set[int] = set()
    for edge in ("x1", "x0"):  # aligned at the right, or at the left
        order = sorted(set(bare) - taken, key=lambda i: getattr(pieces[i], edge))
        for column in _clusters(order, [getattr(pieces[i], edge) for i in order]):
            if len(column) < _NUMBERS:
                continue
            column.sort(key=lambda i: rows[i])
            first, last = rows[column[0]], rows[column[-1]]
            beside = [p.text for i, p in pieces.items() if i not in column and first <= rows[i] <= last]
            counts = _counts([(int(pieces[i].text), rows[i]) for i in column])
            left, right = min(pieces[i].x0 for i in column), max(pieces[i].x1 for i in column)
            headed = any(
                rows[i] in (first - 1, last + 1) and p.x0 < right and p.x1 > left and _in_body(p, height)
                for i, p in pieces.items()
            )
            margin = _margin(left, right, column, pieces, height)
            if counts and margin and not headed and prose(" ".join(beside)):
                taken.update(column)
    return frozenset(taken)


def _rows(pieces: dict[int, Piece]) -> list[list[int]]:
    """Return the positions of the pieces on each baseline, from top to bottom."""

    def level(row: list[int], i: int) -> bool:
        return pieces[row[0]].y - pieces[i].y < 0.5 * pieces[i].size

    return runs_of(sorted(pieces, key=lambda i: -pieces[i].y), level)


def _clusters(order: Sequence[int], edges: Sequence[float]) -> Iterator[list[int]]:
    """Yield positions whose edges, given in order, are at one place."""
    starts = [0, *(n for n, (a, b) in enumerate(pairwise(edges), 1) if b - a > _EDGE), len(order)]
    for a, b in pairwise(starts):
        yield list(order[a:b])


def _counts(column: Sequence[tuple[int, int]]) -> bool:
    """Return whether numbers, each with its row, grow by a fixed step and as the rows do."""
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(column)]
    usual = mode(step for step, _ in steps)
    regular = sum(step == usual for step, _ in steps)
    # Between two numbers of a step of 5, an empty line may be counted, or a raised mark be a row.
    near = sum(abs(rows - usual) <= usual // 4 for _, rows in steps)
    enough = len(column) > _NUMBERS or usual > 1
    return enough and usual in (1, 2, 5, 10) and regular >= 0.8 * len(steps) and near >= 0.6 * len(steps)


def _margin(
    left: float, right: float, numbers: Sequence[int], pieces: dict[int, Piece], height: float
) -> bool:
    """Return whether next to nothing but these numbers stands between two edges on a page."""
    within = {
        round(piece.y)
        for i, piece in pieces.items()
        if i not in numbers and piece.x0 < right and piece.x1 > left and _in_body(piece, height)
    }
    return len(within) <= max(2, 0.1 * len(numbers))


def _in_body(piece: Piece, height: float) -> bool:
    """Return whether a piece is outside the margins of heads and feet."""
    return 0.1 * height < piece.y < 0.9 * height


def _watermarks(
    shown: Sequence[dict[int, Piece]], upright: Sequence[dict[int, Piece]]
) -> list[frozenset[int]]:
    """Return the pieces set across the text of their page, or large at one place of most pages."""
    weights: Counter[float] = Counter()
    places: defaultdict[tuple[str, int, int, int], list[tuple[int, int]]] = defaultdict(list)
    for number, pieces in enumerate(shown):
        for i, piece in pieces.items():
            weights[piece.size] += len(piece.text)
            if len(piece.text) >= _MARK and letters([piece]) >= _MARK:
                key = (piece.text.strip(), piece.angle, round(piece.x0 / 4), round(piece.y / 4))
                places[key].append((number, i))
    body = max(weights, key=lambda size: weights[size], default=10.0)
    marks: list[set[int]] = [set() for _ in shown]
    for members in places.values():
        piece = shown[members[0][0]][members[0][1]]
        count = len({number for number, _ in members})
        large, most = piece.size >= 1.5 * body, count > 1 and 2 * count >= len(shown)
        level = [(number, i) for number, i in members if i in upright[number]]
        across = any(_across(upright[number], i) for number, i in level) if large or most else False
        inside = most and _inside(level, upright)
        oblique = large and piece.angle % 90 != 0
        if oblique or (across and (large or inside)) or (large and inside and count > 2):
            for number, i in members:
                marks[number].add(i)
    return [frozenset(positions) for positions in marks]


def _across(pieces: dict[int, Piece], i: int) -> bool:
    """Return whether a piece is painted over words of another size, or over or under them."""
    mark = pieces[i]
    for other, piece in pieces.items():
        low = max(mark.y, piece.y)
        high = min(mark.y + 0.7 * mark.size, piece.y + 0.5 * piece.size)
        wide = min(mark.x1, piece.x1) - max(mark.x0, piece.x0)
        if (
            other != i
            and wide > 2 * piece.size
            and high - low > 0.2 * piece.size
            and letters([piece]) >= _MARK
        ):
            return piece.text != mark.text
    return False


def _inside(members: Iterable[tuple[int, int]], upright: Sequence[dict[int, Piece]]) -> bool:
    """Return whether each piece has text above and below it on its page: it is no title and no head."""
    for number, i in members:
        levels = [piece.y for j, piece in upright[number].items() if j != i and letters([piece]) >= _MARK]
        y = upright[number][i].y
        if not levels or not min(levels) < y < max(levels):
            return False
    return True


def turned_pieces(pages: Sequence[RawPage], apart: Sequence[Apart]) -> list[dict[int, list[int]]]:
    """Return for each page the pieces at other angles than its running text, by angle.

    What stands on other pages too, as the name of the file's buyer does, is left out.
    """
    keys = [{_key(piece) for piece in page.pieces if letters([piece]) >= _MARK} for page in pages]
    on_pages = Counter(key for page in keys for key in page)
    done: list[dict[int, list[int]]] = []
    for page, sets in zip(pages, apart, strict=True):
        angles: defaultdict[int, list[int]] = defaultdict(list)
        for i, piece in enumerate(page.pieces):
            if piece.angle != sets.angle and i not in sets.out and on_pages[_key(piece)] < 2:
                angles[piece.angle].append(i)
        done.append(dict(sorted(angles.items())))
    return done


def _key(piece: Piece) -> str:
    return without_numbers(piece.text.strip())


def notes_on(pages: Sequence[RawPage], apart: Sequence[Apart]) -> list[str]:
    """Return what is to be said about hidden text and watermarks."""
    words = [
        sum(len(WORD.findall(page.pieces[i].text)) for i in sets.hidden)
        for page, sets in zip(pages, apart, strict=True)
    ]
    notes: list[str] = []
    if sum(words):
        numbers = [page.number for page, count in zip(pages, words, strict=True) if count]
        notes.append(f"invisible text was left out: {sum(words)} words ({pages_text(numbers)})")
    on: defaultdict[str, list[int]] = defaultdict(list)
    for page, sets in zip(pages, apart, strict=True):
        for text, _ in groupby(sorted(page.pieces[i].text.strip() for i in sets.marks)):
            on[text].append(page.number)
    for text, numbers in on.items():
        notes.append(f"the watermark “{text}” was left out ({pages_text(numbers)})")
    return notes


def pages_text(numbers: Sequence[int]) -> str:
    """Return numbers of pages as "page 3" or "pages 1, 2, 5"; the first twenty."""
    listed = ", ".join(map(str, numbers[:20])) + (", …" if len(numbers) > 20 else "")
    return f"page{'s' * (len(numbers) > 1)} {listed}"
