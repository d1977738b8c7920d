"""What a paper says about itself, and where."""

from __future__ import annotations

import pytest

from index.read.byline import byline
from index.read.headings import abstract_label, sentences, unheaded_references
from index.read.metadata import state_fields
from index.read.structure import Draft
from index.text import BlockKind, MappedText, Origin, Span


def fields(text: str, kind: BlockKind = BlockKind.FRONT) -> list[tuple[str, str]]:
    (draft,) = state_fields([Draft(kind, MappedText.raw(text))])
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
        ("Cite as: Bee A (August 09, 2022) A Case Report. Cureus 14(8): e27824.", [("journal", "Cureus")]),
        ("Molecules 2016, 21, 188", [("year", "2016"), ("journal", "Molecules")]),
        ("Lee et al. Medicine (2020) 99:50", [("year", "2020"), ("journal", "Medicine")]),
        ("J Small Things, Vol. 21, No. 10, Oct 2018", [("year", "2018"), ("journal", "J Small Things")]),
        ("January 3, 2024", [("published", "January 3, 2024"), ("year", "January 3, 2024")]),
        ("Received: May 2015", [("received", "May 2015")]),
        ("Department of Medicine, Town", [("affiliation", "Department of Medicine, Town")]),
        ("Ann Bee works at a hospital.", []),
    ],
)
def test_statements_of_front_matter(text: str, stated: list[tuple[str, str]]) -> None:
    assert fields(text) == stated


@pytest.mark.parametrize(
    "entry",
    [
        "1. Smith J, Lee K. Mobilization in 900 patients. J Bone 2011, 4, 12-19.",
        "3. World Health Organization. Bones 2011, 4, 12.",
        "* Presented in part in Vienna 2009, 4 May",
        "[4] A. Smith, K. Lee, Mobilization, doi: 10.1234/other, 2011.",
        "Smith J (May 09, 2011) Another title. J Bone 14(8): e27. \u00a9 2011",
    ],
)
def test_an_entry_of_the_reference_list_states_nothing_wherever_it_is_printed(entry: str) -> None:
    assert fields(entry) == []


def test_the_papers_own_citation_is_known_by_its_title() -> None:
    title = Draft(BlockKind.TITLE, MappedText.raw("The lungs of a potter"))
    own = Draft(BlockKind.FRONT, MappedText.raw("Bee A. The lungs of a potter. J Clay 2019, 4, 12-19."))
    _, draft = state_fields([title, own])
    assert next((field.name, field.value) for field in draft.fields) == ("year", "2019")


def test_what_stands_after_the_first_page_states_nothing() -> None:
    own = Draft(BlockKind.FRONT, MappedText.raw("Published 3 May 2020"))
    other = Draft(BlockKind.FRONT, MappedText.raw("Published 9 June 2001", start=500))
    stated = [field.value for draft in state_fields([other, own], Span(0, 500)) for field in draft.fields]
    assert stated == ["3 May 2020", "3 May 2020"]


def test_the_surest_statement_of_each_field_is_kept() -> None:
    texts = ["\u00a9 2019 The Authors", "Published 2 October 2018"]
    drafts = state_fields([Draft(BlockKind.FRONT, MappedText.raw(text)) for text in texts])
    found = [field for draft in drafts for field in draft.fields if field.name == "year"]
    assert [(field.value, field.origin) for field in found] == [("2 October 2018", Origin.PAGE)]
    assert 0.8 < found[0].sure < 1


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("BACKGROUND: Bed rest is common.", True),
        ("RESULTS We found none.", True),
        ("Main outcome measures: Pain at rest.", True),
        ("Results of the trial were mixed.", False),
        ("Case 3: a woman", False),
        ("Keywords: bed rest", False),
        ("Conclusion", False),
    ],
)
def test_labels_of_structured_abstracts(text: str, label: bool) -> None:
    assert abstract_label(text) is label


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Nitrate uptake in lichens fell by 43 percent after snowmelt in all of the 96 thalli.", True),
        ("Department of Medicine, University of Town, and School of Health in the City, Country.", False),
        ("12 Long Road, Town, and 4 The Mews, City, in the County of Shire, on Sea, England.", False),
        ("Ann Bee, Cem Dee, Eve Eff, Gus Hay, Ida Jay, Kay Elm and Moe Nay.", False),
        ("Received on 3 May 2020 and accepted for publication by the editors on 5 June 2020.", False),
    ],
)
def test_sentences_are_told_from_addresses(text: str, read: bool) -> None:
    assert sentences(text) is read


