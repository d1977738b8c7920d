"""Terms of a text, which BM25 compares."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from functools import lru_cache

_STOP = frozenset(
    """a about also am an and any are as at be been being but by can could did do does doing for from had has
    have having he her hers him his how i if in into is it its me my of on or our ours she should so such than
    that the their them then there these they this those to was we were what when where which while who whom
    whose why will with would you your""".split()  # noqa: SIM905 - a list would take fifty lines
)
_GREEK = {
    chr(code): unicodedata.name(chr(code)).rsplit(" ", 1)[-1].lower().replace("lamda", "lambda")
    for code in range(0x3B1, 0x3CA)
    if code != 0x3C2
} | {"\u03c2": "sigma"}
_WORD = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?"  # 9,641
    r"|[^\W_]+(?:[.\u00b7]\d+)*(?:['\u2019][^\W\d_]+)?"  # woman's, 1.5
    r"(?:[-\u2010\u2011\u2012\u2013^][^\W_]+(?:\.\d+)*)*"  # IL-6, anti-HMG-CoA, 2-7, m^2
)
_HYPHENS = re.compile("[-\u2010\u2011\u2012\u2013^]")
_HIGH = "\u2070\u00b9\u00b2\u00b3\u2074-\u2079"
#: Where raised digits begin behind a number or word: without a mark, 10\u2079 would be 109.
_POWER = re.compile(rf"(?<=[^\W{_HIGH}])(?=[{_HIGH}])")
_POSSESSIVE = re.compile(r"['\u2019].*")
_local = threading.local()


def terms(text: str) -> list[str]:
    """Return the terms of ``text`` in order: stemmed, without stop words.

    Numbers are kept ("9,641" as "9641"). A hyphenated compound counts as a whole,
    without its hyphens, and in parts: "IL-6" gives "il6", "il", "6", so that it matches
    "IL6", and so does "m^2". Greek letters are spelled out, accents dropped. A stop word in capitals
    ("WHO", "IT") is a name and is kept.
    """
    return [term for word in split(text) for term in terms_of(word)]


def line_counts(text: str) -> tuple[dict[str, int], int]:
    """Return how many lines of ``text`` hold each term, and how many lines are not empty."""
    lines = [frozenset(terms(line)) for line in text.split("\n") if line]
    return dict(Counter(term for held in lines for term in held)), len(lines)


def written_counts(counts: dict[str, int], lines: int) -> str:
    """Return the result of ``line_counts`` as a string, which is read in a tenth of the time."""
    return " ".join([str(lines), *(f"{term} {counts[term]}" for term in sorted(counts) if term)])


def read_counts(written: str) -> tuple[dict[str, int], int]:
    """Return the arguments of ``written_counts``."""
    lines, *rest = written.split(" ")
    return dict(zip(rest[::2], map(int, rest[1::2]), strict=True)), int(lines)


def weighted_terms(text: str) -> dict[str, float]:
    """Return the terms of a query with their weights: 1 for a word.

    A hyphenated compound weighs as much as a word, half for the whole and half shared
    by its parts; otherwise "COVID-19" would weigh three times a word.
    """
    weights: dict[str, float] = {}
    for word in split(text):
        parts = terms_of(word)
        for at, term in enumerate(parts):
            compound = len(parts) > 2
            share = (0.5 if at == 0 else 0.5 / (len(parts) - 1)) if compound else 1.0
            weights[term] = weights.get(term, 0.0) + share
    return weights


def words(text: str) -> list[str]:
    """Return the words of ``text`` in lower case, unstemmed, as a reader would type them."""
    return [printed(word) for word in split(text)]


def split(text: str) -> list[str]:
    """Return the words of ``text``, compounds whole, Greek letters spelled out, accents dropped."""
    if not text.isascii():
        text = _POWER.sub("^", text)
        text = "".join(
            _GREEK.get(character, _GREEK.get(character.lower(), character))
            for character in unicodedata.normalize("NFKD", text)
            if not unicodedata.combining(character)
        )
    return _WORD.findall(text)


def printed(word: str) -> str:
    """Return one of ``split``'s words as a reader would type it."""
    return _POSSESSIVE.sub("", word).lower()


def is_stop_word(word: str) -> bool:
    """Tell whether ``word`` is left out of the terms of a text."""
    return word.lower() in _STOP


@lru_cache(maxsize=200_000)
def terms_of(word: str) -> tuple[str, ...]:
    """Return the terms of one of ``split``'s words."""
    word = _POSSESSIVE.sub("", word)
    if word[0].isdigit() and "," in word:
        word = word.replace(",", "")
    parts = [part for part in _HYPHENS.split(word) if part]
    kept = [
        _stem(part.lower())
        for part in parts
        if part.lower() not in _STOP or (len(part) > 1 and part.isupper())  # "WHO" is a name
    ]
    if len(parts) > 1 and any(character.isalpha() for character in word):
        kept.insert(0, _stem("".join(parts).lower()))
    return tuple(kept)


def _stem(word: str) -> str:
    if not word.isalpha():
        return word
    if not hasattr(_local, "stemmer"):  # a stemmer must not be shared between threads
        import Stemmer

        _local.stemmer = Stemmer.Stemmer("english")
    return str(_local.stemmer.stemWord(word))
