"""A fast encoder and small papers for tests of the index."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.ingest.build import build
from index.ingest.report import BuildReport
from index.ingest.work import Outcome
from index.read import read_many
from index.store.generation import Generation
from index.store.open import open_index

PAPERS = {
    "ferritin.txt": """Iron stores in runners

Abstract

Ferritin was measured in forty runners before the season. It fell from 62 to 31 ug/L within ten weeks.

Methods

Blood was drawn on Mondays before breakfast. Samples were frozen at -80 degrees.

Results

None of the runners had anaemia at the start of the study.
""",
    "sleep.txt": """Sleep after night shifts

Abstract

We followed nineteen nurses who worked at night. They slept 5.4 hours by day.

Results

Melatonin of 3 mg lengthened sleep by 36 minutes. Two nurses reported headache.
""",
    "vision.txt": """Myopia in schoolchildren

Abstract

Outdoor time slowed the growth of the eye in 412 pupils. The effect was largest in the youngest pupils.

Discussion

Atropine was not studied in this cohort.
""",
}
TEA = {"tea.txt": "Tea\n\nAbstract\n\nGreen tea was drunk by eleven men every morning.\n"}


class WordEncoder:
    """An ``Encoder`` that hashes bags of words, without a model; ``encoded`` records the texts."""

    def __init__(self, name: str = "words", dimension: int = 16, max_pieces: int = 64) -> None:
        self.name = name
        self.dimension = dimension
        self.max_pieces = max_pieces
        self.fingerprint = hashlib.sha256(f"{name} {dimension}".encode()).hexdigest()
        self.encoded: list[str] = []

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        self.encoded += texts
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            for word in self._words(text):
                digest = hashlib.sha256(f"{self.name} {word}".encode()).digest()
                vectors[row] += np.frombuffer(digest[: self.dimension], np.uint8).astype(np.float32) - 127.5
            vectors[row] /= max(float(np.linalg.norm(vectors[row])), 1e-6)
        if progress:
            progress(len(texts), len(texts))
        return vectors

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(self._words(text)) for text in texts]

    @staticmethod
    def _words(text: str) -> list[str]:
        return re.findall(r"\w+", text.lower())


class Reads:
    """The real readers; ``names`` records what they read."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, paths: Sequence[Path], workers: int) -> Generator[Outcome, None, None]:
        self.names += [path.name for path in paths]
        return read_many(paths, workers)


def write_papers(folder: Path, papers: Mapping[str, str] = PAPERS) -> Path:
    """Write text files and return their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in papers.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build_papers(
    index: Path, papers: Path, encoder: WordEncoder | None = None, *, keep: bool = False
) -> BuildReport:
    """Build the index of a folder of papers."""
    return build([papers], index, encoder=encoder or WordEncoder(), keep=keep)


def two_generations(folder: Path) -> Path:
    """Build an index with two generations in ``folder/index``; the second has one more paper."""
    papers = write_papers(folder / "papers")
    build_papers(folder / "index", papers)
    build_papers(folder / "index", write_papers(papers, TEA))
    return folder / "index"


def ids_by_source(index: Path) -> dict[str, str]:
    """Return the document ids of an index by file name."""
    with open_index(index) as opened:
        return {document.source: key for key, document in opened.documents.items()}


def contents(index: Generation) -> dict[str, object]:
    """Return everything in an index except its number and date, to compare two indexes."""
    return {
        "documents": dict(index.documents),
        "passages": list(index.passages),
        "sentences": [index.sentences_of(i) for i in range(len(index.passages))],
        "vectors": index.vectors.rows(np.arange(len(index.passages))).tobytes(),
        "sentence vectors": index.sentence_vectors[np.arange(len(index.sentence_vectors))].tobytes(),
        "terms": list(index.lexical.terms),
        "words": list(index.lexical.words),
        "scores": index.lexical.scores("ferritin sleep eye blood nurses").tobytes(),
    }


def contents_of(folder: Path) -> dict[str, object]:
    """Open the index in ``folder`` and return its ``contents``."""
    with open_index(folder) as index:
        return contents(index)
