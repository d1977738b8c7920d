"""The third stage of ranking: the best passages of the second, read again by the large reader.

The large reader takes about eight times as long for a passage as the small one, so it reads few, each with
what identifies its paper in front. A third set of learned weights joins both readings and the rest.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embed.mpnet import is_installed
from qa.rank import rerank
from qa.rank.identity import OPENING, identified, identity_of
from qa.rank.reader import load_large_reader
from qa.rank.rerank import Read, Reranker, told_by
from qa.rank.select import load_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.store.open import Index
    from qa.rank.candidates import Candidate
    from qa.rank.reader import Reader
    from qa.understand.question import Question

#: The columns of the third stage: those of the second, where "read" is what the large reader says.
NAMES = (
    *rerank.NAMES,
    "skimmed",  # what the small reader said: its score
    "skimmed_share",  # and its share
)
_READ = slice(rerank.NAMES.index("read"), rerank.NAMES.index("read_share") + 1)


def read_again(
    reader: Reader,
    index: Index,
    question: Question,
    candidates: Sequence[Candidate],
    second: Read,
    scores: NDArray[np.float64],
    passages: int,
) -> Read:
    """Read the best ``passages`` of the second stage again; return their candidates with columns ``NAMES``.

    ``index`` holds their papers. ``candidates`` are those of the first stage, ``scores`` those of the second,
    for the candidates it kept. Serving and training share this.
    """
    best: dict[int, float] = {}
    for (text, _), score in zip(second.choice.places, scores, strict=True):
        best[text] = max(score, best.get(text, -np.inf))
    again = sorted(sorted(best, key=lambda text: -best[text])[:passages])
    rows = [row for row, (text, _) in enumerate(second.choice.places) if text in again]
    choice = second.choice.only(again, rows)
    texts = list(choice.texts)
    if reader.identified:
        owners = (candidates[kept].document for kept in choice.kept)
        for at, paper in {
            text: paper for (text, _), paper in zip(choice.places, owners, strict=True)
        }.items():
            texts[at] = identified(texts[at], identity_of(paper, index.opening(paper.id, OPENING)))
    readings = reader.read(question.text, texts, question.before)
    columns = np.column_stack([second.features[rows], second.features[rows][:, _READ]])
    columns[:, _READ] = told_by(readings, choice)
    return Read(choice, columns, choice.marks(readings))


@lru_cache(maxsize=1)
def load_closer() -> Reranker | None:
    """Return the third stage; None if the large model or the weights of this stage are not installed.

    Raises:
        FormatMismatch: its files do not belong together.
        ModelMismatch: the weights of the large model are not the genuine ones.
        StorageError: the cache cannot be written.
    """
    path = Path(str(resources.files("qa.rank"))) / "closer.json"
    if not (path.is_file() and is_installed()):
        return None
    return Reranker(load_large_reader(), load_weights(path, NAMES))
