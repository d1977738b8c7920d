"""Cases on made-up papers, asked and judged, with the whole program and with ablations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evals.measure.ablation import ablations, variants
from evals.measure.outcomes import as_row, judged_of, measure
from evals.measure.places import agrees
from evals.measure.runner import run
from evals.measure.zscores import SummedScores, ranked_by_sum
from evals.sets.cases import Case, Gold
from evals.sets.named import QuestionSet
from index.store.index import Index
from index.text import Span
from qa.answer import Answerer
from qa.rank.evidence import Evidence
from qa.rank.stages import Stages
from qa.settings import Settings
from qa.understand.question import understand
from tests.answering import candidate, paper, plain_weights, sentence
from tests.index_fakes import WordEncoder


def asked(index: Index) -> list[Case]:
    document, found = sentence(index, "412 U/L")
    gold = (Gold(document.id, found.span),)
    return [
        Case("a", "What was the woman's LDH on admission?", answerable=True, gold=gold, short=("412 U/L",)),
        Case("b", "Was it raised?", answerable=False, gold=(), type="none", history=("What is tea?",)),
        Case("c", "Why was ibuprofen stopped?", answerable=True, gold=gold, short=("412 U/L", "412")),
    ]


def test_cases_are_asked_and_judged(answerer: Answerer, cases: Index) -> None:
    document, found = sentence(cases, "412 U/L")
    told: list[tuple[int, int]] = []
    outcomes = measure(answerer, asked(cases), lambda done, total: told.append((done, total)), name="made up")
    assert told == [(1, 3), (2, 3), (3, 3)]
    right, nothing, wrong = (outcome.judged for outcome in outcomes)
    assert (right.set, right.status, right.right, right.ranked_first) == ("made up", "answered", True, True)
    assert (right.marked, right.exact, right.overlap, right.place_right) == (True, 1.0, 1.0, True)
    assert right.held
    assert (right.passage_rank or 99) <= 5
    assert right.retrieval is not None
    assert right.retrieval["mrr"] == 1 / (right.passage_rank or 99)
    assert right.correct
    assert (nothing.status, nothing.followup, nothing.correct) == ("not_found", True, True)
    assert (nothing.exact, nothing.retrieval) == (None, None)
    assert outcomes[0].withheld is None
    assert outcomes[1].resolved != outcomes[1].question
    assert (wrong.status, wrong.right, wrong.exact, wrong.place_right) == ("answered", False, 0.0, False)
    assert [place.quote for place in outcomes[0].gold] == [found.span.of(document.text)]
    assert {"resolve", "encode", "decide"} <= outcomes[0].stages.keys()


def test_a_row_of_the_report_holds_the_judgement(answerer: Answerer, cases: Index) -> None:
    (outcome, *_) = measure(answerer, asked(cases)[:1])
    row = json.loads(json.dumps(as_row(outcome)))
    assert judged_of(row) == outcome.judged
    assert (row["id"], row["correct"], row["short"]) == ("a", True, "412 U/L")
    assert [quote["quote"] for quote in row["citations"]] == [quote.quote for quote in outcome.citations]
    assert [place["quote"] for place in row["gold_places"]] == [place.quote for place in outcome.gold]


def test_a_question_without_words_counts_as_refused(answerer: Answerer) -> None:
    (outcome,) = measure(answerer, [Case("x", "?!", answerable=False, gold=())])
    assert (outcome.judged.status, outcome.judged.confidence, outcome.citations) == ("not_found", 0.0, ())


def test_the_questions_of_a_chain_are_asked_once(cases: Index) -> None:
    encoder = WordEncoder()
    chain = ("What was the woman's LDH on admission?", "And her procalcitonin?", "And her ferritin?")
    asked = [
        Case(str(at), question, answerable=False, gold=(), history=chain[:at])
        for at, question in enumerate(chain)
    ]
    measure(Answerer(cases, encoder, stages=Stages(plain_weights())), asked)
    searches = 1 + 2 + 2  # a follow-up is searched for in all papers and in one
    assert len(encoder.encoded) == searches + len(chain)  # each question once more for the baseline


def test_a_changed_case_has_another_digest(answerer: Answerer) -> None:
    one = Case("x", "What is tea?", answerable=False, gold=())
    other = Case("x", "What is tea?", answerable=False, gold=(), history=("Who drinks?",))
    first, second, again = (outcome.judged.digest for outcome in measure(answerer, [one, other, one]))
    assert first == again != second


def test_a_case_on_several_papers_needs_a_right_quote_from_each(answerer: Answerer, cases: Index) -> None:
    lung, coughed = sentence(cases, "The woman had coughed")
    heart, pain = sentence(cases, "The man had chest pain")
    both = (Gold(lung.id, coughed.span), Gold(heart.id, pain.span))
    question = "How long did the chest pain last?"
    one, several = measure(
        answerer,
        [
            Case("one", question, answerable=True, gold=both),
            Case("several", question, answerable=True, gold=both, papers="several"),
        ],
    )
    assert (one.judged.first_right, one.judged.right) == (True, True)
    assert (several.judged.first_right, several.judged.right) == (True, False)


def test_retrieval_can_be_judged_by_documents(answerer: Answerer, cases: Index) -> None:
    document, _ = sentence(cases, "412 U/L")
    whole = (Gold(document.id, Span(0, len(document.text)), grade=2),)
    case = Case("a", "What was the woman's LDH on admission?", answerable=True, gold=whole)
    (outcome,) = measure(answerer, [case], unit="document")
    assert outcome.ranking.found[0] == document.id[:16]
    assert len(outcome.ranking.found) <= 2
    assert outcome.ranking.relevant == {document.id[:16]: 2}


def test_a_place_agrees_in_paper_section_and_line(answerer: Answerer, cases: Index) -> None:
    document, found = sentence(cases, "412 U/L")
    citation = answerer.ask("What was the woman's LDH on admission?").citations[0]
    assert citation.document_id == document.id
    gold = Gold(document.id, found.span)
    assert agrees(document, citation, gold)
    _, elsewhere = sentence(cases, "AEP is rare in potters")
    assert not agrees(document, citation, Gold(document.id, elsewhere.span))
    assert not agrees(document, citation, Gold("0" * 64, found.span))
    # What the set states takes precedence over the paper's map.
    stated = Gold(document.id, elsewhere.span, 1, citation.section, None, citation.line)
    assert agrees(document, citation, stated)
    assert not agrees(document, citation, Gold(document.id, found.span, 1, citation.section, None, 1))
    assert not agrees(document, citation, Gold(document.id, found.span, 1, "Methods"))


def test_the_baseline_is_the_sum_of_three_z_scores(cases: Index) -> None:
    question = "What was the woman's LDH on admission?"
    found = [candidate(cases, question, words) for words in ("412 U/L", "had coughed", "86%")]
    scores = SummedScores(cases).scores(understand(question), found, np.zeros((0, 0)))

    dense = np.array([one.dense for one in found])
    dense = (dense - dense.mean()) / dense.std()
    passage = np.array([one.hit.score for one in found])
    assert int(np.argmax(scores)) == 0
    rest = scores - dense - passage
    assert abs(rest.mean()) < 1e-9  # what is left is the z-score of coverage
    assert abs(rest.std() - 1) < 1e-9
    assert len(SummedScores(cases).scores(understand(question), [], np.zeros((0, 0)))) == 0


@pytest.mark.parametrize(
    ("question", "passages"),
    [
        ("Had the woman coughed?", 20),  # another woman, whom a paper cites, gives way
        ("What was the woman's troponin?", 20),
        ("What was the LDH in the patient on prednisolone?", 1),  # the rest of that paper is searched, too
        ("How long had both patients coughed?", 20),
    ],
)
def test_the_baseline_and_the_ranker_rank_the_same_candidates(
    citing: Answerer, question: str, passages: int
) -> None:
    answerer = citing.configured(Settings(passages=passages))
    evidence = answerer.gather(question)
    by_sum, by_ranker = (
        sorted((item.candidate.document.id, item.candidate.sentence.span.start) for item in ranked)
        for ranked in (ranked_by_sum(answerer, evidence, None), evidence.ranked)
    )
    assert by_sum == by_ranker
    assert by_sum


def test_the_baseline_ranks_in_the_papers_that_were_asked(citing: Answerer) -> None:
    documents = frozenset({paper(citing.index, "heart.txt").id})
    evidence = citing.gather("How long had the patient coughed?", documents=documents)
    ranked = ranked_by_sum(citing, evidence, documents)
    assert {item.candidate.document.id for item in ranked} == documents
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)


def test_ablations_leave_out_one_part_each(answerer: Answerer, cases: Index) -> None:
    chosen = QuestionSet("made up", tuple(asked(cases)))
    stages: list[str] = []

    def told(stage: str, done: int, total: int) -> None:
        stages.append(stage)

    whole = run(answerer, chosen.cases, chosen, told)
    parts = variants(answerer)
    assert set(parts) == {"no lexical search", "no dense search", "no learned ranker", "no abbreviations"}
    without = {name: [run(one, chosen.cases, chosen, told, f", {name}")] for name, one in parts.items()}
    assert "questions asked (made up, no dense search)" in stages
    found = ablations([whole], without)
    assert found["variants"] == list(parts)
    recall = {row["variant"]: row["without"] for row in found["rows"] if row["metric"] == "recall@10"}
    assert recall.keys() == parts.keys()
    assert all(hit.lexical == 0 for hit in parts["no lexical search"].gather("ibuprofen").hits)
    assert all(hit.dense == 0 for hit in parts["no dense search"].gather("ibuprofen").hits)
    # The whole program is unchanged.
    assert any(hit.lexical > 0 and hit.dense != 0 for hit in answerer.gather("ibuprofen").hits)


def test_the_ablation_of_abbreviations(answerer: Answerer) -> None:
    question = "What is acute eosinophilic pneumonia rare in?"
    read = answerer.gather(question)
    unread = variants(answerer)["no abbreviations"].gather(question)
    assert read.question.abbreviations
    assert not unread.question.abbreviations

    def matched(found: Evidence) -> frozenset[str]:
        candidates = (item.candidate for item in found.ranked)
        return next(one.matched for one in candidates if one.text.startswith("AEP is rare"))

    assert {"eosinophil", "pneumonia"} <= matched(read) - matched(unread)
