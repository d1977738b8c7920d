"""Trains both stages of ranking and the confidence: ``python -m evals.train.rankers --data DIR``.

The ranker of each stage is a conditional logit over the candidates of a question,
the calibrator a logistic regression on the first of them (Platt 1999). What
question sets they learn from is in ``SOURCES``: public ones, split by document,
and the dev halves of the project's own. ``qa/rank/weights.json`` and ``qa/rank/rerank.json``
hold the weights and, under "report", how well they do on questions they were not
fitted to. The reader comes first: ``python -m evals.train.reader``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.measure.collection import kept_index
from evals.sets import corpora
from evals.sets import named as sets
from evals.sets.practice import load_conversations, load_practice
from evals.sets.splits import chosen_cases, part_of
from evals.train.fit import (
    first_candidates,
    fit_calibrator,
    fit_ranker,
    held_out_scores,
    hit_at,
    threshold_for,
)
from evals.train.samples import reread, samples
from index.embed.encoder import load_encoder
from qa.rank import features, rerank
from qa.rank.reader import load_reader
from qa.rank.select import FORMAT
from qa.show.progress import tenths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from evals.sets.corpora import Corpus
    from evals.train.fit import Sample
    from index.embed.encoder import Encoder

#: What the calibrator sees of a candidate; see ``qa.rank.select.evidence``.
EVIDENCE = (
    "score",
    "lead",
    "dense",
    "coverage",
    "meaning",
    "rarest",
    "around",
    "here",
    "here_around",
    "missing_in_paper",
    "specific",
    "specific_missing",
    "specific_apart",
    "passage_dense",
    "time_lacked",
    "value_lacked",
    "kind_near",
    "table",
    "label",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What is fitted for one stage of ranking."""

    file: str
    columns: tuple[str, ...]
    evidence: tuple[str, ...]
    shares: Mapping[str, float]  #: how much a question counts in the ranker, by its set; 1 for other sets
    ridge: float  #: the penalty on the ranker's weights

    def count_of(self, item: Sample) -> float:
        """Return how much a question counts in the ranker."""
        return self.shares.get(item.corpus, 1.0)


