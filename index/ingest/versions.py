"""Whether two near-duplicate files say the same: the same paper twice, or versions of it.

Files of one format are read alike, so they are the same only if their whole texts are.
Between formats, extraction loses and adds text: labels of lists, headings, citation
numbers, heads of pages. Words are aligned, and a difference counts as one of meaning where
it stands between words that agree: another word or number, or words added inside a
sentence. In doubt two files are versions, and both are used.

On 45 articles as PDF and as JATS no pair differs by these rules.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.ingest.editions import CITATION, WORD
from index.library.record import letters
from index.text import BlockKind, Document

#: Words that agree on both sides of a difference of meaning, at least; in a formula none has letters.
_SURE = 3
_ADDED = 3  #: most words added inside a sentence; more are the head of a page or a caption
#: Words that reverse a sentence: also added at its start.
_REVERSING = frozenset({
    "no", "not", "never", "without", "nor", "neither", "none", "cannot", "unless", "except",
})  # fmt: skip
#: Words that layout adds inside a sentence.
_LAYOUT = frozenset({"continued", "figure", "figures", "fig", "table", "tables", "page"})
_LONGEST = 1_000_000_000  #: product of the numbers of words that are aligned; above, all count as versions
_FEW = 5  #: numbers of tables that differ in a correction; a table read wrongly differs in more


def differ(a: Document, b: Document) -> bool:
    """Return whether two near duplicates differ in meaning; True in doubt."""
    if a.format == b.format:
        return _whole(a.text) != _whole(b.text)
    if a.title and b.title and letters(a.title) != letters(b.title):
        return True
    return _dates_differ(a, b) or _tables_differ(a, b) or _words_differ(_Words.of(a), _Words.of(b))


def _whole(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _dates_differ(a: Document, b: Document) -> bool:
    """Return whether the files state dates or years of which none agrees."""
    for stated in (_dates, _years):
        left, right = stated(a), stated(b)
        if left and right and not left & right:
            return True
    return False


def _dates(document: Document) -> set[frozenset[str]]:
    """Return the dates of day, month in words and year that the paper states about itself."""
    events = ("published", "received", "revised", "accepted")
    parts = [WORD.findall(item.value.casefold()) for item in document.fields if item.name in events]
    return {
        frozenset(part[:3] if part.isalpha() else part.lstrip("0") for part in date)
        for date in parts
        if len(date) == 3 and any(part.isalpha() for part in date)
    }


def _years(document: Document) -> set[str]:
    front = (block.span.of(document.text) for block in document.blocks if block.kind is BlockKind.FRONT)
    years = {
        word for text in front for word in WORD.findall(text) if len(word) == 4 and word[:2] in ("19", "20")
    }
    return years if document.year else set()


def _tables_differ(a: Document, b: Document) -> bool:
    """Return whether tables of each file hold numbers that the other file lacks.

    What a PDF loses of a table, or reads wrongly, is missing on one side or much of it.
    """
    left, right = _cells(a) - _numbers(b.text), _cells(b) - _numbers(a.text)
    if "pdf" not in (a.format, b.format):
        return bool(left or right)
    return 0 < len(left) <= _FEW and 0 < len(right) <= _FEW


def _cells(document: Document) -> set[str]:
    return {number for table in document.tables for number in _numbers(table.span.of(document.text))}


def _numbers(text: str) -> set[str]:
    return {word for word in WORD.findall(text.replace("\u00b7", ".")) if word[0].isdecimal()}


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a document's running text, in order."""

    words: tuple[str, ...]
    starts: tuple[bool, ...]  #: whether a sentence or clause starts at each word; one more at the end

    @classmethod
    def of(cls, document: Document) -> _Words:
        words: list[str] = []
        starts: list[bool] = []
        for block in document.blocks:
            if block.kind is not BlockKind.PARAGRAPH:
                continue
            text = unicodedata.normalize("NFKD", block.span.of(document.text)).casefold()
            # A reader writes a power as "10^6" if the file marks the exponent; not every format does.
            text = CITATION.sub(" ", text.replace("\u00b7", ".").replace("^", "").replace("n't", "n not"))
            at = 0
            for match in WORD.finditer(text):
                starts.append(at == 0 or any(mark in ".:;?!" for mark in text[at : match.start()]))
                words.append(match.group())
                at = match.end()
        return cls(tuple(words), (*starts, True))

    def inside(self, start: int, end: int) -> bool:
        """Return whether the words from ``start`` to ``end`` stand inside a sentence."""
        return not self.starts[start] and not self.starts[end]


def _words_differ(a: _Words, b: _Words) -> bool:
    if len(a.words) * len(b.words) > _LONGEST:
        return True
    return any(_matters(a, b, *places) for places in _differences(a.words, b.words))


def _differences(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield where two texts differ, between words that agree: start and end in each."""
    from rapidfuzz.distance import Indel

    numbers = {word: number for number, word in enumerate(Counter((*a, *b)))}
    blocks = Indel.opcodes([numbers[word] for word in a], [numbers[word] for word in b])
    same = [block for block in blocks if block.tag == "equal"]
    for before, after in pairwise(same):
        if min(before.src_end - before.src_start, after.src_end - after.src_start) < _SURE:
            continue
        around = a[before.src_end - _SURE : before.src_end], a[after.src_start : after.src_start + _SURE]
        if all(map(_names, around)):
            yield before.src_end, after.src_start, before.dest_end, after.dest_start


def _matters(a: _Words, b: _Words, start: int, end: int, there: int, until: int) -> bool:
    """Return whether a difference is one of meaning, and not of extraction."""
    left, right = a.words[start:end], b.words[there:until]
    if "".join(left).replace(".", "") == "".join(right).replace(".", ""):
        return False
    if not left or not right:
        inside = a.inside(start, end) if left else b.inside(there, until)
        return _added(left or right, inside=inside)
    names = [_names(side) for side in (left, right)]
    if not any(names):  # numbers and marks; several numbers glued together are citations
        return len(left) == len(right)
    if not all(names):  # the label of a list against words that were lost
        return False
    longer, shorter = sorted(names, key=len, reverse=True)
    if len(longer) > len(shorter) and "".join(shorter) in "".join(longer):
        return _added(longer, inside=True)
    return not all(_inflected(*pair) for pair in zip(longer, shorter, strict=False)) or len(longer) > len(
        shorter
    )


def _added(words: Sequence[str], *, inside: bool) -> bool:
    """Return whether words that only one file has change what the sentence says."""
    if len(words) > _ADDED:
        return False
    if not _REVERSING.isdisjoint(words):
        return True
    return inside and not _LAYOUT.issuperset(_names(words))


def _names(words: Sequence[str]) -> list[str]:
    """Return the words that are neither numbers nor single letters, such as labels and symbols."""
    return [word for word in words if word.isalpha() and len(word) > 1]


def _inflected(a: str, b: str) -> bool:
    """Return whether two words are the same but for the "s" of a plural."""
    return a.removesuffix("s") == b.removesuffix("s")
