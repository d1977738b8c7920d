"""Ranked passages, judged by ir-measures and written for TREC's tools.

A unit of a ranking is a passage, or a whole document where a set judges documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.sets.cases import Gold
from index.search import Hit
from index.store.index import Index
from index.text import Span
from qa.rank.evidence import Ranked

#: How many ranked units are judged.
DEPTH = 10
#: Names of the metrics here and in ir-measures. "recall@k" is that of open-domain question answering: whether
#: a right passage is among the first k (Karpukhin et al. 2020), which TREC calls success.
MEASURES = {
    "recall@1": "Success@1",
    "recall@5": "Success@5",
    "recall@10": "Success@10",
    "mrr": "RR@10",
    "ndcg@10": "nDCG@10",
}


@dataclass(frozen=True, slots=True)
class Ranking:
    """The units ranked for a question, and the relevant ones."""

    found: tuple[str, ...]  #: units, best first
    relevant: Mapping[str, int]  #: grade by unit, 1 or more


def ordered(hits: Sequence[Hit], ranked: Sequence[Ranked]) -> list[Hit]:
    """Return the passages in the order of their best sentence, then those not read by hybrid score."""
    best: dict[int, int] = {}
    for at, item in enumerate(ranked):
        best.setdefault(item.candidate.hit.position, at)
    return sorted(hits, key=lambda hit: (best.get(hit.position, len(ranked)), hit.rank))


class Units:
    """Names the units of an index: its passages, or its documents."""

    def __init__(self, index: Index, unit: str) -> None:
        self._whole = unit == "document"
        self._passages: dict[str, list[Span]] = {}
        for passage in index.passages:
            self._passages.setdefault(passage.document_id, []).append(passage.span)

    def ranking(self, hits: Iterable[Hit], gold: Sequence[Gold]) -> Ranking:
        """Return the units of ``hits`` and those that hold a part of ``gold``."""
        names = dict.fromkeys(self._name(hit.passage.document_id, hit.passage.span) for hit in hits)
        relevant: dict[str, int] = {}
        for place in gold:
            for span in self._passages.get(place.document_id, ()):
                if span.overlaps(place.span):
                    name = self._name(place.document_id, span)
                    relevant[name] = max(place.grade, relevant.get(name, 0))
        return Ranking(tuple(names), relevant)

    def _name(self, document_id: str, span: Span) -> str:
        return document_id[:16] if self._whole else f"{document_id[:16]}:{span.start}-{span.end}"


def judged(ranking: Ranking) -> dict[str, float] | None:
    """Return each of ``MEASURES`` for one question; None if nothing is relevant."""
    if not ranking.relevant:
        return None
    if not ranking.found:
        return dict.fromkeys(MEASURES, 0.0)
    import ir_measures

    measures = {ir_measures.parse_measure(text): name for name, text in MEASURES.items()}
    qrels = [ir_measures.Qrel("q", unit, grade) for unit, grade in ranking.relevant.items()]
    run = [ir_measures.ScoredDoc("q", unit, -float(rank)) for rank, unit in enumerate(ranking.found)]
    values = {measures[one.measure]: one.value for one in ir_measures.iter_calc(measures, qrels, run)}
    return {name: float(values[name]) for name in MEASURES}


def first_relevant(ranking: Ranking) -> int | None:
    """Return the rank, from 1, of the first relevant unit; None beyond ``DEPTH``."""
    ranks = (rank for rank, unit in enumerate(ranking.found[:DEPTH], 1) if unit in ranking.relevant)
    return next(ranks, None)


def write_trec(folder: Path, name: str, rankings: Mapping[str, Ranking]) -> None:
    """Write the rankings by question id: ``name.run`` and ``name.qrels`` for TREC's tools."""
    folder.mkdir(parents=True, exist_ok=True)
    run, qrels = [], []
    for question, ranking in rankings.items():
        query = "_".join(question.split()) or "_"
        most = len(ranking.found)
        run += [
            f"{query} Q0 {unit} {at} {most - at + 1} loccit\n" for at, unit in enumerate(ranking.found, 1)
        ]
        qrels += [f"{query} 0 {unit} {grade}\n" for unit, grade in ranking.relevant.items()]
    (folder / f"{name}.run").write_text("".join(run), encoding="utf-8")
    (folder / f"{name}.qrels").write_text("".join(qrels), encoding="utf-8")
