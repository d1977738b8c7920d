"""Trains the classifier of sentences: ``python -m evals.train.roles --data DIR --work DIR --seed-index DIR``.

Structured papers label their own sentences: what stands under "Conclusions" or "Limitations", and what
stands under "Results" in the abstract. The gold of practice questions about whole papers is added. Each
sentence is learned twice, with and without its headings, because many papers have none. The figures are on
the ``whole`` questions of the natural set's dev half, whose papers are not learned from.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from evals.measure.collection import kept_index
from evals.sets.cases import Case
from evals.sets.own import load_case_reports, load_natural, load_practice
from evals.sets.splits import half_of
from evals.train.kinds import save, say
from index.embed.encoder import Encoder, load_encoder, question_encoder
from index.store.index import Index
from index.store.open import open_index
from qa.overview import roles
from qa.overview.kinds import Kind, kind_of
from qa.overview.roles import HEADINGS, Body, Role, body_of, features
from qa.understand.subjects import people_in

Rows = NDArray[np.float64]
Labels = NDArray[Any]

#: The first sentences of a paper, where headings are those of its abstract.
_ABSTRACT = 16
#: Weight of a gold sentence of a question beside a sentence labelled by its heading.
_GOLD = 5.0
_INVERSE = 1.0  #: of the quadratic penalty on the weights
_ROLES = tuple(Kind(role) for role in Role if role is not Role.OTHER)


def label_of(held: NDArray[np.float64], before: NDArray[np.float64] | None, at: int) -> Role | None:
    """Return the role that a paper's headings give the sentence at position ``at``.

    None for a sentence of an abstract that has no headings of its own.

    Args:
        held: which of ``HEADINGS`` the headings of the sentence have, 1 or 0.
        before: those of the sentence before it, None for the first.
        at: counted from 0 over the paper.
    """
    words = {name for name, has in zip(HEADINGS, held, strict=True) if has}
    begins = before is None or not np.array_equal(held, before)
    if "limit" in words:
        return Role.LIMITATIONS
    if words & {"conclus", "interpret"} and "discuss" not in words:
        return Role.CONCLUSION
    if at >= _ABSTRACT:
        return Role.OTHER
    if words & {"result", "find"}:
        return Role.FINDINGS
    if words & {"object", "aim", "purpos"} or (words & {"method", "design", "case"} and begins):
        return Role.ABOUT
    if not words - {"abstract"}:
        return None
    return Role.FINDINGS if "case" in words and "abstract" in words else Role.OTHER


def samples(
    index: Index, papers: Iterable[str], golden: dict[str, list[tuple[Role, Case]]]
) -> tuple[Rows, Labels, Rows]:
    """Return features, roles and weights of the sentences of ``papers``; each also without its headings."""
    rows, labels, weights = [], [], []
    for key in papers:
        body = body_of(index, key)
        if not body.sentences:
            continue
        mine = features(body)
        heads = mine[:, -len(HEADINGS) :]
        role = np.array(
            [label_of(heads[at], heads[at - 1] if at else None, at) for at in range(len(mine))], dtype=object
        )
        weight = np.array([float(one is not None) for one in role])
        role[weight == 0] = Role.OTHER
        # The sentence that introduces the patient says what a case report is about.
        person = next((at for at in range(min(_ABSTRACT, len(mine))) if people_in(body.text(at))), None)
        if person is not None:
            weight[:person] = np.where(weight[:person] == 0, _GOLD, weight[:person])  # background
            role[person], weight[person] = Role.ABOUT, _GOLD
        for named, case in golden.get(key, ()):
            right = answering(body, case)
            role[right], weight[right] = named, _GOLD
        rows += [mine, np.hstack([mine[:, : -len(HEADINGS)], np.zeros_like(heads)])]
        labels += [role, role]
        weights += [weight, weight]
    return np.vstack(rows), np.concatenate(labels).astype(str), np.concatenate(weights)


def answering(body: Body, case: Case) -> NDArray[np.bool_]:
    """Return which sentences of ``body`` overlap gold of ``case``."""
    spans = [gold.span for gold in case.gold if gold.document_id == body.document.id]
    return np.array([any(span.overlaps(one.span) for span in spans) for one in body.sentences], dtype=bool)


def golden(cases: Sequence[Case], encoder: Encoder) -> dict[str, list[tuple[Role, Case]]]:
    """Return the questions about one paper as a whole, by paper, each with the role it asks for."""
    by_paper: dict[str, list[tuple[Role, Case]]] = {}
    for case in cases:
        papers = {gold.document_id for gold in case.gold}
        kind = kind_of(case.question, encoder) if len(papers) == 1 and not case.history else Kind.ORDINARY
        if kind in _ROLES:
            by_paper.setdefault(papers.pop(), []).append((Role(kind), case))
    return by_paper


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, print the figures, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public papers")
    parser.add_argument("--work", type=Path, required=True, help="folder for the indexes, kept")
    parser.add_argument("--seed-index", type=Path, required=True, help="an index with the bundled model")
    args = parser.parse_args(arguments)
    corpora = load_practice(args.data, "ranking"), load_natural(args.data), load_case_reports(args.data)
    with ExitStack() as stack:
        on = {gold.document_id for case in corpora[0].cases for gold in case.gold}
        papers = (
            [paper for paper in corpora[0].documents if paper.id in on],
            *(c.documents for c in corpora[1:]),
        )
        encoder = question_encoder(stack.enter_context(open_index(args.seed_index)))
        learned, measured, reports = (
            stack.enter_context(kept_index(name, some, args.work, load_encoder()))
            for name, some in zip(("practice", "natural", "case_reports"), papers, strict=True)
        )
        asked = [case for case in corpora[0].cases if case.type in ("plain", "list", "reason", "paraphrase")]
        known = golden(asked, encoder)
        say(f"{sum(map(len, known.values()))} practice questions about whole papers, {len(known)} papers")
        free = [key for key in reports.names if half_of(key) == "dev" and key not in measured.names]
        parts = samples(learned, learned.names, known), samples(reports, free, {})
        rows, labels, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
        say({role: int((labels == role).sum() // 2) for role in Role})
        model = LogisticRegression(C=_INVERSE, max_iter=200, tol=1e-3)
        model.fit(rows, labels, sample_weight=weights)
        dev = golden([case for case in corpora[1].cases if case.split == "dev"], encoder)
        shares, right = [], []
        for key, questions in dev.items():
            body = body_of(measured, key)
            found = model.predict_proba(features(body))
            for role, case in questions:
                column = found[:, list(model.classes_).index(role)]
                best = np.argsort(-column)[:3]
                shares += column[best].tolist()
                right += answering(body, case)[best].tolist()
                say(f"    {case.id} {role} {right[-3:]} {np.round(column[best], 2)} {case.question}")
        say(f"first three sentences right: {np.mean(right):.3f}, first: {np.mean(right[::3]):.3f}")
        odds = np.log(np.clip(shares, 1e-6, 1 - 1e-6) / np.clip(1 - np.array(shares), 1e-6, 1))
        line = LogisticRegression(C=1.0).fit(odds[:, None], right)
        further = {"calibration": [round(float(line.coef_[0, 0]), 3), round(float(line.intercept_[0]), 3)]}
        say(f"confidence {further}")
        save(roles.FILE, model.classes_, model.coef_, model.intercept_, encoder.fingerprint, further)


if __name__ == "__main__":
    main(sys.argv[1:])
