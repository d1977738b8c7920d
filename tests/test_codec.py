"""Documents and manifests survive a round trip, and damage is detected."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import FormatMismatch, IndexDamaged
from index.files import FileRecord
from index.read.text.plain import read_plain
from index.segments.arrays import ArraysRecord
from index.segments.codec import decode_document, encode_document
from index.store.manifest import FORMAT, Counts, Manifest, Model, decode
from index.terms import line_counts, read_counts, terms, written_counts
from index.text import (
    Block,
    BlockKind,
    Document,
    Field,
    Origin,
    Page,
    Row,
    Run,
    Section,
    SourceMap,
    Span,
    Table,
)

NUMBERS = st.integers(0, 10**6)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
SPANS = st.tuples(NUMBERS, NUMBERS).map(lambda pair: Span(min(pair), max(pair)))
ROWS = st.builds(Row, SPANS, st.lists(SPANS, max_size=3).map(tuple))


def several(items: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(items, max_size=3).map(tuple)


DOCUMENTS = st.builds(
    Document,
    id=st.text("0123456789abcdef", min_size=64, max_size=64),
    source=TEXTS,
    format=st.sampled_from(["text", "markdown", "pdf", "jats"]),
    title=TEXTS,
    authors=several(TEXTS),
    journal=TEXTS,
    year=st.none() | st.integers(1800, 2099),
    doi=TEXTS,
    licence=TEXTS,
    text=TEXTS,
    blocks=several(st.builds(Block, SPANS, st.sampled_from(BlockKind), NUMBERS)),
    sections=several(st.builds(Section, TEXTS, st.integers(0, 6), SPANS)),
    tables=several(st.builds(Table, SPANS, TEXTS, st.none() | SPANS, several(SPANS), several(ROWS))),
    fields=several(
        st.builds(Field, TEXTS, TEXTS, st.none() | SPANS, st.sampled_from(Origin), st.floats(0, 1))
    ),
    map=st.builds(
        SourceMap,
        several(st.builds(Run, NUMBERS, NUMBERS, NUMBERS)),
        several(NUMBERS),
        several(st.builds(Page, NUMBERS, TEXTS, SPANS)),
    ),
    warnings=several(TEXTS),
)

MANIFEST = Manifest(
    format=FORMAT,
    generation=7,
    previous=6,
    created="2026-01-01T00:00:00+00:00",
    model=Model("words", "f" * 64, 16, 64),
    counts=Counts(1, 2, 3),
    files=(FileRecord("a", 1, "0" * 64), FileRecord("na\u00efve", 2, "1" * 64)),
    segments=(ArraysRecord("c.seg", 3, "2" * 64, 2, "3" * 64),),
)


@given(DOCUMENTS)
def test_a_document_comes_back_as_it_was(document: Document) -> None:
    assert decode_document(encode_document(document), document.text, document.source) == document


def test_a_manifest_comes_back_as_it_was() -> None:
    assert decode(MANIFEST.encode(), "here") == MANIFEST
    assert MANIFEST.size == 6
    assert MANIFEST.file("na\u00efve") == FileRecord("na\u00efve", 2, "1" * 64)
    assert MANIFEST.file("c") is None


def test_any_changed_byte_of_a_manifest_is_noticed() -> None:
    data = MANIFEST.encode()
    for at in range(len(data)):
        for flip in (1, 32, 128):
            with pytest.raises(IndexDamaged, match="here"):
                decode(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :], "here")
        with pytest.raises(IndexDamaged):
            decode(data[:at], "here")
        with pytest.raises(IndexDamaged):
            decode(data[:at] + b" " + data[at:], "here")


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b'{"manifest": 1, "sha256": 2}', b"[" * 100_000, b"\xff"]
)
def test_other_json_is_damage(data: bytes) -> None:
    with pytest.raises(IndexDamaged):
        decode(data, "here")


def test_another_format_may_have_other_fields() -> None:
    newer = dataclasses.replace(MANIFEST, format=FORMAT + 1)
    with pytest.raises(FormatMismatch, match=f"format {FORMAT + 1}"):
        decode(newer.encode(), "here")


def test_the_terms_of_the_lines_come_back_counted(seeds: Path) -> None:
    for path in sorted(seeds.glob("*.txt")):
        document = read_plain(path.read_bytes(), path.name)
        stored = decode_document(encode_document(document), document.text, path.name)
        assert stored == document
        counts, lines = read_counts(stored.stems)
        assert (counts, lines) == line_counts(document.text)
        assert lines == sum(bool(line) for line in document.text.split("\n"))
        holding = [line for line in document.text.split("\n") if "mycophenol" in terms(line)]
        assert counts.get("mycophenol", 0) == len(holding)


@given(st.text(max_size=200))
def test_any_counts_can_be_written_and_read(text: str) -> None:
    assert read_counts(written_counts(*line_counts(text))) == line_counts(text)
