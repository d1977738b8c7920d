"""Search by meaning: FAISS inner product over passage vectors. The only importer of faiss.

FAISS loads a changed byte without notice and may write half a file without an
error, so it is given and asked for bytes in memory only; the bytes are written
and checked elsewhere.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from index.errors import IndexDamaged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


_limit = threading.Lock()  #: FAISS has one limit for the whole process


def vector_bytes(blocks: Iterable[NDArray[np.float32]], dimension: int) -> bytes:
    """Return an index over the rows of ``blocks``, in order, as FAISS's own bytes."""
    faiss = _faiss()
    index = faiss.IndexFlatIP(dimension)
    for block in blocks:
        index.add(np.ascontiguousarray(block, np.float32))
    data: bytes = faiss.serialize_index(index).tobytes()
    return data


def _faiss() -> Any:  # noqa: ANN401 - its annotations describe the C++ side, not the Python one
    import faiss

    return faiss


class Vectors:
    """Passage vectors of one generation, L2-normalised. Safe in several threads."""

    def __init__(self, data: bytes) -> None:
        """Open ``vector_bytes``' result, whose checksum has been compared.

        Raises:
            IndexDamaged: FAISS refuses the bytes all the same.
        """
        faiss = _faiss()
        try:
            with _limit:
                # A header that lies about a length is refused instead of being given the memory.
                faiss.set_deserialization_vector_byte_limit(max(len(data), 1))
                self._index: Any = faiss.deserialize_index(np.frombuffer(data, np.uint8))
        except RuntimeError as error:
            raise IndexDamaged(f"vectors: {error}.", "Rebuild the index.") from error

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return int(self._index.d)

    def rows(self, start: int, count: int) -> NDArray[np.float32]:
        """Return the vectors of ``count`` passages from position ``start``."""
        found: NDArray[np.float32] = self._index.reconstruct_n(start, count)
        return found

    def nearest(
        self, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Return the positions of the ``count`` nearest passages, nearest first.

        ``vector`` has shape ``(dimension,)``; ``allowed``, shape ``(len(self),)``,
        leaves out the passages where it is False. Fewer come back where there
        are fewer.
        """
        faiss = _faiss()
        count = min(count, len(self) if allowed is None else int(allowed.sum()))
        if count == 0:
            return np.zeros(0, np.int64)
        chosen = None
        if allowed is not None:
            packed = np.packbits(allowed, bitorder="little")
            chosen = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(packed))
        # One question on several threads costs more in waiting than it saves, all the more on a busy machine.
        faiss.omp_set_num_threads(1)
        _, found = self._index.search(vector.reshape(1, -1).astype(np.float32), count, params=chosen)
        positions: NDArray[np.int64] = found[0]
        return positions[positions >= 0]

    def scores(self, vector: NDArray[np.float32], positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosine of ``vector`` with each of the passages at ``positions``."""
        if not len(positions):
            return np.zeros(0, np.float32)
        rows: NDArray[np.float32] = self._index.reconstruct_batch(positions)
        return cosines(rows, vector)


def cosines(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product of each row with ``vector``, shape ``(len(rows),)``.

    On one thread: a few hundred rows are done before another thread is awake.
    """
    products: NDArray[np.float32] = np.einsum("ij,j->i", rows, vector.astype(np.float32))
    return products
