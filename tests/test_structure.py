"""From drafts to a document: every offset is right."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.read.structure import Draft, Source, assemble, bare_title, table_label
from index.text import BlockKind, Document, Field, MappedText, Span

KINDS = st.sampled_from([kind for kind in BlockKind if kind is not BlockKind.TABLE])


@st.composite
def drafts(draw: st.DrawFn) -> list[Draft]:
    made: list[Draft] = []
    at = 0
    for _ in range(draw(st.integers(0, 6))):
        text = draw(st.text(alphabet="ab 1.", max_size=8))
        made.append(Draft(draw(KINDS), MappedText.raw(text, at), level=draw(st.integers(0, 3))))
        at += len(text) + 1
    return made


def document_of(*parts: Draft) -> Document:
    return assemble(Source(b"bytes", "a.txt", "text"), parts)


@given(drafts())
def test_blocks_and_sections_cover_the_text(parts: list[Draft]) -> None:
    document = document_of(*parts)
    kept = [part for part in parts if part.text.text.strip()]
    assert document.text == "\n\n".join(part.text.text for part in kept)
    assert [block.span.of(document.text) for block in document.blocks] == [part.text.text for part in kept]
    assert [block.kind for block in document.blocks] == [part.kind for part in kept]
    ends = [section.span for section in document.sections]
    assert (ends[0].start, ends[-1].end) == (0, len(document.text))
    assert all(a.end == b.start for a, b in pairwise(ends))
    assert all(document.sections[block.section].span.contains(block.span) for block in document.blocks)
    for block, part in zip(document.blocks, kept, strict=True):
        raw = [i for raw in document.map.raw_spans(block.span) for i in range(raw.start, raw.end)]
        assert tuple(raw) == part.text.origins


def test_a_document_by_hand() -> None:
    cells = ((Span(0, 4), Span(5, 10)), (Span(11, 13), Span(14, 18)))
    document = document_of(
        Draft(BlockKind.TITLE, MappedText.raw("A case"), fields=(Field("title", "A case", Span(0, 6)),)),
        Draft(
            BlockKind.FRONT, MappedText.raw("9 May 2016"), fields=(Field("year", "9 May 2016", Span(6, 10)),)
        ),
        Draft(BlockKind.HEADING, MappedText.raw("2. Methods"), level=1),
        Draft(BlockKind.HEADING, MappedText.raw("2.1. Aims."), level=2),
        Draft(BlockKind.CAPTION, MappedText.raw("TABLE 1: Tests.")),
        Draft(BlockKind.TABLE, MappedText.raw("Test\tValue\nCK\t9641"), rows=cells, header_rows=1),
        Draft(BlockKind.HEADING, MappedText.raw("3. Results"), level=1),
    )
    digest = hashlib.sha256(b"bytes").hexdigest()
    assert (document.id, document.title, document.year) == (digest, "A case", 2016)
    assert [field.span and field.span.of(document.text) for field in document.fields] == ["A case", "2016"]
    titles = [(section.title, section.level) for section in document.sections]
    assert titles == [("", 0), ("Methods", 1), ("Aims", 2), ("Results", 1)]
    paths = [document.section_path(i) for i in range(4)]
    assert paths == [(), ("Methods",), ("Methods", "Aims"), ("Results",)]
    (table,) = document.tables
    assert (table.label, table.caption and table.caption.of(document.text)) == ("Table 1", "TABLE 1: Tests.")
    assert [head.of(document.text) for head in table.header] == ["Test", "Value"]
    assert [[cell.of(document.text) for cell in row.cells] for row in table.rows] == [["CK", "9641"]]
    assert table.rows[0].span.of(document.text) == "CK\t9641"


def test_each_table_takes_the_caption_beside_it_once() -> None:
    rows = ((Span(0, 1), Span(2, 3)),)
    table = Draft(BlockKind.TABLE, MappedText.raw("a\tb"), rows=rows)
    document = document_of(
        table, Draft(BlockKind.CAPTION, MappedText.raw("Table II. Last")),
        table, Draft(BlockKind.CAPTION, MappedText.raw("Figure 1")),
    )  # fmt: skip
    assert [table.label for table in document.tables] == ["Table II", ""]


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("2.1. Aims.", "Aims"),
        ("IV. Results:", "Results"),
        ("3 Case  report", "Case report"),
        ("1984", "1984"),
    ],
)
def test_bare_titles(heading: str, title: str) -> None:
    assert bare_title(heading) == title


@pytest.mark.parametrize(
    ("caption", "label"),
    [
        ("TABLE 1: Tests", "Table 1"),
        ("Table S2. More", "Table S2"),
        ("Supplementary  Table 3", "Supplementary Table 3"),
        ("Table IV", "Table IV"),
        ("Figure 1", ""),
        ("Tables 1 and 2", ""),
        ("In Table 1", ""),
    ],
)
def test_table_labels(caption: str, label: str) -> None:
    assert table_label(caption) == label
