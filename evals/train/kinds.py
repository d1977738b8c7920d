"""Trains the classifier of questions: ``python -m evals.train.kinds --seed-index DIR``.

``kinds.jsonl`` holds questions of each kind, written for it; "{p}" stands for a paper and "{t}" for a topic,
which are filled in from the same file. Practice questions are added as ordinary ones, unless a model of the
written questions and the other half of them still takes them for questions about whole papers: some are.
The figures by
kind are of a cross-validation grouped by written question. Those of the dev halves of seeds and case_reports
are of questions learned from; natural is not learned from, but some of the written questions resemble its
dev half, where an earlier version was wrong. Takes minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from evals.sets.cases import Case, read_cases
from evals.sets.own import question_file
from index.embed.encoder import Encoder, question_encoder
from index.store.open import open_index
from index.terms import terms, words
from qa.overview import kinds
from qa.overview.kinds import RANKED, Kind, decided, features
from qa.overview.softmax import FORMAT

_FILLED = 4  #: questions made of one with slots
_PRACTICE = 4000  #: practice questions learned from, and as many that measure
_LIKELY = 0.6  #: probability from which on a practice question is taken to be about a whole paper
_INVERSE = 20.0  #: of the quadratic penalty on the weights
_FOLDS = 4
#: Least probability that a question is about whole papers. A question on a fact that is answered with a
#: summary is worse than the reverse: of the 421 such questions of the dev halves, 2 % exceed it.
_LEAST = 0.6
#: Kinds whose questions ask about papers; their words name none.
_ABOUT_PAPERS = frozenset(Kind) - {Kind.ORDINARY, Kind.LIST, Kind.UNSUPPORTED}
_SLOT = re.compile(r"\{(\w)(\d?)\}")


def say(text: object) -> None:
    """Write a line of the report."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def written() -> tuple[list[str], NDArray[Any], NDArray[np.int64], list[tuple[str, str]]]:
    """Return questions, their kinds and the numbers of their lines, and the lines: (kind, text)."""
    path = Path(__file__).with_suffix(".jsonl")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    fillers: dict[str, list[str]] = {}
    for entry in entries:
        if "slot" in entry:
            fillers.setdefault(entry["slot"], []).append(entry["text"])
    chance = random.Random(17)
    lines = [(entry["kind"], entry["text"]) for entry in entries if "kind" in entry]
    texts, kind, line = [], [], []
    for number, (name, text) in enumerate(lines):
        for _ in range(_FILLED if "{" in text else 1):
            texts.append(_SLOT.sub(lambda match: chance.choice(fillers[match.group(1)]), text))
            kind.append(name)
            line.append(number)
    return texts, np.array(kind), np.array(line), lines


def practice() -> tuple[list[str], NDArray[Any]]:
    """Return practice questions, in an order fixed by chance, and their kinds, taken from their types."""
    cases = [case for case in read_cases(question_file("practice")) if not case.history]
    random.Random(17).shuffle(cases)
    cases = cases[: 2 * _PRACTICE]
    return [case.question for case in cases], np.array([_usual(case) for case in cases])


def dev_cases(name: str) -> list[Case]:
    """Return the standalone questions in the dev half of a set."""
    return [case for case in read_cases(question_file(name)) if case.split == "dev" and not case.history]


def _on_fact(case: Case) -> bool:
    return case.answerable and case.type not in ("whole", "metadata")


def _usual(case: Case) -> str:
    return Kind.LIST if case.type == "list" else Kind.ORDINARY


def fitted(rows: NDArray[np.float64], kind: NDArray[Any]) -> LogisticRegression:
    """Return a multinomial logistic regression."""
    return LogisticRegression(C=_INVERSE, max_iter=150, tol=1e-3).fit(rows, kind)


