"""Reads passages with the question in mind: a small network that scores each sentence and marks words.

The network is an embedding model trained further, to read a question and a
passage together. It gives three things: how well each sentence answers, measured
against "nothing here does" (0); which words in it are decisive; and it sees each
sentence among its neighbours, so that "She was given it" can answer. There are two:
the small one on the bundled model, and the large one on all-mpnet-base-v2 where that
is installed. Trained by ``python -m evals.train.reader``; run by onnxruntime without torch.

Sources: one reading of a whole passage with a score a sentence (BERTSum, Liu and
Lapata 2019), a null answer of score 0 (Devlin et al. 2019, section 4.3), start and
end of the decisive words (Rajpurkar et al. 2016).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.embed.model import ModelFiles, model_files
from index.embed.mpnet import MPNET_SHA256, mpnet_folder
from index.embed.onnx import WORDS, mapped, open_graph
from index.errors import FormatMismatch
from index.files import sha256_of
from index.text import Span
from qa.understand.abbreviations import in_forms_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Pieces of question, what was asked before and passage together; what is longer loses its end.
MAX_PIECES = 424
#: Pieces of the question alone, and the last pieces of what was asked before it.
MAX_QUESTION = 64
MAX_BEFORE = 112
#: Most pieces of decisive words.
LONGEST_MARK = 16
#: Names of the files of the small and the large reader: the graph, in ``index.embed``, and what was trained.
GRAPH, TRAINED = "minilm.onnx", "reader.safetensors"
LARGE_GRAPH, LARGE_TRAINED = "mpnet.onnx", "large.safetensors"
#: What is computed outside the graph.
HEADS = ("scale", "bias", "alone", "both", "marks.weight", "marks.bias")
_BATCH = 4


@dataclass(frozen=True, slots=True)
class Text:
    """A passage to read."""

    context: str  #: title, section and, for a row of a table, its heads
    text: str
    sentences: tuple[Span, ...]  #: in ``text``
    #: Of its paper, long forms by short; None where they do not count as the same.
    abbreviations: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what was asked before where it may lean on that."""

    question: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces of a question with each of some texts, padded to one length."""

    ids: NDArray[np.int64]  #: (texts, pieces)
    mask: NDArray[np.int64]  #: 1 where there is a piece
    types: NDArray[np.int64]  #: 0 question, 1 what was asked before and the text
    sentence: NDArray[np.int64]  #: position of the sentence that a piece belongs to, -1 for none
    offsets: tuple[tuple[tuple[int, int], ...], ...]  #: where each piece stands in its text


def batch_of(tokenizer: Tokenizer, pairs: Sequence[tuple[Asked, Text]]) -> Batch:
    """Return questions and texts as the network takes them.

    ``tokenizer`` neither pads nor cuts off.
    """
    found = [_pieces(tokenizer, asked, text) for asked, text in pairs]
    shape = (len(found), max(len(pieces) for pieces, _ in found))
    whole = np.zeros((*shape, 4), np.int64)
    whole[..., 3] = -1
    for row, (pieces, _) in enumerate(found):
        whole[row, : len(pieces)] = pieces
    ids, mask, types, sentence = (np.ascontiguousarray(whole[..., at]) for at in range(4))
    return Batch(ids, mask, types, sentence, tuple(offsets for _, offsets in found))


def _pieces(
    tokenizer: Tokenizer, asked: Asked, text: Text
) -> tuple[NDArray[np.int64], tuple[tuple[int, int], ...]]:
    """Return the pieces of [CLS] question [SEP] context, text [SEP], and where in the text each stands.

    What was asked before comes between, with a [SEP] of its own. The question has the forms of abbreviations
    that the text has. A row a piece: its id, 1, its type and its sentence.
    """
    first, separator = tokenizer.encode("").ids  # [CLS] and [SEP]
    question, earlier = asked.question, []
    if text.abbreviations is not None:
        question = in_forms_of(text.text, question, text.abbreviations)
    if asked.before:
        earlier = tokenizer.encode(asked.before, add_special_tokens=False).ids[-MAX_BEFORE:]
        earlier.append(separator)
    words = tokenizer.encode(question, add_special_tokens=False).ids[:MAX_QUESTION]
    body = f"{text.context}\n{text.text}" if text.context else text.text
    encoded = tokenizer.encode(body, add_special_tokens=False)
    before = len(words) + len(earlier) + 2
    room = MAX_PIECES - before - 1
    start = len(body) - len(text.text)
    offsets = ((-1, -1),) * before + tuple((s - start, e - start) for s, e in encoded.offsets[:room])
    offsets += ((-1, -1),)
    pieces = np.ones((len(offsets), 4), np.int64)
    pieces[:, 0] = [first, *words, separator, *earlier, *encoded.ids[:room], separator]
    pieces[: len(words) + 2, 2] = 0
    pieces[:, 3] = -1
    starts = np.array([s for s, _ in offsets], np.int64)
    for number, span in enumerate(text.sentences):
        pieces[(starts >= span.start) & (starts < span.end), 3] = number
    return pieces, offsets


@dataclass(frozen=True, slots=True)
class Mark:
    """Decisive words of a sentence."""

    span: Span  #: in the text read
    confidence: float  #: share of the softmax over all places of the sentence


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of one text."""

    scores: NDArray[np.float64]  #: a sentence; 0 is as good as no answer, ``-inf`` where it was cut off
    marks: tuple[Mark | None, ...]  #: a sentence


