"""HTML pages: the article is read, the page around it is not; tables, places and marks are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import UndecodableText, UnknownFormat
from index.read import read
from index.text import BlockKind, Document, Span

PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Zinc | A Journal</title>
<meta name="citation_title" content="Zinc after burns">
<meta name="citation_author" content="Okafor, Tomas"><meta name="citation_author" content="Maria Lind">
<meta name="citation_publication_date" content="2021/03/12"><meta name="citation_doi" content="10.9999/z.1">
<style>p { color: red }</style></head>
<body><header><h1>A Journal</h1></header><nav><a href="/">Home</a> Log in to read more</nav>
<main>
<h2>Results</h2>
<p>Of 80 patients, 12<sup><a href="#r3">3</a></sup> died &amp; cells rose to 0.8 &times; 10<sup>9</sup>/L
within <b>five</b> days; p &lt; 0.05 | two-sided.
<p>Unclosed paragraphs are common.
<table><caption>Table 1. Healing time</caption>
<thead><tr><th>Group</th><th colspan="2">Days</th></tr></thead>
<tr><td>Zinc</td><td>11</td><td>|r| 0.4</td></tr>
<tr><td>Placebo</td><td></td><td>0.1</table>
<h2>References</h2><ol><li>Hall P. Zinc. J Burns. 2001;1:1-9.<li>Novak I. Copper. J Burns. 2002;2:10-19.</ol>
<p hidden>Never shown.</p><script>var x = "not text";</script>
</main><footer>All rights reserved</footer></body></html>
"""


def page(folder: Path, content: str | bytes, name: str = "paper.html") -> Document:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(data)
    return read(folder / name)


@pytest.mark.parametrize("name", ["paper.html", "paper.HTM", "paper.xhtml"])
def test_the_article_is_read_and_the_page_around_it_is_not(tmp_path: Path, name: str) -> None:
    document = page(tmp_path, PAGE, name)
    assert (document.format, document.title, document.year) == ("html", "Zinc after burns", 2021)
    assert document.authors == ("Tomas Okafor", "Maria Lind")
    assert document.doi == "10.9999/z.1"
    for word in ("Log in", "color", "rights", "Never", "var x", "A Journal"):
        assert word not in document.text
    assert [section.title for section in document.sections if section.title] == ["Results", "References"]
    references = [block.kind for block in document.blocks].count(BlockKind.REFERENCE)
    assert references == 2


def test_raised_digits_do_not_join_values(tmp_path: Path) -> None:
    text = page(tmp_path, PAGE).text
    assert "12 3 died & cells rose to 0.8 × 10^9/L within five days; p < 0.05 | two-sided." in text
    assert "Unclosed paragraphs are common.\n\n" in text


def test_tables_keep_their_cells(tmp_path: Path) -> None:
    document = page(tmp_path, PAGE)
    (table,) = document.tables
    assert table.label == "Table 1"
    assert [cell.of(document.text) for cell in table.header] == ["Group", "Days", "Days"]
    rows = [[cell.of(document.text) for cell in row.cells] for row in table.rows]
    assert rows == [["Zinc", "11", "|r| 0.4"], ["Placebo", "", "0.1"]]


def test_every_character_knows_its_line(tmp_path: Path) -> None:
    document = page(tmp_path, PAGE)
    for words in ("Of 80 patients", "two-sided", "Placebo", "Novak"):
        at = document.text.index(words)
        assert [span.of(PAGE) for span in document.map.raw_spans(Span(at, at + len(words)))] == [words]


def test_without_a_main_part_the_whole_page_is_read(tmp_path: Path) -> None:
    document = page(tmp_path, "<html><h1>Gout after diuretics</h1><p>A man of 70 had gout.<br>It passed.")
    assert document.title == "Gout after diuretics"
    assert "A man of 70 had gout. It passed." in document.text


def test_the_declared_encoding_is_used(tmp_path: Path) -> None:
    text = (
        '<html><meta http-equiv="Content-Type" content="text/html; charset=gb2312"><p>铜缺乏症 in women</p>'
    )
    assert "铜缺乏症 in women" in page(tmp_path, text.encode("gb2312")).text
    with pytest.raises(UndecodableText, match="utf-8"):
        page(tmp_path, text.replace("gb2312", "utf-8").encode("gb2312"))


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.txt", PAGE.encode(), "an HTML page"),
        ("a.xml", PAGE.encode(), "named .xml but not an XML file"),
        ("a.nxml", b"Words only.", "named .nxml but not an XML file"),
        ("a.pdf", PAGE.encode(), "named .pdf but not a PDF file"),
        ("a.pdf", b'{"error": "rate limited"}', "named .pdf but not a PDF file"),
        ("a.docx", PAGE.encode(), "named .docx but not a Word document"),
        (
            "a.md",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\n",
            "a pointer to a file in Git LFS",
        ),
    ],
)
def test_content_must_fit_the_name(tmp_path: Path, name: str, data: bytes, what: str) -> None:
    with pytest.raises(UnknownFormat, match=what):
        page(tmp_path, data, name)
