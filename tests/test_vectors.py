"""FAISS, compared with plain matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.errors import IndexDamaged
from index.store.vectors import Vectors, vector_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANDOM = np.random.default_rng(7)
ROWS = RANDOM.standard_normal((50, 8)).astype(np.float32)
ROWS /= np.linalg.norm(ROWS, axis=1, keepdims=True)
QUERY = ROWS[3] * np.float32(0.9) + ROWS[4] * np.float32(0.1)


def opened() -> Vectors:
    return Vectors(b"".join(vector_chunks([ROWS[:20], ROWS[20:20], ROWS[20:]], 8)))


def test_nearest_and_scores_equal_plain_products() -> None:
    vectors = opened()
    assert (len(vectors), vectors.dimension) == (50, 8)
    expected = np.argsort(-(ROWS @ QUERY), kind="stable")
    assert vectors.nearest(QUERY, 10).tolist() == expected[:10].tolist()
    assert vectors.nearest(QUERY, 99).tolist() == expected.tolist()
    chosen = np.array([4, 0, 17])
    assert vectors.scores(QUERY, chosen) == pytest.approx(ROWS[chosen] @ QUERY, abs=1e-6)
    assert (vectors.rows(18, 4) == ROWS[18:22]).all()


def test_nearest_among_allowed_ones_only() -> None:
    allowed = np.zeros(50, bool)
    allowed[[1, 9, 30, 49]] = True
    expected = [i for i in np.argsort(-(ROWS @ QUERY), kind="stable") if allowed[i]]
    assert opened().nearest(QUERY, 3, allowed).tolist() == expected[:3]
    assert opened().nearest(QUERY, 10, allowed).tolist() == expected
    assert opened().nearest(QUERY, 10, np.zeros(50, bool)).tolist() == []


def test_no_vectors_at_all() -> None:
    vectors = Vectors(b"".join(vector_chunks([], 8)))
    assert (len(vectors), vectors.nearest(QUERY, 5).tolist()) == (0, [])
    assert vectors.scores(QUERY, np.zeros(0, np.int64)).tolist() == []
    assert vectors.rows(0, 0).shape == (0, 8)


def with_a_huge_length() -> bytes:
    data = bytearray(b"".join(vector_chunks([ROWS], 8)))
    at = data.index(np.uint64(50 * 8).tobytes())
    data[at : at + 8] = np.uint64(1 << 40).tobytes()
    return bytes(data)


@pytest.mark.parametrize("data", [b"", b"IxFI", b"nonsense" * 10, with_a_huge_length()])
def test_bytes_that_are_not_an_index_are_an_error_and_not_a_crash(data: bytes) -> None:
    with pytest.raises(IndexDamaged):
        Vectors(data)


@pytest.fixture(scope="module")
def many() -> NDArray[np.float32]:
    """Clustered vectors, like those of papers."""
    chance = np.random.default_rng(5)
    centres = chance.standard_normal((60, 32)).astype(np.float32)
    found = np.repeat(centres, 50, axis=0) + chance.standard_normal((3000, 32)).astype(np.float32)
    rows: NDArray[np.float32] = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    return rows


@pytest.fixture(scope="module")
def lists(many: NDArray[np.float32]) -> Vectors:
    return Vectors(b"".join(vector_chunks([many[:1000], many[1000:]], 32, flat_up_to=100)))


def test_lists_find_what_an_exhaustive_search_finds(many: NDArray[np.float32], lists: Vectors) -> None:
    assert not lists.exact
    assert (len(lists), lists.dimension) == (3000, 32)
    assert (lists.rows(0, 3000) == many).all()
    found = 0
    for query in many[::30]:
        near = lists.nearest(query, 10)
        scores = lists.scores(query, near)
        assert scores == pytest.approx(many[near] @ query, abs=1e-6)
        assert (np.diff(scores) <= 1e-6).all()
        found += len(set(near) & set(np.argsort(-(many @ query), kind="stable")[:10].tolist()))
    assert found >= 0.98 * 1000


@pytest.mark.parametrize(("allowed", "few", "least"), [("few", 20_000, 10), ("many", 0, 9)])
def test_lists_search_among_allowed_ones_only(
    many: NDArray[np.float32], lists: Vectors, allowed: str, few: int, least: int
) -> None:
    numbers = np.arange(3000)
    mask = (numbers >= 100) & (numbers < 150) if allowed == "few" else numbers % 3 == 0
    exact = [i for i in np.argsort(-(many @ many[9]), kind="stable") if mask[i]][:10]
    nearest = lists.nearest(many[9], 10, mask, few=few)
    assert len(set(nearest.tolist()) & set(exact)) >= least  # few are all compared
    assert mask[nearest].all()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_vectors_give_the_same_bytes(many: NDArray[np.float32], threads: int) -> None:
    import faiss

    expected = b"".join(vector_chunks([many], 32, flat_up_to=100))
    faiss.omp_set_num_threads(threads)
    pieces = [many[:1], many[1:1700], many[1700:1700], many[1700:]]
    assert b"".join(vector_chunks(pieces, 32, flat_up_to=100)) == expected


def test_opening_an_index_copies_nothing(many: NDArray[np.float32]) -> None:
    data = np.frombuffer(b"".join(vector_chunks([many], 32)), np.uint8)
    at = data.tobytes().index(many[0].tobytes())
    changed = data.copy()
    opened = Vectors(changed)
    changed[at : at + 4] = np.frombuffer(np.float32(9.0).tobytes(), np.uint8)
    assert opened.rows(0, 1)[0, 0] == 9.0
