"""What papers may do to a terminal: nothing."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.terminal import emit, visible


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("\x1b]0;title\x07", "<U+001B>]0;title<U+0007>"),
        ("9641\u202e units", "9641<U+202E> units"),
        ("\u2066a\u2069", "<U+2066>a<U+2069>"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("soft\u00adhyphen", "soft<U+00AD>hyphen"),
        ("\r\n", "<U+000D>\n"),
        ("\x9b2J", "<U+009B>2J"),
        ("\ue000", "<U+E000>"),
        ("\u2028", "<U+2028>"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_what_moves_or_hides_is_shown(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


@pytest.mark.parametrize(
    "plain", ["plain", "a\tb\nc", "\u00e9\u03b2\u65e5\u672c", "\U0001f642", "5\u201310 \u00b5g", ""]
)
def test_what_can_be_read_stays(plain: str) -> None:
    assert visible(plain) == plain


@given(st.text())
def test_nothing_unseen_is_left(text: str) -> None:
    found = visible(text)
    left = {unicodedata.category(c) for c in found if c not in "\n\t\u200c\u200d"}
    assert left.isdisjoint({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
    assert visible(found) == found


@pytest.mark.parametrize("value", [{"a": "\x1b[31m\u202e\u2028"}, {"b": "\u65e5\n\r"}, []])
def test_json_is_one_line_and_comes_back(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    emit(value)
    written = capsys.readouterr().out
    assert written.count("\n") == 1
    assert json.loads(written) == value
