"""Made-up papers, and the indexes that the tests of answers share: one with a quick encoder, one real."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from index.store.index import Index
from index.store.open import open_index
from index.text import BlockKind, Document, Sentence
from qa.answer import Answerer
from qa.rank.candidates import Candidate, candidates_of
from qa.rank.features import NAMES
from qa.rank.retrieve import retrieve
from qa.rank.select import Logistic, Weights
from qa.rank.stages import Stages
from qa.settings import Settings
from qa.understand.question import understand
from tests.index_fakes import WordEncoder, build_papers, write_papers

LUNG = """Lungs of a potter: a case report

Mara Lindqvist, Tomas Okoye

Correspondence: Mara Lindqvist, mara@clinic.example

Received 03/02/2019 Accepted 14/05/2019 Published 01/06/2019

DOI: 10.5555/potter.2019

License: Creative Commons Attribution 4.0

Abstract

We report a 47-year-old woman with acute eosinophilic pneumonia (AEP) after clay dust.

Case presentation

The woman had coughed for three weeks. Her lactate dehydrogenase (LDH) was 412 U/L on admission.
She received prednisolone 40 mg daily because her oxygen saturation fell to 86%. She was discharged on day 9.

Table 1. Laboratory values of the woman

Test\tAdmission\tDay 9\tReference range
Ferritin\t910 ng/mL\t188 ng/mL\t15-150 ng/mL
Procalcitonin\t0.04 ng/mL\t0.03 ng/mL\t<0.1 ng/mL
Eosinophils\t3.9 x 10^9/L\t0.4 x 10^9/L\t<0.5 x 10^9/L

Discussion

AEP is rare in potters. Steroids are the treatment of choice.
"""
HEART = """Myocarditis in a rower

Abstract

A 23-year-old man with viral myocarditis is described.

Case presentation

The man had chest pain for two days. His troponin was 1,250 ng/L on admission.
Ibuprofen was stopped because it may slow the healing of the heart. He rowed again after six months.

Conclusion

Sport should be avoided for three to six months after myocarditis.
"""
PAPERS = {"heart.txt": HEART, "lung.txt": LUNG}
#: The same, where the paper on the man cites a woman.
CITING = {
    "heart.txt": f"""{HEART}
Discussion

He told his team of his heart. In another study a 58-year-old woman had a raised troponin and coughed.
""",
    "lung.txt": LUNG,
}

#: A ranker whose order anyone can tell: words shared first, then the hybrid score of the passage.
_RANKER = {"coverage": 6.0, "passage": 0.2}


def ranker_of(weights: Mapping[str, float]) -> Logistic:
    """Return a ranker with ``weights`` by feature name; all other features weigh 0.

    Raises:
        ValueError: a name is not a feature.
    """
    if unknown := weights.keys() - set(NAMES):
        raise ValueError(f"unknown features {sorted(unknown)}; qa.rank.features.NAMES lists those there are")
    return Logistic(NAMES, np.array([weights.get(name, 0.0) for name in NAMES]), 0.0)


def plain_weights(threshold: float = 0.5, possible: float | None = None) -> Weights:
    """Return weights written by hand: the confidence rises with the share of the question's words.

    That the papers answer is as likely. Without ``possible``, no answer is merely possible.
    """
    calibrator = Logistic(("coverage",), np.array([8.0]), -4.0)
    return Weights(
        ranker=ranker_of(_RANKER),
        calibrator=calibrator,
        presence=calibrator,
        threshold=threshold,
        possible=threshold if possible is None else possible,
        fingerprint="0" * 64,
    )


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An open index of the two made-up case reports, with a quick encoder."""
    folder = tmp_path_factory.mktemp("cases")
    build_papers(folder / "index", write_papers(folder / "papers", PAPERS))
    with open_index(folder / "index") as index:
        yield index


@pytest.fixture(scope="session")
def citing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    """Answers from the papers of ``CITING``, with the weights of ``plain_weights``."""
    folder = tmp_path_factory.mktemp("citing")
    build_papers(folder / "index", write_papers(folder / "papers", CITING))
    with open_index(folder / "index") as index:
        yield Answerer(index, WordEncoder(), stages=Stages(plain_weights()), settings=Settings())


@pytest.fixture(scope="session")
def answerer(cases: Index) -> Answerer:
    """Answers from ``cases`` with the weights of ``plain_weights``."""
    return Answerer(cases, WordEncoder(), stages=Stages(plain_weights()), settings=Settings())


@pytest.fixture(scope="session")
def seed_index(tmp_path_factory: pytest.TempPathFactory, seeds: Path) -> Path:
    """The folder of an index of the seed papers with the bundled model; not to be changed.

    LOCCIT_SEED_INDEX names one that is built already.
    """
    if given := os.environ.get("LOCCIT_SEED_INDEX"):
        return Path(given)
    # Processes of tests side by side have a folder each in one folder: the first of them builds for all.
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own
    folder = shared / "seed-index"
    with FileLock(shared / "seed-index.lock"):
        if not (folder / "CURRENT").exists():
            from index.embed.encoder import load_encoder
            from index.ingest.build import build

            build([seeds], folder, encoder=load_encoder())
    return folder


def paper(index: Index, name: str) -> Document:
    """Return the paper whose file name is ``name``."""
    return next(document for document in index.documents.values() if document.source == name)


def sentence(index: Index, containing: str) -> tuple[Document, Sentence]:
    """Return the only sentence or table row that contains ``containing``, with its paper."""
    found = [
        (index.documents[one.document_id], one)
        for position in range(len(index.passages))
        for _, one in index.sentences_of(position)
        if containing in one.span.of(index.documents[one.document_id].text)
    ]
    assert len(found) == 1, f"{containing!r} stands in {len(found)} sentences"
    return found[0]


def candidate(index: Index, question: str, containing: str) -> Candidate:
    """Return the sentence with ``containing`` as a candidate for ``question``."""
    asked = understand(question)
    vector = WordEncoder().encode([asked.searched])[0]
    hits = retrieve(index, asked, vector, limit=len(index.passages))
    found = [one for one in candidates_of(index, asked, hits, vector) if containing in one.text]
    assert len(found) == 1, f"{containing!r} stands in {len(found)} candidates for {question!r}"
    return found[0]


def rows_of(index: Index) -> list[Sentence]:
    """Return all table rows of ``index``."""
    everything = (one for position in range(len(index.passages)) for _, one in index.sentences_of(position))
    return [one for one in everything if one.kind is BlockKind.TABLE]
