"""An evaluation report made by hand, as ``loccit eval --out`` writes it."""

from __future__ import annotations

from typing import Any

from tests.web.papers import HOSTILE

WRONG = "What was the woman's ferritin?"
GIVEN = "Ferritin was not measured in the second patient."
GOLD = "On admission her ferritin was 910 ng/mL."


def _place(quote: str, start: int, line: int, document: str = "a" * 64) -> dict[str, Any]:
    return {
        "document": document,
        "source": "paper.txt",
        "section": "Case > Laboratory",
        "page": None,
        "line": line,
        "last_line": line,
        "start": start,
        "end": start + len(quote),
        "quote": quote,
    }


def _outcome(name: str, question: str, **more: object) -> dict[str, Any]:
    return {
        "id": name,
        "set": "seeds",
        "type": "numeric",
        "question": question,
        "resolved": question,
        "answerable": True,
        "status": "answered",
        "confidence": 0.9,
        "right": True,
        "among_three": True,
        "short": None,
        "quotes": [],
        "gold": [],
        "accepted": [],
        "failures": [],
        "citations": [],
        "gold_places": [],
        **more,
    }


def report(paper: str = "a" * 64, quote: str = "Her CK was 3.", start: int = 7) -> dict[str, Any]:
    """Return a report of three questions: one right, one wrong, one that should have been refused.

    The right one has ``quote``, at ``start`` in ``paper``.
    """
    right = _outcome("r1", "What was her CK?", gold_places=[_place(quote, start, 2, paper)])
    wrong = _outcome(
        "w1",
        WRONG,
        right=False,
        among_three=False,
        accepted=["910 ng/mL"],
        failures=["hit@1", "hit@3", "accuracy"],
        citations=[{**_place(GIVEN, 400, 12), "confidence": 0.81, "right": False, "place_right": False}],
        gold_places=[_place(GOLD, 100, 5)],
    )
    hostile = _outcome(
        "w2",
        "Who chews? " + " ".join(HOSTILE),
        type="unanswerable",
        answerable=False,
        confidence=0.4,
        right=False,
        failures=["refusal_recall", "accuracy"],
        citations=[{**_place(HOSTILE[0], 0, 1), "confidence": 0.4, "right": False, "place_right": False}],
    )
    return {
        "format": 2,
        "made": "2026-01-02T03:04:05+00:00",
        "set": "seeds",
        "split": "dev",
        "model": "all-MiniLM-L6-v2",
        "questions": 3,
        "accuracy": 1 / 3,
        "hit@1": 0.5,
        "hit@3": 0.5,
        "recall@10": 1.0,
        "refusal_recall": 0.0,
        "ece": 0.123,
        "seconds_p50": 0.05,
        "intervals": {"hit@1": [0.0, 1.0]},
        "metrics": {"hit@1": {"title": "The first quote answers", "better": "higher", "unit": "share"}},
        "comparison": {
            "against": "earlier",
            "rows": [{"set": "seeds", "metric": "hit@1", "difference": -0.1, "verdict": "fell"}],
        },
        "curves": {
            "recall": [{"k": 1, "recall": 0.5}, {"k": 10, "recall": 1.0}],
            "reliability": [{"low": 0.8, "high": 0.9, "count": 2, "confidence": 0.85, "right": 0.5}],
            "risk_coverage": [
                {"coverage": 0.5, "risk": 0.0, "confidence": 0.9},
                {"coverage": 1.0, "risk": 0.5},
            ],
        },
        "outcomes": [right, wrong, hostile],
    }
