"""Runs question sets: opens or builds their index, asks every question, keeps the outcomes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evals.measure.collection import kept_index
from evals.measure.outcomes import Judged, Outcome, measure
from evals.sets.cases import Case, require_papers
from evals.sets.named import QuestionSet
from index.embed.encoder import load_encoder
from index.ingest.build import build
from index.ingest.report import Progress as Report
from index.place import Place, open_at
from qa.answer import Answerer
from qa.files.resources import index_place, seeds_folder
from qa.rank.stages import shipped
from qa.records import Calibration
from qa.session import answering as answerer_on
from qa.settings import AskOptions


@dataclass(frozen=True, slots=True)
class Run:
    """The outcomes of one set."""

    name: str
    outcomes: tuple[Outcome, ...]
    papers: int
    passages: int
    model: str  #: name of the encoder
    ranker: str  #: fingerprint of the weights
    threshold: float
    reader: str  #: the largest reader used
    calibration: Calibration | None = None  #: what the threshold is from, if it is not the shipped one

    @property
    def judged(self) -> list[Judged]:
        """The judgements alone."""
        return [outcome.judged for outcome in self.outcomes]


def run(
    answerer: Answerer, cases: Sequence[Case], chosen: QuestionSet, progress: Report, note: str = ""
) -> Run:
    """Ask every case; ``note`` is added to the name of the stage in ``progress``."""
    stage = f"questions asked ({chosen.name}{note})"
    outcomes = measure(answerer, cases, partial(progress, stage), name=chosen.name, unit=chosen.unit)
    return Run(
        name=chosen.name,
        outcomes=tuple(outcomes),
        papers=len(answerer.index.documents),
        passages=len(answerer.index.passages),
        model=answerer.encoder.name,
        ranker=answerer.fingerprint,
        threshold=answerer.threshold,
        reader=answerer.reader,
        calibration=answerer.calibration,
    )


@contextmanager
def answering(
    chosen: QuestionSet,
    index: Place | None,
    work: Path | None,
    progress: Report,
    reader: str = "",
    *,
    calibration: bool = True,
) -> Iterator[tuple[Answerer, tuple[Case, ...]]]:
    """Yield an answerer over the papers of a set, and the set's cases with their gold resolved.

    Args:
        chosen: the set.
        index: for sets without papers; None for the usual one, or for one of the seed papers if they are
            what the set is about.
        work: keeps the indexes of sets with papers; None for a temporary folder.
        progress: of building the index.
        reader: "small" or "large"; empty for the largest installed one.
        calibration: use the thresholds that are kept beside the index.

    Raises:
        IndexMissing: the index lacks papers that the questions are about.
        UsageError: gold is not in the papers.
    """
    with tempfile.TemporaryDirectory() as scratch:
        if chosen.documents is None:
            if index is None and chosen.on_seeds:
                index = Path(scratch) / "index"
                build([seeds_folder()], index, encoder=load_encoder())
            place = index or index_place()
            with open_at(place) as papers:
                require_papers(chosen.cases, papers.documents, place)  # before the reader takes its seconds
                cases = chosen.on(papers.documents)
                yield answerer_on(papers, AskOptions(reader=reader, calibration=calibration)), cases
        else:
            encoder, encoded = load_encoder(), partial(progress, f"texts encoded ({chosen.name})")
            kept = kept_index(chosen.name, chosen.documents, work or Path(scratch), encoder, encoded)
            with kept as papers:
                yield Answerer(papers, encoder, stages=shipped(reader)), chosen.cases
