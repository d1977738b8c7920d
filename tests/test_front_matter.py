"""The YAML block at the head of a Markdown file states the metadata and is not read as text."""

from __future__ import annotations

import pytest

from index.read.text.plain import read_plain
from index.text import BlockKind, Document
from tests.documents import place_of, texts

BODY = "\n# Tea and sleep\n\nAnn Bell, Carl Dunn\n\n## Abstract\n\nTea was given to 40 sailors.\n"


def paper(yaml: str, body: str = BODY) -> Document:
    return read_plain(f"---\n{yaml}\n---\n{body}".encode(), "paper.md")


def stated(document: Document) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for field in document.fields:
        found.setdefault(field.name, []).append(field.value)
        assert field.span is None or field.span.of(document.text) == field.value
    return found


@pytest.mark.parametrize(
    "authors",
    [
        "author: Ann Bell, Carl Dunn",
        "author: Ann Bell and Carl Dunn",
        "authors:\n  - Ann Bell\n  - Carl Dunn",
        "author:\n  - name: Ann Bell\n    affiliation: Sea\n  - name: Carl Dunn",
        "authors: [{given: Ann, family: Bell}, {given: Carl, family: Dunn}]",
    ],
)
def test_authors(authors: str) -> None:
    assert paper(f"title: Tea\n{authors}").authors == ("Ann Bell", "Carl Dunn")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_title_date_doi_and_journal(end: str) -> None:
    yaml = (
        'title: "Tea and sleep: a trial"\ndate: 2019-11-05\ndoi: 10.1234/tea.1\njournal: Leaf\nlayout: post'
    )
    raw = f"---\n{yaml}\n---\n{BODY}".replace("\n", end)
    document = read_plain(raw.encode(), "paper.md")
    found = stated(document)
    assert found["title"][0] == document.title == "Tea and sleep: a trial"
    assert found["published"] == ["2019-11-05"]
    assert (document.year, document.doi, document.journal) == (2019, "10.1234/tea.1", "Leaf")
    assert [block.kind for block in document.blocks][:2] == [BlockKind.TITLE, BlockKind.FRONT]
    assert "layout: post" in texts(document, BlockKind.FRONT)
    body = [b.span.of(document.text) for b in document.blocks if b.kind is BlockKind.PARAGRAPH]
    assert body == ["Tea was given to 40 sailors."]


@pytest.mark.parametrize("yaml", ["- a\n- b", "title: [unclosed", "just words"])
def test_a_block_that_is_no_mapping_stays_text(yaml: str) -> None:
    assert yaml.split()[-1] in paper(yaml).text


def test_a_rule_in_the_text_opens_no_block() -> None:
    text = "Tea was good.\n\n---\ntitle: Nothing\n---\n\nIt was hot.\n"
    assert read_plain(text.encode(), "paper.md").title != "Nothing"


@pytest.mark.parametrize(
    ("yaml", "title", "line"),
    [
        ("title: >\n  Tea for\n  sailors", "Tea for sailors", 3),
        (r'title: "Tea \"for\" sail\u00f6rs"', 'Tea "for" sail\u00f6rs', 2),
        ("layout: post\ntitle: Tea for sailors: a trial", "Tea for sailors: a trial", 3),
        ("# draft\ntitle:\tTea for sailors", "Tea for sailors", 3),
        ("title: '*Tea* for sailors'", "Tea for sailors", 2),
    ],
)
def test_a_title_as_people_write_it_has_its_place(yaml: str, title: str, line: int) -> None:
    document = paper(yaml)
    assert document.title == title
    assert stated(document)["title"] == [title]
    assert place_of(document, title).line == line


def test_each_value_is_at_its_own_place_and_what_the_block_states_is_not_stated_again() -> None:
    document = paper("title: Linden in Lille\nauthor: [Li, A. Bell]\nyear: 2018")
    assert document.authors == ("Li", "A. Bell")
    (first, _) = [field.span for field in document.fields if field.name == "author"]
    assert first is not None
    assert document.map.place(first).line == 3


def test_other_papers_that_the_block_names_state_nothing() -> None:
    document = paper("title: Tea\nrelated: doi 10.1234/other.1\nreferences:\n  - DOI: 10.1234/other.2")
    assert document.doi == ""
    assert "10.1234/other.2" in document.text


@pytest.mark.parametrize("yaml", ["date: today", "date: last-modified"])
def test_a_date_without_a_year_is_none(yaml: str) -> None:
    assert not {"published", "year"} & set(stated(paper(yaml)))


def test_an_abstract_in_the_block_is_an_abstract_and_a_doi_needs_no_address() -> None:
    document = paper(
        "doi: https://doi.org/10.1234/tea.1\nabstract: |\n  Twelve slept.\n\n  Two woke.",
        "\n# Tea\n\n## Case\n\nHe slept.\n",
    )
    assert document.doi == "10.1234/tea.1"
    assert texts(document, BlockKind.PARAGRAPH) == ["Twelve slept.", "Two woke.", "He slept."]
    section = next(block.section for block in document.blocks if block.kind is BlockKind.PARAGRAPH)
    assert document.sections[section].title == "Abstract"
    assert place_of(document, "Two woke.").line == 6


def test_a_block_of_nothing_known_is_text() -> None:
    assert "Methods: 40 sailors" in paper("Methods: 40 sailors drank tea.").text
