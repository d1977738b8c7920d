"""Dense search: FAISS inner product over passage vectors. The only importer of faiss.

FAISS does not notice a changed byte and may write half a file without an error, so it
reads and writes bytes in memory only. Files are written, checked and mapped elsewhere,
and searched in place, without a copy.

Up to ``FLAT_UP_TO`` vectors, search is exact. Beyond, vectors are stored in lists around
centroids, one byte a component (IVF with a scalar quantizer); the nearest lists are
searched, and the best candidates are compared again in full precision.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from index.errors import IndexDamaged
from index.files import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Buffer = bytes | bytearray | memoryview | NDArray[np.uint8]

#: Most vectors that are all compared: see the table of evals/bench/speed.py.
FLAT_UP_TO = 20_000
_TRAINED_ON = 32  #: vectors per centroid that k-means is trained on
_ROUNDS = 6  #: iterations of k-means
_SHARE = 8  #: one in so many lists is searched,
_LISTS_AT_LEAST = 32  #: but at least so many
_AGAIN = 2  #: candidates compared in full precision per vector asked for,
_AGAIN_AT_LEAST = 200  #: but at least so many
_limit = threading.Lock()  #: FAISS has one limit for the whole process


def vector_chunks(
    blocks: Iterable[NDArray[np.float32]], dimension: int, flat_up_to: int = FLAT_UP_TO
) -> list[bytes]:
    """Return an index over the rows of ``blocks``, in order, in the format of FAISS.

    Deterministic: the same rows in the same order give the same bytes.
    """
    faiss = _faiss()
    flat = faiss.IndexFlatIP(dimension)
    for block in blocks:
        flat.add(np.ascontiguousarray(block, np.float32))
    index = flat if flat.ntotal <= flat_up_to else _lists(flat)
    chunks: list[bytes] = []
    writer = faiss.PyCallbackIOWriter(chunks.append, CHUNK)
    faiss.write_index(index, writer)
    del writer  # flushes its buffer
    return chunks


def _lists(flat: Any) -> Any:  # noqa: ANN401 - see _faiss
    """Return an IVF index over the rows of ``flat`` that compares its candidates again in full precision."""
    faiss = _faiss()
    rows = _rows_of(flat)
    centres = faiss.IndexFlatIP(flat.d)
    number = int(4 * np.sqrt(len(rows)))
    lists = faiss.IndexIVFScalarQuantizer(
        centres, flat.d, number, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT, True
    )
    lists.cp.niter = _ROUNDS
    lists.cp.max_points_per_centroid = _TRAINED_ON
    lists.cp.min_points_per_centroid = 1
    lists.cp.seed = 1
    step = max(len(rows) // (number * _TRAINED_ON), 1)
    lists.train(np.ascontiguousarray(rows[::step]))
    for start in range(0, len(rows), 1 << 16):
        lists.add(rows[start : start + (1 << 16)])
    return faiss.IndexRefine(lists, flat)


def _faiss() -> Any:  # noqa: ANN401 - its annotations describe the C++ side, not the Python one
    import faiss

    return faiss


def _rows_of(flat: Any) -> NDArray[np.float32]:  # noqa: ANN401 - see _faiss
    """Return a view of the rows of a flat index; invalid once the index is gone."""
    if not flat.ntotal:
        return np.zeros((0, flat.d), np.float32)
    numbers: NDArray[np.float32] = _faiss().rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d)
    return numbers.reshape(flat.ntotal, flat.d)


class Vectors:
    """Passage vectors of one generation, L2-normalised. Thread-safe."""

    def __init__(self, data: Buffer) -> None:
        """Open the bytes of ``vector_chunks``, whose checksum has been compared, without copying them.

        Raises:
            IndexDamaged: FAISS refuses the bytes.
        """
        faiss = _faiss()
        self._data = np.frombuffer(data, np.uint8)  # FAISS searches them in place, so they must stay alive
        try:
            with _limit:
                # A header with a false length is refused before memory is allocated.
                faiss.set_deserialization_vector_byte_limit(max(len(self._data), 1))
                reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(self._data), len(self._data))
                self._index: Any = faiss.read_index(reader)
            self._lists = isinstance(self._index, faiss.IndexRefine)
            self._flat = faiss.downcast_index(self._index.refine_index) if self._lists else self._index
            self._rows = _rows_of(self._flat)
        except (RuntimeError, AttributeError) as error:
            raise IndexDamaged(f"vectors: {error}.") from error

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    @property
    def exact(self) -> bool:
        """Whether ``nearest`` is exact."""
        return not self._lists

    def rows(self, start: int, count: int) -> NDArray[np.float32]:
        """Return the vectors of ``count`` passages from position ``start``, shape ``(count, dimension)``."""
        return self._rows[start : start + count].copy()

    def nearest(
        self,
        vector: NDArray[np.float32],
        count: int,
        allowed: NDArray[np.bool_] | None = None,
        few: int = FLAT_UP_TO,
    ) -> NDArray[np.int64]:
        """Return the positions of the ``count`` nearest passages, nearest first.

        Args:
            vector: shape ``(dimension,)``.
            count: most positions returned.
            allowed: shape ``(len(self),)``; False excludes a passage.
            few: up to so many allowed passages are all compared.
        """
        if allowed is not None and np.count_nonzero(allowed) <= few:
            chosen = np.flatnonzero(allowed)
            return chosen[np.argsort(-self.scores(vector, chosen), kind="stable")[:count]]
        count = min(count, len(self))
        if count == 0:
            return np.zeros(0, np.int64)
        # For one question, several threads cost more in synchronisation than they save.
        _faiss().omp_set_num_threads(1)
        parameters = self._parameters(count, allowed)
        _, rows = self._index.search(vector.reshape(1, -1).astype(np.float32), count, params=parameters)
        positions: NDArray[np.int64] = rows[0]
        return positions[positions >= 0]

    def _parameters(self, count: int, allowed: NDArray[np.bool_] | None) -> Any:  # noqa: ANN401 - see _faiss
        faiss = _faiss()
        selector = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if not self._lists:
            return faiss.SearchParameters(sel=selector) if selector else None
        lists = faiss.downcast_index(self._index.base_index)
        inner = faiss.SearchParametersIVF(nprobe=max(lists.nlist // _SHARE, _LISTS_AT_LEAST), sel=selector)
        again = max(_AGAIN * count, _AGAIN_AT_LEAST) / count
        return faiss.IndexRefineSearchParameters(k_factor=again, base_index_params=inner)

    def scores(self, vector: NDArray[np.float32], positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosine of ``vector`` with each passage at ``positions``."""
        return cosines(self._rows[positions], vector)


def cosines(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product of each row with ``vector``, shape ``(len(rows),)``.

    Single-threaded: a few hundred rows take less time than waking another thread.
    """
    products: NDArray[np.float32] = np.einsum("ij,j->i", rows, vector.astype(np.float32))
    return products
