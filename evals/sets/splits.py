"""What each document is for: fixed shares by hash, so that no document both trains and tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from evals.sets.cases import Case, Corpus

#: Shares of the documents in per cent and what they train: the first ranker and the reader, the
#: second ranker, and the confidence of both. The rest is never learned from.
_PARTS = (("ranker", 60), ("reranker", 10), ("calibrator", 10))


def part_of(document_id: str) -> str:
    """Return "ranker", "reranker", "calibrator" or "test": the part of a document of a public set."""
    share = int(hashlib.sha256(f"split:{document_id}".encode()).hexdigest()[:8], 16) % 100
    for name, size in _PARTS:
        share -= size
        if share < 0:
            return name
    return "test"


def half_of(sha256: str) -> str:
    """Return "dev" or "test": the half of the case report whose file has this hash."""
    return "dev" if sha256[0] < "8" else "test"


def chosen_cases(corpus: Corpus, part: str, most: int) -> list[Case]:
    """Return up to ``most`` cases whose gold documents are all in ``part``, in an order fixed by hash."""
    where = {document.id: part_of(document.id) for document in corpus.documents}
    cases = [
        case
        for case in corpus.cases
        if all(where[gold.document_id] == part for gold in case.gold)
        and (case.gold or part_of(case.id) == part)
    ]
    return some(cases, most, f"{part}:")


def some(cases: Iterable[Case], most: int | None, salt: str = "") -> list[Case]:
    """Return up to ``most`` of ``cases``, always the same ones, in an order fixed by hash; all if None."""
    return sorted(cases, key=lambda case: hashlib.sha256(f"{salt}{case.id}".encode()).hexdigest())[:most]
