"""Conversations: a question that leans on others is asked of the paper that they were about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from index.store import open_index
from qa.answer import Answerer
from qa.question import Place
from qa.session import NOT_LEANING, ask, gather, said_before
from tests.answering import PAPERS, plain_weights
from tests.index_fakes import WordEncoder, build_papers, write_papers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qa.evidence import Evidence


WOMAN = "What was the lactate dehydrogenase of the woman with eosinophilic pneumonia?"


def sources(answerer: Answerer, documents: frozenset[str] | None) -> set[str]:
    return {answerer.index.documents[key].source for key in documents or ()}


def test_a_fragment_stays_in_the_paper_spoken_of(answerer: Answerer) -> None:
    meant = gather(answerer, "And her procalcitonin?", [WOMAN])
    assert sources(answerer, meant.documents) == {"lung.txt"}
    assert meant.resolved.startswith("What was the woman's procalcitonin")
    answer = ask(answerer, "And her procalcitonin?", [WOMAN])
    assert answer.resolved_question == meant.resolved
    assert {citation.source for citation in answer.citations} <= {"lung.txt"}
    assert answer.reasons[0].startswith("Looked for in “Lungs of a potter")


def test_a_refusal_in_the_paper_spoken_of_tells_how_to_ask_them_all(answerer: Answerer) -> None:
    before = ask(answerer, WOMAN)
    refused, answered = (
        ask(answerer, question, [WOMAN], answers=[before]).reasons[0]
        for question in ("And her haptoglobin?", "And her procalcitonin?")
    )
    assert refused.startswith("Looked for in “Lungs of a potter")
    assert refused.endswith("Asked by itself, a question goes to all papers.")
    assert answered.endswith("as the questions before.")


def test_answers_at_hand_are_not_found_anew(answerer: Answerer) -> None:
    before = ask(answerer, WOMAN)
    given = ask(answerer, "And her procalcitonin?", [WOMAN], answers=[before])
    found = ask(answerer, "And her procalcitonin?", [WOMAN])
    assert (given.resolved_question, given.citations) == (found.resolved_question, found.citations)


@pytest.mark.parametrize("question", ["And in the other patient?", "And in the man?"])
def test_another_patient_is_asked_of_all_papers(answerer: Answerer, question: str) -> None:
    assert gather(answerer, question, [WOMAN]).documents is None


def test_papers_chosen_by_hand_stay_chosen(answerer: Answerer) -> None:
    only = frozenset(key for key, d in answerer.index.documents.items() if d.source == "heart.txt")
    meant = gather(answerer, "And his ferritin?", ["What was the troponin of the rower?"], only)
    assert meant.documents == only


def test_a_new_topic_that_is_found_much_surer_elsewhere_is_asked_of_all(
    answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = inside_as_sure_as(answerer, 0.9 * NOT_LEANING - 0.01)
    monkeypatch.setattr(answerer, "gather", unsure)
    assert gather(answerer, "What is myocarditis treated with?", [WOMAN]).documents is None
    monkeypatch.undo()
    assert gather(answerer, "Which steroid was given?", [WOMAN]).documents is not None


def inside_as_sure_as(answerer: Answerer, sure: float) -> Callable[..., Evidence]:
    """Return ``answerer.gather`` with this confidence within one paper, and 0.9 in all."""
    real = answerer.gather

    def gathered(
        text: str, *, documents: frozenset[str] | None = None, before: str = "", cited: Place | None = None
    ) -> Evidence:
        found = real(text, documents=documents, before=before, cited=cited)
        confidence = 0.9 if documents is None else sure
        return replace(found, ranked=tuple(replace(one, confidence=confidence) for one in found.ranked))

    return gathered


def test_a_question_that_names_what_the_paper_spoken_of_lacks_goes_to_the_surer_paper(
    answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    less, more = (inside_as_sure_as(answerer, sure) for sure in (0.8, 0.95))
    monkeypatch.setattr(answerer, "gather", less)
    assert (
        gather(answerer, "What was the troponin?", [WOMAN]).documents is None
    )  # the rower's, of another paper
    assert gather(answerer, "Which steroid was given?", [WOMAN]).documents is not None
    monkeypatch.setattr(answerer, "gather", more)
    assert gather(answerer, "What was the troponin?", [WOMAN]).documents is not None


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("What was the woman's troponin?", None),  # the woman of the paper spoken of is a cited study's
        ("Was she given ibuprofen?", None),
        ("What was the man's troponin?", {"heart.txt"}),
        ("What was the troponin?", {"heart.txt"}),
    ],
)
def test_a_question_about_someone_whom_the_paper_spoken_of_does_not_report_goes_to_all(
    citing: Answerer, monkeypatch: pytest.MonkeyPatch, question: str, papers: set[str] | None
) -> None:
    monkeypatch.setattr(citing, "gather", inside_as_sure_as(citing, 0.95))
    meant = gather(citing, question, ["How long did the chest pain of the rower last?"])
    assert (sources(citing, meant.documents) or None) == papers


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    """Answers from more than a few papers: the two, a score on tumours, and one on gout in many passages."""
    sections = ("Abstract", "Introduction", "Methods", "Case presentation", "Results", "Discussion")
    gout = "\n\n".join(f"{name}\n\nGout of the toe, told in part {name}: gout." for name in sections)
    tumours = {
        f"tumour{n}.txt": f"Patient number {n}\n\nCase presentation\n\nThe tumour was {n} cm large.\n"
        for n in range(20)
    }
    folder = tmp_path_factory.mktemp("many")
    papers = {**PAPERS, **tumours, "gout.txt": f"Gout of a miller\n\n{gout}\n"}
    build_papers(folder / "index", write_papers(folder / "papers", papers))
    with open_index(folder / "index") as index:
        yield Answerer(index, WordEncoder(), weights=plain_weights())


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("How large was the tumour?", {"lung.txt"}),  # each of twenty papers has one: another patient's
        ("And the tumour?", {"lung.txt"}),
        ("How was the gout of the toe told?", None),  # points to one paper
        ("How large is a tumour?", None),  # in general, and the paper spoken of has nothing on it
    ],
)
def test_among_many_papers_a_question_must_point_to_one_to_leave_the_paper_spoken_of(
    many: Answerer, monkeypatch: pytest.MonkeyPatch, question: str, papers: set[str] | None
) -> None:
    monkeypatch.setattr(many, "gather", inside_as_sure_as(many, 0.1))
    meant = gather(many, question, [WOMAN])
    assert (sources(many, meant.documents) or None) == papers


def test_a_follow_up_is_read_beside_what_was_asked_before(answerer: Answerer) -> None:
    history = ["How old was the rower?", "How long did she stay?", WOMAN]
    meant = gather(answerer, "And her oxygen saturation?", history)
    assert meant.documents is not None
    quoted = ask(answerer, WOMAN, history[:-1]).citations[0]
    assert meant.evidence.question.before == f"How long did she stay? {WOMAN} {quoted.quote}"
    assert meant.evidence.question.cited == Place(quoted.document_id, quoted.span)
    alone = gather(answerer, WOMAN, []).evidence.question
    assert (alone.before, alone.cited) == ("", None)


def test_after_a_refusal_there_is_no_quote_to_read_beside(answerer: Answerer) -> None:
    refused = replace(ask(answerer, WOMAN), citations=())
    assert said_before([WOMAN], refused) == (WOMAN, None)
    assert said_before([WOMAN], None) == (WOMAN, None)


def test_a_follow_up_in_the_one_paper_chosen_leans_on_what_was_said_too(answerer: Answerer) -> None:
    only = frozenset(key for key, d in answerer.index.documents.items() if d.source == "lung.txt")
    meant = gather(answerer, "And her oxygen saturation?", [WOMAN], only)
    assert meant.documents == only
    assert meant.evidence.question.before.startswith(WOMAN)
    assert ask(answerer, "And her oxygen saturation?", [WOMAN], only).resolved_question == meant.resolved


def test_a_history_without_a_question_changes_nothing(answerer: Answerer) -> None:
    assert gather(answerer, WOMAN, ["?"]).documents is None
