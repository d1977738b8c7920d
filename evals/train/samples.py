"""Questions with their candidate sentences as the rankers see them: what the rankers learn from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evals.measure.places import answers
from index.errors import FormatMismatch
from qa.answer import Answerer
from qa.conversation import Conversations
from qa.rank.evidence import weigh
from qa.rank.rerank import load_reranker, second_stage
from qa.rank.select import load_weights
from qa.rank.stages import Stages
from qa.settings import READ, Settings
from qa.understand.question import in_context, understand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from evals.sets.cases import Case
    from index.embed.encoder import Encoder
    from index.store.open import Index
    from qa.rank.candidates import Candidate
    from qa.rank.reader import Reader
    from qa.understand.question import Question


@dataclass(frozen=True, slots=True)
class Sample:
    """The candidates of one question."""

    corpus: str
    features: NDArray[np.float64]  #: (candidates, features)
    right: NDArray[np.bool_]  #: which candidates answer
    answerable: bool
    question: Question | None = None  #: as searched, with what was asked and quoted before
    candidates: tuple[Candidate, ...] = ()


def samples(
    index: Index,
    name: str,
    cases: Sequence[Case],
    encoder: Encoder,
    *,
    without_gold: bool = False,
    among: int | None = None,
) -> Iterator[Sample]:
    """Yield the samples of ``cases``, searched in all papers.

    ``without_gold`` leaves their gold papers out of the search. ``among`` is how many papers a follow-up is
    searched in, its own among them: the first question of a conversation does not say which of hundreds of
    papers it is about.
    """
    answerer = _answerer(index, encoder)
    conversations: dict[frozenset[str] | None, Conversations] = {}
    for case in cases:
        gold = () if without_gold else case.gold
        if without_gold:
            question = understand(in_context(case.question, " ".join(case.history[-1:])))
            documents: frozenset[str] | None = frozenset(index.documents) - {g.document_id for g in case.gold}
        else:
            documents = _few(case, index, among) if among and case.history else None
            talk = conversations.setdefault(documents, Conversations(answerer, documents))
            question = replace(understand(case.question), before=talk.after(case.history).before(index))
        _, candidates, features = weigh(
            index, answerer.queries(question), passages=Settings().passages, documents=documents
        )
        yield Sample(
            corpus=f"{name} without its paper" if without_gold else name,
            features=features,
            right=np.array([answers(gold, c.document.id, c.sentence.span) for c in candidates], dtype=bool),
            answerable=case.answerable and not without_gold,
            question=question,
            candidates=tuple(candidates),
        )


def _few(case: Case, index: Index, among: int) -> frozenset[str]:
    """Return the papers that ``case`` is about and others chosen by hash, ``among`` in all."""
    own = {gold.document_id for gold in case.gold} or {case.about}
    seed = min(own)
    others = sorted(
        index.documents.keys() - own, key=lambda key: hashlib.sha256(f"{seed}{key}".encode()).digest()
    )
    return frozenset((*own, *others[: among - len(own)]))


def _answerer(index: Index, encoder: Encoder) -> Answerer:
    """Return what answers the question before a follow-up: the pipeline as shipped.

    If the columns of the second stage have changed and are about to be learned, the first stage answers.
    """
    try:
        load_reranker()
    except FormatMismatch:
        return Answerer(index, encoder, stages=Stages(load_weights()))
    return Answerer(index, encoder)


def reread(
    first: Sequence[Sample],
    scores: Sequence[NDArray[np.float64]],
    reader: Reader,
    progress: Callable[[int, int], None],
) -> list[Sample]:
    """Return the samples as the second stage sees them: the sentences that were read, with its columns.

    ``scores`` are those of the first stage.
    """
    second = []
    for at, (item, values) in enumerate(zip(first, scores, strict=True), 1):
        if item.question is not None and len(values):
            read = second_stage(reader, item.question, item.candidates, item.features, values, READ)
            second.append(
                replace(
                    item,
                    features=read.features,
                    right=item.right[read.kept],
                    candidates=tuple(item.candidates[i] for i in read.kept),
                )
            )
        progress(at, len(first))
    return second
