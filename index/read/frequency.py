"""How common words are, by the word lists of wordfreq (Speer 2022).

The lists are read here, since importing wordfreq itself loads tokenizers and tables of languages and takes
longer than answering a question does. It is imported for words that its tokenizers would divide.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


@lru_cache(maxsize=100_000)
def zipf(word: str, language: str = "en") -> float:
    """Return the Zipf frequency of ``word`` in any case; 0.0 if the list of the language lacks it.

    It is the logarithm of its occurrences in a billion words: 7 is "the", 4 an everyday word, 1 a rare term.
    """
    lower = word.lower()
    if lower.isascii() and lower.isalpha():
        return _frequencies(language).get(lower, 0.0)
    from wordfreq import zipf_frequency

    return float(zipf_frequency(lower, language))


@lru_cache
def _frequencies(language: str) -> dict[str, float]:
    """Return the words of the largest list of a language with their Zipf frequencies.

    The file (format "cB" 1) is a list: a header, then the words of each frequency, by hundredths of log10.
    """
    import msgpack

    spec = find_spec("wordfreq")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("wordfreq", name="wordfreq")
    folder = Path(spec.origin).parent / "data"
    paths = [folder / f"{size}_{language}.msgpack.gz" for size in ("large", "small")]
    path = next(path for path in paths if path.is_file())
    _, *lists = msgpack.unpackb(gzip.decompress(path.read_bytes()))
    found: dict[str, float] = {}
    for hundredths, words in enumerate(lists):
        found.update(dict.fromkeys(words, round(9 - hundredths / 100, 2)))
    return found
