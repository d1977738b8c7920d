"""Vectors of the sentences of public papers, which a search among many passages is tested with.

A model's vectors lie closer together than random directions, and those of one paper closer still, so that a
graph of neighbours finds them more easily; only vectors of real texts say how well it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.sets.corpora import evidence_inference, pubmedqa
from index.embed.encoder import Encoder
from index.read.sentences import sentence_spans
from index.text import Document

_PART = 4096  #: texts encoded at once
_SHORTEST = 20  #: characters of a sentence that says something


@dataclass(frozen=True)
class Real:
    """Vectors of sentences and of questions, both of real texts, L2-normalised."""

    passages: NDArray[np.float32]  #: shape ``(sentences, dimension)``, in order of paper
    questions: NDArray[np.float32]  #: shape ``(questions, dimension)``


def real_vectors(data: Path, encoder: Encoder, count: int, questions: int, work: Path) -> Real:
    """Return the vectors of the first ``count`` different sentences of the public sets, or of all.

    ``work`` keeps the vectors of sentences, which take minutes.
    """
    trials, abstracts = evidence_inference(data), pubmedqa(data)
    documents = chain(trials.documents, abstracts.documents)
    texts = list(islice(_sentences(documents), count))
    asked = [case.question for case in abstracts.cases[:questions]]
    return Real(
        np.concatenate(
            [
                _kept(work / f"sentences-{at}.npy", texts[at : at + _PART], encoder)
                for at in range(0, len(texts), _PART)
            ]
        ),
        encoder.encode(asked),
    )


def _sentences(documents: Iterable[Document]) -> Iterator[str]:
    """Yield the different sentences of ``documents``, cutting no more of them than are asked for."""
    seen: set[str] = set()
    for document in documents:
        for _, span in sentence_spans(document):
            text = span.of(document.text)
            if len(text) >= _SHORTEST and text not in seen:
                seen.add(text)
                yield text


def _kept(path: Path, texts: list[str], encoder: Encoder) -> NDArray[np.float32]:
    if not path.is_file() or len(rows := np.load(path)) < len(texts):
        rows = encoder.encode(texts)
        np.save(path, rows)
    return np.asarray(rows[: len(texts)], np.float32)
