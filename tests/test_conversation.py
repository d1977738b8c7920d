"""Conversations: a follow-up is searched with the question before it, at the same cost after 1 or 400."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import QuestionError
from index.text import Span
from qa.answer import Answerer
from qa.conversation import Conversation, Conversations, last_answer
from qa.rank.reader import Reader, Reading
from qa.rank.rerank import Reranker, load_reranker
from qa.rank.select import load_weights
from qa.rank.stages import Stages
from qa.understand.followup import said_before, together
from qa.understand.question import LONGEST, Before, LastAnswer, Wanted, in_context, understand
from tests.index_fakes import WordEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.store.open import Index
    from qa.rank.evidence import Evidence
    from qa.rank.reader import Text
    from qa.records import Answer

WOMAN = "What was the lactate dehydrogenase of the woman with eosinophilic pneumonia?"
AFTER = Conversation((WOMAN,))


def sources(evidence: Evidence) -> set[str]:
    """Return the names of the papers whose passages were found."""
    return {ranked.candidate.document.source for ranked in evidence.ranked}


# What the question before adds


def test_a_fragment_is_searched_with_the_question_before_it(answerer: Answerer) -> None:
    meant = AFTER.gather(answerer, "And her procalcitonin?")
    assert meant.question.text == "And her procalcitonin?"
    assert sources(meant) == {"lung.txt"}
    assert "Procalcitonin" in meant.ranked[0].candidate.text
    answer, _ = AFTER.ask(answerer, "And her procalcitonin?")
    assert answer.resolved_question == f"{WOMAN} And her procalcitonin?"


def test_a_fragment_that_names_nobody_is_about_the_person_of_the_question_before(answerer: Answerer) -> None:
    assert sources(AFTER.gather(answerer, "For how long?")) == {"lung.txt"}
    assert sources(Conversation().gather(answerer, "How long?")) == {"lung.txt", "heart.txt"}


def test_a_question_about_another_person_leaves_the_paper_spoken_of(answerer: Answerer) -> None:
    assert sources(AFTER.gather(answerer, "And the man's troponin?")) == {"heart.txt"}


def test_a_new_topic_is_found_in_another_paper(answerer: Answerer) -> None:
    evidence = Conversation(("Which steroid was given?",)).gather(answerer, "What was the troponin?")
    assert evidence.ranked[0].candidate.document.source == "heart.txt"


def test_a_question_for_both_patients_is_put_to_each_paper(answerer: Answerer) -> None:
    assert sources(AFTER.gather(answerer, "And the complaints of both patients?")) == {
        "lung.txt",
        "heart.txt",
    }


def test_selected_papers_stay_selected(answerer: Answerer) -> None:
    only = frozenset(key for key, d in answerer.index.documents.items() if d.source == "heart.txt")
    evidence = Conversation(("What was the troponin of the rower?",)).gather(answerer, "And ferritin?", only)
    assert sources(evidence) == {"heart.txt"}


def test_a_follow_up_is_read_beside_what_was_asked_and_quoted_before(answerer: Answerer) -> None:
    conversation = Conversation(("How old was the rower?", "How long did she stay?", WOMAN))
    before = conversation.gather(answerer, "And her oxygen saturation?").question.before
    quoted = answerer.ask(WOMAN).citations[0]
    assert before == Before(
        WOMAN,
        f"How long did she stay? {WOMAN} {quoted.quote}",
        LastAnswer(quoted.document_id, quoted.span),
    )
    assert Conversation().gather(answerer, WOMAN).question.before is None


def test_after_a_refusal_there_is_no_quote_to_read_beside(answerer: Answerer) -> None:
    (paper, *_) = answerer.index.names
    for last in (LastAnswer(paper), LastAnswer(), None):
        before = Conversation((WOMAN,), last).before(answerer.index)
        assert before is not None
        assert (before.said, before.answer.quoted) == (WOMAN, None)


@pytest.mark.parametrize("earlier", ["?", "", "word " * 500])
def test_an_earlier_text_that_is_no_question_changes_nothing(answerer: Answerer, earlier: str) -> None:
    conversation = Conversation((earlier,))
    alone = Conversation().gather(answerer, WOMAN)
    ranked = conversation.gather(answerer, WOMAN).ranked
    assert ranked[0].candidate.text == alone.ranked[0].candidate.text
    assert conversation.recalled(answerer) == Conversation((earlier,), LastAnswer())


def test_a_paper_that_has_left_the_index_is_forgotten(answerer: Answerer) -> None:
    before = Conversation((WOMAN,), LastAnswer("0" * 64, Span(0, 9))).before(answerer.index)
    assert before == Before(WOMAN, WOMAN, LastAnswer())


def test_both_questions_are_joined_with_the_kind_and_the_person_of_the_second() -> None:
    last = understand("When was the woman discharged?")
    assert together(understand("Why?"), last).wanted is Wanted.REASON
    assert together(understand("And in hospital?"), last).wanted is Wanted.TIME
    assert together(understand("And him?"), last).subject == understand("him?").subject
    assert together(understand("And in hospital?"), last).subject == last.subject
    assert (
        together(understand("And in hospital?"), last).text
        == "When was the woman discharged? And in hospital?"
    )


@given(st.text(min_size=1, max_size=300), st.text(max_size=2 * LONGEST))
def test_a_question_in_context_is_one_line_that_can_be_asked(question: str, last: str) -> None:
    whole = in_context(question, last)
    assert whole == " ".join(whole.split())
    assert len(whole) <= LONGEST
    assert whole.endswith(" ".join(question.split()))


def test_the_last_two_questions_and_the_quote_are_read() -> None:
    assert said_before(("One?", "Two?", "Three?"), "Four.") == "Two? Three? Four."
    assert len(said_before(("One?",), "long " * 200)) < 400


# What a conversation carries


def test_an_answer_comes_with_the_conversation_after_it(answerer: Answerer) -> None:
    begun = Conversation()
    answer, conversation = begun.ask(answerer, WOMAN)
    quoted = answer.citations[0]
    assert conversation == Conversation((WOMAN,), LastAnswer(quoted.document_id, quoted.span))
    assert begun == Conversation()
    refused, after = conversation.ask(answerer, "And her haptoglobin?")
    assert after.questions == (WOMAN, "And her haptoglobin?")
    assert after.last == LastAnswer(refused.near_misses[0].document_id)


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
    answer, _ = Conversation((WOMAN,), LastAnswer()).ask(answerer, "And her procalcitonin?")
    assert conversation.last == last_answer(answer)
    assert sources(conversation.gather(answerer, "And her eosinophils?")) == {"lung.txt"}


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
        self.words, self.reader = WordEncoder(), CountingReader()
        reranker = Reranker(self.reader, load_reranker().weights)
        super().__init__(index, self.words, stages=Stages(load_weights(), reranker=reranker))

    @property
    def cost(self) -> tuple[int, int]:
        """Searches and readings so far."""
        return len(self.words.encoded), len(self.reader.read_for)


FOLLOW_UPS = (
    "And her procalcitonin?",
    "And the man's troponin?",
    "And her eosinophils?",
    "Was she discharged?",
)


def earlier(count: int) -> tuple[str, ...]:
    return tuple(([WOMAN, *FOLLOW_UPS] * count)[:count])


@pytest.mark.parametrize(("count", "cost"), [(0, (1, 1)), (1, (3, 2)), (10, (4, 2)), (400, (4, 2))])
def test_cost_of_a_question_if_only_earlier_texts_are_known(
    cases: Index, count: int, cost: tuple[int, int]
) -> None:
    """Two searches and one reading, and the same again for the last question before, if it followed one."""
    counted = Counted(cases)
    Conversation(earlier(count)).ask(counted, "And her ferritin?")
    assert counted.cost == cost


@pytest.mark.parametrize("count", [1, 10, 400])
def test_cost_of_a_question_if_the_last_answer_is_known(cases: Index, count: int) -> None:
    counted = Counted(cases)
    _, carried = Conversation(earlier(count - 1), LastAnswer()).ask(counted, WOMAN)
    before = counted.cost
    carried.ask(counted, "And her ferritin?")
    assert counted.cost == (before[0] + 2, before[1] + 1)


def test_a_batch_asks_no_question_of_a_chain_twice(cases: Index) -> None:
    counted, chain = Counted(cases), earlier(12)
    conversations = Conversations(counted)
    for at, question in enumerate(chain):
        before = counted.cost
        conversations.ask(list(chain[:at]), question)
        assert counted.cost[0] - before[0] <= 2
        assert counted.cost[1] - before[1] == 1


def test_a_batch_answers_a_chain_as_a_conversation_does(answerer: Answerer) -> None:
    conversation, conversations, chain = Conversation(), Conversations(answerer), earlier(6)
    for at, question in enumerate(chain):
        answer, conversation = conversation.ask(answerer, question)
        assert without_times(conversations.ask(chain[:at], question)) == without_times(answer)


@pytest.mark.parametrize(("known", "cost"), [(400, (2, 1)), (399, (4, 2)), (50, (4, 2)), (0, (4, 2))])
def test_a_batch_asks_at_most_the_last_question_of_a_history(
    cases: Index, known: int, cost: tuple[int, int]
) -> None:
    """It keeps the conversation of the first ``known`` of 400 questions; the rest are texts to it."""
    (paper, *_) = cases.names
    counted, chain = Counted(cases), earlier(400)
    conversations = Conversations(counted)
    conversations.keep(Conversation(chain[:known], LastAnswer(paper)))
    conversations.ask(chain, "And her ferritin?")
    assert counted.cost == cost


def test_the_front_matter_of_another_paper_is_found_in_a_conversation(
    answerer: Answerer,
) -> None:
    _, conversation = Conversation().ask(answerer, "What was the troponin of the rower?")
    answer, _ = conversation.ask(answerer, "What is the DOI of the report on the potter?")
    assert [citation.source for citation in answer.citations] == ["lung.txt"]


def test_front_matter_is_that_of_the_paper_spoken_of(answerer: Answerer) -> None:
    _, conversation = Conversation().ask(answerer, WOMAN)
    answer, _ = conversation.ask(answerer, "What is its DOI?")
    assert [citation.source for citation in answer.citations] == ["lung.txt"]
