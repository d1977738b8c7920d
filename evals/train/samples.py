"""Questions with their candidate sentences, as ranking sees them: what is learned from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evals.train.fit import Sample
from index.errors import FormatMismatch
from qa.answer import Answerer
from qa.conversation import Conversations
from qa.rank.evidence import weigh
from qa.rank.rerank import beside, chosen, joined, load_reranker
from qa.rank.select import load_weights
from qa.rank.stages import Stages
from qa.settings import READ, Settings
from qa.understand.followup import resolve
from qa.understand.question import understand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from evals.sets.corpora import Case
    from index.embed.encoder import Encoder
    from index.store.open import Index
    from qa.rank.candidates import Candidate
    from qa.rank.reader import Reader
    from qa.understand.question import Question

PASSAGES = Settings().passages


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
        return Answerer(index, encoder, stages=Stages(load_weights()))
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
