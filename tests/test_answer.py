"""What is quoted and what is refused: confidence, the right person, every paper, no repetition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.errors import QuestionError
from index.store.index import Index
from index.store.open import open_index
from qa.answer import Answerer
from qa.quote.choose import alike, choose
from qa.rank.absent import doubted, unmentioned
from qa.rank.features import NAMES
from qa.rank.retrieve import retrieve
from qa.rank.stages import Stages
from qa.records import Citation, Nearby, Scores, Status, as_json
from qa.settings import Settings
from qa.understand.question import understand
from tests.answering import PAPERS, paper, plain_weights
from tests.index_fakes import WordEncoder, build_papers, write_papers

TWIN = """Two potters

Abstract

We report a 51-year-old woman who made pots.

Results

The woman had coughed for five weeks. Her lactate dehydrogenase (LDH) was 399 U/L on admission.
The woman had coughed for five weeks before.
"""


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The two case reports and a third, much like the first."""
    folder = tmp_path_factory.mktemp("three")
    build_papers(folder / "index", write_papers(folder / "papers", {**PAPERS, "twin.txt": TWIN}))
    with open_index(folder / "index") as index:
        yield index


def asked(index: Index, **settings: float) -> Answerer:
    chosen = replace(Settings(), **settings)  # type: ignore[arg-type]
    return Answerer(index, WordEncoder(), stages=Stages(plain_weights()), settings=chosen)


def test_the_value_of_the_other_patient_is_never_given(answerer: Answerer, cases: Index) -> None:
    """Only the woman's paper has LDH and ferritin; only the man's has troponin."""
    for question in (
        "What was the man's LDH on admission?",
        "What was the 23-year-old's ferritin?",
        "What was his procalcitonin?",
        "What was the woman's troponin on admission?",
        "Was ibuprofen stopped in the woman?",
    ):
        answer = answerer.ask(question)
        assert answer.status is Status.NOT_FOUND, question
        assert answer.citations == ()


def test_the_value_of_the_patient_asked_about_is_given(answerer: Answerer) -> None:
    for question, source in (
        ("What was the woman's LDH on admission?", "lung.txt"),
        ("What was the man's troponin on admission?", "heart.txt"),
    ):
        answer = answerer.ask(question)
        assert answer.status is Status.ANSWERED
        assert {citation.source for citation in answer.citations} == {source}


def test_a_person_whom_no_paper_reports(answerer: Answerer) -> None:
    answer = answerer.ask("What was the 80-year-old woman's LDH?")
    assert answer.status is Status.NOT_FOUND
    assert "No paper here is about the person the question names." in answer.reasons


def test_words_missing_from_all_papers_are_named(answerer: Answerer) -> None:
    (reason,) = answerer.ask("What was the haptoglobin?").reasons
    assert reason == "No passage of the papers mentions “haptoglobin”."


def test_words_missing_from_the_selected_papers_are_named(answerer: Answerer, cases: Index) -> None:
    chosen = frozenset({paper(cases, "heart.txt").id})
    reasons = answerer.ask("What was the procalcitonin?", documents=chosen).reasons
    assert reasons == ("No passage of the papers asked mentions “procalcitonin”.",)
    (reason,) = answerer.ask("Which lactate dehydrogenase and haptoglobin?", documents=chosen).reasons
    assert "“haptoglobin”" in reason


@pytest.mark.parametrize("source", [None, "heart.txt"])
def test_everyday_words_and_other_spellings_are_not_called_missing(cases: Index, source: str | None) -> None:
    papers = frozenset({paper(cases, source).id}) if source else None
    absent = ["earlier", "Replaced", "TROPANIN", "CAT", "miocarditis", "tropanin", "haptoglobin"]
    assert unmentioned(cases, absent, papers) == ["TROPANIN", "CAT", "haptoglobin"]


@pytest.mark.parametrize("word", ["tocilizumab", "ASPRE"])
def test_a_term_that_no_paper_mentions_makes_an_answer_unlikely(word: str) -> None:
    assert doubted(0.6, [word]) == pytest.approx(0.084, abs=0.001)
    assert doubted(0.6, ["windpipe", word, "EEG"]) == doubted(0.6, [word])
    assert doubted(0.97, [word]) > 0.6
    assert doubted(0.0, [word]) == 0.0


def test_other_words_that_no_paper_mentions_do_not() -> None:
    assert doubted(0.6, ["windpipe", "mantoo", "GBM"]) == 0.6
    assert doubted(0.6, []) == 0.6


def test_what_is_asked_and_no_paper_mentions_is_told_with_the_evidence(answerer: Answerer) -> None:
    there, not_there = (answerer.gather(f"Was {drug} given?") for drug in ("prednisolone", "tocilizumab"))
    assert (there.absent, not_there.absent) == ((), ("tocilizumab",))
    lower = answerer.decide("", not_there)
    assert lower.presence == not_there.presence < 0.2
    assert lower.status is Status.NOT_FOUND
    assert lower.reasons == ("No passage of the papers mentions “tocilizumab”.",)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Does she smoke?", ["No passage of the papers mentions “smoke”."]),
        ("Did she travel by train?", ["No passage of the papers mentions “travel”, “train”."]),
        ("Did the woman with pneumonia travel?", []),  # an everyday word beside others is not the subject
    ],
)
def test_an_everyday_word_is_named_where_it_is_all_that_is_asked(
    answerer: Answerer, question: str, named: list[str]
) -> None:
    assert [one for one in answerer.ask(question).reasons if "mentions" in one] == named


