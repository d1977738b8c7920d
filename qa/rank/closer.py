"""The third stage of ranking: what stands around the best sentences, read again by the large reader.

The large reader takes about six times as long for a text as the small one, so it reads less: the best
sentences of the second stage with their neighbours, and in front what identifies their paper. A third set of
learned weights joins both readings and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.store.index import Index
from index.text import Span
from qa.rank import rerank
from qa.rank.candidates import Candidate
from qa.rank.identity import OPENING, identified, identity_of
from qa.rank.reader import Reader, Text, load_large_reader
from qa.rank.rerank import Choice, Read, Reranker, told_by
from qa.rank.select import load_weights
from qa.understand.question import Question

#: The columns of the third stage: those of the second, where "read" is what the large reader says.
NAMES = (
    *rerank.NAMES,
    "skimmed",  # what the small reader said: its score
    "skimmed_share",  # and its share
)
#: Most characters of a sentence and its neighbours together.
AROUND = 300
_READ = slice(rerank.NAMES.index("read"), rerank.NAMES.index("read_share") + 1)


def excerpts(choice: Choice, scores: NDArray[np.float64], sentences: int) -> Choice:
    """Return what stands around the best ``sentences`` of ``choice``, with the candidates in it.

    ``scores`` are those of its candidates. A text of the result is a run of sentences of a passage.
    """
    wanted: set[tuple[int, int]] = set()
    for row in np.argsort(-scores, kind="stable")[:sentences]:
        text, sentence = choice.places[row]
        wanted.update((text, near) for near in _around(choice.texts[text].sentences, sentence))
    texts: list[Text] = []
    starts: list[int] = []
    number: dict[tuple[int, int], tuple[int, int]] = {}
    for text, run in _runs(wanted):
        whole = choice.texts[text]
        start, end = whole.sentences[run[0]].start, whole.sentences[run[-1]].end
        inside = tuple(whole.sentences[at].moved(-start) for at in run)
        number.update({(text, at): (len(texts), place) for place, at in enumerate(run)})
        texts.append(replace(whole, text=whole.text[start:end], sentences=inside))
        starts.append(choice.starts[text] + start)
    rows = [row for row, place in enumerate(choice.places) if place in wanted]
    places = tuple(number[choice.places[row]] for row in rows)
    return Choice(tuple(texts), tuple(starts), choice.kept[rows], places)


def _around(sentences: Sequence[Span], at: int) -> range:
    """Return sentence ``at`` with its neighbours on both sides in turn, as far as ``AROUND`` has room."""
    first = last = at
    while True:
        further = [
            (abs((at - start) - (end - at)), start, end)
            for start, end in ((first - 1, last), (first, last + 1))
            if start >= 0 and end < len(sentences) and sentences[end].end - sentences[start].start <= AROUND
        ]
        if not further:
            return range(first, last + 1)
        _, first, last = min(further)


def _runs(wanted: set[tuple[int, int]]) -> Iterator[tuple[int, list[int]]]:
    """Yield each text with the positions of sentences of it that follow one another."""
    for (text, _), run in groupby(enumerate(sorted(wanted)), lambda one: (one[1][0], one[1][1] - one[0])):
        yield text, [sentence for _, (_, sentence) in run]


def read_again(
    reader: Reader,
    index: Index,
    question: Question,
    candidates: Sequence[Candidate],
    second: Read,
    scores: NDArray[np.float64],
    sentences: int,
) -> Read:
    """Read what stands around the best ``sentences`` of the second stage again, with columns ``NAMES``.

    ``index`` holds their papers. ``candidates`` are those of the first stage, ``scores`` those of the second,
    for the candidates it kept. Serving and training share this.
    """
    choice = excerpts(second.choice, scores, sentences)
    texts = list(choice.texts)
    if reader.identified:
        pairs = zip(choice.places, choice.kept, strict=True)
        papers = {text: candidates[kept].document for (text, _), kept in pairs}
        for at, paper in papers.items():
            texts[at] = identified(texts[at], identity_of(paper, index.opening(paper.id, OPENING)))
    readings = reader.read(question.text, texts, question.before)
    before = second.features[np.isin(second.kept, choice.kept)]
    columns = np.column_stack([before, before[:, _READ]])
    columns[:, _READ] = told_by(readings, choice)
    return Read(choice, columns, choice.marks(readings))


@lru_cache(maxsize=1)
def load_closer() -> Reranker:
    """Return the third stage, with the large reader.

    Raises:
        FormatMismatch: its files do not belong together.
        UsageError: the large model is not installed.
        ModelMismatch: the weights of the large model are not the genuine ones.
        StorageError: the cache cannot be written.
    """
    path = Path(str(resources.files("qa.rank"))) / "closer.json"
    return Reranker(load_large_reader(), load_weights(path, NAMES))
