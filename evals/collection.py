"""An index over documents that are already in memory: for evaluations and training."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from index.errors import FormatMismatch, IndexDamaged
from index.manifest import Model
from index.paper_rows import PaperRows
from index.passages import passages_of
from index.publish import Made, publish, writing
from index.store import CURRENT, open_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.encode import Encoder
    from index.store import Index
    from index.text import Document


@dataclass
class _Papers:
    """Papers cut up and embedded, as ``publish`` wants them."""

    rows: dict[str, PaperRows] = field(default_factory=dict)
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return sorted(self.rows)

    def paper(self, document_id: str) -> PaperRows:
        return self.rows[document_id]

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        return self.vectors[document_id][: len(self.rows[document_id].passages)]

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        return self.vectors[document_id][len(self.rows[document_id].passages) :]


def index_documents(
    documents: Iterable[Document],
    folder: Path,
    encoder: Encoder,
    progress: Callable[[int, int], None] | None = None,
) -> Index:
    """Publish an index over ``documents`` in ``folder`` and open it."""
    papers = _Papers()
    for document in documents:
        passages, sentences = passages_of(document, encoder.count_pieces, encoder.max_pieces)
        papers.rows[document.id] = PaperRows.of(document, passages, sentences, "memory")
    texts = [text for key in papers.ids for text in papers.rows[key].embedded_texts()]
    vectors = encoder.encode(texts, progress)
    at = 0
    for key in papers.ids:
        size = len(papers.rows[key].passages) + len(papers.rows[key].sentences)
        papers.vectors[key] = vectors[at : at + size]
        at += size
    model = Model(encoder.name, encoder.fingerprint, encoder.dimension, encoder.max_pieces)
    with writing(folder):
        publish(folder, papers, Made(model=model, previous=None, extra={}))
    return open_index(folder)


def kept_index(
    name: str,
    documents: Sequence[Document],
    work: Path,
    encoder: Encoder,
    progress: Callable[[int, int], None] | None = None,
) -> Index:
    """Open the index over ``documents`` that an earlier run left in ``work``, or make it there.

    It is made anew where papers, model or the way papers are cut up have changed,
    and where it is damaged.
    """
    key = hashlib.sha256(" ".join([encoder.fingerprint, *sorted(d.id for d in documents)]).encode())
    folder = work / f"{name}-{key.hexdigest()[:12]}"
    if (folder / CURRENT).is_file():
        try:
            index = open_index(folder)
        except (IndexDamaged, FormatMismatch):
            pass  # what can be made again needs no repair
        else:
            if _cut_as(index, documents, encoder):
                return index
            index.close()
        shutil.rmtree(folder)
    return index_documents(documents, folder, encoder, progress)


def _cut_as(index: Index, documents: Sequence[Document], encoder: Encoder) -> bool:
    """Tell whether the shortest paper would be cut up today as it is in ``index``."""
    paper = min(documents, key=lambda document: (len(document.text), document.id))
    passages, sentences = passages_of(paper, encoder.count_pieces, encoder.max_pieces)
    at = [position for position, one in enumerate(index.passages) if one.document_id == paper.id]
    found = [sentence.span for position in at for _, sentence in index.sentences_of(position)]
    spans = [index.passages[position].span for position in at]
    return spans == [one.span for one in passages] and found == [one.span for one in sentences]
