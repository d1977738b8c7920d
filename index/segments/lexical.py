"""Lexical search: BM25 over passages.

Each segment stores, for every term, the passages that hold it and how often. Scores are computed when
a question is asked, from counts over the passages in use, so an index scores the same however it came
about. The formula is Lucene's (Kamphuis et al. 2020, "Which BM25 do you mean?").
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.segments.arrays import Arrays, Checked, Made, Strings, string_arrays
from index.segments.order import Order
from index.terms import printed, split, terms_of, weighted_terms

K1 = 1.5  #: saturation of the term frequency
B = 0.75  #: strength of the length normalisation
MOST = 2**16 - 1  #: highest count stored


class Postings:
    """A sorted list of words, each with the rows of one segment that hold it.

    The rows of word ``i`` end at ``stops[i]`` of ``rows``.
    """

    def __init__(self, arrays: Arrays, name: str) -> None:
        self._arrays = arrays
        self._name = name
        self._words = Strings(arrays, name)

    @cached_property
    def _stops(self) -> NDArray[np.int64]:
        return self._arrays[f"{self._name}-stops"].all()

    @cached_property
    def _rows(self) -> Checked:
        return self._arrays[f"{self._name}-rows"]

    @cached_property
    def _counts(self) -> Checked:
        return self._arrays[f"{self._name}-counts"]

    def _extent(self, first: int, last: int) -> tuple[int, int]:
        """Return where the rows of the words from ``first`` to ``last`` begin and end."""
        return int(self._stops[first - 1]) if first else 0, int(self._stops[last])

    def starting(self, start: bytes) -> Iterator[int]:
        """Yield the numbers of the words that begin with ``start``."""
        at = bisect_left(self._words, start)
        while at < len(self._words) and self._words[at].startswith(start):
            yield at
            at += 1

    def rows(self, i: int) -> NDArray[np.int32]:
        """Return the rows that hold word ``i``."""
        return self._rows.slice(*self._extent(i, i))

    def find(self, word: bytes) -> tuple[NDArray[np.int32], NDArray[np.uint16]] | None:
        """Return the rows that hold ``word``, and how often each does; None if none does."""
        at = bisect_left(self._words, word)
        if at == len(self._words) or self._words[at] != word:
            return None
        extent = self._extent(at, at)
        return self._rows.slice(*extent), self._counts.slice(*extent)

    def totals(self, used: NDArray[np.bool_]) -> Iterator[tuple[bytes, int]]:
        """Yield each word with the number of ``used`` rows that hold it."""
        held = np.concatenate([np.zeros(1, np.int64), np.cumsum(used[self._rows.all()])])
        counts = np.diff(held[np.concatenate([np.zeros(1, np.int64), self._stops])])
        yield from zip(self._words, counts.tolist(), strict=True)


class Vocabulary:
    """The words of all segments with the number of rows in use that hold each."""

    def __init__(self, parts: Sequence[Postings], used: Sequence[NDArray[np.bool_]]) -> None:
        self._parts = parts
        self._used = used

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Yield each word with its number of rows, in UTF-8 order."""
        return iter(self._counted)

    @cached_property
    def _counted(self) -> tuple[tuple[str, int], ...]:
        sums: defaultdict[bytes, int] = defaultdict(int)
        for part, used in zip(self._parts, self._used, strict=True):
            for word, count in part.totals(used):
                sums[word] += count
        return tuple((word.decode(), sums[word]) for word in sorted(sums) if sums[word])

    def begins(self, start: str) -> bool:
        """Return whether a word begins with ``start`` or equals it."""
        wanted = start.encode(errors="replace")
        return any(
            used[part.rows(i)].any()
            for part, used in zip(self._parts, self._used, strict=True)
            for i in part.starting(wanted)
        )


