"""Spans to boxes on the rendered page: exact boxes, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.pages.places import Box, boxes
from index.read import read
from index.text import Document, Span
from tests.make_pdf import Sheet, Words, column, paper, pdf

WIDTH, HEIGHT = 612.0, 792.0
RUNNING = (
    "Some words of running text that stand above all",
    "else, so that this page reads as a paper does and",
    "the reader has something by which to tell its type.",
)


def located(folder: Path, data: bytes, quote: str, at: int = 0) -> tuple[Document, tuple[Box, ...]]:
    path = folder / "paper.pdf"
    path.write_bytes(data)
    document = read(path)
    start = -1
    for _ in range(at + 1):
        start = document.text.index(quote, start + 1)
    return document, boxes(data, document, Span(start, start + len(quote)))


def test_a_quote_has_a_box_on_each_of_its_lines(tmp_path: Path) -> None:
    _, (first, second) = located(tmp_path, paper(), "who came to our hospital with fever.")
    assert first.page == second.page == 1
    # Lines 2 and 3 of the left column: baselines 528 and 516 of 792 points.
    assert first.top < 1 - 528 / HEIGHT <= first.bottom
    assert second.top < 1 - 516 / HEIGHT <= second.bottom
    assert second.left == pytest.approx(72 / WIDTH, abs=0.005)


def test_a_quote_over_two_columns_has_boxes_in_both(tmp_path: Path) -> None:
    _, parts = located(
        tmp_path, paper(), "plan was to wait for the results of the blood cultures before any further step"
    )
    assert len(parts) == 2
    assert parts[0].left < 0.5 < parts[1].left


def test_the_right_one_of_two_equal_sentences_has_the_box(tmp_path: Path) -> None:
    lines = [
        *RUNNING,
        "The dose was five.",
        "It was raised in May.",
        "The dose was five.",
        "It was cut in June.",
    ]
    data = pdf([Sheet(column(tuple(lines), 72, 700))])
    _, (first,) = located(tmp_path, data, "The dose was five.")
    _, (second,) = located(tmp_path, data, "The dose was five.", at=1)
    assert second.top - first.top == pytest.approx(24 / HEIGHT, abs=0.002)


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_boxes_turn_with_the_page(tmp_path: Path, rotate: int) -> None:
    data = pdf([Sheet(column(RUNNING, 72, 700), rotate=rotate)])
    _, (box,) = located(tmp_path, data, "Some words of running text")
    x, y = 72 / WIDTH, 1 - 700 / HEIGHT
    corner = {90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}[rotate]
    assert box.left - 0.02 <= corner[0] <= box.right + 0.02
    assert box.top - 0.02 <= corner[1] <= box.bottom + 0.02


def test_text_that_is_not_on_the_page_has_no_box(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(paper())
    document = read(path)
    other = pdf([Sheet([Words("Another page altogether", 72, 700)])] * 2)
    assert boxes(other, document, Span(0, 20)) == ()
    assert boxes(b"%PDF- broken", document, Span(0, 20)) == ()


def test_a_text_file_has_no_boxes(tmp_path: Path) -> None:
    path = tmp_path / "paper.txt"
    path.write_text("A title of some words\n\nAbstract\n\nSome text stands here.\n")
    document = read(path)
    assert boxes(path.read_bytes(), document, Span(0, 5)) == ()
