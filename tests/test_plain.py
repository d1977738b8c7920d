"""Text and Markdown files: the seeds as they should read, other layouts, and bad input."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, zip_longest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import FileEmpty, GarbledText, ReadError, UndecodableText
from index.read.sentences import sentence_spans
from index.read.text.plain import decode, read_plain
from index.text import BlockKind, Document
from tests.documents import grid, place_of, sections, texts

Papers = tuple[Document, Document]

NAMES = ("000_2de923414111d483.txt", "001_61e3d2fc1288ce0f.txt")


@pytest.fixture(scope="module")
def papers(seeds: Path) -> Papers:
    first, second = (read_plain((seeds / name).read_bytes(), name) for name in NAMES)
    return first, second


def quoted(document: Document) -> list[str]:
    return [span.of(document.text) for _, span in sentence_spans(document)]


def read(text: str, name: str = "paper.txt") -> Document:
    return read_plain(text.encode(), name)


def lines_of(document: Document, text: str) -> tuple[int | None, int | None]:
    place = place_of(document, text)
    return place.line, place.last_line


# The seeds


def test_every_letter_of_the_seeds_leads_back_to_itself(papers: Papers, seeds: Path) -> None:
    for paper, name in zip(papers, NAMES, strict=True):
        raw = decode((seeds / name).read_bytes(), name)
        assert "\ufffd" not in paper.text
        for run in paper.map.runs:
            made = paper.text[run.start : run.start + run.length]
            for a, b in zip(made, raw[run.raw : run.raw + run.length], strict=True):
                assert a == b or a.isspace() or (b == "\ufffd" and a in "Th")


def test_captions_and_page_breaks_no_longer_interrupt_sentences(papers: Papers) -> None:
    first, second = (quoted(paper) for paper in papers)
    assert (
        "Myalgia is present in up to 36% of the COVID-19 patients, and 16–33% have elevated CK levels, and "
        "patients with myalgias have a higher chance of having abnormal lung images [6, 9]."
    ) in first
    assert (
        "CT of the abdomen and pelvis showed findings that suggested colitis and a significant stool burden, "
        "and there was no evidence of hepatobiliary pathology."
    ) in second
    captions = texts(papers[0], BlockKind.CAPTION)
    assert [caption[:9] for caption in captions] == ["Figure 1:", "Figure 2:", "Figure 3:"]


def test_words_of_the_seeds_are_whole(papers: Papers) -> None:
    for word in ("immunotherapies", "re-initiating", "anti-mitochondrial", "There is a paucity"):
        assert word in papers[0].text
    assert papers[0].warnings == (
        "“andmycophenolate” was read as “and mycophenolate”",
        "“CTapproximately” was read as “CT approximately”",
        "“CT1.5” was read as “CT 1.5”",
    )


def test_lines_of_the_seeds_by_hand(papers: Papers) -> None:
    first, second = papers
    assert lines_of(first, "The diagnosis was based on rapidly progressive") == (49, 49)
    assert lines_of(first, "having abnormal lung images") == (150, 158)
    assert lines_of(second, "CT of the abdomen and pelvis") == (39, 45)
    assert lines_of(second, "CK\t9641 unit/L\t24-204") == (50, 50)


def test_sections_of_the_seeds(papers: Papers) -> None:
    first, second = map(sections, papers)
    assert first == [
        ("", 0), ("Introduction", 1), ("Case Presentation", 2), ("Discussion", 1),
        ("COVID-Related Extrapulmonary Manifestations, including Myositis", 2),
        ("Pneumonitis Reversibility in COVID-19", 2), ("COVID-19 Treatment in Rheumatic Disorders", 2),
        ("Conclusion", 1), ("Data Availability", 1),
    ]  # fmt: skip
    assert [title for title, _ in second] == [
        "", "Abstract", "Introduction", "Case Presentation", "Radiology findings", "Discussion",
        "Conclusions", "Additional Information", "Disclosures", "Acknowledgements", "References",
    ]  # fmt: skip


def test_front_matter_of_the_seeds(papers: Papers) -> None:
    first, second = papers
    assert (first.title, first.doi, first.year, first.authors) == ("", "", None, ())
    assert second.title == "Seronegative Immune-Mediated Necrotizing Myopathy: A Case Report"
    assert (second.doi, second.year, second.journal) == ("10.7759/cureus.27824", 2022, "Cureus")
    assert second.authors == ("Shriya Patel", "Mohammad Abu-Abaa", "Feryal Mousavi")


def test_the_table_and_the_references_of_the_second_seed(papers: Papers) -> None:
    paper = papers[1]
    heads, rows = grid(paper)
    assert heads == ["Electrolyte", "Current result", "Reference range"]
    assert [len(row) for row in rows] == [3] * 8
    assert paper.tables[0].label == "Table 1"
    references = texts(paper, BlockKind.REFERENCE)
    assert len(references) == 18
    assert references[0].endswith("Curr Rheumatol Rep. 2018, 20:21. 10.1007/s11926-018-0732-6")
    assert not any("Curr Rheumatol" in sentence for sentence in quoted(paper))


# Other layouts

COLUMN = """A Rare Case of Something in
an Unusual Place
Ann Bee1, Cem Dee2
1Department of Medicine, Town
Received 3 March 2016
Abstract
We saw a patient with a rare disease and treated him well over
many months.
1. Introduction
The disease is rare and its treatment is not known to anybody at
all [1]. It was first seen in the spring of 2010 by Smith et al.
A second paragraph begins here and it goes on for more than one
line of text.
Physical Examination
On examination the patient had a fever and his blood pressure was
normal as shown in
Figure 1. His heart was normal.
2. Discussion
This is a long line that discusses the case for the whole width
and it ends.
References
[1] Smith J. A paper. J Med. 2010.
[2] Jones K. Another
paper. J Med. 2011.
"""


def test_a_column_without_empty_lines() -> None:
    document = read(COLUMN)
    assert document.title == "A Rare Case of Something in an Unusual Place"
    assert document.authors == ("Ann Bee", "Cem Dee")
    assert [s.title for s in document.sections[1:]] == [
        "Abstract", "Introduction", "Physical Examination", "Discussion", "References",
    ]  # fmt: skip
    assert quoted(document)[2:] == [
        "It was first seen in the spring of 2010 by Smith et al.",
        "A second paragraph begins here and it goes on for more than one line of text.",
        "On examination the patient had a fever and his blood pressure was normal as shown in Figure 1.",
        "His heart was normal.",
        "This is a long line that discusses the case for the whole width and it ends.",
    ]
    references = ["[1] Smith J. A paper. J Med. 2010.", "[2] Jones K. Another paper. J Med. 2011."]
    assert texts(document, BlockKind.REFERENCE) == references


def test_running_heads_and_page_numbers_are_removed_from_sentences() -> None:
    line = "The patient number {} was seen in our hospital and he was treated\n"
    pages = ["".join(line.format(f"{page}{i}") for i in range(20)) for page in "ABCD"]
    text = (
        "Introduction\n" + "7\nBee et al. Journal of Cases 2016, 3:14 Page 7 of 9\n".join(pages) + "well.\n"
    )
    document = read(text)
    assert "Bee et al." not in document.text
    assert "was treated The patient number B0" in document.text
    assert document.warnings == ("3 running headers or footers were left out",)


MARKDOWN = """# A Case of Something Rare

