"""What precedes a paper's first heading: title, byline, an abstract without a heading, YAML, a cover page."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.read import read
from index.read.text.plain import read_plain
from index.text import BlockKind, Document, Origin
from tests.documents import place_of, sections, texts
from tests.make_pdf import Sheet, Words, pdf

TITLE = "Sodium intake of ferry crews in winter"
BODY = [
    "Crews work at night and sleep by day, and it was not known what they eat when they are at",
    "sea. We followed the crews of three ferries and asked them what they had eaten on each day.",
]
STRUCTURED = [
    "AIMS: To learn what crews eat at sea.",
    "METHODS: We weighed the meals of 36 crew members.",
    "RESULTS: Sodium intake was 5.8 g a day.",
]
ENTRIES = [
    "1. Moe J, Lund K. Meals at sea in 1200 sailors. J Ships. 2003;4:12-19.",
    "2. Aas P. Salt. Heart Care. 2008;2:1-7.",
]


def sheet(
    lines: list[str], *, title: str = TITLE, byline: str = "Liv Moe, Per Aas", small: float = 10
) -> Sheet:
    """Return a page with title and byline, lines under them, the body, and entries in small type."""
    words = [Words(title, y=720, size=17), Words(byline, y=690)]
    words += [Words(line, y=676 - 12 * i) for i, line in enumerate(lines)]
    words += [Words("Introduction", y=570, size=13, font="F2")]
    words += [Words(line, y=548 - 12 * i) for i, line in enumerate(BODY)]
    words += [Words(line, y=420 - 14 * i, size=small) for i, line in enumerate(ENTRIES)]
    return Sheet(words)


def of_pdf(folder: Path, sheets: list[Sheet], info: bytes = b"") -> Document:
    path = folder / "paper.pdf"
    path.write_bytes(pdf(sheets, info=info))
    return read(path)


@pytest.mark.parametrize("small", [8, 10, 10.5])
def test_a_structured_abstract_under_the_byline_is_text_and_references_without_a_heading_are_not(
    tmp_path: Path, small: float
) -> None:
    document = of_pdf(tmp_path, [sheet(STRUCTURED, small=small)])
    assert document.title == TITLE
    assert document.authors == ("Liv Moe", "Per Aas")
    assert texts(document, BlockKind.PARAGRAPH)[:3] == STRUCTURED
    assert texts(document, BlockKind.REFERENCE) == ENTRIES
    assert (document.year, document.journal) == (None, "")


def test_a_short_abstract_without_a_heading_is_text(tmp_path: Path) -> None:
    lines = ["Sodium intake of ferry crews rose to 5.8 g a day after the new year on all of the ferries."]
    document = of_pdf(tmp_path, [sheet(["", *lines])])
    assert texts(document, BlockKind.PARAGRAPH)[0] == lines[0]


def test_names_one_below_the_other_are_authors_of_their_own(tmp_path: Path) -> None:
    document = of_pdf(tmp_path, [sheet(["Per Aas", "Eva Lund"], byline="Liv Moe MD")])
    assert document.authors == ("Liv Moe", "Per Aas", "Eva Lund")


def test_a_journals_front_page_is_no_part_of_the_paper(tmp_path: Path) -> None:
    front = Sheet([
        Words("Annals of Ferries", y=700, size=30),
        Words("Volume 9, 1998", y=650),
        Words("Knots and their names", y=600, size=18),
        Words("Ola Berg, Kari Dahl", y=580),
        Words("doi: 10.1234/knots.9", y=560),
    ])  # fmt: skip
    document = of_pdf(tmp_path, [front, sheet(STRUCTURED)])
    assert document.title == TITLE
    assert document.authors == ("Liv Moe", "Per Aas")
    assert (document.doi, document.year, document.journal) == ("", None, "")
    assert "Knots and their names" in " ".join(texts(document, BlockKind.FRONT))


@pytest.mark.parametrize(("title", "doi"), [(TITLE, "10.1234/ferry.1"), ("Template of a paper", "")])
def test_file_properties_count_where_their_title_is_that_of_the_page(
    tmp_path: Path, title: str, doi: str
) -> None:
    info = f"/Title ({title}) /Subject (doi:10.1234/ferry.1)".encode()
    document = of_pdf(tmp_path, [sheet(STRUCTURED)], info)
    assert document.doi == doi
    assert [field.origin for field in document.fields if field.name == "doi"] == [Origin.FILE] * bool(doi)


def test_other_pages_state_nothing(tmp_path: Path) -> None:
    later = Sheet([Words("\u00a9 1999 Other Press. doi: 10.1234/other. Published 3 May 1999", y=700, size=8)])
    document = of_pdf(tmp_path, [sheet(STRUCTURED), later])
    assert (document.doi, document.year) == ("", None)


TEXT = "\n".join([TITLE, "", "Liv Moe, Per Aas", *STRUCTURED, "", "Introduction", "", *BODY, "", *ENTRIES])


@pytest.mark.parametrize("name", ["paper.txt", "paper.md"])
def test_a_structured_abstract_in_a_text_file(name: str) -> None:
    document = read_plain(TEXT.encode(), name)
    assert document.authors == ("Liv Moe", "Per Aas")
    assert texts(document, BlockKind.PARAGRAPH)[:3] == STRUCTURED
    assert (document.year, document.journal) == (None, "")


def test_references_without_a_heading_in_a_text_file() -> None:
    text = TEXT.replace("\n2. Aas", "\n\n2. Aas")
    assert texts(read_plain(text.encode(), "paper.txt"), BlockKind.REFERENCE) == ENTRIES


YAML = """---
title: {title}
author: {authors}
date: {date}
draft: false
---

