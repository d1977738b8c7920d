"""Views and exports show the text of papers unchanged, whatever characters it contains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import FileEmpty, FileTooLarge, QuoteError, UnknownFormat
from index.ingest.originals import LARGEST, UPLOADS, forget_upload, harmless_name, keep_upload, uploaded_file
from index.read import read
from index.read.text.plain import read_plain
from index.text import Document, Span
from qa.quote.cite import cite
from qa.records import Answer, Receipt, Scores, Status
from qa.show.present import (
    answer_view,
    confidence_word,
    parts,
    per_cent,
    place_words,
    source_view,
    where,
)

TABLE = """Iron in runners

Abstract

Ferritin fell within ten weeks. It rose again later.

Table 1: Ferritin by week.

Week\tFerritin\tRange
0\t62 ug/L\t20-200
10\t31 ug/L\t20-200

Discussion

Nobody was anaemic.
"""
"""A paper with a table, as plain text."""


@given(st.text(), st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(0, 40))))
def test_parts_join_to_the_text(text: str, ranges: list[tuple[str, int, int]]) -> None:
    marks = [(name, Span(min(one, two), max(one, two))) for name, one, two in ranges]
    cut = parts(text, 5, marks)
    assert "".join(part["text"] for part in cut) == text
    at = 5
    for part in cut:
        for place in range(at, at + len(part["text"])):
            holding = {name for name, span in marks if span.start <= place < span.end}
            assert set(part["marks"]) == holding
        at += len(part["text"])


@pytest.mark.parametrize(
    ("page", "label", "line", "last", "words"),
    [
        (3, "3", None, None, "page 3"),
        (3, "e12", None, None, "page 3 (printed e12)"),
        (None, None, 7, 7, "line 7"),
        (None, None, 7, 9, "lines 7–9"),
        (None, None, None, None, ""),
    ],
)
def test_place_words(
    page: int | None, label: str | None, line: int | None, last: int | None, words: str
) -> None:
    assert place_words(page, label, line, last) == words


@pytest.mark.parametrize(
    ("parts_", "words"),
    [
        (("Iron", "Results > Women", "page 3"), "Iron · Results › Women · page 3"),
        (("", "", "line 7"), "line 7"),
        (("", "", ""), ""),
    ],
)
def test_where_omits_unknown_parts(parts_: tuple[str, str, str], words: str) -> None:
    assert where(*parts_) == words


def test_confidence_words() -> None:
    words = [confidence_word(value) for value in (1.0, 0.8, 0.79, 0.5, 0.49, 0.0)]
    assert words == ["High", "High", "Moderate", "Moderate", "Low", "Low"]


def test_percentages_stay_between_1_and_99() -> None:
    assert [per_cent(value) for value in (1.0, 0.996, 0.5, 0.004, 0.0)] == [99, 99, 50, 1, 1]


def paper() -> Document:
    return read_plain(TABLE.encode(), "iron.txt")


def answer_of(
    document: Document, span: Span, passage: Span | None = None, short: Span | None = None
) -> Answer:
    from index.text import BlockKind, Sentence

    citation = cite(
        document,
        Sentence(document.id, span, 0, BlockKind.PARAGRAPH),
        passage or span,
        number=1,
        confidence=0.7,
        short=short,
        scores=Scores(1.0, 1.0, 1.0, 0.5, ("ferritin",)),
    )
    receipt = Receipt("i", 1, "m", "r", 0.5, {}, {})
    return Answer("What fell?", "What fell?", Status.ANSWERED, 0.7, 0.7, (citation,), (), (), receipt)


def find(document: Document, text: str) -> Span:
    start = document.text.index(text)
    return Span(start, start + len(text))


def test_a_source_is_shown_between_its_neighbours() -> None:
    document = paper()
    span = find(document, "It rose again later.")
    view = source_view(document, answer_of(document, span), 1, "1")
    cited = [
        part["text"]
        for block in view["blocks"]
        for part in block.get("parts", ())
        if "citation" in part["marks"]
    ]
    assert cited == ["It rose again later."]
    shown = "".join(part["text"] for block in view["blocks"] for part in block.get("parts", ()))
    assert "Ferritin fell within ten weeks." in shown


def test_a_table_row_is_shown_in_its_table() -> None:
    document = paper()
    row = document.tables[0].rows[1]
    view = source_view(document, answer_of(document, row.span, short=row.cells[1]), 1, "1")
    (table,) = [block for block in view["blocks"] if block["kind"] == "table"]
    assert table["header"] == [["Week", "Ferritin", "Range"]]
    assert [line["cited"] for line in table["rows"]] == [False, True]
    assert table["rows"][1]["cells"][1] == [{"text": "31 ug/L", "marks": ["short"]}]
    (quote,) = answer_view(answer_of(document, row.span, short=row.cells[1]), "1")["papers"][0]["quotes"]
    assert quote["table"]["header"] == ["Week", "Ferritin", "Range"]
    assert [cell["marks"] for cell in quote["table"]["cells"]] == [[], ["short"], []]


def test_a_source_whose_text_has_changed_is_refused() -> None:
    document = paper()
    answer = answer_of(document, find(document, "It rose again later."))
    with pytest.raises(QuoteError, match="changed"):
        source_view(replace(document, text=document.text.replace("rose", "sank")), answer, 1, "1")


@given(st.text(max_size=300))
def test_upload_names_are_harmless(name: str) -> None:
    safe = harmless_name(name)
    assert safe
    assert len(safe.encode()) <= 130
    assert not safe.startswith(".")
    assert not set(safe) & set("/\\\0\n\u202e")
    assert harmless_name(safe) == safe


def test_an_upload_is_stored_by_content(tmp_path: Path) -> None:
    path = keep_upload(tmp_path, "../../<b>a</b>\u202e.txt", b"words")
    assert path.parent.parent == tmp_path / UPLOADS
    assert path.read_bytes() == b"words"
    assert uploaded_file(tmp_path, path.parent.name) == path
    assert uploaded_file(tmp_path, "../" + path.parent.name) is None
    forget_upload(tmp_path, path.parent.name)
    assert uploaded_file(tmp_path, path.parent.name) is None


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.exe", b"x", UnknownFormat),
        ("a.txt", b"", FileEmpty),
        ("a.txt", b"x" * (LARGEST + 1), FileTooLarge),
    ],
    ids=["ending", "empty", "large"],
)
def test_a_bad_upload_stores_nothing(tmp_path: Path, name: str, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        keep_upload(tmp_path, name, data)
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("name", ["notes.odt", "notes", "paper.epub"])
def test_uploads_and_files_get_the_same_error_for_an_unknown_format(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"words")
    with pytest.raises(UnknownFormat) as file:
        read(tmp_path / name)
    with pytest.raises(UnknownFormat) as upload:
        keep_upload(tmp_path, name, b"words")
    assert str(file.value) == f"{tmp_path}/{upload.value}"
