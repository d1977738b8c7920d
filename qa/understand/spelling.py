"""Spelling: what the papers write otherwise, and what was probably mistyped.

A variant ("oedema", "edema") is the same word. A typing error is corrected only
where the word stands in no paper and in no word list and a word of the papers is
near; the answer says so, never silently.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.read.clean import commonness
from index.terms import terms as terms_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.store.lexical import Lexical

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SHORTEST = 5  #: letters of a word that may be corrected
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

    def __init__(self, lexical: Lexical) -> None:
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
            if better is None and (better := self._near(word)) is not None:
                notes.append(f"Read “{word}” as “{better}”.")
            parts += text[at : match.start()], better or word
            at = match.end()
        return "".join([*parts, text[at:]]), tuple(notes)

    def _held(self, word: str) -> bool:
        return any(self._lexical.document_frequency(term) for term in terms_of(word))

    def _variant(self, word: str) -> str | None:
        """Return the papers' spelling of a word that they only have in another; else None."""
        lower = word.lower()
        if len(word) < _SHORTEST or not terms_of(word) or self._held(word):
            return None
        for one, other in _VARIANTS:
            for old, new in ((one, other), (other, one)):
                for match in re.finditer(old, lower):
                    candidate = lower[: match.start()] + new + lower[match.end() :]
                    if self._held(candidate) and commonness(candidate) > 0:
                        return candidate
        return None

    def _near(self, word: str) -> str | None:
        lower = word.lower()
        if len(word) < _SHORTEST or word.isupper() or not terms_of(word) or self._held(word):
            return None
        if commonness(lower) >= 2.0:
            return None
        from rapidfuzz.distance import DamerauLevenshtein
        from rapidfuzz.process import extract

        if self._words is None:
            self._words = [(printed, count) for printed, count in self._lexical.words if len(printed) >= 4]
        most = 1 if len(lower) < 8 else 2
        names = [printed for printed, _ in self._words]
        found = extract(lower, names, scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=20)
        nearest = [(distance, -self._words[i][1], name) for name, distance, i in found if name[0] == lower[0]]
        return min(nearest)[2] if nearest else None
