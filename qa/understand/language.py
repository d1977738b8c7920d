"""Detects a question in another language than the papers.

Search supports English only (stemmer, stop words, word lists). The language is the one in which the
question's words are most frequent (wordfreq, Speer 2022): the mean of their Zipf frequencies, which is
the likelihood of a bag of words.
"""

from __future__ import annotations

import re
import unicodedata
from statistics import fmean

from index.read.frequency import zipf

_WORD = re.compile(r"[^\W\d_]+")
#: Languages written as English is; those in other scripts are known by the script.
_LANGUAGES = {
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "hu": "Hungarian",
    "it": "Italian",
    "nb": "Norwegian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "sv": "Swedish",
    "tr": "Turkish",
}
_FEWEST_WORDS = 3
#: Mean Zipf frequency from which on a text is English without a look at the others.
_PLAINLY_ENGLISH = 4.0
#: By how much the mean of another language must be above that of English.
_LEAD = 1.0


def other_language(text: str) -> str | None:
    """Return the language of ``text`` where it is plainly not English; else None.

    "another script" stands for the languages that are not written in Latin letters.
    Names and terms alone, which are in no word list, are taken for English.
    """
    letters = [character for character in text if character.isalpha()]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    if 2 * latin < len(letters):
        return "another script"
    words = _WORD.findall(text.lower())
    if len(words) < _FEWEST_WORDS:
        return None
    english = _mean(words, "en")
    if english >= _PLAINLY_ENGLISH:
        return None
    best, language = max((_mean(words, code), code) for code in _LANGUAGES)
    return _LANGUAGES[language] if best >= english + _LEAD else None


def _mean(words: list[str], language: str) -> float:
    return fmean(zipf(word, language) for word in words)
