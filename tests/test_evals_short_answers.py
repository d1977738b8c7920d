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


@pytest.mark.parametrize(
    ("given", "accepted", "exact", "f1"),
    [
        ("The 412 U/L", ["412 u/l.", "412"], 1.0, 1.0),  # the best of the accepted
        ("412 U/L", ["412"], 0.0, 2 / 3),
        ("412", [], None, None),
        ("six weeks later", ["after six weeks"], 0.0, 2 / 3),  # 2 shared of 3 and 3
        ("six weeks later", ["six"], 0.0, 0.5),  # precision 1/3, recall 1
        ("no no", ["no"], 0.0, 2 / 3),  # a word counts as often as it is in both
        ("six", ["seven", "six"], 1.0, 1.0),
        ("", ["six"], 0.0, 0.0),
        ("the", ["a"], 1.0, 1.0),  # nothing is left of either
    ],
)
def test_exact_match_and_f1_by_hand(
    given: str, accepted: list[str], exact: float | None, f1: float | None
) -> None:
    assert exact_match(given, accepted) == exact
    assert token_f1(given, accepted) == (f1 if f1 is None else pytest.approx(f1))
