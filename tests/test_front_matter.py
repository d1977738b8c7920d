"""The YAML block at the head of a Markdown file states the metadata and is not read as text."""

from __future__ import annotations

import pytest

from index.read.text.plain import read_plain
from index.text import BlockKind, Document

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
    assert next(block.kind for block in document.blocks) is BlockKind.FRONT
    body = [b.span.of(document.text) for b in document.blocks if b.kind is BlockKind.PARAGRAPH]
    assert body == ["Tea was given to 40 sailors."]


@pytest.mark.parametrize("yaml", ["- a\n- b", "title: [unclosed", "just words"])
def test_a_block_that_is_no_mapping_stays_text(yaml: str) -> None:
    assert yaml.split()[-1] in paper(yaml).text


def test_a_rule_in_the_text_opens_no_block() -> None:
    text = "Tea was good.\n\n---\ntitle: Nothing\n---\n\nIt was hot.\n"
    assert read_plain(text.encode(), "paper.md").title != "Nothing"
