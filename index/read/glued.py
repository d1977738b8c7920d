"""Puts the missing space between words that text extraction glued together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.read.words import LETTER, Vocabulary, commonness

if TYPE_CHECKING:
    from index.text import MappedText

_STOP = re.compile(rf"(?<=[\])%]|{LETTER})\.(?=(?P<right>[A-Z]{LETTER}*)\b)")
_WORD_BEFORE = re.compile(rf"{LETTER}{{2,}}$")
_ADDRESS = re.compile(r"[/@]|www|\w\.\w+\.\w")
_THE = re.compile(r"\b(?P<left>of|in|to|and|on|for|with|from|by|that)(?P<right>the)\b")
_SMALL_WORD = re.compile(r"\b(?P<left>and|of|the|in|with|for|to|by|or)(?P<right>[a-z]{5,})\b")
_ACRONYM = re.compile(r"\b(?P<left>[A-Z]{2,6})(?P<right>[a-z]{5,})\b")
_ACRONYM_NUMBER = re.compile(
    r"\b(?P<left>[A-Z]{2,6})(?P<right>\d+(?:\.\d+)?) (?=(?:years?|months?|weeks?|days?|hours?|minutes?)\b)"
)
#: Characters looked at around a full stop: more than any word has.
_REACH = 80


def split_glued(text: MappedText, vocabulary: Vocabulary) -> tuple[MappedText, tuple[str, ...]]:
    """Put the missing space between words that extraction glued together.

    Done after a full stop before a known word, after a small word before a word
    that the paper has ("andmycophenolate"), and between an acronym and a common
    word ("CTapproximately"). Returns the text and a note for each glued pair of words.
    """
    cuts = {match.end(): "" for match in _STOP.finditer(text.text) if _sentence_border(match, vocabulary)}
    for pattern, plausible in _GLUED:
        for match in pattern.finditer(text.text):
            left, right = match.group("left"), match.group("right")
            if plausible(left, right, vocabulary):
                cuts[match.start("right")] = f"“{left}{right}” was read as “{left} {right}”"
    notes = tuple(cuts[at] for at in sorted(cuts) if cuts[at])
    return text.edit((at, at, " ") for at in sorted(cuts)), notes


def _sentence_border(match: re.Match[str], vocabulary: Vocabulary) -> bool:
    before = match.string[max(match.start() - _REACH, 0) : match.start()]
    after = match.string[match.end() : match.end() + _REACH]
    if _ADDRESS.search(f"{before.rsplit(None, 1)[-1]}.{after.split(None, 1)[0]}"):
        return False
    word = _WORD_BEFORE.search(before)
    if before[-1].isalpha() and not (word and before[-1].islower() and vocabulary.known(word.group())):
        return False
    right = match.group("right")
    return right == "A" or (len(right) > 1 and commonness(right) >= 3.0)


def _always(left: str, right: str, vocabulary: Vocabulary) -> bool:
    return True


def _new_word(left: str, right: str, vocabulary: Vocabulary) -> bool:
    return commonness(left + right) == 0 and vocabulary.count(right) >= max(vocabulary.count(left + right), 1)


def _after_acronym(left: str, right: str, vocabulary: Vocabulary) -> bool:
    return commonness(left + right) == 0 and vocabulary.count(left) > 0 and commonness(right) >= 3.5


def _number_after_acronym(left: str, right: str, vocabulary: Vocabulary) -> bool:
    return vocabulary.count(left) > 0


#: Each pattern with the test that tells whether its two parts are words of their own.
_GLUED = (
    (_THE, _always),
    (_SMALL_WORD, _new_word),
    (_ACRONYM, _after_acronym),
    (_ACRONYM_NUMBER, _number_after_acronym),
)