class Lexical:
    """BM25 over the passages of one generation. Thread-safe."""

    def __init__(self, segments: Sequence[Arrays], passages: Order, documents: Order) -> None:
        """Search ``segments``, of which ``passages`` and ``documents`` say what is in use."""
        self._order = passages
        self._parts = [Postings(arrays, "term") for arrays in segments]
        self._lengths_of = [arrays["lengths"] for arrays in segments]
        numbers = range(len(segments))
        #: stemmed terms, as ``terms`` gives them, counted in passages
        self.terms = Vocabulary(self._parts, [passages.rows_of(i) >= 0 for i in numbers])
        #: words as printed, in lower case, counted in documents; for spelling suggestions
        self.words = Vocabulary(
            [Postings(arrays, "word") for arrays in segments], [documents.rows_of(i) >= 0 for i in numbers]
        )

    @property
    def passages(self) -> int:
        """Number of passages."""
        return len(self._order)

    @cached_property
    def _damping(self) -> NDArray[np.float32]:
        """What is added to the count of a term in each passage: more in long ones."""
        lengths = np.zeros(self.passages, np.float32)
        for i, stored in enumerate(self._lengths_of):
            rows = self._order.rows_of(i)
            lengths[rows[rows >= 0]] = stored.all()[rows >= 0]
        mean = float(lengths.sum(dtype=np.float64)) / max(self.passages, 1)
        damping: NDArray[np.float32] = (K1 * (1 - B + B * lengths / max(mean, 1e-9))).astype(np.float32)
        return damping

    def _holding(self, term: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the passages that hold ``term``, and how often each does."""
        rows, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        wanted = term.encode(errors="replace")
        for i, part in enumerate(self._parts):
            if (found := part.find(wanted)) is not None:
                here = self._order.rows_of(i)[found[0]]
                rows.append(here[here >= 0])
                counts.append(found[1][here >= 0].astype(np.float32))
        return np.concatenate(rows), np.concatenate(counts)

    def scores(self, query: str) -> NDArray[np.float32]:
        """Return the BM25 score of every passage, shape ``(passages,)``; 0 if it shares no term."""
        scores = np.zeros(self.passages, np.float32)
        for term, times in sorted(weighted_terms(query).items()):
            rows, counts = self._holding(term)
            if len(rows):
                # A term holds a passage at most once, so indexed addition is correct.
                weight = weight_of(times, len(rows), self.passages)
                scores[rows] += weight * (counts / (counts + self._damping[rows]))
        return scores

    def document_frequency(self, term: str) -> int:
        """Return how many passages hold ``term``, one of the results of ``terms``."""
        return len(self._holding(term)[0])


def weight_of(times: float, holding: int, passages: int) -> np.float32:
    """Return the weight of a term that a question has ``times``, and ``holding`` of ``passages`` have."""
    return np.float32(times * np.log1p((passages - holding + 0.5) / (holding + 0.5)))


def best_of(scores: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Return up to ``count`` positions with the highest scores above 0; of equal scores the first."""
    positive = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if len(positive) <= count:
        return positive
    values = scores[positive]
    least = np.partition(values, len(values) - count)[len(values) - count]
    above, equal = positive[values > least], positive[values == least]
    return np.sort(np.concatenate([above, equal[: count - len(above)]]))


class _Numbered:
    """Postings while a segment is written: flat arrays, because objects would take ten times the memory."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}  # of the words, in order of appearance
        self._words, self._rows, self._counts = array("i"), array("i"), array("H")

    def add(self, word: str, row: int, count: int = 1) -> None:
        """Note that ``row`` holds ``word``."""
        self._words.append(self.numbers.setdefault(word, len(self.numbers)))
        self._rows.append(row)
        self._counts.append(min(count, MOST))

    def arrays(self, name: str) -> Iterator[Made]:
        """Yield what ``Postings`` reads."""
        words = sorted(self.numbers, key=str.encode)
        ranks = np.empty(len(words), np.int32)
        ranks[[self.numbers[word] for word in words]] = np.arange(len(words), dtype=np.int32)
        of_each = ranks[np.frombuffer(self._words, np.int32)] if words else ranks
        order = np.argsort(of_each, kind="stable")
        yield from string_arrays(name, words)
        yield Made.of(f"{name}-stops", np.cumsum(np.bincount(of_each, minlength=len(words)), dtype=np.int64))
        yield Made.of(f"{name}-rows", np.frombuffer(self._rows, np.int32)[order])
        yield Made.of(f"{name}-counts", np.frombuffer(self._counts, np.uint16)[order])


def counted(texts: Iterable[str]) -> tuple[list[Counter[str]], list[str]]:
    """Return how often each passage of a document holds each term, and the words of all as printed."""
    surface: set[str] = set()
    passages: list[Counter[str]] = []
    for text in texts:
        here = split(text)
        surface.update(here)
        passages.append(Counter(term for word in here for term in terms_of(word)))
    return passages, sorted({printed(word) for word in surface})


def lexical_arrays(documents: Iterable[Iterable[str]]) -> Iterator[Made]:
    """Yield the arrays of one segment that ``Lexical`` reads; ``documents`` are the passages of each."""
    terms, words = _Numbered(), _Numbered()
    lengths = array("i")
    for document, texts in enumerate(documents):
        passages, held = counted(texts)
        for counts in passages:
            for term, count in counts.items():
                terms.add(term, len(lengths), count)
            lengths.append(counts.total())
        for word in held:
            words.add(word, document)
    yield from terms.arrays("term")
    yield from words.arrays("word")
    yield Made.of("lengths", np.array(lengths, np.int32))
