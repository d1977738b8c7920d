"""Conversations: a follow-up is searched in the last paper, at the same cost after 1 question or 400."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from index.errors import QuestionError
from index.store.index import Index
from index.store.open import open_index
from index.text import Span
from qa.answer import Answerer
from qa.conversation import NOT_LEANING, Conversation, Conversations, LastAnswer
from qa.rank.evidence import Evidence
from qa.rank.reader import Reader, Reading, Text
from qa.rank.rerank import Reranker, load_reranker
from qa.rank.select import load_weights
from qa.rank.stages import Stages
from qa.records import Answer
from qa.understand.numbered import Mention
from qa.understand.question import Place
from tests.answering import PAPERS, plain_weights
from tests.index_fakes import WordEncoder, build_papers, write_papers

WOMAN = "What was the lactate dehydrogenase of the woman with eosinophilic pneumonia?"
AFTER = Conversation((WOMAN,))


def sources(answerer: Answerer, documents: frozenset[str] | None) -> set[str]:
    return {answerer.index.documents[key].source for key in documents or ()}


def test_a_fragment_is_answered_from_the_last_paper(answerer: Answerer) -> None:
    meant = AFTER.gather(answerer, "And her procalcitonin?")
    assert sources(answerer, meant.documents) == {"lung.txt"}
    assert meant.resolved.startswith("What was the woman's procalcitonin")
    answer, _ = AFTER.ask(answerer, "And her procalcitonin?")
    assert answer.resolved_question == meant.resolved
    assert {citation.source for citation in answer.citations} <= {"lung.txt"}
    assert answer.reasons[0].startswith("Searched in “Lungs of a potter")


def test_a_refusal_in_the_last_paper_says_how_to_search_all_papers(answerer: Answerer) -> None:
    refused, answered = (
        AFTER.ask(answerer, question)[0].reasons[0]
        for question in ("And her haptoglobin?", "And her procalcitonin?")
    )
    assert refused.startswith("Searched in “Lungs of a potter")
    assert refused.endswith("To search all papers, ask a full question.")
    assert answered.endswith("the paper of the last answer.")


@pytest.mark.parametrize("question", ["And in the other patient?", "And in the man?"])
def test_a_question_on_another_patient_searches_all_papers(answerer: Answerer, question: str) -> None:
    assert AFTER.gather(answerer, question).documents is None


def test_papers_chosen_by_hand_stay_chosen(answerer: Answerer) -> None:
    only = frozenset(key for key, d in answerer.index.documents.items() if d.source == "heart.txt")
    meant = Conversation(("What was the troponin of the rower?",)).gather(answerer, "And his ferritin?", only)
    assert meant.documents == only


def test_a_new_topic_with_a_much_surer_answer_elsewhere_searches_all_papers(
    answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = inside_as_sure_as(answerer, 0.9 * NOT_LEANING - 0.01)
    monkeypatch.setattr(answerer, "gather", unsure)
    assert AFTER.gather(answerer, "What is myocarditis treated with?").documents is None
    monkeypatch.undo()
    assert AFTER.gather(answerer, "Which steroid was given?").documents is not None


def inside_as_sure_as(answerer: Answerer, sure: float) -> Callable[..., Evidence]:
    """Return ``answerer.gather`` with this confidence within one paper, and 0.9 in all."""
    real = answerer.gather

    def gathered(
        text: str,
        *,
        documents: frozenset[str] | None = None,
        before: str = "",
        cited: Place | None = None,
        numbered: tuple[Mention, ...] = (),
    ) -> Evidence:
        found = real(text, documents=documents, before=before, cited=cited, numbered=numbered)
        confidence = 0.9 if documents is None else sure
        return replace(found, ranked=tuple(replace(one, confidence=confidence) for one in found.ranked))

    return gathered


def test_a_question_on_something_missing_from_the_last_paper_goes_to_the_surer_paper(
    answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    less, more = (inside_as_sure_as(answerer, sure) for sure in (0.8, 0.95))
    monkeypatch.setattr(answerer, "gather", less)
    assert AFTER.gather(answerer, "What was the troponin?").documents is None  # the rower's, of another paper
    assert AFTER.gather(answerer, "Which steroid was given?").documents is not None
    monkeypatch.setattr(answerer, "gather", more)
    assert AFTER.gather(answerer, "What was the troponin?").documents is not None


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("What was the woman's troponin?", None),  # the woman of the paper spoken of is a cited study's
        ("Was she given ibuprofen?", None),
        ("What was the man's troponin?", {"heart.txt"}),
        ("What was the troponin?", {"heart.txt"}),
    ],
)
def test_a_question_about_someone_not_in_the_last_paper_searches_all_papers(
    citing: Answerer, monkeypatch: pytest.MonkeyPatch, question: str, papers: set[str] | None
) -> None:
    monkeypatch.setattr(citing, "gather", inside_as_sure_as(citing, 0.95))
    meant = Conversation(("How long did the chest pain of the rower last?",)).gather(citing, question)
    assert (sources(citing, meant.documents) or None) == papers


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    """Answers from many papers: the two, twenty on tumours, and one on gout in many passages."""
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
        yield Answerer(index, WordEncoder(), stages=Stages(plain_weights()))


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("How large was the tumour?", {"lung.txt"}),  # each of twenty papers has one: another patient's
        ("And the tumour?", {"lung.txt"}),
        ("How was the gout of the toe told?", None),  # points to one paper
        ("How large is a tumour?", None),  # in general, and the paper spoken of has nothing on it
    ],
)
def test_among_many_papers_only_a_question_that_points_to_one_leaves_the_last_paper(
    many: Answerer, monkeypatch: pytest.MonkeyPatch, question: str, papers: set[str] | None
) -> None:
    monkeypatch.setattr(many, "gather", inside_as_sure_as(many, 0.1))
    meant = AFTER.gather(many, question)
    assert (sources(many, meant.documents) or None) == papers


def test_a_follow_up_is_read_together_with_earlier_questions(answerer: Answerer) -> None:
    conversation = Conversation(("How old was the rower?", "How long did she stay?", WOMAN))
    gathered = conversation.gather(answerer, "And her oxygen saturation?")
    assert gathered.documents is not None
    quoted = answerer.ask(WOMAN).citations[0]
    assert gathered.evidence.question.before == f"How long did she stay? {WOMAN} {quoted.quote}"
    assert gathered.evidence.question.cited == Place(quoted.document_id, quoted.span)
    alone = Conversation().gather(answerer, WOMAN).evidence.question
    assert (alone.before, alone.cited) == ("", None)


def test_after_a_refusal_no_quote_is_read_with_the_question(answerer: Answerer) -> None:
    (paper, *_) = answerer.index.names
    for last in (LastAnswer(paper), LastAnswer(), None):
        assert Conversation((WOMAN,), last).said_before(answerer.index) == (WOMAN, None)


def test_a_follow_up_in_the_only_selected_paper_also_uses_earlier_questions(answerer: Answerer) -> None:
    only = frozenset(key for key, d in answerer.index.documents.items() if d.source == "lung.txt")
    gathered = AFTER.gather(answerer, "And her oxygen saturation?", only)
    assert gathered.documents == only
    assert gathered.evidence.question.before.startswith(WOMAN)
    answer, _ = AFTER.ask(answerer, "And her oxygen saturation?", only)
    assert answer.resolved_question == gathered.resolved


@pytest.mark.parametrize("earlier", ["?", "", "word " * 500])
def test_an_earlier_text_that_is_not_a_question_changes_nothing(answerer: Answerer, earlier: str) -> None:
    conversation = Conversation((earlier,))
    assert conversation.gather(answerer, WOMAN).documents is None
    assert conversation.recalled(answerer) == Conversation((earlier,), LastAnswer())


def test_a_paper_removed_from_the_index_is_not_searched(answerer: Answerer) -> None:
    conversation = Conversation((WOMAN,), LastAnswer("0" * 64, Span(0, 9)))
    assert conversation.gather(answerer, "And her procalcitonin?").documents is None


# What a conversation carries


def test_an_answer_comes_with_the_conversation_after_it(answerer: Answerer) -> None:
    begun = Conversation()
    answer, conversation = begun.ask(answerer, WOMAN)
    quoted = answer.citations[0]
    assert conversation == Conversation((WOMAN,), LastAnswer(quoted.document_id, quoted.span))
    assert begun == Conversation()
    refused, after = conversation.ask(answerer, "And her haptoglobin?")
    assert after.questions == (WOMAN, "And her haptoglobin?")
    assert after.last == LastAnswer(refused.nearby[0].document_id)


def test_a_question_that_cannot_be_asked_leaves_the_conversation_as_it_was(answerer: Answerer) -> None:
    with pytest.raises(QuestionError):
        AFTER.ask(answerer, "?")
    assert AFTER.continued(answerer, "?") == Conversation((WOMAN, "?"), LastAnswer())


def test_a_kept_and_a_recalled_answer_give_the_same_result(answerer: Answerer) -> None:
    _, carried = Conversation().ask(answerer, WOMAN)
    assert AFTER.recalled(answerer) == carried
    (one, after_one), (other, after_other) = (
        conversation.ask(answerer, "And her procalcitonin?") for conversation in (carried, AFTER)
    )
    assert without_times(one) == without_times(other)
    assert after_one == after_other


def test_the_last_question_is_answered_again_with_the_questions_before_it(answerer: Answerer) -> None:
    """Alone, "And her procalcitonin?" does not say whose; the question before it does."""
    conversation = Conversation((WOMAN, "And her procalcitonin?")).recalled(answerer)
    assert conversation.last == LastAnswer.of(
        answerer.ask(AFTER.standalone(answerer.index, "And her procalcitonin?"))
    )
    assert sources(answerer, conversation.gather(answerer, "And her eosinophils?").documents) == {"lung.txt"}


def without_times(answer: Answer) -> Answer:
    return replace(answer, receipt=replace(answer.receipt, seconds={}))


# What a question costs


class CountingReader(Reader):
    """Gives all sentences the same score, and records the questions that were read."""

    def __init__(self) -> None:
        self.fingerprint = "0" * 64
        self.read_for: list[str] = []

    def read(self, question: str, texts: Sequence[Text], before: str = "") -> list[Reading]:
        self.read_for.append(question)
        return [Reading(np.zeros(len(text.sentences)), (None,) * len(text.sentences)) for text in texts]


class Counted(Answerer):
    """Answers from an index and counts: each search encodes its question once, each reading is one call."""

    def __init__(self, index: Index) -> None:
        self.words, self.counting = WordEncoder(), CountingReader()
        reranker = Reranker(self.counting, load_reranker().weights)
        super().__init__(index, self.words, stages=Stages(load_weights(), reranker=reranker))

    @property
    def cost(self) -> tuple[int, int]:
        """Searches and readings so far."""
        return len(self.words.encoded), len(self.counting.read_for)


FOLLOW_UPS = (
    "And her procalcitonin?",
    "And the man's troponin?",
    "And her eosinophils?",
    "Was she discharged?",
)


def earlier(count: int) -> tuple[str, ...]:
    return tuple(([WOMAN, *FOLLOW_UPS] * count)[:count])


@pytest.mark.parametrize(("count", "cost"), [(0, 1), (1, 3), (10, 3), (400, 3)])
def test_cost_of_a_question_if_only_earlier_texts_are_known(cases: Index, count: int, cost: int) -> None:
    """Two searches and two readings, and one more of each for the last question before."""
    counted = Counted(cases)
    Conversation(earlier(count)).ask(counted, "And her ferritin?")
    assert counted.cost == (cost, cost)


@pytest.mark.parametrize("count", [1, 10, 400])
def test_cost_of_a_question_if_the_last_answer_is_known(cases: Index, count: int) -> None:
    counted = Counted(cases)
    _, carried = Conversation(earlier(count - 1), LastAnswer()).ask(counted, WOMAN)
    before = counted.cost
    carried.ask(counted, "And her ferritin?")
    assert counted.cost == (before[0] + 2, before[1] + 2)


def test_a_batch_asks_no_question_of_a_chain_twice(cases: Index) -> None:
    counted, chain = Counted(cases), earlier(12)
    conversations = Conversations(counted)
    for at, question in enumerate(chain):
        before = counted.cost
        conversations.ask(list(chain[:at]), question)
        assert all(now - then <= 2 for now, then in zip(counted.cost, before, strict=True))


def test_a_batch_answers_a_chain_as_a_conversation_does(answerer: Answerer) -> None:
    conversation, conversations, chain = Conversation(), Conversations(answerer), earlier(6)
    for at, question in enumerate(chain):
        answer, conversation = conversation.ask(answerer, question)
        assert without_times(conversations.ask(chain[:at], question)) == without_times(answer)


@pytest.mark.parametrize(("known", "cost"), [(400, 2), (399, 4), (50, 3), (0, 3)])
def test_a_batch_asks_at_most_the_last_question_of_a_history(cases: Index, known: int, cost: int) -> None:
    """It keeps the conversation of the first ``known`` of 400 questions; the rest are texts to it."""
    (paper, *_) = cases.names
    counted, chain = Counted(cases), earlier(400)
    conversations = Conversations(counted)
    conversations.keep(Conversation(chain[:known], LastAnswer(paper)))
    conversations.ask(chain, "And her ferritin?")
    assert counted.cost == (cost, cost)


def test_a_statement_in_the_front_matter_of_another_paper_counts_as_confident(answerer: Answerer) -> None:
    _, conversation = Conversation().ask(answerer, "What was the troponin of the rower?")
    answer, _ = conversation.ask(answerer, "What is the DOI of the report on the potter?")
    assert [citation.source for citation in answer.citations] == ["lung.txt"]
