"""Lexical search: BM25 over passages.

Scores are computed when the index is built (bm25s, method "lucene": Kamphuis et al.
2020, "Which BM25 do you mean?"); a query adds up columns of memory-mapped files.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from index.files import array_chunks, load_array
from index.terms import printed, split, terms_of, weighted_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

K1 = 1.5  #: saturation of the term frequency
B = 0.75  #: strength of the length normalisation


class Vocabulary:
    """A sorted list of words with passage counts: memory-mapped, binary-searched.

    Word ``i`` ends at byte ``ends[i]`` of ``letters``; ``numbers[i]`` passages hold it.
    """

    def __init__(
        self, letters: NDArray[np.uint8], ends: NDArray[np.int64], numbers: NDArray[np.int32]
    ) -> None:
        self._letters = letters
        self._ends = ends
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Yield each word and the number of passages that hold it, in UTF-8 order."""
        for i in range(len(self)):
            yield self._word(i).decode(), int(self._numbers[i])

    def _word(self, i: int) -> bytes:
        start = int(self._ends[i - 1]) if i else 0
        return bytes(self._letters[start : int(self._ends[i])])

    def find(self, word: str) -> int | None:
        """Return the position of ``word``, None if unknown."""
        wanted = word.encode(errors="replace")
        at = bisect_left(range(len(self)), wanted, key=self._word)
        return at if at < len(self) and self._word(at) == wanted else None

    def begins(self, start: str) -> bool:
        """Return whether a word begins with ``start`` or equals it."""
        wanted = start.encode(errors="replace")
        at = bisect_left(range(len(self)), wanted, key=self._word)
        return at < len(self) and self._word(at).startswith(wanted)

    def count(self, word: str) -> int:
        """Return the number of passages that hold ``word``."""
        at = self.find(word)
        return 0 if at is None else int(self._numbers[at])


class Lexical:
    """BM25 over the passages of one generation, memory-mapped. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Open the files of ``lexical_files``; the caller has compared their checksums."""
        arrays = {name: load_array(folder / f"bm25-{name}.npy") for name in _ARRAYS}
        self._data = arrays["data"]
        self._indices = arrays["indices"]
        self._starts = arrays["starts"]
        self.passages = int(arrays["sizes"][0])  #: number of passages
        self._mean_length = float(arrays["sizes"][1])
        #: stemmed terms, as ``terms`` gives them
        self.terms = Vocabulary(arrays["term-letters"], arrays["term-ends"], np.diff(self._starts))
        #: words as printed, in lower case, for spelling suggestions
        self.words = Vocabulary(arrays["word-letters"], arrays["word-ends"], arrays["word-counts"])

    def scores(self, query: str) -> NDArray[np.float32]:
        """Return the BM25 score of every passage, shape ``(passages,)``; 0 if it shares no term."""
        scores = np.zeros(self.passages, np.float32)
        for term, times in sorted(weighted_terms(query).items()):
            column = self.terms.find(term)
            if column is not None:
                start, end = int(self._starts[column]), int(self._starts[column + 1])
                # A column holds a passage at most once, so indexed addition is correct.
                scores[self._indices[start:end]] += times * self._data[start:end]
        return scores

    def document_frequency(self, term: str) -> int:
        """Return how many passages hold ``term``, one of the results of ``terms``."""
        return self.terms.count(term)


_ARRAYS = (
    *("data", "indices", "starts", "sizes"),
    *("term-letters", "term-ends", "word-letters", "word-ends", "word-counts"),
)


def lexical_files(texts: Iterable[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield name and contents of each file that ``Lexical`` opens.

    ``texts`` are the passages as embedded, in order of position.
    """
    numbers: dict[str, int] = {}  # each term's, in order of appearance
    known: dict[str, tuple[int, ...]] = {}  # the numbers of the terms of each word
    shown: dict[str, str] = {}  # each word as printed
    rows: list[list[int]] = []
    surface: Counter[str] = Counter()
    for text in texts:
        here = split(text)
        distinct = set(here)
        # Not ``distinct - known.keys()``, which visits every known word for each passage.
        for word in sorted(word for word in distinct if word not in known):
            known[word] = tuple(numbers.setdefault(term, len(numbers)) for term in terms_of(word))
            shown[word] = printed(word)
        rows.append([number for word in here for number in known[word]])
        surface.update({shown[word] for word in distinct})
    names = sorted(numbers, key=str.encode)
    data, indices, starts = _columns(rows, [numbers[name] for name in names])
    lengths = sum(len(row) for row in rows)
    readable = sorted(surface, key=str.encode)
    arrays: dict[str, NDArray[Any]] = {
        "data": data,
        "indices": indices,
        "starts": starts,
        "sizes": np.array([len(rows), lengths / max(len(rows), 1)], np.float64),
        **_letters("term", names),
        **_letters("word", readable),
        "word-counts": np.array([surface[word] for word in readable], np.int32),
    }
    for name in _ARRAYS:
        yield f"bm25-{name}.npy", array_chunks(arrays[name])


def _columns(
    rows: list[list[int]], order: list[int]
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int64]]:
    """Return the BM25 scores as compressed columns, one a term, in ``order``."""
    if not order:
        return np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64)
    import bm25s

    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    rank = ranks.tolist()  # of one object per number, which takes a tenth of the memory
    scorer = bm25s.BM25(method="lucene", k1=K1, b=B)
    numbered = [[rank[number] for number in row] for row in rows]
    vocabulary = {str(i): i for i in range(len(order))}
    scorer.index((numbered, vocabulary), create_empty_token=False, show_progress=False)
    data = np.asarray(scorer.scores["data"], np.float32)
    indices = np.asarray(scorer.scores["indices"], np.int32)
    return data, indices, np.asarray(scorer.scores["indptr"], np.int64)


def _letters(name: str, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    encoded = [word.encode() for word in names]
    ends = np.cumsum([len(word) for word in encoded], dtype=np.int64)
    return {f"{name}-letters": np.frombuffer(b"".join(encoded), np.uint8), f"{name}-ends": ends}
