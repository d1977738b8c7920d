"""Hybrid search: fusion, filters, ties."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from index.search import WEIGHTS, Hit, search
from index.store.generation import Generation
from index.store.open import open_index
from tests.index_fakes import WordEncoder, build_papers, write_papers


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    folder = tmp_path_factory.mktemp("search")
    build_papers(folder / "index", write_papers(folder / "papers"))
    with open_index(folder / "index") as opened:
        yield opened


def ask(index: Generation, question: str, **options: object) -> list[Hit]:
    return search(index, question, WordEncoder().encode([question])[0], **options)  # type: ignore[arg-type]


def test_the_passage_with_the_words_comes_first(index: Generation) -> None:
    hits = ask(index, "How much did melatonin lengthen sleep?")
    best = index.quote(hits[0].passage.document_id, hits[0].passage.span)
    assert "Melatonin of 3 mg lengthened sleep" in best
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_scores_are_the_weighted_sum_of_z_scores(index: Generation) -> None:
    question = "ferritin in runners"
    vector = WordEncoder().encode([question])[0]
    words = index.lexical.scores(question).astype(float)
    meaning = (index.vectors.rows(np.arange(len(index.passages))) @ vector).astype(float)

    def standard(values: np.ndarray) -> np.ndarray:
        return np.asarray((values - values.mean()) / values.std())

    cosines = index.sentence_vectors[np.arange(len(index.sentence_vectors))] @ vector
    rows = [[row for row, _ in index.sentences_of(i)] for i in range(len(index.passages))]
    nearest = np.array([max(cosines[own], default=-1.0) for own in rows])
    parts = zip(WEIGHTS, (words, meaning, nearest), strict=True)
    expected = np.sum([weight * standard(part) for weight, part in parts], axis=0)
    hits = search(index, question, vector, limit=100)
    assert len(hits) == len(index.passages)
    for hit in hits:
        assert hit.score == pytest.approx(expected[hit.position], abs=1e-5)
        assert hit.lexical == pytest.approx(words[hit.position])
        assert hit.dense == pytest.approx(meaning[hit.position], abs=1e-6)
        assert hit.passage == index.passages[hit.position]


def test_only_the_papers_given(index: Generation) -> None:
    for key in index.documents:
        hits = ask(index, "sleep ferritin eye", documents=frozenset({key}))
        assert hits
        assert {hit.passage.document_id for hit in hits} == {key}
    assert ask(index, "sleep", documents=frozenset()) == []
    assert ask(index, "sleep", documents=frozenset({"unknown"})) == []


@pytest.mark.parametrize("question", ["", "\u65e5\u672c\u8a9e", "the of", "\x00", "word " * 5000])
def test_odd_questions_still_give_hits_in_a_fixed_order(index: Generation, question: str) -> None:
    first = ask(index, question, limit=4)
    assert len(first) == 4
    assert first == ask(index, question, limit=4)


def test_equal_scores_are_ordered_by_position(index: Generation) -> None:
    hits = search(index, "", np.zeros(16, np.float32), limit=5)
    assert [hit.position for hit in hits] == [0, 1, 2, 3, 4]


def test_a_vector_of_another_size_is_refused(index: Generation) -> None:
    with pytest.raises(ValueError, match="16 dimensions"):
        search(index, "sleep", np.zeros(17, np.float32))
