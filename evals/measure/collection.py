"""An index over documents in memory, for evaluations and training."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.encoder import Encoder, model_of
from index.errors import FormatMismatch, IndexDamaged
from index.read.passages import passages_of
from index.segments.paper import PaperRows
from index.store.index import Index
from index.store.open import CURRENT, open_index
from index.store.publish import Origin, Papers, publish, writing
from index.text import Document

#: Texts encoded before their vectors are saved.
_BATCH = 2000


@dataclass
class _Papers(Papers):
    """Papers as ``publish`` takes them."""

    rows: dict[str, PaperRows] = field(default_factory=dict)
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, str]:
        return {key: paper.source for key, paper in self.rows.items()}

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
    *,
    cache: Path | None = None,
) -> Index:
    """Publish an index over ``documents`` in ``folder`` and open it.

    ``progress`` receives the number of texts encoded, and of all; ``cache`` keeps the vectors of each paper,
    so that an interrupted build loses little.
    """
    papers = _Papers()
    for document in documents:
        passages, sentences = passages_of(document, encoder.count_pieces, encoder.max_pieces)
        papers.rows[document.id] = PaperRows.of(document, passages, sentences, "memory")
    sizes = {key: len(papers.rows[key].embedded_texts()) for key in papers.rows}
    done, total = 0, sum(sizes.values())
    for group in _groups(sizes):

        def in_group(now: int, _: int, before: int = done) -> None:
            if progress:
                progress(before + now, total)

        texts = {key: papers.rows[key].embedded_texts() for key in group}
        papers.vectors.update(_encoded(texts, encoder, in_group, cache))
        done += sum(sizes[key] for key in group)
    with writing(folder):
        publish(folder, papers, Origin(model_of(encoder), previous=None))
    return open_index(folder)


def _groups(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield papers with about ``_BATCH`` texts together: the encoder batches texts of similar length."""
    group: list[str] = []
    for key in sizes:
        group.append(key)
        if sum(sizes[one] for one in group) >= _BATCH:
            yield group
            group = []
    if group:
        yield group


def _encoded(
    texts: Mapping[str, Sequence[str]],
    encoder: Encoder,
    progress: Callable[[int, int], None],
    cache: Path | None,
) -> dict[str, NDArray[np.float32]]:
    """Return the vectors of each paper's texts, read from ``cache`` or added to it."""
    files = {key: cache / f"{_digest(encoder, some)}.npy" for key, some in texts.items()} if cache else {}
    vectors = {key: np.load(path) for key, path in files.items() if path.is_file()}
    missing = [key for key in texts if key not in vectors]
    made = encoder.encode([text for key in missing for text in texts[key]], progress)
    at = 0
    for key in missing:
        vectors[key] = made[at : at + len(texts[key])]
        at += len(texts[key])
        if key in files:
            files[key].parent.mkdir(parents=True, exist_ok=True)
            part = files[key].with_suffix(".part.npy")
            np.save(part, vectors[key])
            part.replace(files[key])  # whole or not at all
    return vectors


def _digest(encoder: Encoder, texts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([encoder.fingerprint, *texts]).encode()).hexdigest()


def kept_index(
    name: str,
    documents: Sequence[Document],
    work: Path,
    encoder: Encoder,
    progress: Callable[[int, int], None] | None = None,
) -> Index:
    """Open the index over ``documents`` that an earlier run left in ``work``, or build it there.

    It is built again if it is damaged, or if papers, model or the division into passages have changed.
    """
    key = hashlib.sha256(" ".join([encoder.fingerprint, *sorted(d.id for d in documents)]).encode())
    folder = work / f"{name}-{key.hexdigest()[:12]}"
    if (folder / CURRENT).is_file():
        try:
            index = open_index(folder)
        except (IndexDamaged, FormatMismatch):
            pass  # rebuilt below
        else:
            if _divided_alike(index, documents, encoder):
                return index
            index.close()
        shutil.rmtree(folder)
    return index_documents(documents, folder, encoder, progress, cache=work / "vectors")


def _divided_alike(index: Index, documents: Sequence[Document], encoder: Encoder) -> bool:
    """Tell whether the shortest paper would be divided into the passages and sentences of ``index``."""
    paper = min(documents, key=lambda document: (len(document.text), document.id))
    passages, sentences = passages_of(paper, encoder.count_pieces, encoder.max_pieces)
    positions = index.positions_of(paper.id)
    held = [sentence.span for at in positions for _, sentence in index.sentences_of(at)]
    spans = [index.passages[at].span for at in positions]
    return spans == [one.span for one in passages] and held == [one.span for one in sentences]
