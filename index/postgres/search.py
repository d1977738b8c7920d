"""Searches in the database: passages by BM25 and by cosine.

Exact search adds 0 to the distance, so that no HNSW index serves it. Cosines are computed again from the
vectors as everywhere else, because the database adds products in another order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.postgres.filters import Filter, compiled
from index.postgres.words import SCORE
from index.segments.vectors import NEARLY, cosines

if TYPE_CHECKING:
    from index.postgres.connect import Session

Key = tuple[str, int]  #: id of a paper, and the number of a passage in it

HNSW = "passages_hnsw"  #: name of the index that makes search approximate
_EF = 400  #: candidates that HNSW keeps while it searches, at least
_BEST = f"""
    SELECT p.paper, p.number, {SCORE} AS score
    FROM passages p JOIN papers d ON d.id = p.paper
    WHERE p.terms ?| %(terms)s::text[] AND {{scope}}
    ORDER BY score DESC, p.paper, p.number LIMIT %(count)s"""
_NEAREST = """
    SELECT p.paper, p.number FROM passages p JOIN papers d ON d.id = p.paper
    WHERE {scope} ORDER BY {distance} LIMIT %(count)s"""
_EXACT = "(p.embedding <#> %(vector)s::float8[]::vector) + 0, p.paper, p.number"
_BY_HNSW = "(p.embedding::vector({dimension})) <#> %(vector)s::float8[]::vector({dimension})"
_SCORED = f"""
    SELECT p.paper, p.number, coalesce({SCORE}, 0::real), vector_send(p.embedding)
    FROM unnest(%(papers)s::text[], %(numbers)s::int[]) AS w (paper, number)
    JOIN passages p USING (paper, number)"""
_SENTENCES = """
    SELECT s.paper, s.passage, s.steps, s.step
    FROM unnest(%(papers)s::text[], %(numbers)s::int[]) AS w (paper, number)
    JOIN sentences s ON s.paper = w.paper AND s.passage = w.number
    ORDER BY s.paper, s.number"""


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a passage for one question, as in ``index.store.index.Candidates``."""

    lexical: float
    dense: float


def hnsw_in(session: Session) -> bool:
    """Return whether the database has an HNSW index, which then searches; see docs/how-to/postgresql.md."""
    row = session.execute("SELECT to_regclass(%s) IS NOT NULL", (f"loccit.{HNSW}",)).fetchone()
    return bool(row and row[0])


def found(
    session: Session,
    vector: NDArray[np.float32],
    weights: Mapping[str, object],
    scope: Filter,
    count: int,
    *,
    hnsw: bool,
) -> dict[Key, Scores]:
    """Return the ``count`` best passages by BM25 and the ``count`` nearest by cosine, in no order.

    Args:
        session: in a transaction.
        vector: the encoded question, L2-normalised.
        weights: of its terms, see ``Words.weights``.
        scope: the papers searched.
        count: most passages of each of the two.
        hnsw: whether the nearest are searched by the HNSW index.
    """
    from psycopg.sql import SQL, Literal

    condition, parameters = compiled(scope)
    given = {**weights, **parameters, "count": count, "vector": vector.tolist()}
    best = _rows(session, SQL(_BEST).format(scope=condition), given) if weights["terms"] else []
    if hnsw:
        session.execute(f"SET LOCAL hnsw.ef_search = {max(_EF, 2 * count):d}")
        session.execute("SET LOCAL hnsw.iterative_scan = strict_order")
    distance = SQL(_BY_HNSW).format(dimension=Literal(len(vector))) if hnsw else SQL(_EXACT)
    query = SQL(_NEAREST).format(scope=condition, distance=distance)
    near = _rows(session, query, {**given, "count": count + NEARLY})
    both = sorted({(row[0], row[1]) for row in (*best, *near)})
    wanted = {"papers": [key[0] for key in both], "numbers": [key[1] for key in both]}
    rows = _rows(session, SQL(_SCORED), {**weights, **wanted})
    dense = cosines(received([row[3] for row in rows], len(vector)), vector).tolist()
    scores = {(row[0], row[1]): Scores(row[2], score) for row, score in zip(rows, dense, strict=True)}
    nearest = sorted(((key[0], key[1]) for key in near), key=lambda key: (-scores[key].dense, key))[:count]
    return {key: scores[key] for key in {(row[0], row[1]) for row in best}.union(nearest)}


def sentence_scores(
    session: Session, vector: NDArray[np.float32], passages: Sequence[Key]
) -> dict[Key, float]:
    """Return the cosine of ``vector`` with the nearest sentence of each passage that has one."""
    from psycopg.sql import SQL

    wanted = {"papers": [key[0] for key in passages], "numbers": [key[1] for key in passages]}
    rows = _rows(session, SQL(_SENTENCES), wanted)
    best: dict[Key, float] = {}
    products = cosines(stepped([row[2:] for row in rows], len(vector)), vector).tolist()
    for (paper, passage, *_), product in zip(rows, products, strict=True):
        best[paper, passage] = max(product, best.get((paper, passage), -np.inf))
    return best


def _rows(session: Session, query: Any, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:  # noqa: ANN401 - psycopg's union of queries
    with session.cursor(binary=True) as cursor:
        return cursor.execute(query, parameters).fetchall()


def received(vectors: Sequence[bytes], dimension: int) -> NDArray[np.float32]:
    """Return vectors that ``vector_send`` gave, shape ``(len(vectors), dimension)``."""
    joined = b"".join(bytes(one)[4:] for one in vectors)  # after its length and a reserved number
    return np.frombuffer(joined, ">f4").astype(np.float32).reshape(-1, dimension)


def stepped(rows: Sequence[tuple[bytes, float]], dimension: int) -> NDArray[np.float32]:
    """Return vectors of sentences from their steps and the length of a step; see ``SentenceVectors``."""
    steps = np.frombuffer(b"".join(bytes(steps) for steps, _ in rows), np.int8).reshape(-1, dimension)
    vectors: NDArray[np.float32] = (
        steps.astype(np.float32) * np.array([step for _, step in rows], np.float32)[:, None]
    )
    return vectors
