"""The words of a paper, and a general list of English ones behind them."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What decoders put where they do not know the character.
LOST = "\N{REPLACEMENT CHARACTER}"
#: Hyphen, typographic hyphen, hyphen that does not break.
HYPHENS = "-\u2010\u2011"
#: One letter of any script, as part of a pattern.
LETTER = r"[^\W\d_]"
_WORD = re.compile(rf"{LETTER}+(?:[{HYPHENS}]{LETTER}+)*")
_TOKEN = re.compile(r"\S+")
_LINE_END = re.compile(r"[ \t]*\n")


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
        self._counts = Counter(word.lower() for token in _whole_tokens(text) for word in _WORD.findall(token))

    def count(self, word: str) -> int:
        """Return how often the paper has ``word`` whole, in either case."""
        return self._counts[word.lower()]

    def known(self, word: str) -> bool:
        """Tell whether the paper or the word list has ``word``."""
        return self.count(word) > 0 or commonness(word) > 0


def _whole_tokens(text: str) -> Iterator[str]:
    after_cut = False
    for match in _TOKEN.finditer(text):
        token = match.group()
        cut = token[-1] in HYPHENS and _LINE_END.match(text, match.end()) is not None
        if not cut and not after_cut and LOST not in token:
            yield token
        after_cut = cut
