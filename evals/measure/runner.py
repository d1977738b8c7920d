"""Runs question sets: finds or makes their index, asks every question, keeps what came of it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evals.measure.collection import kept_index
from evals.measure.outcomes import measure
from index.errors import IndexMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evals.measure.outcomes import Judged, Outcome
    from evals.sets.cases import Case
    from evals.sets.named import QuestionSet
    from index.embed.encoder import SentenceEncoder
    from qa.answer import Answerer

    #: Told the stage, how much of it is done, and of how much.
    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one set."""

    name: str
    outcomes: tuple[Outcome, ...]
    papers: int
    passages: int
    model: str  #: name of the encoder
    ranker: str  #: fingerprint of the weights
    threshold: float

    @property
    def judged(self) -> list[Judged]:
        """The judgements alone."""
        return [outcome.judged for outcome in self.outcomes]


def run(
    answerer: Answerer, cases: Sequence[Case], chosen: QuestionSet, progress: Progress, note: str = ""
) -> Run:
    """Ask every case; ``note`` is added to the stage that ``progress`` is told."""
    stage = f"questions asked ({chosen.name}{note})"
    outcomes = measure(
        answerer,
        cases,
        lambda done, total: progress(stage, done, total),
        name=chosen.name,
        unit=chosen.unit,
    )
    return Run(
        name=chosen.name,
        outcomes=tuple(outcomes),
        papers=len(answerer.index.documents),
        passages=len(answerer.index.passages),
        model=answerer.encoder.name,
        ranker=answerer.ranker.fingerprint,
        threshold=answerer.threshold,
    )


@contextmanager
def asked_on(
    chosen: QuestionSet, folder: Path | None, work: Path | None, progress: Progress
) -> Iterator[tuple[Answerer, tuple[Case, ...]]]:
    """Yield an answerer over the papers of a set, and the set's cases with their gold in its place.

    Args:
        chosen: the set.
        folder: index for sets that bring no papers; one over the seed papers, made for this, if None.
        work: keeps the indexes of sets that bring papers; None for a folder that is deleted.
        progress: told how far making the index is.

    Raises:
        IndexMissing: the index lacks papers that the questions are about.
        UsageError: gold is not in the papers.
    """
    from qa.session import opened

    with tempfile.TemporaryDirectory() as scratch:
        if chosen.documents is None:
            folder = folder or built_seeds(Path(scratch) / "index")
            with opened(folder) as answerer:
                cases = chosen.on(answerer.index.documents)
                _require_papers(answerer, cases)
                yield answerer, cases
        else:
            with _own_papers(chosen, work or Path(scratch), progress) as answerer:
                yield answerer, chosen.cases


@contextmanager
def _own_papers(chosen: QuestionSet, work: Path, progress: Progress) -> Iterator[Answerer]:
    from index.embed.encoder import load_encoder
    from index.embed.onnx import question_encoder
    from qa.answer import Answerer

    encoder = load_encoder()
    with kept_index(
        chosen.name,
        chosen.documents or (),
        work,
        encoder,
        lambda done, total: progress(f"texts encoded ({chosen.name})", done, total),
        lambda: _graph(encoder),
    ) as index:
        yield Answerer(index, question_encoder(index))


def _graph(encoder: SentenceEncoder) -> dict[str, bytes]:
    """Return the files with which questions are encoded as those of users are; none if that cannot be."""
    from index.embed.onnx import export
    from index.store.open import ENCODER, TOKENIZER

    graph = export(encoder)
    if graph is None:
        return {}
    return {ENCODER: graph, TOKENIZER: (encoder.files.folder / TOKENIZER).read_bytes()}


def built_seeds(folder: Path) -> Path:
    """Build an index over the seed papers in ``folder`` and return that."""
    from index.embed.encoder import load_encoder
    from index.ingest.build import build
    from qa.files.resources import seeds_folder

    build([seeds_folder()], folder, encoder=load_encoder())
    return folder


def _require_papers(answerer: Answerer, cases: Sequence[Case]) -> None:
    wanted = {gold.document_id for case in cases for gold in case.gold}
    missing = wanted - set(answerer.index.documents)
    if missing:
        raise IndexMissing(
            f"the index lacks {len(missing)} of the {len(wanted)} papers that the questions are about.",
            "Build it from those papers, or leave out --index.",
        )
