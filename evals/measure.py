"""Asks every case of a set and measures the answers against the gold places.

Right means: the quote shares at least one character with a gold span of the same
paper. A refused question counts as a miss of every answer metric, so that
refusing cannot make answers look better.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.chat import resolve
from qa.records import Status
from qa.session import people_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evals.corpora import Case, Gold
    from index.search import Hit
    from index.text import Span
    from qa.answer import Answerer, Evidence
    from qa.records import Answer

#: How many passages retrieval is judged by.
DEPTH = 10
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case."""

    id: str
    type: str
    question: str
    resolved: str
    answerable: bool
    status: str
    confidence: float
    first_right: bool  #: the first quote answers
    right: bool  #: as the case wants it: the first quote, or a right one from each paper with gold
    among_three: bool  #: one of the first three quotes answers
    ranked_first: bool  #: the ranker's first sentence answers, shown or refused
    passage_rank: int | None  #: rank of the first passage with gold, from 1; None beyond ``DEPTH``
    short: str | None
    exact: float | None  #: short answer equals one accepted; None where none is stated
    overlap: float | None  #: token F1 of the short answer
    quotes: tuple[str, ...]
    gold: tuple[str, ...]
    seconds: float


def measure(
    answerer: Answerer, cases: Sequence[Case], progress: Callable[[int, int], None] | None = None
) -> list[Outcome]:
    """Return the outcome of each case, in order."""
    people = people_of(answerer.index)
    outcomes = []
    for number, case in enumerate(cases, 1):
        resolved = resolve(case.question, case.history, people)
        evidence = answerer.gather(resolved)
        answer = answerer.decide(case.question, evidence)
        hits = answerer.search(resolved, limit=DEPTH)
        outcomes.append(_outcome(answerer, case, evidence, answer, hits))
        if progress:
            progress(number, len(cases))
    return outcomes


def _outcome(
    answerer: Answerer, case: Case, evidence: Evidence, answer: Answer, hits: Sequence[Hit]
) -> Outcome:
    judged = [_answers(case.gold, c.document_id, c.span) for c in answer.citations]
    first = bool(judged) and judged[0]
    wanted = {gold.document_id for gold in case.gold}
    got = {c.document_id for c, right in zip(answer.citations, judged, strict=True) if right}
    ranks = [h.rank for h in hits if _answers(case.gold, h.passage.document_id, h.passage.span)]
    ranked = evidence.ranked[0].candidate if evidence.ranked else None
    short = next(
        (answerer.index.quote(c.document_id, c.short) for c in answer.citations[:1] if c.short), None
    )
    documents = answerer.index.documents
    return Outcome(
        id=case.id,
        type=case.type,
        question=case.question,
        resolved=answer.resolved_question,
        answerable=case.answerable,
        status=str(answer.status),
        confidence=answer.confidence,
        first_right=first,
        right=got == wanted and bool(wanted) if case.papers == "several" else first,
        among_three=any(judged[:3]),
        ranked_first=ranked is not None and _answers(case.gold, ranked.document.id, ranked.sentence.span),
        passage_rank=min(ranks, default=None),
        short=short,
        exact=_best(_exact, short, case.short),
        overlap=_best(_f1, short, case.short),
        quotes=tuple(c.quote for c in answer.citations),
        gold=tuple(g.span.of(documents[g.document_id].text) for g in case.gold if g.document_id in documents),
        seconds=sum(evidence.seconds.values()),
    )


def _answers(gold: Sequence[Gold], document_id: str, span: Span) -> bool:
    return any(g.document_id == document_id and g.span.overlaps(span) for g in gold)


def _best(
    score: Callable[[list[str], list[str]], float], short: str | None, accepted: Sequence[str]
) -> float | None:
    if not accepted:
        return None
    return max(score(_words(short or ""), _words(text)) for text in accepted)


def _words(text: str) -> list[str]:
    """Return words as SQuAD's evaluation compares them: lower case, no articles or punctuation."""
    return _ARTICLES.sub(" ", re.sub(r"[^\w\s.%/-]", " ", text.lower())).split()


def _exact(found: list[str], accepted: list[str]) -> float:
    return float(found == accepted)


def _f1(found: list[str], accepted: list[str]) -> float:
    shared = sum((Counter(found) & Counter(accepted)).values())
    return 2 * shared / (len(found) + len(accepted)) if shared else 0.0


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the metrics over ``outcomes`` and, under "types", for each type."""
    found = metrics(outcomes)
    types = sorted({outcome.type for outcome in outcomes})
    found["types"] = {name: metrics([o for o in outcomes if o.type == name]) for name in types}
    return found


def metrics(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return each metric by name; None where nothing is there to be measured.

    Retrieval is judged on questions about content: metadata is looked up, not
    searched. Refusal: positive is ``not_found``, truly so where unanswerable.
    """
    answerable = [o for o in outcomes if o.answerable]
    content = [o for o in answerable if o.type != "metadata"]
    refused = [o for o in outcomes if o.status == Status.NOT_FOUND]
    unanswerable = [o for o in outcomes if not o.answerable]
    rightly = [o for o in refused if not o.answerable]
    shown = [o for o in outcomes if o.status != Status.NOT_FOUND]
    ranks = [1 / o.passage_rank if o.passage_rank else 0.0 for o in content]
    return {
        "questions": len(outcomes),
        "answerable": len(answerable),
        **{
            f"recall@{k}": _mean([o.passage_rank is not None and o.passage_rank <= k for o in content])
            for k in (1, 5, 10)
        },
        "mrr": _mean(ranks),
        "hit@1": _mean([o.right for o in answerable]),
        "hit@3": _mean([o.among_three for o in answerable]),
        "ranked@1": _mean([o.ranked_first for o in content]),
        "shown_right": _mean([o.first_right for o in shown]),
        "exact": _mean([o.exact for o in answerable if o.exact is not None]),
        "f1": _mean([o.overlap for o in answerable if o.overlap is not None]),
        "refusal_recall": _mean([o.status == Status.NOT_FOUND for o in unanswerable]),
        "refusal_precision": _mean([not o.answerable for o in refused]) if unanswerable and refused else None,
        "refused_rightly": len(rightly),
        "auroc": auroc([o.confidence for o in answerable], [o.confidence for o in unanswerable]),
        "ece": calibration_error([o.confidence for o in outcomes], [o.first_right for o in outcomes]),
        "seconds_p50": float(np.median([o.seconds for o in outcomes])) if outcomes else None,
    }


def _mean(values: Sequence[float | bool]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Return the probability that a positive scores above a negative, ties half (Mann-Whitney U)."""
    if not len(positive) or not len(negative):
        return None
    above = np.array(positive)[:, None], np.array(negative)[None, :]
    return float(((above[0] > above[1]) + 0.5 * (above[0] == above[1])).mean())


def calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> float | None:
    """Return the expected calibration error over ``bins`` equal widths (Naeini et al. 2015)."""
    if not len(confidence):
        return None
    stated, true = np.array(confidence), np.array(right, dtype=float)
    where = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = [
        abs(stated[where == b].mean() - true[where == b].mean()) * (where == b).mean()
        for b in range(bins)
        if (where == b).any()
    ]
    return float(sum(gaps))


def as_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the outcomes as objects for JSON."""
    return [asdict(outcome) for outcome in outcomes]
