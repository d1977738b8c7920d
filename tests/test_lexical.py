"""Terms and BM25, compared with a slow and obvious computation."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from index.files import LOCAL_DISK
from index.segments.arrays import Arrays, write_arrays
from index.segments.lexical import K1, B, Lexical, lexical_arrays
from index.segments.order import Order
from index.terms import terms, weighted_terms, words

TEXTS = [
    "Interleukin-6 (IL-6) rose to 41 pg/mL.",
    "The woman's CK was 9,641 unit/L; CK fell later.",
    "Anti-SRP antibodies and \u03b1-synuclein were absent, and so was TNF-\u03b1.",
    "Nothing about this.",
    "COVID-19 in a 54-year-old man with CK of 2\u20137 times normal",
]


def opened(folder: Path, texts: list[str]) -> Lexical:
    folder.mkdir(parents=True, exist_ok=True)
    arrays = Arrays(
        folder, write_arrays(folder / "words", lexical_arrays([text] for text in texts), LOCAL_DISK)
    )
    count = len(texts)
    one_each = Order(np.zeros(count, np.int64), np.arange(count), np.ones(count, np.int64), (count,))
    return Lexical([arrays], one_each, one_each)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IL-6", ["il6", "il", "6"]),
        ("IL6", ["il6"]),
        ("Ca^2+ or m\u00b2", ["ca2", "ca", "2", "m2", "m", "2"]),
        ("anti-SRP", ["antisrp", "anti", "srp"]),
        ("9,641", ["9641"]),
        ("1.5\u20132.0 ng/mL", ["1.5", "2.0", "ng", "ml"]),
        ("2-7", ["2", "7"]),
        ("TNF-\u03b1 and TNF\u03b1", ["tnfalpha", "tnf", "alpha", "tnfalpha"]),
        ("the woman's antibodies", ["woman", "antibodi"]),
        ("Sj\u00f6gren\u2019s na\u00efve", ["sjogren", "naiv"]),
        ("WHO is who", ["who"]),
        ("10\u2079/L, H\u2082O", ["10", "9", "l", "h2o"]),
        ("high\u2010resolution high-resolution", ["highresolut", "high", "resolut"] * 2),
        ("", []),
        ("--- , . '", []),
        ("\u65e5\u672c\u8a9e", ["\u65e5\u672c\u8a9e"]),
    ],
)
def test_terms_by_hand(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@given(st.text())
def test_any_text_has_terms_without_white_space_or_case(text: str) -> None:
    for term in terms(text):
        assert term
        assert term == "".join(term.split())
    assert len(words(text)) <= len(unicodedata.normalize("NFKD", text))  # "¼" is spelt out as 1, 4


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(0, 3))
def test_terms_do_not_depend_on_what_stands_around(text: str, times: int) -> None:
    assert terms(f"{text}\n" * times) == terms(text) * times


def test_a_compound_weighs_as_much_as_a_word() -> None:
    assert weighted_terms("fever in COVID-19") == {"fever": 1.0, "covid19": 0.5, "covid": 0.25, "19": 0.25}


def slow_scores(query: str, texts: list[str]) -> list[float]:
    counted = [Counter(terms(text)) for text in texts]
    mean = sum(sum(counts.values()) for counts in counted) / len(texts)
    scores = []
    for counts in counted:
        score, length = 0.0, sum(counts.values())
        for term, weight in weighted_terms(query).items():
            found = sum(1 for other in counted if term in other)
            idf = math.log(1 + (len(texts) - found + 0.5) / (found + 0.5))
            score += weight * idf * counts[term] / (counts[term] + K1 * (1 - B + B * length / mean))
        scores.append(score)
    return scores


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(alphabet="ab c-1.", max_size=12), min_size=1, max_size=8), st.text(alphabet="ab c-1.")
)
@example(TEXTS, "CK of the woman, IL-6 IL-6 and tnf alpha, unknown")
@example(TEXTS, "")
def test_scores_equal_the_formula_on_any_texts(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], query: str
) -> None:
    if not any(terms(text) for text in texts):
        texts = [*texts, "a1"]
    scores = opened(tmp_path_factory.mktemp("bm25"), texts).scores(query)
    assert scores.dtype == np.float32
    assert scores == pytest.approx(slow_scores(query, texts), abs=1e-5)


def test_frequencies_and_vocabulary(tmp_path: Path) -> None:
    lexical = opened(tmp_path, TEXTS)
    assert lexical.document_frequency("ck") == 2
    assert lexical.document_frequency("il6") == 1
    assert lexical.document_frequency("absent thing") == 0
    expected = Counter(term for text in TEXTS for term in set(terms(text)))
    assert dict(lexical.terms) == expected
    for start in ("c", "ck", "antibod", "ckk", "zzz"):
        assert lexical.terms.begins(start) is any(term.startswith(start) for term in expected), start
    printed = dict(lexical.words)
    assert printed["antibodies"] == 1
    assert printed["ck"] == 2
    assert list(printed) == sorted(printed, key=str.encode)


@pytest.mark.parametrize("texts", [[], [""], ["the of and"]])
def test_texts_without_terms(tmp_path: Path, texts: list[str]) -> None:
    lexical = opened(tmp_path, texts)
    assert lexical.scores("anything").tolist() == [0.0] * len(texts)
    assert list(lexical.terms) == []
