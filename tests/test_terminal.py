"""Text printed to a terminal: control characters are escaped, any encoding works."""

from __future__ import annotations

import io
import json
import unicodedata
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.show.terminal import emit, never_fail_to_write, say, visible


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
def test_invisible_characters_are_escaped(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


@pytest.mark.parametrize(
    "plain", ["plain", "a\tb\nc", "\u00e9\u03b2\u65e5\u672c", "\U0001f642", "5\u201310 \u00b5g", ""]
)
def test_readable_text_stays(plain: str) -> None:
    assert visible(plain) == plain


@given(st.text())
def test_no_invisible_character_is_left(text: str) -> None:
    escaped = visible(text)
    left = {unicodedata.category(c) for c in escaped if c not in "\n\t\u200c\u200d"}
    assert left.isdisjoint({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
    assert visible(escaped) == escaped


@pytest.mark.parametrize("value", [{"a": "\x1b[31m\u202e\u2028"}, {"b": "\u65e5\n\r"}, []])
def test_json_is_one_line_that_reads_back(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    emit(value)
    written = capsys.readouterr().out
    assert written.count("\n") == 1
    assert json.loads(written) == value


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("value", [{"a": "\u00e9\u201c\u65e5"}, {"half a pair": "\ud800"}])
def test_json_is_written_in_any_encoding(value: object, encoding: str) -> None:
    written = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(written, encoding=encoding)):
        emit(value)
        assert json.loads(written.getvalue().decode(encoding)) == value


def test_text_is_written_in_any_encoding() -> None:
    written = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(written, encoding="ascii")) as stream:
        never_fail_to_write()
        say("5\u201310 \u00b5g " + "word " * 100)
        stream.flush()
        assert written.getvalue().startswith(b"5\\u201310 \\xb5g word")
        assert written.getvalue().count(b"\n") == 1  # lines are wrapped on a terminal only
