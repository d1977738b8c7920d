"""Answers questions about papers themselves: figures, front matter, and what whole papers say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from index.embed.encoder import Encoder
from index.search import Hit
from index.store.index import Index
from qa.overview.kinds import RANKED, Kind, kind_of
from qa.overview.papers import by_place, meant_by, naming_terms
from qa.overview.roles import Body, Role, body_of, confidence, features, roles
from qa.quote.choose import alike
from qa.quote.cite import cite_stated
from qa.quote.floats import look_up_float
from qa.quote.metadata import asked_field, look_up
from qa.records import UNSUPPORTED, Citation, LookUp
from qa.understand.question import Question

#: What a summary quotes, in sentences of each role, and what is quoted of each of several papers.
_PARTS = ((Role.ABOUT, 2), (Role.FINDINGS, 2), (Role.CONCLUSION, 2))
_SHORT = ((Role.ABOUT, 1), (Role.CONCLUSION, 1))
#: Most sentences for a question about one role.
_MOST = 3
#: Least probability of a limitation. Every paper has a topic, findings and a conclusion, but not every paper
#: states limitations.
_LEAST = {Role.LIMITATIONS: 0.5}
#: Least share of the best sentence's probability that further ones need.
_BESIDE = 0.5
#: Cosine from which on two sentences say the same.
_SAME = 0.85


def looked_up(
    index: Index,
    encoder: Encoder,
    question: Question,
    vector: NDArray[np.float32],
    documents: frozenset[str] | None,
    near: Callable[[frozenset[str] | None], list[Hit]],
) -> tuple[list[Hit], LookUp | None, frozenset[str] | None, Kind]:
    """Return what answers a question about papers themselves, with the passages near it and its papers.

    None is looked up for a question about content; what is not found may yet be ranked in those papers.
    The last is the kind of the question. ``near`` returns the passages of some papers, or of all, nearest to
    the question.
    """
    if (shown := look_up_float(index, question, documents)) is not None:
        return near(documents), shown, documents, Kind.ORDINARY
    field = asked_field(question.text)
    kind = kind_of(question.text, encoder) if field is None else Kind.ORDINARY
    if field is None and kind in RANKED:
        return [], None, documents, kind
    places, lacking = by_place(index, question.text, documents)
    if lacking:
        count = len(index.documents if documents is None else documents)
        absent = LookUp((), (f"There is no paper {lacking[0]}: the list has {count}.",))
        return [], absent, documents, kind
    papers = frozenset(places) or documents
    hits = near(papers)
    if field is not None:
        return hits, look_up(index, question, field, hits, papers), papers, kind
    return hits, _overview(index, question, vector, kind, hits, papers, several=len(places) > 1), papers, kind


def _overview(
    index: Index,
    question: Question,
    vector: NDArray[np.float32],
    kind: Kind,
    hits: Sequence[Hit],
    documents: frozenset[str] | None,
    *,
    several: bool,
) -> LookUp | None:
    """Return quotes that answer a question about whole papers, of a ``kind`` that is not ranked.

    None is for the ranking to answer: it names no paper, or compares a fact. Without citations, the reason
    says why, and ``which`` holds the papers that could be meant. ``several``: places name several papers.
    """
    if kind is Kind.UNSUPPORTED:
        return LookUp((), (UNSUPPORTED,))
    compares = kind is Kind.COMPARE
    if compares and question.every_paper and naming_terms(question):
        return None  # "compare the CK of the two patients" asks for a value of each
    papers = meant_by(index, question, hits, documents, several=compares or several)
    if papers.possible:
        names = "; ".join(f"“{index.names[key]}”" for key in papers.possible)
        return LookUp((), (f"Name the paper in the question, or select one: {names}.",), papers.possible)
    if not papers.papers:
        return None
    citations: list[Citation] = []
    silent = []
    for key in papers.papers:
        body = body_of(index, key)
        chosen = _chosen(body, vector, kind, brief=compares or len(papers.papers) > 1)
        citations += [_cite(body, at, len(citations) + number, p) for number, (at, p) in enumerate(chosen, 1)]
        if not chosen:
            silent.append(index.names[key])
    what = "limitations" if kind is Kind.LIMITATIONS else "this in a sentence of its own"
    return LookUp(tuple(citations), tuple(f"“{name}” does not state {what}." for name in silent))


def _chosen(body: Body, vector: NDArray[np.float32], kind: Kind, *, brief: bool) -> list[tuple[int, float]]:
    """Return the positions in ``body`` of the sentences to quote, each with the probability of its role."""
    if not body.sentences:
        return []
    shares = roles().probabilities(features(body))
    if kind not in (Kind.SUMMARY, Kind.COMPARE):
        return _best(body, shares, Role(kind), 1 if brief else _MOST, vector, [])
    taken: list[tuple[int, float]] = []
    for role, count in _SHORT if brief else _PARTS:
        taken += _best(body, shares, role, count, vector, [at for at, _ in taken])
    return sorted(taken)


def _best(
    body: Body,
    shares: NDArray[np.float64],
    role: Role,
    count: int,
    vector: NDArray[np.float32],
    before: Sequence[int],
) -> list[tuple[int, float]]:
    """Return up to ``count`` sentences most likely in ``role``, none like another or one ``before``.

    Of sentences alike in role, the one nearer to the question comes first.
    """
    share = shares[:, roles().classes.index(role)]
    order = np.argsort(-share * (1 + np.clip(body.vectors @ vector, 0, 1)), kind="stable")
    taken: list[int] = []
    for at in order.tolist():
        least = _BESIDE * share[taken[0]] if taken else _LEAST.get(role, 0.0)
        if len(taken) == count or share[at] < least:
            break
        if not any(_says_the_same(body, at, other) for other in (*before, *taken)):
            taken.append(at)
    return [(at, float(share[at])) for at in taken]


def _says_the_same(body: Body, one: int, other: int) -> bool:
    return one == other or (
        float(body.vectors[one] @ body.vectors[other]) > _SAME or alike(body.text(one), body.text(other))
    )


def _cite(body: Body, at: int, number: int, share: float) -> Citation:
    return cite_stated(body.document, body.sentences[at], number=number, confidence=confidence(share))
