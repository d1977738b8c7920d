"""Trains the stages of ranking and the confidence: ``python -m evals.train.rankers --data DIR``.

The ranker of each stage is a conditional logit over the candidates of a question, the
calibrator a logistic regression on the first of them (Platt 1999). They learn from
``SOURCES``, public sets split by document, from the dev halves of the project's own sets, and
from the practice questions. ``weights.json``, ``rerank.json`` and ``closer.json`` in ``qa/rank``
hold the weights and, under "report", the figures on questions that they were not fitted to. The
readers are trained first: ``python -m evals.train.reader``. ``--third`` fits the third stage alone,
to the others as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.calibrate.fit import calibrated, choose_thresholds
from evals.measure.collection import kept_index
from evals.sets import corpora
from evals.sets import named as sets
from evals.sets.cases import Case, Corpus
from evals.sets.own import load_practice
from evals.sets.splits import chosen_cases, part_of, some
from evals.train.fit import first_candidates, fit_ranker, held_out_scores, hit_at
from evals.train.samples import Sample, read_by_second, read_by_third, reread, samples
from evals.train.swapped import names_in, swapped
from index.embed.encoder import Encoder, load_encoder
from index.ingest.report import Progress as Report
from index.read import read
from index.store.index import Index
from index.text import Document
from qa.files.resources import seeds_folder
from qa.rank import closer, features, rerank
from qa.rank.rerank import Read, load_reranker
from qa.rank.select import FORMAT, Logistic, load_weights
from qa.show.progress import reporting

#: Columns of the first stage's calibrator; see ``qa.rank.select.evidence``.
EVIDENCE = (
    *("score", "lead", "dense", "coverage", "meaning", "rarest", "around", "here", "here_around"),
    *("missing_in_paper", "specific", "specific_missing", "specific_apart", "passage_dense"),
    *("time_lacked", "value_lacked", "kind_near", "table", "label"),
)
#: Those of the second stage: fewer, because the reader's scores carry more.
READ_EVIDENCE = (
    *("score", "lead", "read", "read_share", "first", "dense", "specific_missing", "specific_apart"),
    *("missing_in_paper", "here_around", "value_lacked", "time_lacked", "table", "label", "passage_first"),
)
#: Columns of the first candidate that tell whether the papers answer at all.
PRESENCE = (
    *("dense", "specific_missing", "specific_apart", "missing_in_paper", "here_around", "value_lacked"),
    *("time_lacked", "passage", "passage_dense", "passage_lexical", "value_held", "kind_near"),
)
#: Signs of the calibrator's weights; 1 for other columns: more evidence never lowers the confidence.
SIGNS = {
    **dict.fromkeys(("missing_in_paper", "specific_missing", "specific_apart"), -1),
    **dict.fromkeys(("time_lacked", "value_lacked"), -1),
    **dict.fromkeys(("table", "label"), 0),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What is fitted for one stage of ranking."""

    file: str
    columns: tuple[str, ...]
    evidence: tuple[str, ...]  #: columns of the calibrator; see ``qa.rank.select.evidence``
    presence: tuple[str, ...]  #: columns that tell whether the papers answer at all
    shares: Mapping[str, float]  #: weight of a question in the ranker, by its set; 1 for other sets
    ridge: float  #: penalty on the ranker's weights

    def count_of(self, item: Sample) -> float:
        """Return the weight of a question in the ranker."""
        return self.shares.get(item.corpus, 1.0)


#: Names of sets among the samples.
SEEDS, REPORTS, NATURAL = "seeds, dev half", "case_reports, dev half", "natural, dev half"
PRACTICE, TALKS, SWAPPED = "practice", "conversations", "a name exchanged"
#: The project's own sets by name, of which the dev halves are learned from and decide the thresholds.
OWN = {"seeds": SEEDS, "case_reports": REPORTS, "natural": NATURAL}
#: Weight of a question in calibration, by its set; ``OTHER`` for other sets. Unanswerable questions of public
#: sets are written to deceive, and only one of many right places is marked; follow-ups are answered right
#: less often than others. Both would lower every confidence.
CALIBRATION = {SEEDS: 3.0, REPORTS: 3.0, NATURAL: 3.0, SWAPPED: 1.0, PRACTICE: 1.0}
OTHER = 0.1
#: Practice questions share few words with their answers. The first stage has little but words to go by, and
#: would rank other questions worse for learning from them.
FIRST = Stage(
    "weights.json",
    features.NAMES,
    EVIDENCE,
    ("score", "lead", *PRESENCE),
    {SEEDS: 15.0, REPORTS: 15.0, NATURAL: 15.0, PRACTICE: 0.0, TALKS: 0.0},
    ridge=20.0,
)
SECOND = Stage(
    "rerank.json",
    rerank.NAMES,
    READ_EVIDENCE,
    ("read", "second_read", *PRESENCE),
    {SEEDS: 3.0, REPORTS: 3.0, NATURAL: 3.0, PRACTICE: 3.0, TALKS: 3.0},
    ridge=300.0,
)


