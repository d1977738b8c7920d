"""Question files: JSON lines to entries, and a one-line error for every mistake."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from index.errors import UsageError
from qa.files.questions import Entry, read_questions

LINE = '{"id": 1, "question": "How long did it last?"}'
TEXT = """\ufeff{"id": "a", "question": "When was MMF restarted?", "history": []}

{"id": 7, "question": "How do I bake bread?", "history": null}
{"question": "And her AST?", "history": ["What was the woman's CK on admission?"]}
"""


@pytest.mark.parametrize("source", ["file", "standard input"])
def test_each_line_is_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert read_questions(path if source == "file" else Path("-")) == [
        Entry("a", "When was MMF restarted?", ()),
        Entry(7, "How do I bake bread?", ()),
        Entry(4, "And her AST?", ("What was the woman's CK on admission?",)),  # the number of its line
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "questions.jsonl: no questions in it"),
        (b"\n \n", "questions.jsonl: no questions in it"),
        (b"not JSON", "line 1: not a question"),
        (f"{LINE}\n\n[1]".encode(), "line 3: not a question"),
        (f"{LINE}\n{{".encode(), "line 2: not a question"),
        (b"null", "line 1: not a question"),
        (b'{"id": 1}', "line 1: not a question"),
        (b'{"question": 5}', "line 1: not a question"),
        (b'{"question": "a", "history": "b"}', "line 1: not a question"),
        (b'{"question": "a", "history": [1]}', "line 1: not a question"),
        (b'{"question": "a", "history": {"b": 1}}', "line 1: not a question"),
        (b"[" * 100_000, "line 1: not a question"),
        (b'{"question": "caf\xe9"}', r"not UTF-8 text \(byte 17\)"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=message) as error:
        read_questions(path)
    assert "Write one object a line" in str(error.value) or "UTF-8" in str(error.value)


def test_a_path_that_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a folder, not a file"):
        read_questions(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        read_questions(tmp_path / "nowhere.jsonl")