def whole_share(model: LogisticRegression, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability that a question is none that the ranking answers, from those of all kinds."""
    ranked = np.isin(model.classes_, [str(kind) for kind in RANKED])
    share: NDArray[np.float64] = shares[:, ~ranked].sum(axis=1)
    return share


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, print the figures, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed-index", type=Path, required=True, help="an index with the bundled model")
    args = parser.parse_args(arguments)
    texts, kind, line, lines = written()
    counts = Counter(word for _, text in lines for word in set(words(_SLOT.sub("", text))))
    vocabulary = sorted(word for word, count in counts.items() if count > 1)
    asked, usual = practice()
    with open_index(args.seed_index) as index:
        encoder = question_encoder(index)
        mine, others = features(texts, vocabulary, encoder), features(asked, vocabulary, encoder)
        halves = np.arange(_PRACTICE), np.arange(_PRACTICE, len(asked))
        learned_by = [
            fitted(np.vstack([mine, others[half]]), np.concatenate([kind, usual[half]])) for half in halves
        ]
        used, rest = (
            half[whole_share(model, model.predict_proba(others[half])) < _LIKELY]
            for half, model in zip(halves, learned_by[::-1], strict=True)
        )
        aside = sorted({*range(len(asked))} - {*used.tolist(), *rest.tolist()})
        say(f"{len(aside)} of {len(asked)} practice questions set aside, such as:")
        for at in aside[:20]:
            say(f"    {asked[at]}")
        facts = [case for name in ("seeds", "case_reports") for case in dev_cases(name) if _on_fact(case)]
        own = features([case.question for case in facts], vocabulary, encoder)
        rows = np.vstack([mine, others[used], own])
        labels = np.concatenate([kind, usual[used], [_usual(case) for case in facts]])
        groups = np.concatenate([line, len(lines) + np.arange(len(used) + len(facts))])
        model = fitted(rows, labels)
        shares = np.zeros((len(rows), len(model.classes_)))
        for seen, held in GroupKFold(_FOLDS).split(rows, labels, groups):
            shares[held] = fitted(rows[seen], labels[seen]).predict_proba(rows[held])
        false = whole_share(model, shares[-len(facts) :])
        say(
            f"{(false >= _LEAST).mean():.4f} of {len(facts)} held-out questions on facts are taken for others"
        )
        told = np.array([decided(model.classes_, share, _LEAST) for share in shares])
        for name in Kind:
            here = (labels == name) & (np.arange(len(labels)) < len(kind))
            as_ranked = np.isin(told[here], RANKED).mean()
            right = (told[here] == name).mean()
            say(f"{name}: {here.sum()} written, right {right:.3f}, taken as ranked {as_ranked:.3f}")
        false = (whole_share(model, model.predict_proba(others[rest])) >= _LEAST).mean()
        say(f"practice questions not learned from: {len(rest)}, taken for another kind {false:.4f}")
        for measured in ("seeds", "case_reports", "natural"):
            _report(measured, model, vocabulary, encoder)
        of_papers = (_SLOT.sub("", text) for name, text in lines if name in _ABOUT_PAPERS)
        asking = {term for text in of_papers for term in terms(text)}
        further = {"least": _LEAST, "vocabulary": vocabulary, "asking": sorted(asking)}
        save(kinds.FILE, model.classes_, model.coef_, model.intercept_, encoder.fingerprint, further)


def _report(name: str, model: LogisticRegression, vocabulary: Sequence[str], encoder: Encoder) -> None:
    """Print what the dev half of a set is taken for, by type; of the unanswerable ones, by kind."""
    cases = dev_cases(name)
    shares = model.predict_proba(features([case.question for case in cases], vocabulary, encoder))
    told = [decided(model.classes_, share, _LEAST) for share in shares]
    tally: dict[str, Counter[str]] = {}
    for case, taken in zip(cases, told, strict=True):
        tally.setdefault(case.kind or case.type, Counter())[taken] += 1
        if taken not in RANKED and _on_fact(case):
            say(f"    {name} {case.id} taken for {taken}: {case.question}")
    for group, counts in sorted(tally.items()):
        say(f"{name}, {group}: " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common()))
    facts = [kind for case, kind in zip(cases, told, strict=True) if _on_fact(case)]
    false = sum(kind not in RANKED for kind in facts)
    say(f"{name}: {false} of {len(facts)} answerable questions on facts taken for another kind")


def save(
    file: str,
    classes: Sequence[str],
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    model: str,
    further: dict[str, Any],
) -> None:
    """Write weights for ``qa.overview.softmax.load``, rounded to three decimals."""
    stated = {
        "format": FORMAT,
        "model": model,
        "classes": [str(name) for name in classes],
        "further": further,
        "bias": [round(float(value), 3) for value in bias],
        "weights": [[round(float(value), 3) for value in row] for row in weights],
    }
    path = Path(kinds.__file__).with_name(file)
    path.write_text(json.dumps(stated, separators=(",", ":")) + "\n", encoding="utf-8")
    say(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