#: The third stage learns from what nothing was trained on, as far as possible as it is used.
THIRD = Stage(
    "closer.json",
    closer.NAMES,
    (*READ_EVIDENCE, "skimmed", "skimmed_share"),
    ("read", "second_read", "skimmed", *PRESENCE),
    SECOND.shares,
    ridge=100.0,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A public set to learn from."""

    load: Callable[[Path], Corpus]
    questions: int  #: for the ranker; a quarter as many for each other part


SOURCES = {
    "evidence_inference": Source(corpora.evidence_inference, 800),
    "new_wiki": Source(lambda data: corpora.squad_file(data / "training" / "new_wiki_v1.0.json"), 600),
    "squad2": Source(lambda data: corpora.squad_file(data / "squad2_part.json"), 600),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """Samples by what they are for; see ``evals.sets.splits.part_of``."""

    ranker: list[Sample] = field(default_factory=list)
    reranker: list[Sample] = field(default_factory=list)
    calibrator: list[Sample] = field(default_factory=list)
    dev: list[Sample] = field(default_factory=list)


class Indexes:
    """Indexes over the papers of sets, kept in a folder for the next time."""

    def __init__(self, folder: Path, progress: Report, stack: ExitStack) -> None:
        """Keep them in ``folder``; they are closed with ``stack``."""
        self.encoder: Encoder = load_encoder()
        self._stack = stack
        self._folder = folder
        self._progress = progress

    def over(self, name: str, documents: Sequence[Document]) -> Index:
        """Return the open index over ``documents``, made if it is not there."""

        def told(done: int, total: int) -> None:
            self._progress(f"{name}: texts encoded", done, total)

        return self._stack.enter_context(kept_index(name, documents, self._folder, self.encoder, told))

    def samples(
        self, index: Index, name: str, cases: Iterable[Case], *, without_gold: bool = False
    ) -> Iterable[Sample]:
        """Return the samples of ``cases``, only those with gold if that is left out of the search."""
        kept = [case for case in cases if case.gold or not without_gold]
        return samples(index, name, kept, self.encoder, without_gold=without_gold)


def add_public(parts: Parts, indexes: Indexes, name: str, data: Path, papers: int | None) -> None:
    """Add the samples of a set of ``SOURCES``, of at most ``papers`` documents."""
    source = SOURCES[name]
    corpus = source.load(data)
    kept = sorted(corpus.documents, key=lambda document: document.id)[:papers]
    ids = {document.id for document in kept}
    cases = tuple(case for case in corpus.cases if all(gold.document_id in ids for gold in case.gold))
    corpus = replace(corpus, documents=tuple(kept), cases=cases)
    index = indexes.over(name, corpus.documents)
    parts.ranker.extend(indexes.samples(index, name, chosen_cases(corpus, "ranker", source.questions)))
    for part, where in (("reranker", parts.reranker), ("calibrator", parts.calibrator)):
        chosen = chosen_cases(corpus, part, source.questions // 4)
        where.extend(indexes.samples(index, name, chosen))
        known = [case for case in chosen if case.gold][: source.questions // 12]
        where.extend(indexes.samples(index, name, known, without_gold=True))


def add_dev(parts: Parts, indexes: Indexes, data: Path) -> None:
    """Add the dev halves of the project's own sets; metadata is looked up, not ranked.

    For the confidence, each is also asked questions with a name exchanged, and the case reports patients'
    questions (K-QA), which they do not answer, and their own questions with the right paper left out.
    """
    asked = (case.question for case in load_practice(data, "reader").cases)
    names = sorted({name for question in asked for name in names_in(question)})
    for name, called in OWN.items():
        chosen = sets.load(name, data, "dev", papers=None, limit=None)
        documents = chosen.documents or [read(path) for path in sorted(seeds_folder().glob("*.txt"))]
        index = indexes.over(name, documents)
        cases = [case for case in chosen.on(index.documents) if case.type != "metadata"]
        parts.dev.extend(indexes.samples(index, called, cases))
        made = swapped(cases, index, names, indexes.encoder, random.Random(called))
        parts.calibrator.extend(indexes.samples(index, SWAPPED, made))
        if called == REPORTS:
            patients = [case for case in corpora.kqa(data) if part_of(case.id) == "calibrator"]
            parts.calibrator.extend(indexes.samples(index, "kqa on case reports", patients))
            parts.calibrator.extend(indexes.samples(index, called, cases, without_gold=True))


def add_practice(parts: Parts, indexes: Indexes, data: Path, questions: int | None, *, third: bool) -> None:
    """Add the practice questions and conversations, at most ``questions`` of each.

    Those on papers that trained the reader go to the first ranker, unless only the ``third`` stage is fitted.
    """
    read_before, unread = (load_practice(data, part) for part in ("reader", "ranking"))
    talks = [case for case in load_practice(data, "ranking", "conversations").cases if case.history]
    asked, talks = some(unread.cases, questions), some(talks, questions)
    on = {gold.document_id for case in (*unread.cases, *talks) for gold in case.gold}
    papers = [paper for paper in unread.documents if not third or paper.id in on]
    index = indexes.over("practice", papers)
    if not third:
        parts.ranker.extend(indexes.samples(index, f"{PRACTICE}, read", read_before.cases))
    parts.dev.extend(indexes.samples(index, PRACTICE, asked))
    parts.dev.extend(indexes.samples(index, TALKS, talks))
    without = asked[: len(asked) // 4] if third else asked
    parts.calibrator.extend(indexes.samples(index, PRACTICE, without, without_gold=True))


def second_samples(parts: Parts, progress: Report) -> Parts:
    """Return the samples as the second stage sees them, scored by a first stage not fitted to them."""
    learning = [*parts.ranker, *parts.dev]
    fitted = Logistic(
        FIRST.columns, *fit_ranker(learning, counts=[FIRST.count_of(item) for item in learning])
    )
    unseen = held_out_scores(parts.ranker, parts.dev, FIRST.count_of)
    return next_samples(replace(parts, ranker=parts.reranker), fitted, read_by_second, progress, unseen)


def next_samples(
    parts: Parts,
    ranker: Logistic,
    read_by: Callable[[Sample, NDArray[np.float64]], Read | None],
    progress: Report,
    dev: Sequence[NDArray[np.float64]] | None = None,
) -> Parts:
    """Return the samples as the next stage sees them, scored by the ``ranker`` of the stage before.

    ``dev`` are other scores for ``parts.dev``.
    """

    def again(
        before: Sequence[Sample], what: str, scores: Sequence[NDArray[np.float64]] | None = None
    ) -> list[Sample]:
        scores = scores or [ranker.log_odds(item.features) for item in before]
        return reread(
            before, scores, read_by, lambda done, total: progress(f"{what}: questions read", done, total)
        )

    return Parts(
        ranker=again(parts.ranker, "ranker"),
        calibrator=again(parts.calibrator, "calibrator"),
        dev=again(parts.dev, "dev", dev),
    )


def signs_of(columns: Sequence[str]) -> list[int]:
    """Return the sign of each column's weight in a calibrator; see ``SIGNS``."""
    return [SIGNS.get(column, 1) for column in columns]


def train(stage: Stage, parts: Parts) -> dict[str, Any]:
    """Return the weights' file of a stage with, under "report", its figures on unseen questions."""
    unseen = held_out_scores(parts.ranker, parts.dev, stage.count_of, stage.ridge)
    learning = [*parts.ranker, *parts.dev]
    weights, bias = fit_ranker(learning, stage.ridge, counts=[stage.count_of(item) for item in learning])
    both = [*parts.calibrator, *parts.dev]
    scores = [*(item.features @ weights + bias for item in parts.calibrator), *unseen]
    rows, right = first_candidates(both, scores, stage.evidence, stage.columns)
    names = [item.corpus for item, values in zip(both, scores, strict=True) if len(values)]
    shares = np.array([CALIBRATION.get(name, OTHER) for name in names])
    # A rare word that no paper has, such as "windpipe", makes a sentence less sure; the papers may answer all
    # the same.
    about_shares = np.where(np.array(names) == SWAPPED, 0.0, shares)
    about, _ = first_candidates(both, scores, stage.presence, stage.columns)
    answerable = np.array([item.answerable for item, values in zip(both, scores, strict=True) if len(values)])
    odds, offset, confidence = calibrated(rows, right, shares, signs_of(stage.evidence))
    any_odds, any_offset, presence = calibrated(about, answerable, about_shares, signs_of(stage.presence))
    # The thresholds are chosen by probabilities that no model saw the question for.
    halves = np.array([name in OWN.values() for name in names])
    confidence = confidence[halves]
    presence = np.maximum(presence[halves], confidence)
    right, answerable = right[halves], answerable[halves]
    chosen = choose_thresholds(confidence, right, presence, answerable)
    threshold, possible = chosen.threshold, chosen.possible
    return {
        "format": FORMAT,
        "threshold": threshold,
        "possible": possible,
        "thresholds": [{"right": share, "threshold": least} for share, least in chosen.by_share],
        "ranker": {"names": stage.columns, "weights": weights.tolist(), "bias": bias},
        "calibrator": {"names": stage.evidence, "weights": odds.tolist(), "bias": offset},
        "presence": {"names": stage.presence, "weights": any_odds.tolist(), "bias": any_offset},
        "report": {
            "questions": {"ranker": len(parts.ranker), "calibrator": len(parts.calibrator)},
            "sets": {name: _figures(name, both, scores, stage) for name in sorted({s.corpus for s in both})},
            "dev": {
                "questions": int(halves.sum()),
                "sure": float((confidence >= threshold).mean()),
                "right of those": float(right[confidence >= threshold].mean()),
                "answerable below possible": float((presence[answerable] < possible).mean()),
                "unanswerable below possible": float((presence[~answerable] < possible).mean()),
            },
        },
    }


def _figures(
    name: str, every: Sequence[Sample], scores: Sequence[NDArray[np.float64]], stage: Stage
) -> dict[str, float]:
    """Return the figures of one set, beside the plain sum of z-scores (``evals.measure.zscores``)."""
    chosen = [at for at, item in enumerate(every) if item.corpus == name]
    some, theirs = [every[at] for at in chosen], [scores[at] for at in chosen]
    summed = [stage.columns.index(column) for column in ("dense_z", "coverage_z", "passage")]
    return {
        "questions": len(some),
        "hit@1": hit_at(some, theirs, 1),
        "hit@3": hit_at(some, theirs, 3),
        "hit@1 of summed z-scores": hit_at(some, [item.features[:, summed].sum(axis=1) for item in some], 1),
        "in the passages": hit_at(some, theirs, 10**6),
    }


def main() -> None:
    """Train from the command line; write the weights of the stages."""
    parser = argparse.ArgumentParser(prog="python -m evals.train.rankers", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LOCCIT_BENCH"), help="folder of the public sets"
    )
    parser.add_argument("--work", type=Path, help="folder that keeps the indexes for the next time")
    parser.add_argument("--out", type=Path, default=Path("qa/rank"), help="folder of the weights")
    parser.add_argument("--sets", nargs="+", choices=sorted(SOURCES), default=sorted(SOURCES))
    parser.add_argument("--papers", type=int, help="most documents taken from a set")
    parser.add_argument("--questions", type=int, help="most practice questions, and most conversations")
    parser.add_argument("--third", action="store_true", help="fit the third stage alone")
    given = parser.parse_args()
    if given.data is None or not given.data.is_dir():
        parser.error("name the folder of the public sets with --data or LOCCIT_BENCH")
    parts = Parts()
    with ExitStack() as stack:
        progress = stack.enter_context(reporting())
        work = given.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        indexes = Indexes(work, progress, stack)
        if not given.third:
            for name in given.sets:
                add_public(parts, indexes, name, given.data, given.papers)
        add_dev(parts, indexes, given.data)
        add_practice(parts, indexes, given.data, given.questions, third=given.third)
        if given.third:
            second = next_samples(parts, load_weights().ranker, read_by_second, progress)
            third = next_samples(second, load_reranker().weights.ranker, read_by_third, progress)
            stages = [(THIRD, third)]
        else:
            second = second_samples(parts, progress)
            stages = [(FIRST, parts), (SECOND, second)]
    for stage, learned in stages:
        written = train(stage, learned)
        (given.out / stage.file).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
        sys.stderr.write(f"\n{stage.file}\n{json.dumps(written['report'], indent=1)}\n")


if __name__ == "__main__":
    main()
