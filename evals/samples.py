"""Questions with their candidate sentences, as ranking sees them: what is learned from."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evals.fit import Sample
from index.errors import FormatMismatch
from qa.answer import READ, Answerer, Settings
from qa.chat import resolve
from qa.conversation import Conversations
from qa.evidence import weigh
from qa.question import understand
from qa.rerank import beside, chosen, joined, load_reranker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from evals.corpora import Case, Corpus
    from index.encode import Encoder
    from index.store import Index
    from qa.candidates import Candidate
    from qa.question import Question
    from qa.reader import Reader

PASSAGES = Settings().passages
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


def samples(
    index: Index, name: str, cases: Sequence[Case], encoder: Encoder, *, without_gold: bool = False
) -> Iterator[Sample]:
    """Yield the samples of ``cases``; ``without_gold`` leaves their gold papers out of the search."""
    conversations = Conversations(_answerer(index, encoder))
    asked = [
        _without_gold(case, index) if without_gold else _asked(case, conversations, index) for case in cases
    ]
    vectors = encoder.encode([question.searched for question, _ in asked])
    for case, (question, documents), vector in zip(cases, asked, vectors, strict=True):
        _, found, features = weigh(index, question, vector, passages=PASSAGES, documents=documents)
        yield Sample(
            corpus=f"{name} without its paper" if without_gold else name,
            features=features,
            right=np.array([not without_gold and _answers(case, one) for one in found], dtype=bool),
            answerable=case.answerable and not without_gold,
            question=question.text,
            before=question.before,
            candidates=tuple(found),
            cited=question.cited,
        )


def _answerer(index: Index, encoder: Encoder) -> Answerer:
    """Return what answers the questions before a follow-up: all that is shipped.

    Or its first stage alone, where the columns of the second are others now, and are about to be learned.
    """
    try:
        load_reranker()
    except FormatMismatch:
        return Answerer(index, encoder, settings=Settings(read=0))
    return Answerer(index, encoder)


def _asked(case: Case, conversations: Conversations, index: Index) -> tuple[Question, frozenset[str] | None]:
    """Return a question as a conversation asks it, and the papers that it is asked of; None for all.

    A follow-up is asked of the paper spoken of, which is taken to be the one that it is about.
    """
    papers = frozenset({gold.document_id for gold in case.gold} or {case.about} - {""})
    if case.history and len(papers) == 1:
        before, cited = conversations.after(case.history).said_before(index)
        return replace(understand(case.question), before=before, cited=cited), papers
    return understand(resolve(case.question, case.history)), None


def _without_gold(case: Case, index: Index) -> tuple[Question, frozenset[str]]:
    rest = frozenset(index.documents) - {gold.document_id for gold in case.gold}
    return understand(resolve(case.question, case.history)), rest


def _answers(case: Case, candidate: Candidate) -> bool:
    span = candidate.sentence.span
    return any(g.document_id == candidate.document.id and g.span.overlaps(span) for g in case.gold)


def reread(
    found: Sequence[Sample],
    scores: Sequence[NDArray[np.float64]],
    reader: Reader,
    progress: Callable[[int, int], None],
    passages: int = READ,
) -> list[Sample]:
    """Return the samples as the second stage sees them: the sentences read, with what was read.

    ``scores`` are those of the first stage.
    """
    again = []
    for at, (item, values) in enumerate(zip(found, scores, strict=True), 1):
        if len(values):
            choice = chosen(item.candidates, values, passages, cited=item.cited)
            readings = reader.read(item.question, choice.texts, item.before)
            features = joined(item.features, values, choice, readings, beside(item.candidates, item.cited))
            kept = tuple(item.candidates[i] for i in choice.kept)
            again.append(replace(item, features=features, right=item.right[choice.kept], candidates=kept))
        progress(at, len(found))
    return again
