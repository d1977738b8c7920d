"""The seed papers are unchanged, and their manifest states only what they state."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

KEYS = {"file", "title", "authors", "journal", "doi", "licence", "sha256"}


def _papers(seeds: Path) -> list[dict[str, Any]]:
    papers = tomllib.loads((seeds / "manifest.toml").read_text(encoding="utf-8"))["paper"]
    assert isinstance(papers, list)
    return papers


@pytest.fixture(params=[0, 1])
def paper(request: pytest.FixtureRequest, seeds: Path) -> dict[str, Any]:
    number: int = request.param
    return _papers(seeds)[number]


def test_every_paper_is_listed_once(seeds: Path) -> None:
    listed = [paper["file"] for paper in _papers(seeds)]
    assert sorted(listed) == sorted(path.name for path in seeds.iterdir() if path.name != "manifest.toml")


def test_the_bytes_are_those_listed_and_every_key_is_there(seeds: Path, paper: dict[str, Any]) -> None:
    assert hashlib.sha256((seeds / paper["file"]).read_bytes()).hexdigest() == paper["sha256"]
    assert paper.keys() - {"year"} == KEYS


def test_every_value_is_stated_in_the_paper(seeds: Path, paper: dict[str, Any]) -> None:
    text = (seeds / paper["file"]).read_text(encoding="utf-8")
    for value in (paper["title"], paper["journal"], paper["licence"], *paper["authors"]):
        assert value in text
    if paper["doi"]:
        assert f"DOI {paper['doi']}" in text
    before, _, _ = text.partition("\nReferences\n")  # a DOI there is the paper's own
    assert set(re.findall(r"10\.\d{4,9}/\S+", before)) == ({paper["doi"]} if paper["doi"] else set())
    if "year" in paper:
        assert re.search(rf"Published \d\d/\d\d/{paper['year']}\b", text)
