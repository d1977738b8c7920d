"""BM25 in a database: the terms, statistics and formula of ``index.segments.lexical``, to the last bit.

Passages hold their terms as ``jsonb`` with a GIN index, which finds the candidates; the score is computed in
the database from single-precision numbers in the same order as ``Lexical.scores`` adds them.
"""

from __future__ import annotations

from collections.abc import Iterator

from index.postgres.link import Link
from index.segments.lexical import K1, B, weight_of
from index.terms import weighted_terms

#: Score of a passage ``p``, null if it holds none of the ``terms``; see migrations/0003.sql.
SCORE = (
    "bm25(p.terms, p.length, %(terms)s::text[], %(weights)s::real[], "
    "%(k1)s::real, %(rest)s::real, %(b)s::real, %(mean)s::real)"
)


class Vocabulary:
    """The words of one kind with the number of passages, or papers, that hold each."""

    def __init__(self, link: Link, kind: str) -> None:
        self._link = link
        self._kind = kind

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Yield each word with its number, in UTF-8 order."""
        asked = "SELECT word, held FROM vocabulary WHERE kind = %s ORDER BY word"
        yield from self._link.rows(asked, (self._kind,))

    def begins(self, start: str) -> bool:
        """Return whether a word begins with ``start`` or equals it."""
        wanted = _sendable(start)
        asked = "SELECT word FROM vocabulary WHERE kind = %s AND word >= %s ORDER BY word LIMIT 1"
        rows = self._link.rows(asked, (self._kind, wanted))
        return bool(rows and rows[0][0].startswith(wanted))


class Words:
    """The words of all papers in use. Thread-safe."""

    def __init__(self, link: Link, passages: int, length: int) -> None:
        """Ask ``link``; the papers in use have so many ``passages``, with ``length`` terms in all."""
        self._link = link
        self._passages = passages
        self._mean = max(length / max(passages, 1), 1e-9)
        self.terms = Vocabulary(link, "term")
        self.words = Vocabulary(link, "word")

    def _frequencies(self, terms: list[str]) -> dict[str, int]:
        asked = "SELECT word, held FROM vocabulary WHERE kind = 'term' AND word = ANY(%s)"
        return dict(self._link.rows(asked, (terms,)))

    def document_frequency(self, term: str) -> int:
        """Return how many passages hold ``term``."""
        wanted = _sendable(term)
        return self._frequencies([wanted]).get(wanted, 0)

    def weights(self, question: str) -> dict[str, object]:
        """Return the parameters of ``SCORE`` for a question; ``terms`` are those that some passage holds."""
        asked = sorted((_sendable(term), times) for term, times in weighted_terms(question).items())
        held = self._frequencies([term for term, _ in asked])
        known = [
            (term, weight_of(times, held[term], self._passages)) for term, times in asked if term in held
        ]
        return {
            "terms": [term for term, _ in known],
            "weights": [float(weight) for _, weight in known],
            **{"k1": K1, "b": B, "rest": 1 - B, "mean": self._mean},
        }


def _sendable(term: str) -> str:
    """Return a term as the database can take it: no paper holds one with unpaired surrogates or NUL."""
    return term.encode(errors="replace").decode().replace("\x00", "?")
