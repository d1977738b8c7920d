"""Papers' own abbreviations: found where defined, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.understand.abbreviations import definitions, equivalents, in_forms_of
from qa.understand.clinical import clinical_abbreviations
from qa.understand.question import understand


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lactate dehydrogenase (LDH) was high", {"LDH": "lactate dehydrogenase"}),
        ("acute eosinophilic pneumonia (AEP).", {"AEP": "acute eosinophilic pneumonia"}),
        ("the hepatitis B virus (HBV)", {"HBV": "hepatitis B virus"}),
        ("randomised controlled trials (RCTs) were", {"RCTs": "randomised controlled trials"}),
        ("LDH (lactate dehydrogenase) rose", {"LDH": "lactate dehydrogenase"}),
        ("magnetic resonance imaging (MRI; 3 T)", {"MRI": "magnetic resonance imaging"}),
        ("interleukin-6 (IL-6)", {"IL-6": "interleukin-6"}),
    ],
)
def test_definitions(text: str, found: dict[str, str]) -> None:
    assert definitions(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "the dose was raised (Figure 2)",
        "a fever of 39 degrees (102 F)",
        "forty runners (n = 40)",
        "as described by Smith (Smith 2010)",
        "no such words came before (XQZ)",
        "phase three (III)",
        "The end. (LDH)",
    ],
)
def test_other_brackets_define_nothing(text: str) -> None:
    assert definitions(text) == {}


def test_the_first_definition_counts() -> None:
    text = "lactate dehydrogenase (LDH) and, much later, low-dose heparin (LDH)"
    assert definitions(text) == {"LDH": "lactate dehydrogenase"}


def test_a_definition_does_not_reach_over_the_end_of_a_sentence() -> None:
    assert definitions("It was a lactate. Dehydrogenase (LDH) was measured") == {}


@given(st.text(alphabet="abAB ().,-1", max_size=80))
def test_long_forms_are_quoted_from_the_text(text: str) -> None:
    for short, long in definitions(text).items():
        assert short in text
        assert all(word in text for word in long.split())
        assert len(long) > len(short)


def test_both_forms_stand_for_each_other() -> None:
    abbreviations = {"LDH": "lactate dehydrogenase"}
    short = equivalents(understand("What was the LDH?"), abbreviations)
    assert frozenset(("lactat", "dehydrogenas")) in short["ldh"]
    long = equivalents(understand("What was the lactate dehydrogenase?"), abbreviations)
    assert frozenset(("ldh",)) in long["lactat"]
    assert frozenset(("ldh",)) in long["dehydrogenas"]


@pytest.mark.parametrize(
    ("question", "abbreviations"),
    [
        ("Was the pulmonary nodule removed?", {"PE": "pulmonary embolism"}),
        ("Was mycophenolate restarted?", {"MMF": "mycophenolate mofetil"}),
        ("Was the lactate raised?", {"LDH": "lactate dehydrogenase"}),
    ],
)
def test_one_word_of_a_long_form_does_not_mean_the_abbreviation(
    question: str, abbreviations: dict[str, str]
) -> None:
    asked = understand(question)
    assert equivalents(asked, abbreviations) == {term: (frozenset((term,)),) for term in asked.terms}


def test_without_definitions_a_word_stands_for_itself_only() -> None:
    asked = understand("Was ferritin raised?")
    assert equivalents(asked, {}) == {term: (frozenset((term,)),) for term in asked.terms}


def test_general_usage_is_lower_case_and_complete() -> None:
    table = clinical_abbreviations()
    assert table["ldh"] == ("lactate dehydrogenase",)
    for short, longs in table.items():
        assert short == short.lower() and longs and all(longs), short


@pytest.mark.parametrize(
    ("question", "text", "read"),
    [
        ("How high was creatine kinase?", "CK 9641 unit/L", "How high was CK?"),
        (
            "What was the LVEF?",
            "Left ventricular ejection fraction: 30%",
            "What was the Left ventricular ejection fraction?",
        ),
        (
            "Did acute eosinophilic pneumonia recur?",
            "AEP recurred.",
            "Did AEP recur?",
        ),
        ("Did AEP recur?", "AEP recurred.", "Did AEP recur?"),
        ("Or was he as well?", "the odds ratio and atypical squamous cells", "Or was he as well?"),
        ("Was the creatine kinase (CK) high?", "CK 9641 unit/L", "Was the creatine kinase (CK) high?"),
        ("Which ckd stage?", "CKDs are", "Which ckd stage?"),
        ("Was CK or creatine kinase high?", "Creatine kinase rose.", "Was CK or creatine kinase high?"),
        ("What was the CI?", "a cardiac index of 2.1", "What was the cardiac index?"),
        ("What was the CI?", "a confidence interval", "What was the CI?"),
        ("Was mycophenolate given?", "MMF was given.", "Was mycophenolate given?"),  # one word of the form
        ("\u0130s the creatine kinase high?", "CK 9641", "\u0130s the creatine kinase high?"),
    ],
)
def test_a_question_is_read_with_the_abbreviations_of_the_text(question: str, text: str, read: str) -> None:
    own = {
        "AEP": "acute eosinophilic pneumonia",
        "OR": "odds ratio",
        "ASC": "atypical squamous cells",
        "CI": "cardiac index",
        "MMF": "mycophenolate mofetil",
    }
    assert in_forms_of(text, question, own) == read