class Reader:
    """The trained network, run by onnxruntime. Safe in several threads."""

    def __init__(self, graph: Path, trained: Path, base: Path, base_sha256: str = "") -> None:
        """Join the file of ``trained`` differences with the embedding model in the folder ``base``.

        ``base_sha256`` is the checksum of the model's weights, if it has just been compared.

        Raises:
            FormatMismatch: they were trained from another model, or for another graph.
        """
        self.fingerprint = sha256_of(trained)
        self.tokenizer = ModelFiles(base, base.name).tokenizer
        stated = stated_in(trained)
        model = base / "model.safetensors"
        digests = {"graph": sha256_of(graph), "base": base_sha256 or sha256_of(model)}
        for path, key in ((graph, "graph"), (model, "base")):
            if stated.get(key) != digests[key]:
                raise FormatMismatch(
                    f"{trained.name} was not trained for this {path.name}.",
                    "Train again: python -m evals.train.reader.",
                )
        #: whether passages are read with what identifies their paper in front
        self.identified = "identified" in stated
        weights = weights_of(trained, model)
        self._heads = {name: weights[name] for name in HEADS}
        self._words = weights[WORDS]
        self._session = open_graph(graph.read_bytes(), json.loads(stated["initializers"]), weights)
        self._inputs = {given.name for given in self._session.get_inputs()}

    def read(self, question: str, texts: Sequence[Text], before: str = "") -> list[Reading]:
        """Return the reading of each of ``texts``, in their order.

        ``before`` is what was asked before, where ``question`` may lean on it.
        """
        readings: list[Reading | None] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i].context) + len(texts[i].text))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            batch = batch_of(self.tokenizer, [(Asked(question, before), texts[i]) for i in chosen])
            inputs = {"words": self._words[batch.ids], "mask": batch.mask, "types": batch.types}
            states = self._session.run(None, {name: inputs[name] for name in self._inputs})[0]
            for row, i in enumerate(chosen):
                readings[i] = self._reading(batch, row, states[row], len(texts[i].sentences))
        return [reading for reading in readings if reading is not None]

    def _reading(self, batch: Batch, row: int, states: NDArray[np.float32], count: int) -> Reading:
        heads = self._heads
        asked = states[(batch.types[row] == 0) & (batch.mask[row] == 1)].mean(axis=0)
        logits = states @ heads["marks.weight"].T + heads["marks.bias"]
        scores = np.full(count, -np.inf)
        marks: list[Mark | None] = [None] * count
        for number in range(count):
            where = np.flatnonzero(batch.sentence[row] == number)
            if not len(where):
                continue
            mean = states[where].mean(axis=0)
            near = float(mean @ asked) / max(float(np.linalg.norm(mean) * np.linalg.norm(asked)), 1e-8)
            learned = mean @ heads["alone"] + (mean * asked) @ heads["both"]
            scores[number] = float(heads["scale"]) * near + float(learned) + float(heads["bias"])
            marks[number] = _mark(logits[where], [batch.offsets[row][at] for at in where])
        return Reading(scores, tuple(marks))


