"""Writes papers and the statistics of their words; the caller's transaction holds it together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.segments.lexical import MOST, counted
from index.segments.paper import PaperRows
from index.segments.vectors import steps_of
from index.store.publish import Origin

if TYPE_CHECKING:
    from index.postgres.connect import Session

_PAPER = """
    INSERT INTO papers (id, source, used, reading, title, authors, year, body, details, edition, anchors,
        passages, sentences, length, terms, words)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_PASSAGES = """
    COPY passages (paper, number, start, stop, section, kind, tokens, context, length, terms, embedding)
    FROM STDIN"""
_SENTENCES = "COPY sentences (paper, number, passage, start, stop, kind, steps, step) FROM STDIN"
_COUNTS = """
    INSERT INTO vocabulary AS v (kind, word, held)
    SELECT '{kind}', word, %(sign)s * sum({held}) FROM papers, {words}
    WHERE id = ANY(%(ids)s) AND used GROUP BY word
    ON CONFLICT (kind, word) DO UPDATE SET held = v.held + excluded.held"""
_TERMS = _COUNTS.format(kind="term", held="held::bigint", words="jsonb_each_text(terms) AS t (word, held)")
_WORDS = _COUNTS.format(kind="word", held="1", words="unnest(words) AS w (word)")
_STATE = """
    INSERT INTO state AS s (generation, created, model, fingerprint, dimension, max_pieces)
    VALUES (1, %s, %s, %s, %s, %s)
    ON CONFLICT (one) DO UPDATE SET generation = s.generation + 1, created = excluded.created,
        model = excluded.model, fingerprint = excluded.fingerprint,
        dimension = excluded.dimension, max_pieces = excluded.max_pieces
    RETURNING generation"""


def put_paper(
    session: Session,
    paper: PaperRows,
    passages: NDArray[np.float32],
    sentences: NDArray[np.float32],
    *,
    used: bool,
) -> None:
    """Write a paper with the vectors of its passages and sentences, in place of one with its id.

    Doing it again changes nothing, so a writer that was interrupted can simply repeat it.
    """
    counts, words = counted(paper.passage_texts())
    byline = paper.byline()
    with session.transaction():
        session.execute("DELETE FROM papers WHERE id = %s", (paper.id,))
        session.execute(
            _PAPER,
            (
                *(paper.id, paper.source, used, paper.reading),
                *(byline.title, list(byline.authors), byline.year, paper.text, paper.details, paper.edition),
                np.array(paper.anchors, "<u8").tobytes(),
                *(len(paper.passages), len(paper.sentences), sum(one.total() for one in counts)),
                *(_json(Counter(term for one in counts for term in one)), words),
            ),
        )
        with session.cursor().copy(_PASSAGES) as copy:
            for number, (row, held, vector) in enumerate(zip(paper.passages, counts, passages, strict=True)):
                terms = {term: min(count, MOST) for term, count in held.items()}
                embedding = f"[{','.join(map(repr, vector.tolist()))}]"
                copy.write_row((paper.id, number, *row, held.total(), _json(terms), embedding))
        with session.cursor().copy(_SENTENCES) as copy:
            for number, (row, steps, step) in enumerate(
                zip(paper.sentences, *steps_of(sentences), strict=True)
            ):
                copy.write_row((paper.id, number, *row, steps.tobytes(), float(step)))


def _json(counts: dict[str, int]) -> str:
    return json.dumps(counts, ensure_ascii=False)


def change_counts(session: Session, ids: Sequence[str], sign: int) -> None:
    """Count the words of those papers in ``ids`` that are used; with ``sign`` -1, count them no longer."""
    for counting in (_TERMS, _WORDS):
        session.execute(counting, {"ids": list(ids), "sign": sign})
    session.execute("DELETE FROM vocabulary WHERE held = 0")


def put_state(session: Session, origin: Origin) -> tuple[int, str]:
    """Write model, files and the next generation; return its number and date."""
    files: Iterable[tuple[str, bytes]] = sorted(origin.extra.items())
    session.execute("DELETE FROM files")
    session.cursor().executemany("INSERT INTO files (name, data) VALUES (%s, %s)", files)
    model, created = origin.model, datetime.now(UTC).isoformat(timespec="seconds")
    values = created, model.name, model.fingerprint, model.dimension, model.max_pieces
    (generation,) = session.execute(_STATE, values).fetchone() or (0,)
    return int(generation), created
