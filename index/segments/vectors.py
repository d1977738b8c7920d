"""Vectors of passages, searched by inner product, and of sentences. The only importer of faiss.

A segment of up to ``FLAT_UP_TO`` vectors is searched exactly. A larger one also stores them in lists around
centroids, one byte a component (IVF with a scalar quantizer): the nearest lists are searched, and the best
candidates are compared again in full precision. FAISS notices no changed byte, so it reads only what was
checked: vectors and lists where they lie in the mapped file, without a copy.

Vectors of sentences are stored in one byte a component, with the length of a step for each vector: a quarter
of the bytes of single precision, and a cosine changes by less than .002.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.files import CHUNK
from index.segments.arrays import Arrays, Made
from index.segments.order import Order

#: Most vectors that are all compared: see the table of evals/bench/speed.py.
FLAT_UP_TO = 20_000
_TRAINED_ON = 32  #: vectors per centroid that k-means is trained on
_ROUNDS = 6  #: iterations of k-means
_SHARE = 8  #: one in so many lists is searched,
_LISTS_AT_LEAST = 32  #: but at least so many
_AGAIN = 2  #: candidates compared in full precision per vector asked for,
_AGAIN_AT_LEAST = 200  #: but at least so many
NEARLY = 64  #: more than wanted, so that rounding in FAISS does not decide which of them is the last
_STEPS = 127  #: of the largest component of the vector of a sentence
_limit = threading.Lock()  #: FAISS has one limit for the whole process


def vector_arrays(
    blocks: Callable[[], Iterable[NDArray[np.float32]]],
    count: int,
    dimension: int,
    flat_up_to: int = FLAT_UP_TO,
) -> Iterator[Made]:
    """Yield the arrays of one segment that ``Vectors`` reads.

    ``blocks`` gives ``count`` rows in order. Deterministic: the same rows give the same bytes.
    """
    yield Made("vectors", np.float32, (count, dimension), blocks())
    if count > flat_up_to:
        lists = np.frombuffer(_lists(np.concatenate(list(blocks()))), np.uint8)
        yield Made.of("list-places", _places(_opened(lists), lists))
        yield Made.of("lists", lists)


def _lists(rows: NDArray[np.float32]) -> bytes:
    """Return an IVF index over ``rows`` in the format of FAISS."""
    faiss = _faiss()
    dimension = rows.shape[1]
    number = int(4 * np.sqrt(len(rows)))
    lists = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension),
        *(dimension, number, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT, True),
    )
    lists.cp.niter = _ROUNDS
    lists.cp.max_points_per_centroid = _TRAINED_ON
    lists.cp.min_points_per_centroid = 1
    lists.cp.seed = 1
    step = max(len(rows) // (number * _TRAINED_ON), 1)
    lists.train(np.ascontiguousarray(rows[::step]))
    for start in range(0, len(rows), 1 << 16):
        lists.add(rows[start : start + (1 << 16)])
    chunks: list[bytes] = []
    writer = faiss.PyCallbackIOWriter(chunks.append, CHUNK)
    faiss.write_index(lists, writer)
    del writer  # flushes its buffer
    return b"".join(chunks)


def _faiss() -> Any:  # noqa: ANN401 - its annotations describe the C++ side, not the Python one
    import faiss

    return faiss


def _opened(data: NDArray[np.uint8]) -> Any:  # noqa: ANN401 - see _faiss
    """Return the index of which ``_lists`` gave the bytes; they must stay alive."""
    faiss = _faiss()
    try:
        with _limit:
            # A header with a false length is refused before memory is allocated.
            faiss.set_deserialization_vector_byte_limit(max(len(data), 1))
            return faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(data), len(data)))
    except RuntimeError as error:
        raise IndexDamaged(f"vectors: {error}.") from error


def _places(lists: Any, data: NDArray[np.uint8]) -> NDArray[np.int64]:  # noqa: ANN401 - see _faiss
    """Return where codes and ids of each list begin in ``data``, and its length; shape ``(lists, 3)``."""
    base = data.__array_interface__["data"][0]
    stored = lists.invlists
    places = [
        (int(stored.get_codes(i)) - base, int(stored.get_ids(i)) - base, stored.list_size(i))
        for i in range(lists.nlist)
    ]
    return np.array(places, np.int64)


class _Lists:
    """The IVF index of one segment."""

    def __init__(self, arrays: Arrays) -> None:
        """Open the lists; only where they lie is checked.

        Raises:
            IndexDamaged: that has changed, or FAISS refuses the bytes.
        """
        self._stored = arrays["lists"]
        places = arrays["list-places"].all()
        self._stored.check(0, int(places[:, 0].min()))  # centroids and ranges
        self._index = _opened(self._stored.unchecked)
        if self._index.nlist != len(places) or (_places(self._index, self._stored.unchecked) != places).any():
            raise IndexDamaged(f"{arrays.path}: the lengths of its lists have changed.")
        self._places = places
        self._index.nprobe = min(max(len(places) // _SHARE, _LISTS_AT_LEAST), len(places))

    def nearest(
        self, vector: NDArray[np.float32], count: int, used: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Return rows among which the ``count`` nearest are, of those ``used``."""
        faiss = _faiss()
        one = vector.reshape(1, -1)
        faiss.omp_set_num_threads(1)
        _, lists = self._index.quantizer.search(one, self._index.nprobe)  # those that FAISS will read below
        for codes, ids, length in self._places[lists[0][lists[0] >= 0]].tolist():
            self._stored.check(codes, codes + length * self._index.code_size)
            self._stored.check(ids, ids + 8 * length)
        selector = None if used is None else faiss.IDSelectorBitmap(np.packbits(used, bitorder="little"))
        parameters = faiss.SearchParametersIVF(nprobe=self._index.nprobe, sel=selector)
        _, rows = self._index.search(one, max(_AGAIN * count, _AGAIN_AT_LEAST), params=parameters)
        found: NDArray[np.int64] = rows[0]
        return found[found >= 0]


