"""Trains the sentence ranker and the confidence of answers: ``python -m evals.train --data DIR``.

Sets are split by document with a hash, so that the same papers are always test
papers, whatever is trained: 60 % ranker, 20 % calibrator, 20 % test (never read
here). The result is ``qa/weights.json``, with the report of the training beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evals import corpora
from evals.collection import index_documents
from index.encode import load_encoder
from index.store import open_index
from qa.answer import Settings, weigh
from qa.chat import resolve
from qa.features import NAMES
from qa.question import understand
from qa.select import FORMAT, evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from evals.corpora import Case, Corpus
    from index.encode import Encoder
    from index.store import Index

#: What the calibrator sees of a candidate; see ``qa.select.evidence``.
EVIDENCE = (
    "score",
    "lead",
    "dense",
    "coverage",
    "meaning",
    "rarest",
    "around",
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
#: Share of shown answers that should be right, on the dev half of the seed questions. A higher share refuses
#: more questions that the papers do answer; evals/RESULTS.md has the figures.
PRECISION = 0.75
#: How often each dev question counts in training the ranker, beside one of the public sets.
DEV_WEIGHT = 15
#: How much a public question counts in calibration, beside one of the dev half. Public sets have their
#: unanswerable questions written to deceive, and only one place of many marked as right.
PUBLIC_WEIGHT = 0.05
FOLDS = 4
PASSAGES = Settings().passages
#: The features whose plain sum is the baseline to beat.
BASELINE = ("dense_z", "coverage_z", "passage")


@dataclass(frozen=True, slots=True)
class Sample:
    """The candidates of one question, as the ranker sees them."""

    corpus: str
    features: NDArray[np.float64]  #: (candidates, features)
    right: NDArray[np.bool_]  #: which candidates answer
    answerable: bool


def part_of(document_id: str) -> str:
    """Return "ranker", "calibrator" or "test": a fixed share of documents each."""
    share = int(hashlib.sha256(f"split:{document_id}".encode()).hexdigest()[:8], 16) % 100
    return "ranker" if share < 60 else "calibrator" if share < 80 else "test"


def sample(
    index: Index,
    case: Case,
    vector: NDArray[np.float32],
    corpus: str,
    documents: frozenset[str] | None = None,
) -> Sample:
    """Return the sample of ``case``, searched as questions are, among ``documents``."""
    question = understand(resolve(case.question, case.history))
    _, found, features = weigh(index, question, vector, passages=PASSAGES, documents=documents)
    right = np.array(
        [
            any(g.document_id == c.document.id and g.span.overlaps(c.sentence.span) for g in case.gold)
            for c in found
        ],
        dtype=bool,
    )
    return Sample(corpus, features, right, case.answerable)


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
    index: Index, corpus: Corpus, cases: Sequence[Case], encoder: Encoder, *, without_gold: bool = False
) -> Iterator[Sample]:
    """Yield the samples of ``cases``; ``without_gold`` leaves their gold papers out of the search."""
    vectors = encoder.encode([understand(resolve(case.question, case.history)).searched for case in cases])
    everything = frozenset(index.documents)
    for case, vector in zip(cases, vectors, strict=True):
        if without_gold:
            rest = everything - {gold.document_id for gold in case.gold}
            unanswerable = corpora.Case(case.id, case.question, answerable=False, gold=())
            yield sample(index, unanswerable, vector, f"{corpus.name} without its paper", rest)
        else:
            yield sample(index, case, vector, corpus.name)


def fit_ranker(found: Sequence[Sample], ridge: float = 20.0) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of a conditional logit: the right sentence against the others of its question.

    Maximises the log of the share that the right candidates have of the softmax
    over all candidates of a question (McFadden 1974; ListNet's top-one loss, Cao
    et al. 2007), with a quadratic penalty. The bias makes the mean score 0.
    """
    from scipy.optimize import minimize

    usable = [s for s in found if s.right.any() and not s.right.all()]
    rows = np.concatenate([s.features for s in usable])
    right = np.concatenate([s.right for s in usable])
    sizes = np.array([len(s.right) for s in usable])
    starts = np.cumsum(sizes) - sizes
    question = np.repeat(np.arange(len(usable)), sizes)
    spread = rows.std(axis=0)
    spread[spread < 1e-9] = 1.0
    scaled = (rows - rows.mean(axis=0)) / spread

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = scaled @ weights
        shares = np.exp(scores - np.maximum.reduceat(scores, starts)[question])
        total, good = np.add.reduceat(shares, starts), np.add.reduceat(shares * right, starts)
        gradient = scaled.T @ (shares / total[question] - shares * right / good[question])
        return float(-np.log(good / total).sum() + ridge / 2 * weights @ weights), gradient + ridge * weights

    fitted = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x / spread
    return fitted, float(-(rows.mean(axis=0) @ fitted))