Ann Bee, Cem Dee

## Case *Presentation*

The **patient** had a CK of 9641 U/L<sup>1</sup> [see the table](https://example.org/a_(b)) and 5\\*3.

### Tests

| Test | Day 1 (n = 3) | 95% CI |
|:-----|------:|---|
| CK | 9641 | 1-2 |
| Na |  | 3-4 |

Table 1. Tests.

> A quoted line.

Outlook
=======

He left. <!-- not
shown -->
"""


@pytest.mark.parametrize("name", ["paper.md", "paper.txt"])
def test_markdown(name: str) -> None:
    document = read(MARKDOWN, name)
    assert (document.format, document.title) == ("markdown", "A Case of Something Rare")
    assert document.authors == ("Ann Bee", "Cem Dee")
    assert sections(document)[1:] == [("Case Presentation", 1), ("Tests", 2), ("Outlook", 1)]
    assert quoted(document) == [
        "The patient had a CK of 9641 U/L [1] see the table and 5*3.",
        "CK\t9641\t1-2", "Na\t\t3-4", "Table 1. Tests.", "A quoted line.", "He left.",
    ]  # fmt: skip
    assert grid(document)[0] == ["Test", "Day 1 (n = 3)", "95% CI"]
    assert lines_of(document, "9641 U/L [1] see") == (7, 7)


def test_tables_in_wide_gaps_keep_their_columns_only_where_they_are_even() -> None:
    even = "Results\n\nTest      Value    Range\nCK        9641     24-204\nSodium    140      137-145\n"
    assert grid(read(even))[1] == [["CK", "9641", "24-204"], ["Sodium", "140", "137-145"]]
    _, rows = grid(read(even + "Potassium    low    3.3    3.5-5.1\n"))
    assert [len(row) for row in rows] == [1] * 3
    assert rows[0] == ["CK        9641     24-204"]


CELLS = """Results

Table 2: Values at the end.

Baseline
p value
Total cholesterol (mg/dl)
212.6 ± 45.8
NS

Triglycerides (mg/dl)
221 ± 32
< .001
All of them fell.
"""


def test_a_table_of_one_cell_a_line_becomes_rows_of_words_and_values() -> None:
    document = read(CELLS)
    assert document.tables[0].label == "Table 2"
    heads, rows = grid(document)
    assert heads == []
    assert [" | ".join(row) for row in rows] == [
        "Baseline | p value",
        "Total cholesterol (mg/dl) | 212.6 ± 45.8 | NS",
        "Triglycerides (mg/dl) | 221 ± 32 | < .001",
    ]
    assert quoted(document)[-1] == "All of them fell."
    assert lines_of(document, "Triglycerides (mg/dl)\t221 ± 32") == (11, 12)


def test_lines_that_recur_in_tables_are_not_running_heads() -> None:
    rows = "Placebo group\n12 (3)\nTreated group\n13 (4)\n"
    rest = "A line of the text that is as long as the others of this paper\n" * 2
    document = read("Results\n\n" + (rest + rows * 4 + rest) * 4)
    assert document.text.count("Placebo group") == 16


def test_lists_captions_notes_and_citations() -> None:
    document = read(
        "Methods\n\n"
        "There were two groups of patients in the study:\n1. those with disease\n2. those without\n\n"
        "Figure 1Hearing levels of the group\n\nHow to cite this article\n\nBee A. A case. J Med. 2016.\n\n"
        "Funding\n\nNone was received.\n\nDiscussion\n\nAll went well.\n"
    )
    assert [(block.kind.value, block.span.of(document.text)) for block in document.blocks[1:]] == [
        ("paragraph", "There were two groups of patients in the study:"),
        ("paragraph", "1. those with disease"), ("paragraph", "2. those without"),
        ("caption", "Figure 1Hearing levels of the group"),
        ("front", "How to cite this article"), ("front", "Bee A. A case. J Med. 2016."),
        ("heading", "Funding"), ("note", "None was received."),
        ("heading", "Discussion"), ("paragraph", "All went well."),
    ]  # fmt: skip


# Bad input


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        *(
            (data, FileEmpty, "contains no words")
            for data in (b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"1 2 ... --- \n")
        ),
        (b"\x0c\x01\x02", FileEmpty, "contains no words"),
        (b"PK\x03\x04\x00\x00 words", UndecodableText, "NUL bytes"),
        ("Caf\u00e9 au lait".encode("latin-1"), UndecodableText, "byte 3 is not UTF-8"),
        (b"\xff\xfea", UndecodableText, "UTF-16"),
        (b"\x89PNG\r\n\x1a\n words", UndecodableText, "byte 0 is not UTF-8"),
        ("zq\ufffdx word ".encode() * 100, GarbledText, "100 characters among 200 words"),
    ],
)
def test_a_file_that_is_not_text_is_refused(data: bytes, error: type[ReadError], reason: str) -> None:
    with pytest.raises(error, match=reason) as refused:
        read_plain(data, "a.txt")
    assert refused.value.remedy


def test_many_notes_are_shortened() -> None:
    words = " ".join(f"zq\ufffd{chr(97 + i)}zq" for i in range(20)) + " word" * 500
    warnings = read(words + " \ufffd").warnings
    assert (len(warnings), warnings[-1]) == (21, "1 more repairs of the same kinds")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_make_no_difference(encoding: str, end: str) -> None:
    text = "Results\n\nCreatine was 5 µmol/L and\nfell.\n"
    document = read_plain(text.replace("\n", end).encode(encoding), "a.txt")
    assert document.text == "Results\n\nCreatine was 5 µmol/L and fell."
    assert lines_of(document, "fell") == (4, 4)


@pytest.mark.parametrize(
    "unit",
    [
        "a", "a. ", "(", "[", "# ", "#", "**a ", "__a ", "_a _", "<!-- ", "[a](", "\\", "Fig. ", "1. x\n",
        "Figure 1. ", "a-", "a-\n", "\u00ad ", "\ufb01", "a\t", "| a |\n", "a   b   ", "10.1234/",
        "2020. A. ", "Creative Commons ", "          x", "Ab.", "a.A", "[1, ", "and ", "et al. ", '".',
        "Abstract\n\n", "Ann Bee, ", "1", "<", "a\n",
    ],
)  # fmt: skip
def test_hostile_repetition_is_read_to_the_end(unit: str) -> None:
    """A pattern that backtracks would take more than a day on each of these."""
    body = unit * (30_000 // len(unit))
    document = read(f"Introduction\n\nWords. {body}\n")
    assert "Words" in document.text
    assert quoted(document) or document.blocks[1].kind is BlockKind.FRONT


def test_one_line_of_a_hundred_thousand_characters() -> None:
    sentence = "The patient was seen by Dr. Bee and he was well [3]. "
    assert quoted(read("Introduction\n\n" + sentence * 2_000)) == [sentence.strip()] * 2_000


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        document = read_plain(data, "a.txt")
    except ReadError as error:
        assert error.remedy
        return
    assert document.text.strip()


LINES = st.lists(
    st.one_of(
        st.sampled_from([
            "Introduction", "2.1. Aims", "References", "1. Bee A. A case.", "a\tb", "| a | b |",
            "Figure 1: x", "", "# Title", "The patient was", "well and he left.", "(a) (b)", "Keywords: x",
            "immu-", "\ufffdere **was**",
        ]),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    ),
    max_size=25,
).map("\n".join)  # fmt: skip


@given(LINES, st.sampled_from(["a.txt", "a.md"]))
def test_every_document_is_consistent(text: str, name: str) -> None:
    """Blocks are in order and cover all but separators; sections nest; every place is in the file."""
    document = read(f"{text}\nwords", name)
    covered = [block.span for block in document.blocks]
    assert all(document.text[a.end : b.start] == "\n\n" for a, b in pairwise(covered))
    assert (covered[0].start, covered[-1].end) == (0, len(document.text))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 2
    for block in document.blocks:
        assert document.sections[block.section].span.contains(block.span)
        place = document.map.place(block.span)
        assert 1 <= (place.line or 0) <= (place.last_line or 0) <= lines
    for _, span in sentence_spans(document):
        assert span.of(document.text).strip()


def test_a_reference_list_by_authors_becomes_its_entries() -> None:
    document = read(
        "A paper on myositis in women\n\nAbstract\n\nMuscle weakness was seen in nine women of the ward.\n\n"
        "References\n\n"
        "Bohan A, Peter JB. Polymyositis and dermatomyositis, first of two parts\n"
        "of a review. N Engl J Med. 1975;292:344-7.\n"
        "Dalakas, M. C. (2015). Inflammatory muscle diseases. New England Journal\n"
        "of Medicine, 372, 1734-1747.\n"
        "van der Meulen MF, Bronner IM. Polymyositis: an overdiagnosed entity.\n"
        "Neurology. 2003;61:316-21.\n"
    )
    entries = texts(document, BlockKind.REFERENCE)
    assert [entry.split()[0] for entry in entries] == ["Bohan", "Dalakas,", "van"]


def test_a_caption_without_a_full_stop_ends_before_full_lines() -> None:
    text = (
        "The woman was seen in our clinic because both of her thighs were weak and\n"
        "she could no longer climb the stairs to her flat on the second floor.\n"
        "Figure 1: Biopsy of the left deltoid muscle\n"
        "Creatine kinase was raised to 4120 units per litre, and the biopsy that was\n"
        "taken on the third day showed perifascicular atrophy and few cells that\n"
        "speak for inflammation. She was given prednisolone and went home well.\n"
    )
    document = read(f"A paper on weak thighs\n\nCase report\n\n{text}\nDiscussion\n\n{text}")
    assert texts(document, BlockKind.CAPTION) == ["Figure 1: Biopsy of the left deltoid muscle"] * 2


# HTML and code inside Markdown


def test_an_html_table_in_markdown_is_a_table() -> None:
    document = read(
        "# Selenium\n\n## Results\n\n<table>\n<caption>Table 1. Selenium by <i>group</i>.</caption>\n"
        '<tr><th>Group</th><th colspan="2">Level</th></tr>\n<tr>\n  <td rowspan="2">Treated</td>'
        "<td>61<br/>mg</td><td></td></tr>\n<tr><td>&lt; 62<td>a|b\n</table>\n\nThe dose was <b>200</b> mg.\n",
        "paper.md",
    )
    heads, rows = grid(document)
    assert heads == ["Group", "Level", "Level"]
    assert rows == [["Treated", "61 mg", ""], ["Treated", "< 62", "a|b"]]
    assert document.tables[0].label == "Table 1"
    assert document.text.endswith("The dose was 200 mg.")
    assert lines_of(document, "< 62") == (10, 10)


def test_tags_code_and_details_of_markdown_stay_apart_from_sentences() -> None:
    document = read(
        "# Selenium\n\n## Results\n\nThe level was a <b and c> d, p <0.05.\nAs in:\n```python\n# No heading\n"
        "a_b = *c* <b>\n\ny = 2\n```\nafter it the level fell.\n\n<details open><summary>More</summary>"
        "The ECG was flat.</details>\n\n<p>One.</p><p>Two.</p><!-- 9.9 --><script>x = 1</script>\n",
        "paper.md",
    )
    assert texts(document, BlockKind.NOTE) == ["# No heading\na_b = *c* <b>\n\ny = 2"]
    assert texts(document, BlockKind.PARAGRAPH) == [
        "The level was a <b and c> d, p <0.05.",
        "As in:",
        "after it the level fell.",
        "More",
        "The ECG was flat.",
        "One.",
        "Two.",
    ]
    assert lines_of(document, "y = 2") == (11, 11)


# Columns side by side

LEFT = (
    "The nurse had a tryptase of 55 ng/mL",
    "one hour after the drug was given. Her",
    "pressure was 65/35 mm Hg then.",
)
RIGHT = (
    "Our finding agrees with that of others.",
    "The rate of it is near one in 3,000. The",
    "skin test is still the best of them.",
)


def side_by_side(left: Sequence[str], right: Sequence[str]) -> str:
    rows = zip_longest(left, right, fillvalue="")
    return "\n".join(f"{a:42}{' ' * (number % 2)}{b}".rstrip() for number, (a, b) in enumerate(rows))


def test_columns_side_by_side_are_read_one_after_the_other() -> None:
    longer = (*LEFT, "She was well on the next day, and the", "drug was not given again.")
    page = side_by_side(("Results", "", *longer), ("Discussion", "", *RIGHT))
    document = read(f"A short title of it\n\n{page}\n\f{side_by_side(RIGHT, LEFT)}\n")
    assert [title for title, _ in sections(document)] == ["", "Results", "Discussion"]
    paragraphs = [" ".join(lines) for lines in (longer, RIGHT, RIGHT, LEFT)]
    assert " ".join(texts(document, BlockKind.PARAGRAPH)) == " ".join(paragraphs)
    assert lines_of(document, "Our finding") == (5, 5)


def test_a_table_of_two_wide_columns_stays_and_is_named() -> None:
    rows = [
        (f"Drug {n} by mouth in the night", f"rash in {n} patients and fever as well") for n in range(1, 9)
    ]
    table = side_by_side([a for a, _ in rows], [b for _, b in rows])
    document = read(f"A short title of it\n\nResults\n\n{table}\n")
    assert "Drug 7 by mouth in the night rash in 7 patients" in " ".join(document.text.split())
    assert document.warnings == (
        "lines 5 to 12 may hold two columns side by side: compare with the original",
    )
    with_front = read(f"---\ntitle: Rash\n---\nResults\n\n{table}\n")
    assert with_front.warnings[0].startswith("lines 6 to 13 ")
