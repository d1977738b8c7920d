"""Exact match and token F1 by the rules of SQuAD's official script."""

from __future__ import annotations

import pytest

from evals.measure.short_answers import exact_match, normalised, token_f1


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("The  Eiffel Tower!", "eiffel tower"),
        ("an apple, a pear", "apple pear"),
        ("9641 unit/L", "9641 unitl"),
        ("theatre", "theatre"),
        ("the", ""),
    ],
)
def test_normalisation(text: str, compared: str) -> None:
    assert normalised(text) == compared


def test_exact_match_takes_the_best_of_the_accepted() -> None:
    assert exact_match("The 412 U/L", ["412 u/l.", "412"]) == 1.0
    assert exact_match("412 U/L", ["412"]) == 0.0
    assert exact_match("412", []) is None


def test_f1_by_hand() -> None:
    # given: six weeks later; accepted: after six weeks -> 2 shared of 3 and 3
    assert token_f1("six weeks later", ["after six weeks"]) == pytest.approx(2 / 3)
    # precision 1/3, recall 1
    assert token_f1("six weeks later", ["six"]) == pytest.approx(0.5)
    # a word counts as often as it stands in both
    assert token_f1("no no", ["no"]) == pytest.approx(2 / 3)
    assert token_f1("six", ["seven", "six"]) == 1.0
    assert token_f1("", ["six"]) == 0.0
    assert token_f1("the", ["a"]) == 1.0  # nothing is left of either
    assert token_f1("six", []) is None