def test_a_word_whose_root_occurs_is_not_reported_as_missing(answerer: Answerer, cases: Index) -> None:
    """The paper on the lung reports a treatment."""
    for papers in (None, frozenset(key for key, d in cases.documents.items() if d.source == "lung.txt")):
        (reason,) = answerer.ask("When was anaphylaxis treated?", documents=papers).reasons
        assert "“anaphylaxis”" in reason
        assert "treated" not in reason


def test_only_the_selected_papers_are_ranked(answerer: Answerer, cases: Index) -> None:
    chosen = frozenset({paper(cases, "heart.txt").id})
    answer = answerer.ask("What was the LDH on admission?", documents=chosen)
    shown: list[Citation | Nearby] = [*answer.citations, *answer.nearby]
    assert shown
    assert {one.document_id for one in shown} == chosen
    assert {one.hit.passage.document_id for one in answerer.search("LDH", documents=chosen)} == chosen


def test_each_paper_is_quoted(three: Index) -> None:
    answer = asked(three).ask("How long had both patients coughed?")
    assert [c.source for c in answer.citations].count("lung.txt") == 1
    assert [c.source for c in answer.citations].count("twin.txt") == 1


def test_papers_without_an_answer_are_named(three: Index) -> None:
    answer = asked(three).ask("What was the LDH of each patient on admission?")
    assert {c.source for c in answer.citations} >= {"lung.txt", "twin.txt"}
    if "heart.txt" not in {c.source for c in answer.citations}:
        assert answer.status is Status.PARTIAL
        assert "Nothing sure enough was found in “Myocarditis in a rower”." in answer.reasons


def test_quotes_are_grouped_by_paper(three: Index) -> None:
    answer = asked(three, quotes=6, quotes_per_paper=3, relative=0.0).ask("How long had the woman coughed?")
    sources = [citation.source for citation in answer.citations]
    assert sources == sorted(sources, key=sources.index)


def test_nothing_is_said_twice(three: Index) -> None:
    """The third paper says twice, in nearly the same words, that the woman had coughed for five weeks."""
    answer = asked(three, quotes=9, quotes_per_paper=9, relative=0.0).ask("How long had the woman coughed?")
    quotes = [citation.quote for citation in answer.citations]
    assert sum("five weeks" in quote for quote in quotes) == 1
    assert not any(alike(one, other) for one in quotes for other in quotes if one is not other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("She coughed for weeks.", "She coughed for weeks!", True),
        ("She coughed for three weeks.", "She coughed for five weeks.", False),
        (
            "Her LDH was 412 U/L on admission to the ward.",
            "Her LDH was 421 U/L on admission to the ward.",
            False,
        ),
        ("", "", False),
        ("LDH was 412 U/L", "Troponin was 1,250 ng/L", False),
    ],
)
def test_near_duplicates(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7, 0.99, 1.0])
def test_an_answer_is_sure_from_the_threshold_on(cases: Index, threshold: float) -> None:
    answer = asked(cases, threshold=threshold).ask("What was the LDH on admission?")
    assert answer.receipt.threshold == threshold
    assert answer.status is (Status.ANSWERED if answer.confidence >= threshold else Status.POSSIBLE)
    assert answer.citations


@pytest.mark.parametrize(
    ("threshold", "possible", "status", "quotes"),
    [
        (0.5, 0.5, Status.ANSWERED, 1),
        (0.999, 0.5, Status.POSSIBLE, 1),
        (0.9999, 0.999, Status.NOT_FOUND, 0),
    ],
)
def test_three_outcomes(cases: Index, threshold: float, possible: float, status: Status, quotes: int) -> None:
    weights = plain_weights(threshold, possible)
    answer = Answerer(cases, WordEncoder(), stages=Stages(weights)).ask("What was the LDH on admission?")
    assert (answer.status, len(answer.citations)) == (status, quotes)
    assert answer.presence >= answer.confidence
    assert bool(answer.nearby) == bool(answer.reasons) == (status is Status.NOT_FOUND)


@pytest.mark.parametrize(
    ("confidences", "quotes"),
    [((0.6, 0.5, 0.4), 3), ((0.6, 0.1, 0.08), 2), ((0.2, 0.04, 0.04), 1), ((0.03, 0.02, 0.01), 1)],
)
def test_possible_answers_that_are_much_less_likely_are_left_out(
    cases: Index, confidences: tuple[float, ...], quotes: int
) -> None:
    evidence = asked(cases).gather("What was the LDH on admission?")
    likely = tuple(
        replace(item, confidence=one) for item, one in zip(evidence.ranked, confidences, strict=False)
    )
    shown = choose(replace(evidence, ranked=likely, presence=0.9), Settings(), threshold=0.8, possible=0.4)
    assert {item.confidence for item in shown} == set(confidences[:quotes])


