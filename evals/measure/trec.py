"""Rankings as the run and qrels files that TREC's tools read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from evals.measure.outcomes import Outcome


def write_trec(folder: Path, name: str, outcomes: Iterable[Outcome], tag: str) -> None:
    """Write ``name.run`` ("id Q0 unit rank score tag" a line) and ``name.qrels`` ("id 0 unit grade")."""
    folder.mkdir(parents=True, exist_ok=True)
    run, qrels = [], []
    for outcome in outcomes:
        query = "_".join(outcome.judged.id.split()) or "_"
        found = outcome.ranking.found
        run += [
            f"{query} Q0 {unit} {rank} {len(found) - rank + 1} {tag}" for rank, unit in enumerate(found, 1)
        ]
        qrels += [f"{query} 0 {unit} {grade}" for unit, grade in outcome.ranking.relevant.items()]
    (folder / f"{name}.run").write_text("".join(f"{line}\n" for line in run), encoding="utf-8")
    (folder / f"{name}.qrels").write_text("".join(f"{line}\n" for line in qrels), encoding="utf-8")
