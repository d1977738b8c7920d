"""Repairs what text extraction breaks: ligatures, hyphenation, line breaks, glued words.

Every function takes and returns ``MappedText``, so that each character still leads
back to the raw file. What cannot be decided is left alone and reported in notes.
Words are judged by the paper itself and by a general list of English words.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from index.read.frequency import zipf
from index.text import MappedText, join

#: What decoders put in place of a character they do not know.
LOST = "\N{REPLACEMENT CHARACTER}"
#: What a lost character may have been.
LOST_LIGATURES = ("Th", "fi", "fl", "ff", "ffi", "ffl", "ft")
#: What the ligature glyphs from U+FB00 on stand for.
_GLYPHS = ("ff", "fi", "fl", "ffi", "ffl", "ft", "st")
#: Hyphen, typographic hyphen, non-breaking hyphen.
HYPHENS = "-\u2010\u2011"
#: Marks where a word may be cut; some files also write it for a hyphen.
SOFT_HYPHEN = "\u00ad"
#: One letter of any script, as part of a pattern.
LETTER = r"[^\W\d_]"
#: A word of two letters or more.
WORD = re.compile(rf"{LETTER}{{2,}}")
#: Characters examined around a place: more than any word has.
_REACH = 80
#: Zipf frequency from which a word is common.
_COMMON = 3.0

_HYPHENATED = re.compile(rf"{LETTER}+(?:[{HYPHENS}]{LETTER}+)*")
_LINE_END = re.compile(r"[ \t]*(?:\n|\Z)")
_PLAIN = re.compile(
    "[\ufb00-\ufb06]"  # ligature glyphs
    "|\u00ad"  # soft hyphens: real at a line end and beside digits, nothing inside a word
    "|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"  # spaces of other widths
    "|[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"  # zero width, changes of direction
    "|[\f\v\u0085\u2028\u2029]"  # other line and page ends
    "|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"  # control characters
    "|[A-Za-z][\u0300-\u036f]"  # a letter and its accent in two characters
)
_WORDLIKE = re.compile(rf"[\w{LOST}]+")
_FIRST_HALF = re.compile(rf"({LETTER}+)[{HYPHENS}][ \t]*\n[ \t]*$")
_SECOND_HALF = re.compile(rf"[{HYPHENS}][ \t]*\n[ \t]*({LETTER}+)")
_FIRST_WORD = re.compile(rf"{LETTER}+")
_LAST_WORD = re.compile(rf"{LETTER}+$")
_SPACES = re.compile(" {2,}")
#: First halves that are written without a hyphen if the whole is a word.
_PREFIXES = frozenset({
    "anti", "auto", "bio", "cardio", "endo", "extra", "gastro", "hyper", "hypo", "immuno", "inter", "intra",
    "macro", "micro", "multi", "neuro", "over", "para", "peri", "photo", "post", "proto", "semi", "sub",
    "super", "supra", "tele", "trans", "ultra", "under",
})  # fmt: skip
#: Second halves before which a hyphen at the line end is the word's own: "follow-up", "dose-dependent".
_TAILS = frozenset({
    "up", "off", "out", "in", "on", "to", "of", "free", "like", "based", "related", "induced", "associated",
    "specific", "dependent", "term", "old", "year", "week", "day", "month", "hour", "fold", "positive",
    "negative", "weighted", "guided", "resistant", "sensitive", "deficient", "derived", "treated",
    "mediated", "stage", "grade", "line", "threatening", "risk", "dose", "blind", "controlled", "sided",
})  # fmt: skip
#: Letters from which a word that only the paper has is not a chance fragment.
_OWN = 5
#: What follows a hyphen that stands for a word to come: "short- and long-term".
_SUSPENDED = re.compile(r"(?:and|or|nor|to|vs|versus)\b(?!-)")

_STOP = re.compile(rf"(?<=[\])%]|{LETTER})\.(?=(?P<right>[A-Z]{LETTER}*)\b)")
_ADDRESS = re.compile(r"[/@]|www|\w\.\w+\.\w")
_THE = re.compile(r"\b(?P<left>of|in|to|and|on|for|with|from|by|that)(?P<right>the)\b")
_SMALL_WORD = re.compile(r"\b(?P<left>and|of|the|in|with|for|to|by|or)(?P<right>[a-z]{5,})\b")
_ACRONYM = re.compile(r"\b(?P<left>[A-Z]{2,6})(?P<right>[a-z]{5,})\b")
_ACRONYM_NUMBER = re.compile(
    r"\b(?P<left>[A-Z]{2,6})(?P<right>\d+(?:\.\d+)?) (?=(?:years?|months?|weeks?|days?|hours?|minutes?)\b)"
)


def without_numbers(text: str) -> str:
    """Return the text, "#" in place of each number: running heads differ from page to page in theirs."""
    return re.sub(r"\d+", "#", text)


class Vocabulary:
    """The words of one paper, with a general word list behind them."""

    def __init__(self, text: str) -> None:
        """Count the words of ``text``, except those cut at a line end or damaged."""
        self._counts = Counter(
            word.lower() for token in _whole_tokens(text) for word in _HYPHENATED.findall(token)
        )

    def count(self, word: str) -> int:
        """Return how often the paper has ``word`` whole, in either case."""
        return self._counts[word.lower()]

    def known(self, word: str) -> bool:
        """Return whether the paper or the word list has ``word``."""
        return self.count(word) > 0 or zipf(word) > 0


def _whole_tokens(text: str) -> Iterator[str]:
    after_cut = False
    for match in re.finditer(r"\S+", text):
        token = match.group()
        cut = token[-1] in HYPHENS + SOFT_HYPHEN and _LINE_END.match(text, match.end()) is not None
        if not cut and not after_cut and LOST not in token:
            yield token.replace(SOFT_HYPHEN, "")
        after_cut = cut


def normalise(text: MappedText) -> MappedText:
    """Write ligature glyphs as letters and every space as one; drop invisible characters.

    Line feeds and tabs stay; other line and page ends become line feeds. A soft
    hyphen at a line end, at the end of the text or beside a digit becomes a hyphen.
    An accent is joined with its letter.
    """

    def plain(match: re.Match[str]) -> str:
        characters = match.group()
        if len(characters) == 2:
            return unicodedata.normalize("NFC", characters)
        if "\ufb00" <= characters <= "\ufb06":
            return _GLYPHS[ord(characters) - 0xFB00]
        if characters == SOFT_HYPHEN:
            around = match.string[max(match.start() - 1, 0) : match.end() + 1]
            real = _LINE_END.match(match.string, match.end()) or any(map(str.isdigit, around))
            return "-" if real else ""
        if characters in "\f\v\u0085\u2028\u2029":
            return "\n"
        return " " if characters.isspace() else ""

    return text.sub(_PLAIN, plain)


def mend_ligatures(text: MappedText, vocabulary: Vocabulary) -> tuple[MappedText, tuple[str, ...]]:
    """Put back the ligature behind each replacement character where one makes a known word.

    The choice falls on the one that fits the place ("Th" begins sentences), then the
    one that the paper has most often, then the commonest in English. Returns the
    text and a note for each different word that stays broken.
    """
    edits: list[tuple[int, int, str]] = []
    broken: Counter[str] = Counter()
    for match in _WORDLIKE.finditer(text.text):
        word = match.group()
        if LOST not in word:
            continue
        mended = _mend_word(match, vocabulary)
        if mended is None:
            broken[word] += 1
        else:
            edits.append(_difference(match.start(), word, mended))
    notes = tuple(
        f"a lost character in “{word}” could not be repaired" + (f" ({count} times)" if count > 1 else "")
        for word, count in broken.items()
    )
    return text.edit(edits), notes


def _mend_word(match: re.Match[str], vocabulary: Vocabulary) -> str | None:
    word = match.group()
    holes = word.count(LOST)
    if holes > 3 or not holes < len(word) <= _REACH:
        return None
    before = match.string[max(match.start() - _REACH, 0) : match.start()]
    first = _FIRST_HALF.search(before)
    second = _SECOND_HALF.match(match.string[match.end() : match.end() + _REACH])
    head, tail = first.group(1) if first else "", second.group(1) if second else ""
    opens = _opens_sentence(before)
    parts = word.split(LOST)
    best: tuple[bool, int, float, str] | None = None
    for choice in itertools.product(LOST_LIGATURES, repeat=holes):
        if "Th" in choice[1:] or (choice[0] == "Th" and (parts[0] or head)):
            continue
        candidate = "".join(itertools.chain.from_iterable(zip(parts, choice, strict=False))) + parts[-1]
        whole = head + candidate + tail
        if not vocabulary.known(whole):
            continue
        count, common = vocabulary.count(whole), zipf(whole)
        fits = (bool(parts[0]) or (choice[0] == "Th") == opens) and (count > 0 or common >= _COMMON)
        rank = (fits, count, common, candidate)
        best = max(best, rank) if best else rank
    return best[3] if best else None


def _opens_sentence(before: str) -> bool:
    space = before[len(before.rstrip()) :]
    if space.count("\n") > 1:
        return True
    before = before.rstrip(" \t\n(\"'\u201c\u2018")
    return not before or before[-1] in ".?!:])\u201d\u2019"


def _difference(start: int, old: str, new: str) -> tuple[int, int, str]:
    """Return the edit at ``start`` that touches only what differs, so that origins stay exact."""
    head = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    ends = zip(reversed(old[head:]), reversed(new[head:]), strict=False)
    tail = next((i for i, (a, b) in enumerate(ends) if a != b), 0)
    return start + head, start + len(old) - tail, new[head : len(new) - tail]


def join_lines(lines: Sequence[MappedText], vocabulary: Vocabulary) -> MappedText:
    """Join the lines of one paragraph: soft breaks become spaces, cut words are whole again.

    A hyphen at a line end stays if it is part of the word: the paper writes
    the word so elsewhere, or its halves are words and the whole is not.
    """
    parts: list[MappedText] = []
    before = ""
    for line in (line.strip().sub(_SPACES, " ") for line in lines):
        if not line.text:
            continue
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
    if before[-1] not in HYPHENS or before[-2:-1].isspace() or len(before) < 2 or _SUSPENDED.match(after):
        return 0, " "
    left, right = _LAST_WORD.search(before[:-1]), _FIRST_WORD.match(after)
    if left is None or right is None or _true_hyphen(left.group(), right.group(), vocabulary):
        return 0, ""
    return 1, ""


def _true_hyphen(left: str, right: str, vocabulary: Vocabulary) -> bool:
    whole, hyphenated = left + right, f"{left}-{right}"
    if not right.islower() and not (whole.isupper() and len(right) > 1):  # "SARS-CoV"; not "INTRO-DUCTION"
        return True
    if vocabulary.count(whole) != vocabulary.count(hyphenated):
        return vocabulary.count(hyphenated) > vocabulary.count(whole)
    if left.isupper() or len(left) == 1:  # "B-cells", "CT-guided", "n-hexane"
        return right.islower() or zipf(whole) == 0
    if right in _TAILS and zipf(whole) < 3.2:  # "long-term"; not "with-in"
        return vocabulary.known(left)
    both_words = min(len(left), len(right)) >= 2 and _word(left, vocabulary) and _word(right, vocabulary)
    closed = (min(len(left), len(right)) < 4 or left.lower() in _PREFIXES) and left[-1] != right[0]
    if zipf(whole) > (2.0 if both_words and not closed else 0.0):
        return False
    return both_words


def _word(part: str, vocabulary: Vocabulary) -> bool:
    """Return whether half of a cut word is a word: a common one, or one that the paper has by itself."""
    own = len(part) >= _OWN and part.lower() not in _PREFIXES and vocabulary.count(part) > 0
    return own or zipf(part) >= 2.5


def split_glued(text: MappedText, vocabulary: Vocabulary) -> tuple[MappedText, tuple[str, ...]]:
    """Put the missing space between words that extraction glued together.

    Done after a full stop before a known word, after a small word before a word
    that the paper has ("andmycophenolate"), and between an acronym and a common
    word ("CTapproximately"). Returns the text and a note for each glued pair of words.
    """
    cuts = {match.end(): "" for match in _STOP.finditer(text.text) if _sentence_border(match, vocabulary)}
    for pattern in (_THE, _SMALL_WORD, _ACRONYM, _ACRONYM_NUMBER):
        for match in pattern.finditer(text.text):
            left, right = match.group("left"), match.group("right")
            if _glued(pattern, left, right, vocabulary):
                cuts[match.start("right")] = f"“{left}{right}” was read as “{left} {right}”"
    notes = tuple(cuts[at] for at in sorted(cuts) if cuts[at])
    return text.edit((at, at, " ") for at in sorted(cuts)), notes


def _sentence_border(match: re.Match[str], vocabulary: Vocabulary) -> bool:
    """Return whether a full stop between two characters ends a sentence, and is not part of an address."""
    before = match.string[max(match.start() - _REACH, 0) : match.start()]
    after = match.string[match.end() : match.end() + _REACH]
    if _ADDRESS.search(f"{before.rsplit(None, 1)[-1]}.{after.split(None, 1)[0]}"):
        return False
    if before[-1].isalpha():
        word = _LAST_WORD.search(before)
        whole = word is not None and len(word.group()) > 1 and vocabulary.known(word.group())
        if not whole or not before[-1].islower():
            return False
    right = match.group("right")
    return right == "A" or (len(right) > 1 and zipf(right) >= _COMMON)


def _glued(pattern: re.Pattern[str], left: str, right: str, vocabulary: Vocabulary) -> bool:
    """Return whether the two parts that a pattern separates are words of their own."""
    if pattern is _THE:
        return True
    if pattern is _ACRONYM_NUMBER:
        return vocabulary.count(left) > 0
    if zipf(left + right) > 0:
        return False
    if pattern is _ACRONYM:
        return vocabulary.count(left) > 0 and zipf(right) >= 3.5
    return vocabulary.count(right) >= max(vocabulary.count(left + right), 1)
