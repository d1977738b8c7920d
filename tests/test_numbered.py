"""Things named by number: parsed, required of quotes, and named where no paper has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from index.read.text.plain import read_plain
from index.store.open import open_index
from index.text import Block, BlockKind, Row, Span, Table
from qa.answer import Answerer
from qa.conversation import Conversation
from qa.rank.numbered import Fits, fits, subjects_told
from qa.rank.stages import Stages
from qa.records import Status
from qa.understand.numbered import mentions_in, named_in
from tests.answering import plain_weights, sentence
from tests.index_fakes import WordEncoder, build_papers, write_papers

SERIES = """# Four horses with tetanus

Ina Falk

Published: 3 May 2012

## Abstract

We report four horses with tetanus.

## Cases

Patient 1 was a mare with stiff gait. Her serum iron was 21 units. She received antitoxin.

Patient 2 was a colt with trismus. His serum iron was 34 units. He did not receive antitoxin.

Patient 3 was a gelding with sweating. His serum iron was 55 units. He did not receive antitoxin.

The first seizure lasted two minutes. It ended with diazepam. The second seizure needed xylazine.

On day 3, the pulse was 60 beats. On day 7, the pulse was 44 beats.

| Patient | Weight (kg) | Outcome |
|---|---|---|
| 1 | 410 | survived |
| 2 | 290 | died |
| 3 | 455 | survived |

Table 1: Weight and outcome.

| Finding | Sample 11 | Sample 12 |
|---|---|---|
| Spores | many | few |

Table 2: Swabs.

Figure 1: Stance of patient 1.

Figure 2: Wound of patient 3.
"""
#: The number of a case stands in its heading.
HEADED = """# Grade 3 burns and IL-6 in type 2 diabetes

Ole Bunt

## Abstract

Two women with COVID-19 had burns.

## Case 1

The lactate was 5 mmol/L after a 7-day course.

## Case 2

