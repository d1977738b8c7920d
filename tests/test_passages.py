"""Passages: every quotable sentence is in one, and none is longer than the encoder's window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.read.passages import TOKEN_BUDGET, count_tokens, passages_of
from index.read.sentences import sentence_spans
from index.read.text.plain import read_plain
from index.text import BlockKind, Document

WORDS = st.sampled_from(["the", "patient", "immunosuppression", "CK", "9641"])
SENTENCES = st.one_of(
    st.lists(WORDS, min_size=1, max_size=40).map(lambda words: "The " + " ".join(words) + "."),
    st.integers(1, 300).map(lambda n: "X" * n + "."),
)
PAPERS = st.lists(
    st.one_of(
        st.lists(SENTENCES, min_size=1, max_size=12).map(" ".join),
        st.just("Discussion"),
        st.lists(st.sampled_from(["CK", "9641 U/L", "high", "24-204"]), min_size=1, max_size=60).map(
            "\n\n".join
        ),
        st.just("Test\tValue\tUnit\nCK\t9641\tU/L\nSodium\t140\tmmol/L\n\nTable 1. Tests on admission."),
    ),
    min_size=1,
    max_size=8,
).map(lambda parts: "A Title of Three Words\n\nIntroduction\n\n" + "\n\n".join(parts))


def count_pieces(texts: Sequence[str]) -> list[int]:
    """Count pieces of up to four characters, and two special ones per text."""
    return [2 + sum((len(word) + 3) // 4 for word in re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def check(document: Document, room: int) -> None:
    passages, sentences = passages_of(document, count_pieces, room)
    quotable = [span for _, span in sentence_spans(document)]
    assert [sentence.span for sentence in sentences] == quotable
    covered = {i for passage in passages for i in range(passage.span.start, passage.span.end)}
    quoted = {i for span in quotable for i in range(span.start, span.end)}
    assert not [i for i in quoted - covered if not document.text[i].isspace()]
    assert all(a.span.end <= b.span.start for a, b in pairwise(passages))
    for passage in passages:
        embedded = f"{passage.context}\n{passage.span.of(document.text)}".lstrip("\n")
        assert count_pieces([embedded])[0] <= room
        assert document.sections[passage.section].span.contains(passage.span)
    for sentence in sentences:
        passage = passages[sentence.passage]
        assert passage.span.start <= sentence.span.start < passage.span.end
        assert passage.kind is sentence.kind
    rows = [passage for passage in passages if passage.kind is BlockKind.TABLE]
    assert {row.span for row in rows} >= {row.span for table in document.tables for row in table.rows}


@given(PAPERS, st.integers(40, 120))
def test_passages_cover_what_can_be_quoted_within_the_encoders_window(paper: str, room: int) -> None:
    check(read_plain(paper.encode(), "paper.txt"), room)


@pytest.mark.parametrize("room", [64, 256])
def test_passages_of_the_seeds(seeds: Path, room: int) -> None:
    for path in sorted(seeds.glob("*.txt")):
        check(read_plain(path.read_bytes(), path.name), room)


def test_a_table_row_carries_caption_and_heads(seeds: Path) -> None:
    path = seeds / "001_61e3d2fc1288ce0f.txt"
    document = read_plain(path.read_bytes(), path.name)
    passages, _ = passages_of(document, count_pieces, 256)
    (row,) = [p for p in passages if p.span.of(document.text).startswith("CK\t")]
    assert row.span.of(document.text) == "CK\t9641 unit/L\t24-204"
    assert row.context.splitlines() == [
        "Seronegative Immune-Mediated Necrotizing Myopathy: A Case Report",
        "Case Presentation",
        "TABLE 1: Initial serum laboratory evaluation. | Electrolyte | Current result | Reference range",
    ]
    assert row.tokens == count_tokens("CK\t9641 unit/L\t24-204")


def test_a_context_too_long_for_the_window_is_left_out_from_the_title_on() -> None:
    paper = "Word " * 30 + "title\n\nIntroduction\n\nThe patient was well."
    document = read_plain(paper.encode(), "a.txt")
    contexts = [passages_of(document, count_pieces, room)[0][0].context for room in (400, 40)]
    assert contexts == [f"{document.title}\nIntroduction", "Introduction"]


def test_special_tokens_in_a_paper_are_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_cells_on_separate_lines_share_passages() -> None:
    cells = [f"Analyte {i} was 4{i} mg/L." for i in range(60)]
    prose = "The serum of the patient was sent to the laboratory on the morning of the third day."
    paper = (
        f"A Title of Three Words\n\nResults\n\n{prose}\n\n" + "\n\n".join(cells) + f"\n\n{prose}\n\nIt rose."
    )
    document = read_plain(paper.encode(), "a.txt")
    passages, sentences = passages_of(document, count_pieces, 256)
    texts = [passage.span.of(document.text) for passage in passages]
    assert texts[0] == texts[-2] == prose
    assert texts[-1] == "It rose."
    merged = texts[1:-2]
    assert "\n\n".join(merged).split() == " ".join(cells).split()
    assert 3 <= len(merged) <= 6
    assert all(passage.tokens <= 2 * TOKEN_BUDGET for passage in passages)
    assert [s.span.of(document.text) for s in sentences if "Analyte" in s.span.of(document.text)] == cells
    check(document, 256)
    check(document, 40)
