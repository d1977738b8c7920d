"""Questions with their candidate sentences as the rankers see them: what the rankers learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evals.measure.places import answers
from evals.sets.cases import Case
from index.embed.encoder import Encoder
from index.errors import FormatMismatch
from index.store.index import Index
from qa.answer import Answerer
from qa.conversation import Conversations
from qa.rank.candidates import Candidate
from qa.rank.closer import read_again
from qa.rank.evidence import weigh
from qa.rank.reader import load_large_reader, load_reader
from qa.rank.rerank import Read, load_reranker, second_stage
from qa.rank.select import load_weights
from qa.rank.stages import Stages
from qa.settings import READ, Settings
from qa.understand.followup import resolve
from qa.understand.question import Question, understand


@dataclass(frozen=True, slots=True)
class Sample:
    """The candidates of one question."""

    corpus: str
    features: NDArray[np.float64]  #: (candidates, features), of the candidates that the last stage kept
    right: NDArray[np.bool_]  #: which of those answer
    answerable: bool
    question: Question | None = None  #: as searched, with what was asked and quoted before
    candidates: tuple[Candidate, ...] = ()  #: of the first stage
    index: Index | None = None  #: where they were found
    read: Read | None = None  #: by the last stage that reads


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
        _, candidates, features = weigh(
            index, question, vector, passages=Settings().passages, documents=documents
        )
        gold = () if without_gold else case.gold
        yield Sample(
            corpus=f"{name} without its paper" if without_gold else name,
            features=features,
            right=np.array([answers(gold, c.document.id, c.sentence.span) for c in candidates], dtype=bool),
            answerable=case.answerable and not without_gold,
            question=question,
            candidates=tuple(candidates),
            index=index,
        )


def _answerer(index: Index, encoder: Encoder) -> Answerer:
    """Return what answers the question before a follow-up: the pipeline as shipped.

    If the columns of the second stage have changed and are about to be learned, the first stage answers.
    """
    try:
        load_reranker()
    except FormatMismatch:
        return Answerer(index, encoder, stages=Stages(load_weights()))
    return Answerer(index, encoder)


def _asked(case: Case, conversations: Conversations, index: Index) -> tuple[Question, frozenset[str] | None]:
    """Return a question as a conversation asks it, and the papers that it is put to; None for all.

    A follow-up is put to the paper of the conversation, taken to be the one that its case is about.
    """
    papers = frozenset({gold.document_id for gold in case.gold} or {case.about} - {""})
    if case.history and len(papers) == 1:
        before, cited = conversations.after(case.history).said_before(index)
        return replace(understand(case.question), before=before, cited=cited), papers
    return understand(resolve(case.question, case.history)), None


def _without_gold(case: Case, index: Index) -> tuple[Question, frozenset[str]]:
    rest = frozenset(index.documents) - {gold.document_id for gold in case.gold}
    return understand(resolve(case.question, case.history)), rest


def read_by_second(item: Sample, scores: NDArray[np.float64]) -> Read | None:
    """Return what the second stage makes of a sample of the first; None without candidates."""
    if item.question is None or not len(scores):
        return None
    reader = load_reader()
    return second_stage(reader, item.question, item.candidates, item.features, scores, READ)


def read_by_third(item: Sample, scores: NDArray[np.float64]) -> Read | None:
    """Return what the third stage makes of a sample of the second; None without candidates."""
    if item.question is None or item.index is None or item.read is None:
        return None
    reader, most = load_large_reader(), Settings().closely
    return read_again(reader, item.index, item.question, item.candidates, item.read, scores, most)


def reread(
    before: Sequence[Sample],
    scores: Sequence[NDArray[np.float64]],
    read_by: Callable[[Sample, NDArray[np.float64]], Read | None],
    progress: Callable[[int, int], None],
) -> list[Sample]:
    """Return the samples as the next stage sees them: the sentences that it reads, with its columns.

    ``scores`` are those of the stage ``before``.
    """
    after = []
    for at, (item, values) in enumerate(zip(before, scores, strict=True), 1):
        read = read_by(item, values)
        if read is not None:
            kept = np.arange(len(item.right)) if item.read is None else item.read.kept
            right = item.right[np.isin(kept, read.kept)]
            after.append(replace(item, features=read.features, right=right, read=read))
        progress(at, len(before))
    return after
