"""Spelling: what the papers write otherwise, and what was probably mistyped.

A variant ("oedema", "edema") is the same word. A typing error is corrected only
where the word stands in no paper and in no word list and a word of the papers is
near; the answer says so, never silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.read.frequency import zipf
from index.store.index import Words
from index.terms import terms as terms_of

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
SHORTEST = 5  #: letters of a word that may be corrected
#: Zipf frequency from which on a word, or a frequent misspelling, is in the word list.
_LISTED = 2.0
#: How much more frequent, on that scale, the word is that a listed misspelling stands for.
_OFTENER = 2.0
_VOWELS = "aeiou"
_VARIANTS = (
    ("ae", "e"),
    ("oe", "e"),
    ("our", "or"),
    ("isation", "ization"),
    ("ise", "ize"),
    ("ising", "izing"),
    ("ised", "ized"),
    ("yse", "yze"),
    ("tre", "ter"),
    ("ph", "f"),
    ("ll", "l"),
    ("mme", "m"),
)


class Speller:
    """Knows the words of one index."""

    def __init__(self, lexical: Words) -> None:
        """Take the words of an open index; they are listed when first needed."""
        self._lexical = lexical
        self._words: Sequence[tuple[str, int]] | None = None

    def correct(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return ``text`` as the papers spell it, and a note for each word taken for a typing error."""
        notes: list[str] = []
        parts: list[str] = []
        at = 0
        for match in _WORD.finditer(text):
            word = match.group()
            better = self._variant(word)
            if better is None and (better := self._frequent(word) or self._near(word)) is not None:
                notes.append(f"Read “{word}” as “{better}”.")
            parts += text[at : match.start()], better or word
            at = match.end()
        return "".join([*parts, text[at:]]), tuple(notes)

    def _held(self, word: str) -> bool:
        return any(self._lexical.document_frequency(term) for term in terms_of(word))

    def _variant(self, word: str) -> str | None:
        """Return the papers' spelling of a word that they only have in another; else None."""
        lower = word.lower()
        if len(word) < SHORTEST or not terms_of(word) or self._held(word):
            return None
        for one, other in _VARIANTS:
            for old, new in ((one, other), (other, one)):
                for match in re.finditer(old, lower):
                    candidate = lower[: match.start()] + new + lower[match.end() :]
                    if self._held(candidate) and zipf(candidate) > 0:
                        return candidate
        return None

    def _frequent(self, word: str) -> str | None:
        """Return what a frequent misspelling stands for, which word lists hold too: "recieve"; else None.

        It is off as such are (see ``_one_off``) and a word of the papers in some form. English has that word
        a hundred times as often.
        """
        lower = word.lower()
        usual = zipf(lower)
        if (
            len(word) < SHORTEST
            or not word.islower()
            or usual < _LISTED
            or not terms_of(word)
            or self._held(word)
        ):
            return None
        likely = [
            (zipf(other), other)
            for other in _one_off(lower)
            if zipf(other) >= usual + _OFTENER and self._held(other)
        ]
        return max(likely)[1] if likely else None

    def _near(self, word: str) -> str | None:
        lower = word.lower()
        if len(word) < SHORTEST or word.isupper() or not terms_of(word) or self._held(word):
            return None
        if zipf(lower) >= _LISTED:
            return None
        if self._words is None:
            self._words = [(printed, count) for printed, count in self._lexical.words if len(printed) >= 4]
        most = 1 if len(lower) < 8 else 2
        names = [printed for printed, _ in self._words]
        found = nearby(lower, names, most)
        nearest = [(distance, -self._words[i][1], name) for name, distance, i in found]
        return min(nearest)[2] if nearest else None


def nearby(word: str, names: Sequence[str], most: int = 1) -> list[tuple[str, float, int]]:
    """Return at most 20 of ``names`` that differ from ``word`` in ``most`` letters, none of them the first.

    Each has its distance and its place in ``names``. Letters that changed places count as one.
    """
    from rapidfuzz.distance import DamerauLevenshtein
    from rapidfuzz.process import extract

    found = extract(word, names, scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=20)
    return [one for one in found if one[0][:1] == word[:1]]


def _one_off(word: str) -> set[str]:
    """Return the words that differ as frequent misspellings do; the first letter stays.

    By the order of two letters ("recieve"), one of a pair ("occured", "untill") or a vowel ("seperate").
    """
    splits = [(word[:at], word[at:]) for at in range(1, len(word))]
    swapped = {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    doubled = {left + left[-1] + right for left, right in splits} | {word + word[-1]}
    single = {left + right[1:] for left, right in splits if left[-1] == right[0]}
    vowels = {left + vowel + right[1:] for left, right in splits if right[0] in _VOWELS for vowel in _VOWELS}
    return (swapped | doubled | single | vowels) - {word}
