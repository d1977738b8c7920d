"""FAISS against plain multiplication."""

from __future__ import annotations

import numpy as np
import pytest

from index.errors import IndexDamaged
from index.vectors import Vectors, vector_chunks

RANDOM = np.random.default_rng(7)
ROWS = RANDOM.standard_normal((50, 8)).astype(np.float32)
ROWS /= np.linalg.norm(ROWS, axis=1, keepdims=True)
QUERY = ROWS[3] * np.float32(0.9) + ROWS[4] * np.float32(0.1)


def opened() -> Vectors:
    return Vectors(b"".join(vector_chunks([ROWS[:20], ROWS[20:20], ROWS[20:]], 8)))


def test_nearest_and_scores_equal_plain_multiplication() -> None:
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


@pytest.mark.parametrize("data", [b"", b"IxFI", b"nonsense" * 10])
def test_bytes_that_are_no_index_are_an_error_and_not_a_crash(data: bytes) -> None:
    with pytest.raises(IndexDamaged):
        Vectors(data)


def test_a_huge_declared_length_is_refused() -> None:
    data = bytearray(b"".join(vector_chunks([ROWS], 8)))
    at = data.index(np.uint64(50 * 8).tobytes())
    data[at : at + 8] = np.uint64(1 << 40).tobytes()
    with pytest.raises(IndexDamaged):
        Vectors(bytes(data))