@pytest.mark.parametrize(
    ("texts", "entries"),
    [
        (
            ["Uptake was low in 2011.", "Lee K. On bones. 2011.", "A. Ito, On moss. 2013.", "Abe D, 2012."],
            {1, 2, 3},
        ),
        (["Uptake was low in 2011.", "1. Lee K. On bones. 2011.", "2. Ito C, Abe D. Mosses. 2013."], {1, 2}),
        (["Lee K. On bones. 2011.", "Ito C, Abe D. Mosses. 2013.", "Abe D, 2012.", "Text goes on."], set()),
        ([f"Patient {name}, seen in 2011, had gout." for name in "ABC"], set()),
    ],
)
def test_a_reference_list_needs_no_heading(texts: list[str], entries: set[int]) -> None:
    assert unheaded_references([(BlockKind.PARAGRAPH, text) for text in texts]) == entries


def test_a_reference_or_a_paragraph_states_nothing_about_this_paper() -> None:
    assert fields("Bee A. 2018. 10.1007/s11926-018-0732-6", BlockKind.REFERENCE) == []
    assert fields("Published 08/09/2022", BlockKind.PARAGRAPH) == []
    assert fields("A Title", BlockKind.TITLE) == [("title", "A Title")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Shriya Patel¹, Mohammad Abu-Abaa²", "Shriya Patel|Mohammad Abu-Abaa"),
        ("J. A. Müller1,2, Ludwig van der Berg* and P. O’Neil", "J. A. Müller|Ludwig van der Berg|P. O’Neil"),
        ("Ann Bee & Cem Dee; Eve Eff", "Ann Bee|Cem Dee|Eve Eff"),
        ("Department of Medicine, University of X, Town", ""),
        ("Ann Bee, MD, PhD, FACC; Cem Dee MSc", "Ann Bee|Cem Dee"),
        ("Ann Bee MD PhD and Cem Dee, M.D.", "Ann Bee|Cem Dee"),
        ("Dr. Ann Bee, Prof. Cem Dee", "Ann Bee|Cem Dee"),
        ("Ann Bee1,2 Cem Dee3* Eve Eff\u2020", "Ann Bee|Cem Dee|Eve Eff"),
        ("Ann Bee\u00b9\u2009\u00b2 Cem van der Dee\u00b3", "Ann Bee|Cem van der Dee"),
        ("Ann Bee^1,* Cem Dee^a^", "Ann Bee|Cem Dee"),
        ("Ann Bee\nCem Dee", "Ann Bee|Cem Dee"),
        ("By Ann Bee and Cem Dee", "Ann Bee|Cem Dee"),
        ("Bee A, Dee MD, Eff JB", "Bee A|Dee MD|Eff JB"),
        ("RESEARCH NOTE", ""),
        ("Resection for Infection and Malignancy", ""),
        ("Received 3 March 2016", ""),
        ("", ""),
    ],
)
def test_bylines(text: str, names: str) -> None:
    authors = byline(text)
    assert "|".join(field.value for field in authors) == names
    assert "|".join(field.span.of(text) for field in authors if field.span) == names


def test_an_address_may_follow_the_names() -> None:
    text = "Bee A*, Dee C**, *Department of Eyes, University of Town, Country"
    assert [field.value for field in byline(text, whole=False)] == ["Bee A", "Dee C"]
    assert byline(text) == ()


@pytest.mark.parametrize(
    "unit", ["Creative Commons ", "2020. A. ", "received ", "10.1234/", "\u00a9 ", "Ann Bee, "]
)
def test_hostile_front_matter_is_read(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    assert all(len(value) <= len(text) for _, value in fields(text))
