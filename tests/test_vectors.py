"""FAISS, compared with plain matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.files import LOCAL_DISK
from index.segments.arrays import Arrays, write_arrays
from index.segments.order import Order
from index.segments.vectors import FLAT_UP_TO, Vectors, vector_arrays

RANDOM = np.random.default_rng(7)
ROWS = RANDOM.standard_normal((50, 8)).astype(np.float32)
ROWS /= np.linalg.norm(ROWS, axis=1, keepdims=True)
QUERY = ROWS[3] * np.float32(0.9) + ROWS[4] * np.float32(0.1)


def written(path: Path, blocks: Sequence[NDArray[np.float32]], flat_up_to: int = FLAT_UP_TO) -> Arrays:
    count, dimension = sum(map(len, blocks)), blocks[0].shape[1]
    record = write_arrays(path, vector_arrays(lambda: blocks, count, dimension, flat_up_to), LOCAL_DISK)
    return Arrays(path.parent, record)


def vectors_in(path: Path, blocks: Sequence[NDArray[np.float32]], flat_up_to: int = FLAT_UP_TO) -> Vectors:
    arrays = written(path, blocks, flat_up_to)
    return Vectors([arrays], Order.of_one(sum(map(len, blocks))), blocks[0].shape[1])


@pytest.fixture
def opened(tmp_path: Path) -> Vectors:
    return vectors_in(tmp_path / "vectors", [ROWS[:20], ROWS[20:20], ROWS[20:]])


def test_nearest_and_scores_equal_plain_products(opened: Vectors) -> None:
    vectors = opened
    assert (len(vectors), vectors.dimension) == (50, 8)
    expected = np.argsort(-(ROWS @ QUERY), kind="stable")
    assert vectors.nearest(QUERY, 10).tolist() == expected[:10].tolist()
    assert vectors.nearest(QUERY, 99).tolist() == expected.tolist()
    chosen = np.array([4, 0, 17])
    assert vectors.scores(QUERY, chosen) == pytest.approx(ROWS[chosen] @ QUERY, abs=1e-6)
    assert (vectors.rows(np.arange(18, 22)) == ROWS[18:22]).all()


def test_nearest_among_allowed_ones_only(opened: Vectors) -> None:
    allowed = np.zeros(50, bool)
    allowed[[1, 9, 30, 49]] = True
    expected = [i for i in np.argsort(-(ROWS @ QUERY), kind="stable") if allowed[i]]
    assert opened.nearest(QUERY, 3, allowed).tolist() == expected[:3]
    assert opened.nearest(QUERY, 10, allowed).tolist() == expected
    assert opened.nearest(QUERY, 10, np.zeros(50, bool)).tolist() == []


def test_no_vectors_at_all(tmp_path: Path) -> None:
    vectors = vectors_in(tmp_path / "vectors", [ROWS[:0]])
    assert (len(vectors), vectors.nearest(QUERY, 5).tolist()) == (0, [])
    assert vectors.scores(QUERY, np.zeros(0, np.int64)).tolist() == []
    assert vectors.rows(np.zeros(0, np.int64)).shape == (0, 8)


@pytest.fixture(scope="module")
def many() -> NDArray[np.float32]:
    """Clustered vectors, like those of papers."""
    chance = np.random.default_rng(5)
    centres = chance.standard_normal((60, 32)).astype(np.float32)
    found = np.repeat(centres, 50, axis=0) + chance.standard_normal((3000, 32)).astype(np.float32)
    rows: NDArray[np.float32] = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    return rows


@pytest.fixture(scope="module")
def lists(many: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Vectors:
    return vectors_in(tmp_path_factory.mktemp("lists") / "vectors", [many[:1000], many[1000:]], 100)


def test_lists_find_what_an_exhaustive_search_finds(many: NDArray[np.float32], lists: Vectors) -> None:
    assert not lists.exact
    assert (len(lists), lists.dimension) == (3000, 32)
    assert (lists.rows(np.arange(3000)) == many).all()
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
def test_the_same_vectors_give_the_same_bytes(
    many: NDArray[np.float32], tmp_path: Path, threads: int
) -> None:
    import faiss

    written(tmp_path / "one", [many], 100)
    faiss.omp_set_num_threads(threads)
    written(tmp_path / "other", [many[:1], many[1:1700], many[1700:1700], many[1700:]], 100)
    assert (tmp_path / "other").read_bytes() == (tmp_path / "one").read_bytes()


def test_two_segments_find_what_one_finds(many: NDArray[np.float32], tmp_path: Path) -> None:
    halves = [written(tmp_path / name, [rows]) for name, rows in (("a", many[::2]), ("b", many[1::2]))]
    segments, firsts = np.arange(3000) % 2, np.arange(3000) // 2
    both = Vectors(halves, Order(segments, firsts, np.ones(3000, np.int64), (1500, 1500)), 32)
    one = vectors_in(tmp_path / "whole", [many])
    for query in many[::100]:
        assert both.nearest(query, 20).tolist() == one.nearest(query, 20).tolist()
        assert (both.scores(query, np.arange(3000)) == one.scores(query, np.arange(3000))).all()


def test_a_changed_byte_of_the_lists_is_noticed_where_it_is_read(
    many: NDArray[np.float32], tmp_path: Path
) -> None:
    path = tmp_path / "vectors"
    arrays = written(path, [many], 100)
    whole, stored, chance = path.read_bytes(), arrays["lists"], np.random.default_rng(3)
    query, noticed = many[5], 0
    expected = Vectors([arrays], Order.of_one(3000), 32).nearest(query, 10, few=0).tolist()
    for at in chance.integers(stored.start, stored.start + len(stored), size=40).tolist():
        changed = bytearray(whole)
        changed[at] ^= 64
        path.write_bytes(changed)
        (tmp_path / "vectors.damaged").unlink(missing_ok=True)
        try:
            opened = Vectors([Arrays(tmp_path, arrays.record)], Order.of_one(3000), 32)
            assert opened.nearest(query, 10, few=0).tolist() == expected
        except IndexDamaged:
            noticed += 1
    assert noticed
