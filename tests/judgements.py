"""Made-up judgements shared by the tests of the evaluation."""

from __future__ import annotations

from dataclasses import replace

from evals.measure.outcomes import Judged, Outcome
from evals.measure.places import Place, Quoted
from evals.measure.ranking import Ranking

_FOUND = {"recall@1": 1.0, "recall@5": 1.0, "recall@10": 1.0, "mrr": 1.0, "ndcg@10": 1.0}
_FOURTH = {"recall@1": 0.0, "recall@5": 1.0, "recall@10": 1.0, "mrr": 0.25, "ndcg@10": 0.4}
RIGHT = Judged(
    set="made up",
    id="1",
    type="plain",
    digest="d1",
    answerable=True,
    followup=False,
    status="answered",
    confidence=0.9,
    presence=0.95,
    first_right=True,
    right=True,
    among_three=True,
    ranked_first=True,
    ranked_three=True,
    held=True,
    zscore_first=True,
    place_right=True,
    passage_rank=1,
    retrieval=_FOUND,
    marked=True,
    exact=1.0,
    overlap=1.0,
    seconds=0.1,
)
THIRD = replace(
    RIGHT,
    id="2",
    digest="d2",
    followup=True,
    first_right=False,
    right=False,
    ranked_first=False,
    zscore_first=False,
    passage_rank=4,
    retrieval=_FOURTH,
    exact=0.0,
    overlap=0.5,
)
LOST = replace(
    RIGHT,
    id="3",
    digest="d3",
    type="table",
    status="not_found",
    confidence=0.3,
    presence=0.35,
    first_right=False,
    right=False,
    among_three=False,
    ranked_first=False,
    ranked_three=False,
    held=False,
    zscore_first=False,
    place_right=None,
    passage_rank=None,
    retrieval=dict.fromkeys(_FOUND, 0.0),
    marked=False,
    exact=None,
    overlap=None,
    seconds=0.3,
)
REFUSED = replace(
    LOST,
    id="4",
    digest="d4",
    type="unanswerable",
    answerable=False,
    confidence=0.1,
    presence=0.15,
    retrieval=None,
)
FOOLED = replace(REFUSED, id="5", digest="d5", status="answered", confidence=0.7, presence=0.75)
ALL = (RIGHT, THIRD, LOST, REFUSED, FOOLED)


def outcome(judged: Judged, question: str = "What was the dose?", quote: str = "It was 5 mg.") -> Outcome:
    """Return an outcome around ``judged``: a quote where it was answered, gold where it is answerable."""
    place = Place("d" * 64, "paper.txt", "Results", None, 3, 3, 10, 10 + len(quote), quote)
    given = Quoted(
        place.document, place.source, place.section, None, 3, 3, 10, 10 + len(quote), quote,
        confidence=judged.confidence, right=judged.first_right, place_right=bool(judged.place_right),
    )  # fmt: skip
    return Outcome(
        judged=judged,
        split="dev",
        question=question,
        history=("An earlier one?",) if judged.followup else (),
        resolved=question,
        short="5 mg" if judged.marked else None,
        accepted=("5 mg",) if judged.exact is not None else (),
        citations=(given,) if judged.shown else (),
        gold=(place,) if judged.answerable else (),
        withheld=None if judged.shown else place,
        ranking=Ranking(
            ("dddddddddddddddd:0-40",), {"dddddddddddddddd:0-40": 1} if judged.answerable else {}
        ),
        stages={"encode": 0.01, "decide": 0.02},
    )
