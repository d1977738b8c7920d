"""Which documents train what: a fixed split by hash, so that no document serves two purposes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.sets.corpora import Case, Corpus

#: Shares of the documents, in per cent, and what they are for: the first ranker and the reader, the
#: second ranker, and the confidence of both. The rest is never learned from.
_PARTS = (("ranker", 60), ("reranker", 10), ("calibrator", 10))


def part_of(document_id: str) -> str:
    """Return "ranker", "reranker", "calibrator" or "test": a fixed share of documents each."""
    share = int(hashlib.sha256(f"split:{document_id}".encode()).hexdigest()[:8], 16) % 100
    for name, size in _PARTS:
        share -= size
        if share < 0:
            return name
    return "test"


def chosen_cases(corpus: Corpus, part: str, most: int) -> list[Case]:
    """Return up to ``most`` cases whose gold documents are all in ``part``, in an order fixed by hash."""
    where = {document.id: part_of(document.id) for document in corpus.documents}
    cases = [
        case
        for case in corpus.cases
        if all(where[gold.document_id] == part for gold in case.gold)
        and (case.gold or part_of(case.id) == part)
    ]
    cases.sort(key=lambda case: hashlib.sha256(f"{part}:{case.id}".encode()).hexdigest())
    return cases[:most]
