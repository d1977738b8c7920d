"""Repairs what text extraction breaks: ligatures, hyphenation, line breaks, glued words.

Every function takes and gives ``MappedText``, so that each character still leads
back to the raw file, and leaves alone what it cannot decide. What it could not
repair it reports as sentences for people.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from index.read.glued import split_glued
from index.read.words import HYPHENS, LETTER, LOST, Vocabulary, commonness
from index.text import MappedText, join

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "LOST",
    "LOST_LIGATURES",
    "Vocabulary",
    "commonness",
    "join_lines",
    "mend_ligatures",
    "normalise",
    "split_glued",
]

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
    "|\u00ad"  # soft hyphens: real at a line end, else nothing
    "|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"  # spaces of other widths
    "|[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"  # zero width, changes of direction
    "|[\f\v\u0085\u2028\u2029]"  # other line and page ends
    "|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"  # control characters
    "|[A-Za-z][\u0300-\u036f]"  # a letter and its accent in two characters
)
_LINE_END = re.compile(r"[ \t]*\n")
_EMPTY_LINE = re.compile(r"\n[ \t]*\n\s*$")
_SPACES = re.compile(" {2,}")
_WORDLIKE = re.compile(rf"[\w{LOST}]+")
_BEFORE_BREAK = re.compile(rf"({LETTER}+)[{HYPHENS}]$")
_AFTER_BREAK = re.compile(rf"{LETTER}+")
_FIRST_HALF = re.compile(rf"({LETTER}+)[{HYPHENS}][ \t]*\n[ \t]*$")
_SECOND_HALF = re.compile(rf"[{HYPHENS}][ \t]*\n[ \t]*({LETTER}+)")
#: First halves that are written without a hyphen if the whole is a word.
_PREFIXES = re.compile(
    "anti|auto|bio|cardio|endo|extra|gastro|hyper|hypo|immuno|inter|intra|macro|micro|multi|neuro|over|para|peri|photo"
    "|post|proto|semi|sub|super|supra|tele|trans|ultra|under",
    re.IGNORECASE,
)
#: Zipf frequency from which a word is common.
_COMMON = 3.0
#: Letters from which a word that only the paper has is no chance fragment.
_OWN = 5
#: What follows a hyphen that stands for a word to come: "short- and long-term".
_SUSPENDED = re.compile(r"(?:and|or|nor|to|vs|versus)\b(?!-)")
#: Characters looked at around a place: more than any word has.
_REACH = 80
#: Second halves before which a hyphen at the line end is the word's own: "follow-up", "dose-dependent".
_TAILS = re.compile(
    "up|off|out|in|on|to|of|free|like|based|related|induced|associated|specific|dependent|term|old|year"
    "|week|day|month|hour|fold|positive|negative|weighted|guided|resistant|sensitive|deficient|derived|treated"
    "|mediated|stage|grade|line|threatening|risk|dose|blind|controlled|sided"
)


def normalise(text: MappedText) -> MappedText:
    """Write ligature glyphs as letters and every space as one; drop invisible characters.

    Line feeds and tabs stay; other line and page ends become line feeds. A soft
    hyphen at a line end becomes a hyphen. An accent is joined with its letter.
    """

    def plain(match: re.Match[str]) -> str:
        found = match.group()
        if len(found) == 2:
            return unicodedata.normalize("NFC", found)
        if found in _GLYPHS:
            return _GLYPHS[found]
        if found == "\u00ad":
            return "-" if _LINE_END.match(match.string, match.end()) else ""
        if found in "\f\v\u0085\u2028\u2029":
            return "\n"
        return " " if found.isspace() else ""

    return text.edit((m.start(), m.end(), plain(m)) for m in _PLAIN.finditer(text.text))


def mend_ligatures(text: MappedText, vocabulary: Vocabulary) -> tuple[MappedText, tuple[str, ...]]:
    """Put back the ligature behind each replacement character where one makes a known word.

    Of several the one wins that fits the place ("Th" begins sentences), then the
    one that the paper has most often, then the commonest in English. Returns the
    text and a note for each different word that stays broken.
    """
    edits: list[tuple[int, int, str]] = []
    broken: Counter[str] = Counter()
    for match in _WORDLIKE.finditer(text.text):
        if LOST not in match.group():
            continue
        mended = _mend_word(match, vocabulary)
        if mended is None:
            broken[match.group()] += 1
        else:
            edits.append((match.start(), match.end(), mended))
    notes = tuple(
        f"a lost character in “{word}” could not be repaired" + (f" ({count} times)" if count > 1 else "")
        for word, count in broken.items()
    )
    return _edit_inside(text, edits), notes


def _mend_word(match: re.Match[str], vocabulary: Vocabulary) -> str | None:
    word = match.group()
    holes = word.count(LOST)
    if holes > 3 or not holes < len(word) <= _REACH:
        return None
    head, tail = _other_halves(match)
    opens = _opens_sentence(match.string[max(match.start() - _REACH, 0) : match.start()])
    parts = word.split(LOST)
    best: tuple[bool, int, float, str] | None = None
    for choice in itertools.product(LOST_LIGATURES, repeat=holes):
        if "Th" in choice[1:] or (choice[0] == "Th" and (parts[0] or head)):
            continue
        candidate = "".join(itertools.chain.from_iterable(zip(parts, choice, strict=False))) + parts[-1]
        whole = head + candidate + tail
        if not vocabulary.known(whole):
            continue
        count, common = vocabulary.count(whole), commonness(whole)
        fits = (bool(parts[0]) or (choice[0] == "Th") == opens) and (count > 0 or common >= _COMMON)
        rank = (fits, count, common, candidate)
        best = max(best, rank) if best else rank
    return best[3] if best else None


def _other_halves(match: re.Match[str]) -> tuple[str, str]:
    """Return what hyphens at line ends cut off before and behind a word."""
    head = _FIRST_HALF.search(match.string[max(match.start() - _REACH, 0) : match.start()])
    tail = _SECOND_HALF.match(match.string[match.end() : match.end() + _REACH])
    return head.group(1) if head else "", tail.group(1) if tail else ""


def _opens_sentence(before: str) -> bool:
    if _EMPTY_LINE.search(before):
        return True
    before = before.rstrip(" \t\n(\"'\u201c\u2018")
    return not before or before[-1] in ".?!:])" or before.endswith(("\u201d", "\u2019"))


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
    parts: list[MappedText] = []
    before = ""
    for line in (line.strip() for line in lines):
        if not line.text:
            continue
        line = line.edit((m.start(), m.end(), " ") for m in _SPACES.finditer(line.text))
        if parts:
            cut, separator = _seam(before, line.text, vocabulary)
            end = len(parts[-1])
            parts[-1] = parts[-1].edit([(end - cut, end, separator)])
            before = before[: len(before) - cut] + separator
        parts.append(line)
        before = (before + line.text)[-_REACH:]
    return join(parts, "")


def _seam(before: str, after: str, vocabulary: Vocabulary) -> tuple[int, str]:
    """Return how many characters to drop at the end of ``before``, and what to put between."""
    if before[-1] in "/\u2013" and len(before) > 1 and before[-2].isalnum() and after[0].isalnum():
        return 0, ""
    if before[-1] not in HYPHENS or before[-2:-1].isspace() or len(before) < 2:
        return 0, " "
    if _SUSPENDED.match(after):
        return 0, " "
    left, right = _BEFORE_BREAK.search(before), _AFTER_BREAK.match(after)
    if left is None or right is None or _true_hyphen(left.group(1), right.group(), vocabulary):
        return 0, ""
    return 1, ""


def _true_hyphen(left: str, right: str, vocabulary: Vocabulary) -> bool:
    whole, hyphenated = left + right, f"{left}-{right}"
    if not right.islower() and not (whole.isupper() and len(right) > 1):  # "SARS-CoV"; not "INTRO-DUCTION"
        return True
    if vocabulary.count(whole) != vocabulary.count(hyphenated):
        return vocabulary.count(hyphenated) > vocabulary.count(whole)
    if left.isupper() or len(left) == 1:  # "B-cells", "CT-guided", "n-hexane"
        return right.islower() or commonness(whole) == 0
    if _TAILS.fullmatch(right) and commonness(whole) < 3.2:  # "long-term"; not "with-in"
        return vocabulary.known(left)
    both_words = min(len(left), len(right)) >= 2 and _word(left, vocabulary) and _word(right, vocabulary)
    closed = (min(len(left), len(right)) < 4 or _PREFIXES.fullmatch(left)) and left[-1] != right[0]
    if commonness(whole) > (2.0 if both_words and not closed else 0.0):
        return False
    return both_words


def _word(part: str, vocabulary: Vocabulary) -> bool:
    """Tell whether half of a cut word is a word: a common one, or one that the paper has by itself."""
    own = len(part) >= _OWN and not _PREFIXES.fullmatch(part) and vocabulary.count(part) > 0
    return own or commonness(part) >= 2.5