{rest}
## Methods

We weighed the meals of 36 crew members.
"""


@pytest.mark.parametrize(
    "authors",
    [
        "[Liv Moe, Per Aas]",
        "\n- Liv Moe\n- 'Per Aas'",
        "Liv Moe and Per Aas",
        "\n  - name: Liv Moe\n    affiliation: Ferry School\n  - name: Per Aas",
        "\n  - Liv Moe: {institute: [a]}\n  - Per Aas",
        "\n  - given: Liv\n    family: Moe\n  - given: Per\n    family: Aas",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_yaml_front_matter_states_title_authors_and_date(authors: str, end: str) -> None:
    rest = f"# {TITLE}\n\n**Someone Else**\n"
    raw = YAML.format(title=f'"{TITLE}"', authors=authors, date="2017-03-09", rest=rest)
    document = read_plain(raw.replace("\n", end).encode(), "paper.md")
    assert (document.title, document.year) == (TITLE, 2017)
    assert document.authors == ("Liv Moe", "Per Aas")
    assert {field.origin for field in document.fields if field.name != "affiliation"} == {Origin.FRONT}
    for field in document.fields:
        assert field.span is not None
        assert " ".join(field.span.of(document.text).split())
    assert place_of(document, "2017-03-09").line == 1 + raw[: raw.index("date:")].count("\n")
    assert "draft: false" in texts(document, BlockKind.FRONT)
    assert sections(document)[-1] == ("Methods", 1)


def test_yaml_with_a_bare_colon_in_its_title_is_read_line_by_line() -> None:
    raw = YAML.format(title="Ferries: a study", authors="Liv Moe", date="May 2017", rest="")
    document = read_plain(raw.encode(), "paper.md")
    assert (document.title, document.authors, document.year) == ("Ferries: a study", ("Liv Moe",), 2017)


@pytest.mark.parametrize(
    "raw",
    [
        "---\n- a\n---\n\nWords here.\n",
        "---\n\nWords here.\n\n---\n",
        "---\na: &b [*b]\n---\nWords.\n",
        "---\ntitle: " + 9_000 * "[" + "\n---\nWords.\n",
    ],
)
def test_lines_that_are_no_front_matter_are_text(raw: str) -> None:
    assert not read_plain(raw.encode(), "paper.md").fields