def fit_calibrator(
    rows: NDArray[np.float64], right: NDArray[np.bool_], share: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of the probability that the first candidate of a question answers.

    ``rows`` are the columns of ``EVIDENCE``, ``share`` how much each counts.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=0.3, max_iter=2000).fit(scaler.transform(rows), right, sample_weight=share)
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - (weights * scaler.mean_).sum())


def held_out_scores(public: Sequence[Sample], dev: Sequence[Sample]) -> list[NDArray[np.float64]]:
    """Return the scores of each dev question by a ranker that has not seen it, in ``FOLDS`` folds."""
    scores: list[NDArray[np.float64]] = [np.zeros(0)] * len(dev)
    for fold in range(FOLDS):
        seen = [item for at, item in enumerate(dev) if at % FOLDS != fold]
        weights, bias = fit_ranker([*public, *seen * DEV_WEIGHT])
        for at in range(fold, len(dev), FOLDS):
            scores[at] = dev[at].features @ weights + bias
    return scores


def first_candidates(
    found: Sequence[Sample], scores: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the calibrator's columns of each question's first candidate, and whether it answers."""
    rows, right = [], []
    for item, values in zip(found, scores, strict=True):
        if len(values):
            best = int(np.argmax(values))
            rows.append(evidence(item.features, values, EVIDENCE)[best])
            right.append(bool(item.right[best]))
    return np.array(rows), np.array(right)


def hit_at(found: Sequence[Sample], scores: Sequence[NDArray[np.float64]], count: int) -> float:
    """Return the share of answerable questions with a right sentence among the first ``count``."""
    hits = [
        bool(item.right[np.argsort(-values, kind="stable")[:count]].any())
        for item, values in zip(found, scores, strict=True)
        if item.answerable
    ]
    return float(np.mean(hits)) if hits else 0.0


def threshold_for(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """Return the least confidence at which at least ``precision`` of what is shown is right."""
    order = np.argsort(-confidence)
    shown = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shown >= precision)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """A set to learn from."""

    load: Callable[[Path], Corpus]
    questions: int  #: for the ranker; half as many for the calibrator


SOURCES = {
    "evidence_inference": Source(corpora.evidence_inference, 600),
    "new_wiki": Source(lambda data: corpora.squad_file(data / "training" / "new_wiki_v1.0.json"), 1500),
    "squad2": Source(lambda data: corpora.squad_file(data / "squad2_part.json"), 1200),
}


def gather(
    data: Path, work: Path, names: Sequence[str], papers: int | None
) -> tuple[list[Sample], list[Sample]]:
    """Return the samples for the ranker and for the calibrator from the sets called ``names``."""
    encoder = load_encoder()
    learning: list[Sample] = []
    calibrating: list[Sample] = []
    for name in names:
        corpus = _some(SOURCES[name].load(data), papers)
        folder = work / name
        index = open_index(folder) if (folder / "CURRENT").exists() else None
        index = index or index_documents(corpus.documents, folder, encoder, _progress(name))
        most = SOURCES[name].questions
        learning += samples(index, corpus, chosen_cases(corpus, "ranker", most), encoder)
        cases = chosen_cases(corpus, "calibrator", most // 2)
        calibrating += samples(index, corpus, cases, encoder)
        with_gold = [case for case in cases if case.gold]
        calibrating += samples(index, corpus, with_gold[: most // 4], encoder, without_gold=True)
        index.close()
    return learning, calibrating


def dev_samples(encoder: Encoder, work: Path) -> list[Sample]:
    """Return the samples of the dev half of the seed questions; metadata is looked up, not ranked."""
    from index.readers import read
    from qa.resources import seeds_folder

    documents = [read(path) for path in sorted(seeds_folder().glob("*.txt"))]
    index = index_documents(documents, work / "seeds", encoder)
    path = Path(__file__).parent / "seeds.jsonl"
    cases = [case for case in corpora.read_cases(path) if case.split == "dev" and case.type != "metadata"]
    found = list(samples(index, corpora.Corpus("seeds, dev half", (), ()), cases, encoder))
    index.close()
    return found


def _some(corpus: Corpus, papers: int | None) -> Corpus:
    """Return ``corpus`` with at most ``papers`` documents, chosen by id."""
    kept = sorted(corpus.documents, key=lambda document: document.id)[:papers]
    ids = {document.id for document in kept}
    cases = tuple(case for case in corpus.cases if all(gold.document_id in ids for gold in case.gold))
    return replace(corpus, documents=tuple(kept), cases=cases)


def _progress(name: str) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        sys.stderr.write(f"\r{name}: {done} of {total} texts encoded")

    return told


def train(learning: Sequence[Sample], calibrating: Sequence[Sample], dev: Sequence[Sample]) -> dict[str, Any]:
    """Return the weights' file and, under "report", how well they do on questions they were not fitted to."""
    unseen = held_out_scores(learning, dev)
    weights, bias = fit_ranker([*learning, *list(dev) * DEV_WEIGHT])
    scores = [item.features @ weights + bias for item in calibrating]
    rows, right = first_candidates([*calibrating, *dev], [*scores, *unseen])
    dev_rows, dev_right = first_candidates(dev, unseen)
    share = np.where(np.arange(len(rows)) < len(rows) - len(dev_rows), PUBLIC_WEIGHT, 1.0)
    odds, offset = fit_calibrator(rows, right, share)
    confidence = 1 / (1 + np.exp(-(dev_rows @ odds + offset)))
    threshold = threshold_for(confidence, dev_right, PRECISION)
    both, all_scores = [*calibrating, *dev], [*scores, *unseen]
    summed = [NAMES.index(name) for name in BASELINE]
    baseline = [item.features[:, summed].sum(axis=1) for item in both]
    return {
        "format": FORMAT,
        "threshold": threshold,
        "ranker": {"names": NAMES, "weights": weights.tolist(), "bias": bias},
        "calibrator": {"names": EVIDENCE, "weights": odds.tolist(), "bias": offset},
        "report": {
            "questions": {"ranker": len(learning), "calibrator": len(calibrating), "dev": len(dev)},
            "sets": {
                name: _figures(*_of(name, both, all_scores, baseline))
                for name in sorted({s.corpus for s in both})
            },
            "dev": {
                "shown": float((confidence >= threshold).mean()),
                "right of those shown": float(dev_right[confidence >= threshold].mean()),
            },
        },
    }


def _figures(
    found: Sequence[Sample], scores: Sequence[NDArray[np.float64]], baseline: Sequence[NDArray[np.float64]]
) -> dict[str, float]:
    return {
        "questions": len(found),
        "hit@1": hit_at(found, scores, 1),
        "hit@1 of summed z-scores": hit_at(found, baseline, 1),
        "in the passages": hit_at(found, scores, 10**6),
    }


def _of(
    name: str,
    found: Sequence[Sample],
    scores: Sequence[NDArray[np.float64]],
    baseline: Sequence[NDArray[np.float64]],
) -> tuple[list[Sample], list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    chosen = [at for at, item in enumerate(found) if item.corpus == name]
    return [found[i] for i in chosen], [scores[i] for i in chosen], [baseline[i] for i in chosen]


def main() -> None:
    """Train from the command line and write ``qa/weights.json``."""
    parser = argparse.ArgumentParser(prog="python -m evals.train", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LOCCIT_BENCH"), help="folder of the sets"
    )
    parser.add_argument("--work", type=Path, help="folder that keeps the indexes for the next time")
    parser.add_argument("--out", type=Path, default=Path("qa/weights.json"))
    parser.add_argument("--sets", nargs="+", choices=sorted(SOURCES), default=sorted(SOURCES))
    parser.add_argument("--papers", type=int, default=70, help="most documents taken from a set")
    given = parser.parse_args()
    if given.data is None or not Path(given.data).is_dir():
        parser.error("give the folder of the question sets with --data or LOCCIT_BENCH")
    with tempfile.TemporaryDirectory() as scratch:
        work = given.work or Path(scratch)
        learning, calibrating = gather(Path(given.data), work, given.sets, given.papers)
        dev = dev_samples(load_encoder(), Path(scratch))
    found = train(learning, calibrating, dev)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stderr.write("\n" + json.dumps(found["report"], indent=1) + "\n")


if __name__ == "__main__":
    main()