#: What the calibrator of the second stage sees: fewer, for what was read tells more.
READ_EVIDENCE = (
    "score",
    "lead",
    "read",
    "read_share",
    "first",
    "dense",
    "specific_missing",
    "specific_apart",
    "missing_in_paper",
    "here_around",
    "value_lacked",
    "time_lacked",
    "table",
    "label",
)
#: Share of the answers shown that should be right on the dev halves together. A higher share refuses more
#: questions that the papers do answer; evals/RESULTS.md has the figures.
PRECISION = 0.8
#: Other shares that may be asked for.
SHARES = tuple(round(0.50 + 0.05 * step, 2) for step in range(10))
#: How sets are called among the samples.
SEEDS, REPORTS, PRACTICE = "seeds, dev half", "case_reports, dev half", "practice"
TALKS = "conversations"
#: How much a question counts in calibration, by its set; ``OTHER`` for other sets. Public sets have their
#: unanswerable questions written to deceive, and only one place of many marked as right; follow-ups are
#: answered right less often than others. Both would draw down the confidence of all.
CALIBRATION = {SEEDS: 3.0, REPORTS: 3.0, PRACTICE: 1.0}
OTHER = 0.1
#: Practice questions are written to share few words with their answers: the first stage, which has
#: little but words to go by, would rank other questions worse for it.
FIRST = Stage(
    "weights.json",
    features.NAMES,
    EVIDENCE,
    {SEEDS: 15.0, REPORTS: 15.0, PRACTICE: 0.0, TALKS: 0.0},
    ridge=20.0,
)
SECOND = Stage(
    "rerank.json",
    rerank.NAMES,
    READ_EVIDENCE,
    {SEEDS: 3.0, REPORTS: 3.0, PRACTICE: 3.0, TALKS: 3.0},
    ridge=300.0,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Samples by what they are for; see ``evals.sets.splits.part_of``."""

    ranker: list[Sample]
    reranker: list[Sample]
    calibrator: list[Sample]
    dev: list[Sample]


@dataclass(frozen=True, slots=True)
class Source:
    """A set to learn from."""

    load: Callable[[Path], Corpus]
    questions: int  #: for the ranker; a quarter as many for each other part


SOURCES = {
    "evidence_inference": Source(corpora.evidence_inference, 800),
    "new_wiki": Source(lambda data: corpora.squad_file(data / "training" / "new_wiki_v1.0.json"), 600),
    "squad2": Source(lambda data: corpora.squad_file(data / "squad2_part.json"), 600),
}


def gather(data: Path, work: Path, names: Sequence[str], papers: int | None = None) -> Parts:
    """Return the samples of the sets called ``names`` and of the dev halves of the project's own sets.

    ``papers`` is how many documents are taken from a set at most.
    """
    encoder = load_encoder()
    parts = Parts([], [], [], [])
    for name in names:
        corpus = _some(SOURCES[name].load(data), papers)
        with kept_index(name, corpus.documents, work, encoder, _progress(f"{name}: texts encoded")) as index:
            most = SOURCES[name].questions
            parts.ranker.extend(samples(index, name, chosen_cases(corpus, "ranker", most), encoder))
            for part, where in (("reranker", parts.reranker), ("calibrator", parts.calibrator)):
                cases = chosen_cases(corpus, part, most // 4)
                where.extend(samples(index, name, cases, encoder))
                known = [case for case in cases if case.gold][: most // 12]
                where.extend(samples(index, name, known, encoder, without_gold=True))
    parts.dev.extend(dev_samples(data, work, encoder))
    parts.calibrator.extend(unanswerable_samples(data, work, encoder))
    practice_samples(parts, data, work, encoder)
    return parts


def practice_samples(parts: Parts, data: Path, work: Path, encoder: Encoder) -> None:
    """Add the practice questions; those on papers the reader was trained on go to the first ranker."""
    read, unread = (load_practice(data, part) for part in ("reader", "ranking"))
    progress = _progress("practice: texts encoded")
    with kept_index("practice", read.documents, work, encoder, progress) as index:
        parts.ranker.extend(samples(index, f"{PRACTICE}, read", read.cases, encoder))
        parts.dev.extend(samples(index, PRACTICE, unread.cases, encoder))
        talks = [case for case in load_conversations(data, "ranking").cases if case.history]
        parts.dev.extend(samples(index, TALKS, talks, encoder))
        known = [case for case in unread.cases if case.gold]
        parts.calibrator.extend(samples(index, PRACTICE, known, encoder, without_gold=True))


def _some(corpus: Corpus, papers: int | None) -> Corpus:
    """Return ``corpus`` with at most ``papers`` documents, chosen by id."""
    kept = sorted(corpus.documents, key=lambda document: document.id)[:papers]
    ids = {document.id for document in kept}
    cases = tuple(case for case in corpus.cases if all(gold.document_id in ids for gold in case.gold))
    return replace(corpus, documents=tuple(kept), cases=cases)


def dev_samples(data: Path, work: Path, encoder: Encoder) -> list[Sample]:
    """Return the samples of the dev halves; metadata is looked up, not ranked."""
    from index.read import read
    from qa.files.resources import seeds_folder

    found: list[Sample] = []
    for name, called in (("seeds", SEEDS), ("case_reports", REPORTS)):
        chosen = sets.load(name, data, "dev", papers=None, limit=None)
        documents = chosen.documents or [read(path) for path in sorted(seeds_folder().glob("*.txt"))]
        with kept_index(name, documents, work, encoder, _progress(f"{name}: texts encoded")) as index:
            cases = [case for case in chosen.on(index.documents) if case.type != "metadata"]
            found += samples(index, called, cases, encoder)
    return found


def unanswerable_samples(data: Path, work: Path, encoder: Encoder) -> list[Sample]:
    """Return samples of patients' questions, and of dev questions whose paper is left out of the search."""
    chosen = sets.load("case_reports", data, "dev", papers=None, limit=None)
    progress = _progress("case_reports: texts encoded")
    with kept_index("case_reports", chosen.documents or (), work, encoder, progress) as index:
        asked = [case for case in corpora.kqa(data) if part_of(case.id) == "calibrator"]
        found = list(samples(index, "kqa on case reports", asked, encoder))
        own = [case for case in chosen.cases if case.gold and case.type != "metadata"]
        found += samples(index, REPORTS, own, encoder, without_gold=True)
    return found


def _progress(what: str) -> Callable[[int, int], None]:
    return partial(tenths(), what)


def second_samples(parts: Parts) -> Parts:
    """Return the samples as the second stage sees them, by a first stage that has not seen them."""
    learning = [*parts.ranker, *parts.dev]
    weights, bias = fit_ranker(learning, counts=[FIRST.count_of(item) for item in learning])
    reader = load_reader()

    def again(found: list[Sample], scores: list[NDArray[np.float64]], what: str) -> list[Sample]:
        return reread(found, scores, reader, _progress(f"{what}: questions read for"))

    def scored(found: list[Sample]) -> list[NDArray[np.float64]]:
        return [item.features @ weights + bias for item in found]

    return Parts(
        ranker=again(parts.reranker, scored(parts.reranker), "reranker"),
        reranker=[],
        calibrator=again(parts.calibrator, scored(parts.calibrator), "calibrator"),
        dev=again(parts.dev, held_out_scores(parts.ranker, parts.dev, FIRST.count_of), "dev"),
    )


def train(stage: Stage, parts: Parts) -> dict[str, Any]:
    """Return the weights' file of a stage and, under "report", how well it does on unseen questions."""
    unseen = held_out_scores(parts.ranker, parts.dev, stage.count_of, stage.ridge)
    learning = [*parts.ranker, *parts.dev]
    weights, bias = fit_ranker(learning, stage.ridge, counts=[stage.count_of(item) for item in learning])
    both = [*parts.calibrator, *parts.dev]
    scores = [*(item.features @ weights + bias for item in parts.calibrator), *unseen]
    rows, right = first_candidates(both, scores, stage.evidence, stage.columns)
    telling = [item for item, values in zip(both, scores, strict=True) if len(values)]
    share = np.array([CALIBRATION.get(item.corpus, OTHER) for item in telling])
    odds, offset = fit_calibrator(rows, right, share)
    halves = np.array([item.corpus in (SEEDS, REPORTS) for item in telling])
    confidence = 1 / (1 + np.exp(-(rows[halves] @ odds + offset)))
    dev_right = right[halves]
    threshold = threshold_for(confidence, dev_right, PRECISION)
    return {
        "format": FORMAT,
        "threshold": threshold,
        "thresholds": [
            {"right": share, "threshold": threshold_for(confidence, dev_right, share)} for share in SHARES
        ],
        "ranker": {"names": stage.columns, "weights": weights.tolist(), "bias": bias},
        "calibrator": {"names": stage.evidence, "weights": odds.tolist(), "bias": offset},
        "report": {
            "questions": {"ranker": len(parts.ranker), "calibrator": len(parts.calibrator)},
            "sets": {name: _figures(name, both, scores, stage) for name in sorted({s.corpus for s in both})},
            "dev": {
                "questions": int(halves.sum()),
                "shown": float((confidence >= threshold).mean()),
                "right of those shown": float(dev_right[confidence >= threshold].mean()),
            },
        },
    }


def _figures(
    name: str, found: Sequence[Sample], scores: Sequence[NDArray[np.float64]], stage: Stage
) -> dict[str, float]:
    """Return the figures of one set, beside the plain sum of z-scores (``evals.measure.zscores``)."""
    chosen = [at for at, item in enumerate(found) if item.corpus == name]
    some, theirs = [found[at] for at in chosen], [scores[at] for at in chosen]
    summed = [stage.columns.index(column) for column in ("dense_z", "coverage_z", "passage")]
    return {
        "questions": len(some),
        "hit@1": hit_at(some, theirs, 1),
        "hit@3": hit_at(some, theirs, 3),
        "hit@1 of summed z-scores": hit_at(some, [item.features[:, summed].sum(axis=1) for item in some], 1),
        "in the passages": hit_at(some, theirs, 10**6),
    }


def main() -> None:
    """Train from the command line; write ``weights.json`` and ``rerank.json``."""
    parser = argparse.ArgumentParser(prog="python -m evals.train.rankers", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LOCCIT_BENCH"), help="folder of the sets"
    )
    parser.add_argument("--work", type=Path, help="folder that keeps the indexes for the next time")
    parser.add_argument("--out", type=Path, default=Path("qa"), help="folder of the weights")
    parser.add_argument("--sets", nargs="+", choices=sorted(SOURCES), default=sorted(SOURCES))
    parser.add_argument("--papers", type=int, help="most documents taken from a set")
    given = parser.parse_args()
    if given.data is None or not Path(given.data).is_dir():
        parser.error("give the folder of the question sets with --data or LOCCIT_BENCH")
    with tempfile.TemporaryDirectory() as scratch:
        parts = gather(Path(given.data), given.work or Path(scratch), given.sets, given.papers)
    for stage, found in ((FIRST, parts), (SECOND, second_samples(parts))):
        written = train(stage, found)
        (given.out / stage.file).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
        sys.stderr.write(f"\n{stage.file}\n{json.dumps(written['report'], indent=1)}\n")


if __name__ == "__main__":
    main()
