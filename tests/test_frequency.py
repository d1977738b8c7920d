"""Word frequencies: those of wordfreq, read without its tokenizers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from wordfreq import iter_wordlist, zipf_frequency

from index.read.frequency import zipf


@pytest.mark.parametrize("language", ["en", "de", "da"])
def test_frequencies_are_those_of_wordfreq(language: str) -> None:
    words = list(iter_wordlist(language))[::97]
    assert len(words) > 250
    for word in (*words, "zxqvvk", "IL-6", "The"):
        assert zipf(word, language) == zipf_frequency(word, language), word


def test_plain_words_load_no_tokenizers() -> None:
    program = "import sys; from index.read.frequency import zipf; print(zipf('lung'), 'ftfy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert shown.stdout.split() == [b"4.1", b"False"]
