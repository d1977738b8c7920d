"""Repairs what text extraction breaks: ligatures, hyphenation, line breaks, glued words.

Every function takes and gives ``MappedText``, so that each character still leads
back to the raw file, and leaves alone what it cannot decide. What it could not
repair it reports as sentences for people.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from index.text import MappedText, join

if TYPE_CHECKING:
    from collections.abc import Sequence

LOST = "\N{REPLACEMENT CHARACTER}"
LOST_LIGATURES = ("Th", "fi", "fl", "ff", "ffi", "ffl", "ft")
_GLYPHS = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "ft",
    "\ufb06": "st",
}
_PLAIN = re.compile(
    "[\ufb00-\ufb06]"  # ligature glyphs
    "|\u00ad(?=[ \\t]*\\n)|\u00ad"  # soft hyphens: real at a line end, else nothing
    "|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"  # spaces of other widths
    "|[\u200b\u2060\ufeff]"  # zero width
    "|\\f|[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]"  # page breaks and control characters
)
_LINE_END = re.compile(r"[ \t]*\n")
_LETTERS = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTERS}+(?:[-\u2010\u2011]{_LETTERS}+)*")
_BROKEN = re.compile(rf"[\w{LOST}]*{LOST}[\w{LOST}]*")
_HYPHENS = "-\u2010\u2011"
_BEFORE_BREAK = re.compile(rf"({_LETTERS}+)[{_HYPHENS}]$")
_AFTER_BREAK = re.compile(rf"{_LETTERS}+")
_GLUED_STOP = re.compile(rf"(?P<left>{_LETTERS}{{2,}}|[\])%])\.(?=(?P<right>[A-Z]{_LETTERS}*)\b)")
_GLUED_HEAD = re.compile(r"\b(?P<left>and|of|the|in|with|for|to|by|or)(?P<right>[a-z]{5,})\b")
_GLUED_ACRONYM = re.compile(r"\b(?P<left>[A-Z]{2,6})(?P<right>[a-z]{5,})\b")


@lru_cache(maxsize=100_000)
def commonness(word: str) -> float:
    """Return the Zipf frequency of an English word; 0.0 for one that the list lacks.

    Source: wordfreq (Speer 2022), 7 is "the", 4 an everyday word, 1 a rare term.
    """
    from wordfreq import zipf_frequency

    return float(zipf_frequency(word.lower(), "en", wordlist="large"))


class Vocabulary:
    """The words of one paper, with a general word list behind them."""

    def __init__(self, text: str) -> None:
        """Count the words of ``text``, leaving out those cut at a line end or damaged."""
        whole = re.sub(rf"\S*[{_HYPHENS}]\s*\n\s*\S*|\S*{LOST}\S*", " ", text)
        self._counts = Counter(word.lower() for word in _WORD.findall(whole))

    def count(self, word: str) -> int:
        """Return how often the paper has ``word`` whole, in either case."""
        return self._counts[word.lower()]

    def known(self, word: str) -> bool:
        """Tell whether the paper or the word list has ``word``."""
        return self.count(word) > 0 or commonness(word) > 0


def normalise(text: MappedText) -> MappedText:
    """Write ligature glyphs as letters and every space as one; drop invisible characters.

    Line feeds and tabs stay. A soft hyphen at a line end becomes a hyphen.
    """

    def plain(match: re.Match[str]) -> str:
        found = match.group()
        if found in _GLYPHS:
            return _GLYPHS[found]
        if found == "\u00ad":
            return "-" if _LINE_END.match(match.string, match.end()) else ""
        if found == "\f":
            return "\n"
        return " " if found.isspace() else ""

    return text.edit((m.start(), m.end(), plain(m)) for m in _PLAIN.finditer(text.text))


def mend_ligatures(text: MappedText, vocabulary: Vocabulary) -> tuple[MappedText, tuple[str, ...]]:
    """Put back the ligature behind each replacement character where one makes a known word.

    Of several the one wins that the paper has most often, then the commonest in
    English. Returns the text and a note for each word that stays broken.
    """
    edits: list[tuple[int, int, str]] = []
    notes: list[str] = []
    for match in _BROKEN.finditer(text.text):
        mended = _mend_word(match.group(), vocabulary)
        if mended is None:
            line = text.text.count("\n", 0, match.start()) + 1
            notes.append(f"line {line}: a lost character in “{match.group()}” could not be repaired")
        else:
            edits.append((match.start(), match.end(), mended))
    return _edit_inside(text, edits), tuple(notes)


def _mend_word(word: str, vocabulary: Vocabulary) -> str | None:
    holes = word.count(LOST)
    if holes > 3 or len(word) == holes:
        return None
    best: tuple[int, float, str] | None = None
    for choice in itertools.product(LOST_LIGATURES, repeat=holes):
        parts = word.split(LOST)
        if any(ligature == "Th" and parts[i] for i, ligature in enumerate(choice)):
            continue
        candidate = "".join(itertools.chain.from_iterable(zip(parts, choice, strict=False))) + parts[-1]
        if not vocabulary.known(candidate):
            continue
        rank = (vocabulary.count(candidate), commonness(candidate), candidate)
        best = max(best, rank) if best else rank
    return best[2] if best else None


def _edit_inside(text: MappedText, edits: Sequence[tuple[int, int, str]]) -> MappedText:
    """Carry out edits word by word, touching only what differs, so that origins stay exact."""
    exact: list[tuple[int, int, str]] = []
    for start, end, new in edits:
        old = text.text[start:end]
        head = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
        tail = next(
            (i for i, (a, b) in enumerate(zip(old[head:][::-1], new[head:][::-1], strict=False)) if a != b), 0
        )
        exact.append((start + head, end - tail, new[head : len(new) - tail]))
    return text.edit(exact)


def join_lines(lines: Sequence[MappedText], vocabulary: Vocabulary) -> MappedText:
    """Join the lines of one paragraph: soft breaks become spaces, cut words are whole again.

    A hyphen at a line end stays where it is part of the word: the paper writes
    the word so elsewhere, or its halves are words and the whole is not.
    """
    joined = MappedText("", ())
    for line in (line.strip() for line in lines):
        if not line.text:
            continue
        if not joined.text:
            joined = line
            continue
        cut, separator = _seam(joined.text, line.text, vocabulary)
        joined = join((joined[: len(joined) - cut], line), separator)
    return joined


def _seam(before: str, after: str, vocabulary: Vocabulary) -> tuple[int, str]:
    """Return how many characters to drop at the end of ``before``, and what to put between."""
    if before[-1] in "/\u2013" and len(before) > 1 and before[-2].isalnum() and after[0].isalnum():
        return 0, ""
    if before[-1] not in _HYPHENS or len(before) < 2 or not before[-2].isalnum():
        return 0, " "
    left, right = _BEFORE_BREAK.search(before), _AFTER_BREAK.match(after)
    if left is None or right is None:
        return (0, "") if after[0].isalnum() else (0, " ")
    if right.group()[0].isupper():
        return 0, ""
    return (0, "") if _true_hyphen(left.group(1), right.group(), vocabulary) else (1, "")


def _true_hyphen(left: str, right: str, vocabulary: Vocabulary) -> bool:
    whole, hyphenated = left + right, f"{left}-{right}"
    if vocabulary.count(whole) != vocabulary.count(hyphenated):
        return vocabulary.count(hyphenated) > vocabulary.count(whole)
    if re.match(r"(?:and|or|to)\b", right):  # "short- and long-term"
        return True
    both_words = min(len(left), len(right)) >= 2 and min(commonness(left), commonness(right)) >= 2.5
    if commonness(whole) > (2.0 if both_words and min(len(left), len(right)) >= 4 else 0.0):
        return False
    return both_words


def split_glued(text: MappedText, vocabulary: Vocabulary) -> tuple[MappedText, tuple[str, ...]]:
    """Put the missing space between words that extraction glued together.

    Done after a full stop before a known word, after a small word before a word
    that the paper has ("andmycophenolate"), and between an acronym and a common
    word ("CTapproximately"). Returns the text and a note for each glued pair of words.
    """
    cuts: list[tuple[int, str]] = []
    for match in _GLUED_STOP.finditer(text.text):
        if _sentence_border(match, vocabulary):
            cuts.append((match.end(), ""))
    for pattern, plausible in ((_GLUED_HEAD, _glued_head), (_GLUED_ACRONYM, _glued_acronym)):
        for match in pattern.finditer(text.text):
            left, right = match.group("left"), match.group("right")
            if plausible(left, right, vocabulary):
                cuts.append((match.start("right"), f"“{match.group()}” was read as “{left} {right}”"))
    cuts.sort()
    return text.edit((at, at, " ") for at, _ in cuts), tuple(note for _, note in cuts if note)


def _sentence_border(match: re.Match[str], vocabulary: Vocabulary) -> bool:
    left, right = match.group("left"), match.group("right")
    around = (
        match.string[max(match.start() - 60, 0) : match.end()],
        match.string[match.end() : match.end() + 60],
    )
    token = around[0].rsplit(None, 1)[-1] + around[1].split(None, 1)[0]
    if re.search(r"[/@]|www|\w\.\w+\.\w", token):  # an address, a DOI, an abbreviation
        return False
    known_left = not left[-1].isalpha() or (left[-1].islower() and vocabulary.known(left))
    return known_left and (right == "A" or (len(right) > 1 and commonness(right) >= 3.0))


def _glued_head(left: str, right: str, vocabulary: Vocabulary) -> bool:
    return commonness(left + right) == 0 and vocabulary.count(right) > vocabulary.count(left + right)


def _glued_acronym(left: str, right: str, vocabulary: Vocabulary) -> bool:
    return commonness(left + right) == 0 and vocabulary.count(left) > 0 and commonness(right) >= 3.5
