"""The short answer inside a quote: highlighted if certain, otherwise not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.store.index import Index
from index.terms import terms as terms_of
from index.text import Row, Span, Table
from qa.quote.short import short_answer
from qa.rank.reader import Mark
from qa.understand.question import understand
from tests.answering import candidate


@pytest.mark.parametrize(
    ("question", "containing", "short"),
    [
        ("What was the LDH on admission?", "lactate dehydrogenase", "412 U/L"),
        ("What was the troponin on admission?", "troponin", "1,250 ng/L"),
        ("How long had she coughed?", "coughed", "three weeks"),
        ("How long did the chest pain last?", "chest pain", "two days"),
        ("How old was the man?", "viral myocarditis", "23-year-old"),
        ("What dose of prednisolone was given?", "prednisolone", "40 mg"),
        ("What percentage of oxygen saturation was measured?", "saturation", "86%"),
    ],
)
def test_values_in_sentences(cases: Index, question: str, containing: str, short: str) -> None:
    found = candidate(cases, question, containing)
    span = short_answer(understand(question), found)
    assert span is not None
    assert span.of(found.document.text) == short
    assert found.sentence.span.contains(span)


@pytest.mark.parametrize(
    "value",
    [
        *("880 U/L", "880  U/L", "12 000 IU/L", "128.0 × 10^9/L", "7,000/µL", "2 × 10^5 copies/mL", "24 h"),
        *(
            "22 mm Hg",
            "0.8 mg per kilogram",
            "20 mg·L^−1",
            "37.4∘C",
            "2.28 µM",
            "50 ng",
            "140 mEq/L",
            "45 Gy",
        ),
    ],
)
def test_a_value_is_highlighted_with_all_of_its_unit(cases: Index, value: str) -> None:
    text = f"Her troponin was {value} on admission."
    model = candidate(cases, "What was the troponin?", "troponin")
    sentence = replace(model.sentence, span=Span(0, len(text)))
    found = replace(model, sentence=sentence, document=replace(model.document, text=text))
    span = short_answer(understand("What was the troponin on admission?"), found)
    assert span is not None
    assert span.of(text) == value


def test_a_value_near_the_words_is_left_out_where_the_reader_marks_another_place(cases: Index) -> None:
    question = understand("What was the troponin on admission?")
    found = candidate(cases, question.text, "troponin")
    start = found.sentence.span.start
    value = short_answer(question, found)
    assert value is not None
    assert short_answer(question, found, Mark(value, 0.1)) == value
    assert short_answer(question, found, Mark(Span(start, start + 3), 0.1)) is None


def test_a_range_of_times_is_highlighted_from_end_to_end(cases: Index) -> None:
    text = "The fever lasted 7\u201314 days."
    model = candidate(cases, "How long had she coughed?", "coughed")
    sentence = replace(model.sentence, span=Span(0, len(text)))
    matched = frozenset(terms_of("fever lasted"))
    found = replace(model, sentence=sentence, document=replace(model.document, text=text), matched=matched)
    span = short_answer(understand("How long did the fever last?"), found)
    assert span is not None
    assert span.of(text) == "7\u201314 days"


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("What was the ferritin on admission?", "910 ng/mL"),
        ("What was the ferritin on day 9?", "188 ng/mL"),
        ("What is the reference range of ferritin?", "15-150 ng/mL"),
    ],
)
def test_the_cell_of_the_column_named(cases: Index, question: str, short: str) -> None:
    found = candidate(cases, question, "Ferritin\t")
    span = short_answer(understand(question), found)
    assert span is not None
    assert span.of(found.document.text) == short


def test_none_of_several_values_is_highlighted(cases: Index) -> None:
    found = candidate(cases, "Which ferritin did the woman have?", "Ferritin\t")
    assert short_answer(understand("Which ferritin did the woman have?"), found) is None


@pytest.mark.parametrize(
    ("question", "containing"),
    [
        ("Why was ibuprofen stopped?", "Ibuprofen"),  # a reason is a clause, not a value
        ("Was ibuprofen stopped?", "Ibuprofen"),
        ("What was the dose?", "prednisolone"),  # no word of the question is near the value
        ("How old was the woman?", "coughed"),  # the sentence holds no age
        ("How old was the rower?", "viral myocarditis"),  # nor does it say that the man rows
    ],
)
def test_nothing_uncertain_is_highlighted(cases: Index, question: str, containing: str) -> None:
    assert short_answer(understand(question), candidate(cases, question, containing)) is None


def test_heads_of_several_lines_belong_to_their_columns() -> None:
    text = "Test|Before|After||dose|dose|Ferritin|910|188"
    ends = [4, 11, 17, 18, 23, 28, 37, 41, 45]
    cells = [Span(start, end) for start, end in zip([0, *(end + 1 for end in ends)], ends, strict=False)]
    row = Row(Span(29, 45), tuple(cells[6:]))
    table = Table(Span(0, 45), "", None, tuple(cells[:6]), (row,))
    heads = [" ".join(span.of(text) for span in column).strip() for column in table.columns]
    assert heads == ["Test", "Before dose", "After dose"]
    assert Table(Span(0, 45), "", None, tuple(cells[:5]), (row,)).columns == ()
