"""What a PDF says of itself: its own first page, never its reference list; abstracts without a heading."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.read import read
from index.text import BlockKind, Document
from tests.make_pdf import Sheet, Words, pdf

TITLE = Words("Tea and the sleep of sailors", y=740, size=18)
BYLINE = "Ann Bell, Carl Dunn"
BODY = (
    "Tea was given to the sailors at noon and they were asked how they had slept. Nobody was",
    "told that it was green tea, and it is not known that any of them had guessed it by then.",
)
REFERENCES = (
    "1. Moss R, Lind J. Tea on ships of 90 sailors. J Sea. 2007;3:1-8.",
    "2. Park S. Sleep at sea. Night Care. 2011;2:40-47.",
    "3. Ito H, Chen W. Green tea. Leaf. 2003;9:10-14.",
)


def paper(folder: Path, *lines: tuple[str, float, float]) -> Document:
    """Read a page with a title and ``lines``: text, size, and points below the line before."""
    y, words = 740.0, [TITLE]
    for text, size, below in lines:
        y -= below
        words.append(Words(text, y=y, size=size))
    path = folder / "paper.pdf"
    path.write_bytes(pdf([Sheet(words)]))
    return read(path)


def kinds(document: Document, kind: BlockKind) -> list[str]:
    return [block.span.of(document.text) for block in document.blocks if block.kind is kind]


@pytest.mark.parametrize("size", [8, 10])
@pytest.mark.parametrize("heading", ["", "Works we used"])
def test_a_reference_list_under_no_usual_heading_is_one_and_states_nothing(
    tmp_path: Path, size: float, heading: str
) -> None:
    body = [(BODY[0], 10, 24), (BODY[1], 10, 12)]
    listed = [(text, size, 36) for text in REFERENCES]
    headed = [(heading, 13, 30)] if heading else []
    document = paper(tmp_path, (BYLINE, 10, 30), ("Introduction", 13, 30), *body, *headed, *listed)
    assert kinds(document, BlockKind.REFERENCE) == list(REFERENCES)
    assert (document.year, document.journal) == (None, "")
    assert document.authors == ("Ann Bell", "Carl Dunn")


def test_a_numbered_list_of_the_body_stays(tmp_path: Path) -> None:
    steps = ("1. Tea was boiled in 2004 with water.", "2. It was cooled in 2005.", "3. It was drunk in 2006.")
    document = paper(
        tmp_path,
        (BYLINE, 10, 30),
        ("Methods", 13, 30),
        (BODY[0], 10, 24),
        *((text, 10, 20) for text in steps),
    )
    assert kinds(document, BlockKind.REFERENCE) == []


@pytest.mark.parametrize("labels", [("BACKGROUND", "METHODS", "RESULTS"), ("Aim", "Design", "Findings")])
def test_a_structured_abstract_below_the_byline_is_text_of_the_paper(
    tmp_path: Path, labels: tuple[str, str, str]
) -> None:
    said = ("Sailors sleep badly.", "We gave tea to 90 of them.", "Of these, 12 slept for longer.")
    abstract = [f"{label}: {text}" for label, text in zip(labels, said, strict=True)]
    document = paper(
        tmp_path,
        (BYLINE, 10, 30),
        *((text, 10, 12) for text in abstract),
        ("Introduction", 13, 30),
        (BODY[0], 10, 24),
        (BODY[1], 10, 12),
    )
    assert document.authors == ("Ann Bell", "Carl Dunn")
    assert kinds(document, BlockKind.PARAGRAPH)[:3] == abstract


def test_a_title_in_the_properties_counts_only_if_the_page_prints_it(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    words = [Words(text, y=700 - 12 * i) for i, text in enumerate(BODY)]
    path.write_bytes(pdf([Sheet(words)], info=b"/Title (A template for letters of thanks)"))
    assert read(path).title == ""