@pytest.mark.parametrize(("listing", "quotes"), [(False, 3), (True, 5)])
def test_a_question_for_all_of_several_things_is_shown_more_sentences(
    cases: Index, listing: bool, quotes: int
) -> None:
    evidence = asked(cases).gather("What was the LDH on admission?")
    likely = tuple(
        replace(item, confidence=one)
        for item, one in zip(evidence.ranked, (0.6, 0.5, 0.4, 0.3, 0.2, 0.1), strict=False)
    )
    question = replace(evidence.question, listing=listing)
    evidence = replace(evidence, question=question, ranked=likely, presence=0.9)
    assert len(choose(evidence, Settings(), threshold=0.8, possible=0.4)) == quotes


def test_the_share_of_a_paper_counts_only_where_others_are_asked(cases: Index) -> None:
    answerer = asked(cases)
    shown = []
    for papers in (None, frozenset({paper(cases, "lung.txt").id})):
        evidence = answerer.gather("What was the LDH on admission?", documents=papers)
        likely = tuple(
            replace(item, confidence=0.9 if item.candidate.document.source == "lung.txt" else 0.1)
            for item in evidence.ranked
        )
        shown.append(len(choose(replace(evidence, ranked=likely), Settings(), 0.8, 0.4)))
    assert shown == [2, 3]


def test_the_scores_of_a_quote_are_those_that_ranked_it(cases: Index) -> None:
    answerer = asked(cases)
    question = understand("What was the woman's LDH on admission?")
    vector = answerer.encoder.encode([question.searched])[0]
    citation = answerer.ask(question.text).citations[0]
    (hit,) = (
        hit
        for hit in retrieve(cases, question, vector, limit=answerer.settings.passages)
        if hit.passage.document_id == citation.document_id and hit.passage.span.contains(citation.span)
    )
    assert (citation.scores.passage, citation.scores.lexical) == (hit.score, hit.lexical)
    sentence_vector = WordEncoder().encode([citation.quote])[0]
    assert citation.scores.dense == pytest.approx(float(sentence_vector @ vector), abs=1e-2)
    assert citation.scores.terms == question.terms == ("ldh", "admiss")


def test_the_ranker_score_of_a_quote_is_log_odds(cases: Index) -> None:
    weights = plain_weights()
    constant = replace(weights, ranker=replace(weights.ranker, weights=np.zeros(len(NAMES)), bias=2.5))
    answerer = Answerer(cases, WordEncoder(), stages=Stages(constant), settings=Settings(threshold=0.0))
    answer = answerer.ask("What was the woman's LDH on admission?")
    assert {citation.scores.ranker for citation in answer.citations} == {2.5}


def test_metadata_answers_have_no_scores(answerer: Answerer) -> None:
    (citation,) = answerer.ask("What is the DOI of the report on the potter?").citations
    assert citation.scores == Scores(ranker=0.0, passage=0.0, lexical=0.0, dense=0.0, terms=())


def test_the_same_question_has_the_same_answer(answerer: Answerer) -> None:
    question = "What was the woman's LDH on admission?"
    first, second = as_json(answerer.ask(question)), as_json(answerer.ask(question))
    for answer in (first, second):
        del answer["receipt"]["seconds"]
    assert first == second


@pytest.mark.parametrize("question", ["", "?", "x" * 10_000, "caf\udce9"])
def test_invalid_questions(answerer: Answerer, question: str) -> None:
    with pytest.raises(QuestionError):
        answerer.ask(question)
    with pytest.raises(QuestionError):
        answerer.search(question)


REVIEWED = """Myositis in a baker

Abstract

We report a 54-year-old man with myositis. He had fever. He was weak. He recovered. His CK fell.

Discussion

A case series told how old the patient was who had myositis in it: an 80-year-old woman.
"""


def test_the_patient_is_not_one_of_a_cited_paper(tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers", {"baker.txt": REVIEWED}))
    with open_index(tmp_path / "index") as index:
        answer = asked(index, threshold=0.0).ask("How old was the patient with myositis?")
        assert answer.citations
        assert not any("80-year-old" in citation.quote for citation in answer.citations)
        woman = asked(index, threshold=0.0).ask("How old was the woman with myositis?")
        assert "80-year-old" in woman.citations[0].quote


@pytest.mark.parametrize(
    ("question", "cited"),
    [
        ("How old was the woman?", False),  # a paper reports on a woman: she is meant
        ("Had the woman coughed?", False),
        ("Had the 58-year-old woman coughed?", True),  # that one is 47
        ("What was the woman's troponin?", True),  # of which the report on a woman tells nothing
    ],
)
def test_a_reported_woman_goes_before_a_cited_one(citing: Answerer, question: str, cited: bool) -> None:
    found = citing.gather(question)
    assert any("58-year-old" in one.candidate.text for one in found.ranked) is cited