class Vectors:
    """Passage vectors of one generation, L2-normalised. Thread-safe."""

    def __init__(self, segments: Sequence[Arrays], order: Order, dimension: int) -> None:
        """Search ``segments``, of which ``order`` says what is in use."""
        self._segments = segments
        self._rows = [arrays["vectors"] for arrays in segments]
        self._order = order
        self.dimension = dimension  #: length of a vector

    def __len__(self) -> int:
        return len(self._order)

    @property
    def exact(self) -> bool:
        """Whether ``nearest`` is exact."""
        return not any("lists" in arrays for arrays in self._segments)

    @cached_property
    def _lists(self) -> list[_Lists | None]:
        return [_Lists(arrays) if "lists" in arrays else None for arrays in self._segments]

    def rows(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of the passages at ``positions``, shape ``(len(positions), dimension)``."""
        empty = np.zeros((0, self.dimension), np.float32)
        return self._order.taken(positions, lambda i, rows: self._rows[i].take(rows), empty)

    def stored(self, segment: int, rows: slice) -> NDArray[np.float32]:
        """Return vectors that a segment stores, used or not."""
        return self._rows[segment].slice(rows.start, rows.stop)

    def nearest(
        self,
        vector: NDArray[np.float32],
        count: int,
        allowed: NDArray[np.bool_] | None = None,
        few: int = FLAT_UP_TO,
    ) -> NDArray[np.int64]:
        """Return the positions of the ``count`` nearest passages, nearest first, equally near ones in order.

        Args:
            vector: shape ``(dimension,)``.
            count: most positions returned.
            allowed: shape ``(len(self),)``; False excludes a passage.
            few: up to so many allowed passages are all compared.
        """
        if allowed is not None and np.count_nonzero(allowed) <= few:
            found = np.flatnonzero(allowed)
        else:
            parts = (self._nearest_in(i, vector, count, allowed) for i in range(len(self._segments)))
            found = np.concatenate([np.zeros(0, np.int64), *parts])
        return found[np.lexsort((found, -self.scores(vector, found)))[:count]]

    def _nearest_in(
        self, segment: int, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Return positions of passages of one segment, among them the ``count`` nearest there."""
        positions = self._order.rows_of(segment)
        used = positions >= 0
        if allowed is not None:
            used &= allowed[positions]
        every = bool(used.all())
        if (lists := self._lists[segment]) is not None:
            return positions[lists.nearest(vector, count, None if every else used)]
        count += NEARLY
        if not every or len(used) <= count:
            return positions[used]
        faiss = _faiss()
        # For one question, several threads cost more in synchronisation than they save.
        faiss.omp_set_num_threads(1)
        stored = self._rows[segment].all()
        _, rows = faiss.knn(vector.reshape(1, -1), stored, count, metric=faiss.METRIC_INNER_PRODUCT)
        found: NDArray[np.int64] = positions[rows[0]]
        return found

    def scores(self, vector: NDArray[np.float32], positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosine of ``vector`` with each passage at ``positions``."""
        return cosines(self.rows(positions), vector)


def cosines(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product of each row with ``vector``, shape ``(len(rows),)``.

    Single-threaded: a few hundred rows take less time than waking another thread.
    """
    products: NDArray[np.float32] = np.einsum("ij,j->i", rows, vector.astype(np.float32))
    return products


def steps_of(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return ``rows`` in steps, and the length of a step in each; shapes ``(n, dimension)`` and ``(n,)``."""
    lengths = (np.abs(rows).max(axis=1, initial=0) / _STEPS).astype(np.float32)
    return np.rint(rows / np.maximum(lengths, 1e-12)[:, None]).astype(np.int8), lengths


def sentence_vector_arrays(
    blocks: Callable[[], Iterable[NDArray[np.float32]]], count: int, dimension: int
) -> Iterator[Made]:
    """Yield the arrays of one segment that ``SentenceVectors`` reads; see ``vectors.vector_arrays``."""
    steps = (steps_of(block)[0] for block in blocks())
    yield Made("sentence-vectors", np.int8, (count, dimension), steps)
    yield Made("sentence-steps", np.float32, (count,), (steps_of(block)[1] for block in blocks()))


class SentenceVectors:
    """Vectors of the sentences of one generation, L2-normalised. Thread-safe."""

    def __init__(self, segments: Sequence[Arrays], order: Order, dimension: int) -> None:
        """Read from ``segments``, of which ``order`` says what is in use."""
        self._steps = [arrays["sentence-vectors"] for arrays in segments]
        self._lengths = [arrays["sentence-steps"] for arrays in segments]
        self._order = order
        self._empty = np.zeros((0, dimension), np.float32)

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of the sentences in ``rows``, shape ``(len(rows), dimension)``."""
        return self._order.taken(rows, self.taken, self._empty)

    def taken(self, segment: int, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return vectors that a segment stores, used or not."""
        steps = self._steps[segment].take(rows).astype(np.float32)
        vectors: NDArray[np.float32] = steps * self._lengths[segment].take(rows)[:, None]
        return vectors

    def stored(self, segment: int, rows: slice) -> NDArray[np.float32]:
        """Return vectors that a segment stores, used or not."""
        return self.taken(segment, np.arange(rows.start, rows.stop))
