"""The reader's training data: a question, its passage, and similar passages."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evals.sets.cases import Case, Corpus, Gold
from evals.sets.corpora import document_of
from evals.train import reader_data
from evals.train.reader_data import Group, Marked, Pool, as_json, groups, of_json, read_closely
from index.text import Span
from qa.rank.reader import Asked, Reader, Reading, Text

FOOT = "The foot was cast for two weeks.\nThe patient walked after nine days.\nHer blood was not examined."
HAND = "The hand was cast for six weeks.\nThe patient wrote after ten days."


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


@pytest.fixture
def pool() -> Pool:
    """Two papers; each line is a passage."""
    documents = tuple(document_of(text, name) for name, text in (("foot", FOOT), ("hand", HAND)))
    return Pool(Corpus("limbs", documents, ()), count_words, 8)


def case(pool: Pool, quote: str = "", short: tuple[str, ...] = ()) -> Case:
    foot = pool.corpus.documents[0]
    gold = (Gold(foot.id, Span(at := foot.text.index(quote), at + len(quote))),) if quote else ()
    return Case("1", "How long was the foot cast?", bool(gold), gold, short=short, about=foot.id)


def drawn(pool: Pool, asked: Case, *, spans: bool) -> list[Group]:
    return [g for seed in range(40) for g in groups(pool, [asked], random.Random(seed), spans=spans)]


def test_the_right_passage_is_among_others_of_its_paper(pool: Pool) -> None:
    for group in drawn(pool, case(pool, "The foot was cast for two weeks."), spans=False):
        texts = [found.text.text for found in group.texts]
        assert texts[0] == "The foot was cast for two weeks."
        assert len(set(texts) & set(HAND.split("\n"))) <= 1  # at times one passage of another paper
        assert [any(found.right) for found in group.texts] == [True] + [False] * (len(texts) - 1)


def test_a_passage_of_another_paper_is_taken_if_the_question_tells_the_papers_apart(
    pool: Pool,
) -> None:
    asked = case(pool, "The foot was cast for two weeks.")
    assert "The hand was cast for six weeks." in passages(drawn(pool, asked, spans=False))
    alike = [document_of(HAND.replace("hand", part), part) for part in ("toe", "arm", "leg")]
    among = Pool(replace(pool.corpus, documents=(*pool.corpus.documents, *alike)), count_words, 8)
    assert passages(drawn(among, asked, spans=False)) <= set(FOOT.split("\n"))


def passages(groups: Sequence[Group]) -> set[str]:
    return {marked.text.text for group in groups for marked in group.texts}


def test_the_papers_identity_stands_in_front_of_most_passages(pool: Pool) -> None:
    titled = "A report on feet"
    pool.identity = dict.fromkeys(pool.identity, (titled,))
    asked = case(pool, "The foot was cast for two weeks.")
    contexts = [
        group.texts[0].text.context
        for seed in range(60)
        for group in groups(pool, [asked], random.Random(seed), spans=False, identity=True)
    ]
    assert 0.8 < sum(context.startswith(titled) for context in contexts) / len(contexts) < 1


@pytest.mark.parametrize("seed", range(20))
def test_a_group_is_read_back_as_it_was_written(pool: Pool, seed: int) -> None:
    asked = case(pool, "The foot was cast for two weeks.", ("two weeks",))
    for group in groups(pool, [asked], random.Random(seed), spans=False):
        assert of_json(json.loads(json.dumps(as_json(group)))) == group


def test_a_question_without_an_answer_gets_its_paper_and_sometimes_another(pool: Pool) -> None:
    found = drawn(pool, case(pool), spans=False)
    assert not any(any(marked.right) for group in found for marked in group.texts)
    read = {marked.text.text for group in found for marked in group.texts}
    assert read & set(FOOT.split("\n")) and read & set(HAND.split("\n"))


def test_the_short_answer_is_highlighted_in_its_sentence(pool: Pool) -> None:
    asked = case(pool, "The foot was cast for two weeks.", ("two weeks",))
    found = [group.texts[0] for group in drawn(pool, asked, spans=False) if any(group.texts[0].right)]
    assert found
    assert {marked.short and marked.short.of(marked.text.text) for marked in found} == {"two weeks"}


def test_a_passage_that_holds_an_accepted_short_answer_is_no_negative(pool: Pool) -> None:
    found = drawn(pool, case(pool, "two weeks", ("two weeks", "nine days")), spans=True)
    wrong = {marked.text.text for group in found for marked in group.texts if not any(marked.right)}
    assert wrong and not any("nine days" in text for text in wrong)


def test_a_follow_up_has_earlier_questions_or_stands_alone(pool: Pool) -> None:
    first = case(pool, "The foot was cast for two weeks.")
    second = replace(first, question="And the hand of the woman?", history=(first.question,))
    asked = {group.asked for group in drawn(pool, second, spans=False)}
    assert Asked("And the hand of the woman?", first.question) in asked
    alone = asked - {Asked("And the hand of the woman?", first.question)}
    assert alone and not any(one.before for one in alone)


def test_a_question_may_follow_one_that_it_does_not_depend_on(pool: Pool) -> None:
    first = case(pool, "The foot was cast for two weeks.")
    other = replace(first, id="2", question="Was her blood examined?")
    found = [g for seed in range(60) for g in groups(pool, [first, other], random.Random(seed), spans=False)]
    befores = {group.asked.before for group in found if group.asked.question == first.question}
    assert befores == {"", other.question}


def test_misleading_passages_come_first_among_the_negatives(pool: Pool) -> None:
    asked = case(pool, "The foot was cast for two weeks.")

    def share_of_blood(liked: str) -> float:
        """How often the passage on blood is a negative, for a judge who likes the passage with ``liked``."""
        found = [
            {marked.text.text for marked in group.texts[1:]}
            for seed in range(60)
            for group in groups(
                pool,
                [asked],
                random.Random(seed),
                spans=False,
                judge=lambda _, texts: [float(liked in text.text) for text in texts],
            )
        ]
        return sum("Her blood was not examined." in texts for texts in found) / len(found)

    assert share_of_blood("blood") > share_of_blood("walked")


def test_a_follow_up_is_read_together_with_the_last_quote(pool: Pool) -> None:
    quote = "The foot was cast for two weeks."
    first = case(pool, quote)
    second = replace(first, question="When did she walk?", history=(first.question,))
    told = Pool(replace(pool.corpus, cases=(first, second)), count_words, 8)
    before = {group.asked.before for group in drawn(told, second, spans=False)}
    assert f"{first.question} {quote}" in before
    assert first.question in before  # at times nothing was shown


class Liking(Reader):
    """Scores a sentence by the words of the question that it has."""

    def __init__(self) -> None:
        pass

    def read(self, question: str, texts: Sequence[Text], before: str = "") -> list[Reading]:
        wanted = set(question.lower().split())
        return [
            Reading(
                np.array([len(wanted & set(s.of(text.text).lower().split())) for s in text.sentences], float),
                (None,) * len(text.sentences),
            )
            for text in texts
        ]


def group_of(*texts: tuple[str, str, str]) -> Group:
    """A group of texts: sentences between bars, the right one, and the decisive words."""
    marked = []
    for sentences, right, short in texts:
        parts, text = sentences.split("|"), sentences.replace("|", " ")
        spans = tuple(Span(at := text.index(part), at + len(part)) for part in parts)
        held = Span(at := text.index(short), at + len(short)) if short else None
        marked.append(Marked(Text("", text, spans), tuple(part == right for part in parts), held))
    return Group("limbs", Asked("the foot was cast"), tuple(marked))


LONG = "It was warm and it rained for the whole of that week, as everybody who was there can still tell" * 4


def test_the_best_sentences_are_read_closely_with_what_stands_around_them() -> None:
    group = group_of(
        (
            f"{LONG}|She fell.|The foot was cast for two weeks.",
            "The foot was cast for two weeks.",
            "two weeks",
        ),
        (f"The foot was red.|{LONG}", "", ""),
    )
    first, second = read_closely(group, Liking(), random.Random(1)).texts[:2]
    assert first.text.text.endswith("She fell. The foot was cast for two weeks.")
    assert first.right[-1] and sum(first.right) == 1
    assert first.short and first.short.of(first.text.text) == "two weeks"
    assert not any(second.right) and second.short is None


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_right_sentence_that_is_not_among_the_best_is_added_at_times(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_data, "FORCED", share)
    wrong = [(f"The foot was cast {n} times.|{LONG}", "", "") for n in range(4)]
    group = group_of((f"Nine days.|{LONG}", "Nine days.", "Nine"), *wrong)
    read = read_closely(group, Liking(), random.Random(1))
    assert any(any(marked.right) for marked in read.texts) is bool(share)