The lactate was 9 mmol/L.
"""
UNNUMBERED = "Gout in a goat\n\nAbstract\n\nA goat had gout. Its serum magnesium was 3 units.\n"


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    folder = tmp_path_factory.mktemp("series")
    papers = {"series.md": SERIES, "headed.md": HEADED, "case04.txt": UNNUMBERED}
    build_papers(folder / "index", write_papers(folder / "papers", papers))
    with open_index(folder / "index") as index:
        yield Answerer(index, WordEncoder(), stages=Stages(plain_weights(possible=0.3)))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("patient 5", ["5"]),
        ("Case no. 12", ["12"]),
        ("patients 2, 3 and 4", ["2", "3", "4"]),
        ("cases 1 to 3", ["1", "2", "3"]),
        ("compounds 1 (8 mg) and 2 (5 mg)", ["1", "2"]),
        ("Fig. 3A", ["3"]),
        ("Table II", ["2"]),
        ("Supplementary Figure 2", ["S2"]),
        ("the 7th day", ["7"]),
        ("the second infusion reaction", ["2"]),
        ("sample 801", ["801"]),
    ],
)
def test_what_names_a_thing(text: str, numbers: list[str]) -> None:
    (mention,) = mentions_in(text)
    assert sorted(mention.numbers) == numbers


@pytest.mark.parametrize(
    "text",
    [
        *("a 5-day course", "type 2 diabetes", "COVID-19", "grade 3", "IL-6", "a phase 3 trial", "stage 4"),
        *("CD20", "vitamin B12", "atorvastatin 10 mg", "5 patients", "two thirds", "August 2008", "aged 70"),
    ],
)
def test_what_names_none(text: str) -> None:
    assert named_in(f"What about {text}?") == ()


@pytest.mark.parametrize(
    ("containing", "asked", "fit"),
    [
        ("iron was 34", "patient 2", Fits.SAME),
        ("iron was 34", "the second case", Fits.SAME),
        ("iron was 34", "patient 3", Fits.OTHER),
        ("455", "patient 3", Fits.SAME),
        ("455", "patient 1", Fits.OTHER),
        ("Spores", "sample 12", Fits.SAME),
        ("Spores", "sample 13", Fits.OTHER),
        ("xylazine", "the second seizure", Fits.SAME),
        ("diazepam", "the second seizure", Fits.OTHER),
        ("44 beats", "day 7", Fits.SAME),
        ("60 beats", "day 7", Fits.OTHER),
        ("We report four", "patient 2", Fits.UNTOLD),
        ("9 mmol/L", "case 2", Fits.SAME),
        ("5 mmol/L", "case 2", Fits.OTHER),
        ("5 mmol/L", "plot 2", Fits.UNTOLD),
    ],
)
def test_what_a_sentence_is_about(series: Answerer, containing: str, asked: str, fit: Fits) -> None:
    document, one = sentence(series.index, containing)
    assert fits(document, one.span, named_in(f"What about {asked}?")) is fit


def test_the_value_is_that_of_the_patient_named(series: Answerer) -> None:
    answer = series.ask("What was the serum iron of patient 2?")
    assert answer.citations[0].quote.startswith("Patient 2 was a colt")
    assert answer.citations[0].quote.endswith("34 units.")
    assert not any("21 units" in one.quote or "55 units" in one.quote for one in answer.citations)


def test_a_follow_up_stays_with_the_patient_named(series: Answerer) -> None:
    _, conversation = Conversation().ask(series, "What was the weight of patient 3?")
    answer, _ = conversation.ask(series, "And her serum iron?")
    assert answer.citations[0].quote.endswith("55 units.")
    assert not any("21 units" in one.quote for one in answer.citations)


@pytest.mark.parametrize("absent", ["patient 7", "the fifth seizure", "sample 14"])
def test_what_no_paper_has_is_not_found_and_named(series: Answerer, absent: str) -> None:
    answer = series.ask(f"What was the serum iron of {absent}?")
    assert answer.status is Status.NOT_FOUND
    assert f"No passage mentions “{absent.removeprefix('the ')}”." in answer.reasons


def test_of_two_named_together_the_one_left_open_is_said(series: Answerer) -> None:
    answer = series.ask("What was the serum iron of patients 2 and 9?")
    assert answer.status is not Status.ANSWERED
    assert "No quote is about number 9 of “patients 2 and 9”." in answer.reasons


def test_every_patient_of_whom_it_is_said_is_quoted(series: Answerer) -> None:
    answer = series.ask("Which patients did not receive antitoxin?")
    starts = {one.quote[:9] for one in answer.citations}
    assert starts == {"Patient 2", "Patient 3"}


def test_numbers_are_not_compared(series: Answerer) -> None:
    answer = series.ask("Which patient had the highest serum iron?")
    assert answer.status is not Status.ANSWERED
    assert answer.reasons[0].startswith("Loccit does not compare numbers.")
    values = " ".join(one.quote for one in answer.citations)
    assert all(f"{value} units" in values for value in (21, 34, 55))


@pytest.mark.parametrize(
    ("question", "quotes"),
    [
        ("What does figure 2 show?", ["Figure 2: Wound of patient 3."]),
        ("Show Table 2", ["Table 2: Swabs.", "Spores\tmany\tfew"]),
        ("What is in table 1 of the horses paper?", ["Table 1: Weight and outcome.", "1\t410\tsurvived"]),
    ],
)
def test_figures_and_tables_are_quoted_themselves(series: Answerer, question: str, quotes: list[str]) -> None:
    answer = series.ask(question)
    assert answer.status is Status.ANSWERED
    assert [one.quote for one in answer.citations][: len(quotes)] == quotes


def test_a_table_that_no_paper_has(series: Answerer) -> None:
    answer = series.ask("Show Table 3")
    assert answer.status is Status.NOT_FOUND
    assert answer.reasons == ("No paper here has Table 3.",)


def test_a_question_on_a_value_in_a_table_is_ranked(series: Answerer) -> None:
    answer = series.ask("What was the weight of patient 2 in Table 1?")
    assert [one.quote for one in answer.citations] == ["2\t290\tdied"]


def test_a_file_name_numbers_its_case(series: Answerer) -> None:
    document, one = sentence(series.index, "magnesium was 3")
    assert document.source == "case04.txt"
    assert fits(document, one.span, named_in("What about case 4?")) is Fits.SAME


def test_a_row_shorter_than_its_table_is_read() -> None:
    text = "Case Age Dose 1 40 5 2 51"
    spans = [
        Span(start, start + len(word))
        for start, word in ((match.start(), match.group()) for match in re.finditer(r"\S+", text))
    ]
    rows = [Row(Span(cells[0].start, cells[-1].end), tuple(cells)) for cells in (spans[3:6], spans[6:])]
    table = Table(Span(0, len(text)), "Table 1", None, tuple(spans[:3]), tuple(rows))
    blocks = (Block(Span(0, len(text)), BlockKind.TABLE, 0),)
    document = replace(read_plain(b"Cases", "a.txt"), text=text, tables=(table,), blocks=blocks)
    assert ("patient", "2") in subjects_told(document, rows[1].span)
