"""What a paper says about itself, and where."""

from __future__ import annotations

import pytest

from index.read.metadata import authors_in, state_fields
from index.read.structure import Draft
from index.text import BlockKind, MappedText


def fields(text: str, kind: BlockKind = BlockKind.FRONT) -> list[tuple[str, str]]:
    (draft,) = state_fields(iter([Draft(kind, MappedText.raw(text))]))
    for field in draft.fields:
        assert field.span is not None
        assert field.value in field.span.of(text)
    return [(field.name, field.value) for field in draft.fields]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (
            "DOI 10.7759/cureus.27824. (doi:10.1186/s13023-015-0277-y)",
            [("doi", "10.7759/cureus.27824"), ("doi", "10.1186/s13023-015-0277-y")],
        ),
        ("https://doi.org/10.1002/(SICI)1097(1998)17:15, and", [("doi", "10.1002/(SICI)1097(1998)17:15")]),
        ("Published 08/09/2022", [("published", "08/09/2022"), ("year", "08/09/2022")]),
        (
            "Received 3 March 2016; Accepted May 5, 2016",
            [("received", "3 March 2016"), ("accepted", "May 5, 2016")],
        ),
        ("Published online: 2016-05-05", [("published", "2016-05-05"), ("year", "2016-05-05")]),
        ("\u00a9 Copyright 2022", [("year", "2022")]),
        (
            "under the Creative Commons Attribution License CC-BY 4.0., which",
            [("licence", "Creative Commons Attribution License CC-BY 4.0")],
        ),
        (
            "under the Creative Commons Attribution 4.0 International License.",
            [("licence", "Creative Commons Attribution 4.0 International License")],
        ),
        ("License: Creative Commons Attribution 4.0", [("licence", "Creative Commons Attribution 4.0")]),
        ("licensed CC BY-NC-ND 4.0", [("licence", "CC BY-NC-ND 4.0")]),
        ("Corresponding author: Ann Bee, a@b.org", [("corresponding author", "Ann Bee, a@b.org")]),
        ("Keywords: myositis, statins", [("keywords", "myositis, statins")]),
        ("Bee A (August 09, 2022) A Case Report. Cureus 14(8): e27824.", [("journal", "Cureus")]),
        ("Department of Medicine, Town", [("affiliation", "Department of Medicine, Town")]),
        ("Ann Bee works at a hospital.", []),
    ],
)
def test_statements_of_front_matter(text: str, stated: list[tuple[str, str]]) -> None:
    assert fields(text) == stated


def test_a_reference_or_a_paragraph_states_nothing_about_this_paper() -> None:
    assert fields("Bee A. 2018. 10.1007/s11926-018-0732-6", BlockKind.REFERENCE) == []
    assert fields("Published 08/09/2022", BlockKind.PARAGRAPH) == []
    assert fields("A Title", BlockKind.TITLE) == [("title", "A Title")]


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("Shriya Patel¹, Mohammad Abu-Abaa²", "Shriya Patel|Mohammad Abu-Abaa"),
        ("J. A. Müller1,2, Ludwig van der Berg* and P. O’Neil", "J. A. Müller|Ludwig van der Berg|P. O’Neil"),
        ("Ann Bee & Cem Dee; Eve Eff", "Ann Bee|Cem Dee|Eve Eff"),
        ("Department of Medicine, University of X, Town", ""),
        ("Resection for Infection and Malignancy", ""),
        ("Received 3 March 2016", ""),
        ("", ""),
    ],
)
def test_bylines(byline: str, names: str) -> None:
    authors = authors_in(byline)
    assert "|".join(field.value for field in authors) == names
    assert "|".join(field.span.of(byline) for field in authors if field.span) == names


@pytest.mark.parametrize(
    "unit", ["Creative Commons ", "2020. A. ", "received ", "10.1234/", "\u00a9 ", "Ann Bee, "]
)
def test_hostile_front_matter_is_read(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    assert all(len(value) <= len(text) for _, value in fields(text))
