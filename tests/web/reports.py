"""An evaluation report made by hand, as ``loccit eval --out`` writes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evals.measure.runner import Run
from evals.report.contents import report as report_of
from tests.judgements import FOOLED, LOST, RIGHT, outcome
from tests.web.papers import HOSTILE

WRONG = "What was the woman's ferritin?"
GIVEN = "Ferritin was not measured in the second patient."
GOLD = "On admission her ferritin was 910 ng/mL."


def report() -> dict[str, Any]:
    """Return a report of three questions: one right, one wrong, one that should have been refused."""
    judged = [replace(one, set="seeds") for one in (RIGHT, replace(LOST, status="answered"), FOOLED)]
    right, wrong, fooled = map(outcome, judged)
    wrong = replace(
        wrong,
        question=WRONG,
        citations=(replace(wrong.citations[0], quote=GIVEN),),
        gold=(replace(wrong.gold[0], quote=GOLD),),
    )
    fooled = replace(
        fooled,
        question="Who chews? " + " ".join(HOSTILE),
        citations=(replace(fooled.citations[0], quote=HOSTILE[0]),),
    )
    return report_of([Run("seeds", (right, wrong, fooled), 2, 30, "model", "ranker", 0.5, "")], "dev", 1.0)