def _mark(logits: NDArray[np.float32], places: Sequence[tuple[int, int]]) -> Mark:
    """Return the likeliest decisive words of a sentence from ``logits`` of start and end, ``(pieces, 2)``."""
    start, end = (_softmax(logits[:, side]) for side in (0, 1))
    joint = np.triu(start[:, None] * end[None, :])
    joint = np.tril(joint, LONGEST_MARK - 1)
    first, last = divmod(int(joint.argmax()), len(joint))
    return Mark(Span(places[first][0], places[last][1]), float(joint[first, last]))


def _softmax(values: NDArray[np.float32]) -> NDArray[np.float64]:
    powers = np.exp(values.astype(np.float64) - values.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def stated_in(trained: Path) -> dict[str, str]:
    """Return what a file of trained differences says of itself.

    "base", "graph", "initializers", "report", and "identified" if passages are read with what identifies
    their paper in front.
    """
    from safetensors import safe_open

    with safe_open(trained, "numpy") as opened:
        found: dict[str, str] = opened.metadata() or {}
    return found


def weights_of(trained: Path, base: Path) -> dict[str, NDArray[np.float32]]:
    """Return all weights by name: those of the model file ``base`` with the ``trained`` differences added.

    A difference of a matrix is kept as whole numbers of 8 bits with one factor a
    row ("NAME.rows"), or as the product of two narrow matrices ("NAME.up" and
    "NAME.down" of a layer, LoRA, Hu et al. 2022); any other array is kept as it is.
    What training did not change stays in its file, mapped into memory: of the word
    embeddings, only the rows of words that are read are ever loaded.
    """
    from safetensors.numpy import load_file

    changes = load_file(trained)
    weights = {f"bert.{name}": array for name, array in mapped(base).items()}
    for name, change in changes.items():
        layer, _, kind = name.rpartition(".")
        if f"{name}.rows" in changes:
            weights[name] = weights[name] + change * changes[f"{name}.rows"][:, None]
        elif kind == "up":
            product = change.astype(np.float32) @ changes[f"{layer}.down"].astype(np.float32)
            weights[f"{layer}.weight"] = weights[f"{layer}.weight"] + product
        elif kind not in {"rows", "down"}:
            weights[name] = change
    return weights


@lru_cache(maxsize=1)
def load_reader() -> Reader:
    """Return the reader shipped with the package, on the bundled model.

    Raises:
        UsageError: the bundled model is not installed.
        ModelMismatch: its weights are not the genuine ones.
    """
    return Reader(_shipped("index.embed", GRAPH), _shipped("qa.rank", TRAINED), model_files().folder)


@lru_cache(maxsize=1)
def load_large_reader() -> Reader:
    """Return the large reader shipped with the package, on all-mpnet-base-v2.

    Raises:
        UsageError: that model is not installed.
        ModelMismatch: its weights are not the genuine ones.
        StorageError: the cache cannot be written.
    """
    graph, trained = _shipped("index.embed", LARGE_GRAPH), _shipped("qa.rank", LARGE_TRAINED)
    return Reader(graph, trained, mpnet_folder(), MPNET_SHA256)


def _shipped(package: str, name: str) -> Path:
    return Path(str(resources.files(package).joinpath(name)))
