"""An index over documents that are already in memory: for evaluations and training."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from index.embed.encoder import model_of
from index.errors import FormatMismatch, IndexDamaged
from index.read.passages import passages_of
from index.store.open import CURRENT, open_index
from index.store.publish import Made, publish, writing
from index.store.rows import PaperRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.embed.encoder import Encoder
    from index.store.open import Index
    from index.text import Document


#: Texts encoded before their vectors are kept.
_AT_ONCE = 2000


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
    *,
    cache: Path | None = None,
    extra: Callable[[], Mapping[str, bytes]] = dict,
) -> Index:
    """Publish an index over ``documents`` in ``folder`` and open it.

    ``cache`` keeps the vectors of each paper, so that nothing is lost when it is stopped
    half-way; ``extra`` gives further files by name, such as the questions' encoder.
    """
    papers = _Papers()
    for document in documents:
        passages, sentences = passages_of(document, encoder.count_pieces, encoder.max_pieces)
        papers.rows[document.id] = PaperRows.of(document, passages, sentences, "memory")
    sizes = {key: len(papers.rows[key].embedded_texts()) for key in papers.ids}
    done = 0
    for group in _groups(papers.ids, sizes):
        texts = {key: papers.rows[key].embedded_texts() for key in group}
        found = _encoded(texts, encoder, _after(done, sum(sizes.values()), progress), cache)
        papers.vectors.update(found)
        done += sum(sizes[key] for key in group)
    model = model_of(encoder)
    with writing(folder):
        publish(folder, papers, Made(model=model, previous=None, extra=extra()))
    return open_index(folder)


def _after(
    done: int, total: int, progress: Callable[[int, int], None] | None
) -> Callable[[int, int], None] | None:
    """Return what tells ``progress`` of all texts when it is told of one group, ``done`` being before it."""
    if progress is None:
        return None
    return lambda now, _: progress(done + now, total)


def _groups(keys: Sequence[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield papers that have about ``_AT_ONCE`` texts together: among many, more are of like length."""
    group: list[str] = []
    for key in keys:
        group.append(key)
        if sum(sizes[one] for one in group) >= _AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def _encoded(
    texts: Mapping[str, Sequence[str]],
    encoder: Encoder,
    progress: Callable[[int, int], None] | None,
    cache: Path | None,
) -> dict[str, NDArray[np.float32]]:
    """Return the vectors of each paper's texts, those in ``cache`` read and the others added to it."""
    files = {key: cache / f"{_digest(encoder, some)}.npy" for key, some in texts.items()} if cache else {}
    found = {key: np.load(path) for key, path in files.items() if path.is_file()}
    missing = [key for key in texts if key not in found]
    vectors = encoder.encode([text for key in missing for text in texts[key]], progress)
    at = 0
    for key in missing:
        found[key] = vectors[at : at + len(texts[key])]
        at += len(texts[key])
        if key in files:
            files[key].parent.mkdir(parents=True, exist_ok=True)
            part = files[key].with_suffix(".part.npy")
            np.save(part, found[key])
            part.replace(files[key])  # whole or not at all
    return found


def _digest(encoder: Encoder, texts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([encoder.fingerprint, *texts]).encode()).hexdigest()


def kept_index(
    name: str,
    documents: Sequence[Document],
    work: Path,
    encoder: Encoder,
    progress: Callable[[int, int], None] | None = None,
    extra: Callable[[], Mapping[str, bytes]] = dict,
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
    return index_documents(documents, folder, encoder, progress, cache=work / "vectors", extra=extra)


def _cut_as(index: Index, documents: Sequence[Document], encoder: Encoder) -> bool:
    """Tell whether the shortest paper would be cut up today as it is in ``index``."""
    paper = min(documents, key=lambda document: (len(document.text), document.id))
    passages, sentences = passages_of(paper, encoder.count_pieces, encoder.max_pieces)
    at = [position for position, one in enumerate(index.passages) if one.document_id == paper.id]
    found = [sentence.span for position in at for _, sentence in index.sentences_of(position)]
    spans = [index.passages[position].span for position in at]
    return spans == [one.span for one in passages] and found == [one.span for one in sentences]
