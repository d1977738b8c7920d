"""Networks run by onnxruntime, without torch: graphs that hold no weights, and the encoder on them.

The graphs of the two known models are part of this package; ``graphs.json`` names each by
the fingerprint of its model, with the weights that it needs. The weights come from the
model's own file. The readers (``qa.rank.reader``) are the same networks, trained further.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.embed.model import WEIGHTS, Embedding, ModelFiles
from index.errors import IndexDamaged

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Turns pieces and their mask, each (texts, pieces), into one L2-normalised vector a text.
Network = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]

#: The vectors of the words, which are looked up outside the graph.
WORDS = "bert.embeddings.word_embeddings.weight"


class OnnxEncoder(Embedding):
    """``Encoder`` by onnxruntime; the first ``encode`` loads the network. Thread-safe."""

    def __init__(self, files: ModelFiles, load: Callable[[], Network]) -> None:
        super().__init__(files)
        self._load = load

    @cached_property
    def _network(self) -> Network:
        return self._load()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """The tokenizer with what the model does not read cut off, padding to one length."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self.files.tokenizer.to_str())
        stated = tokenizer.padding or {}
        tokenizer.enable_truncation(self.max_pieces)
        kept = ("pad_id", "pad_token", "pad_type_id", "direction")
        tokenizer.enable_padding(**{key: stated[key] for key in kept if key in stated})
        return tokenizer

    def encoded(self, texts: list[str]) -> NDArray[np.float32]:
        """See ``Embedding``."""
        found = self._tokenizer.encode_batch(texts)
        ids = np.array([item.ids for item in found], np.int64)
        return self._network(ids, np.array([item.attention_mask for item in found], np.int64))


def known_network(files: ModelFiles, threads: int = 0) -> Callable[[], Network] | None:
    """Return what loads the network of a known model, None for any other model; see ``open_graph``."""
    stated = json.loads(resources.files("index.embed").joinpath("graphs.json").read_bytes())
    known = stated.get(files.fingerprint)
    return partial(_load, files, known, threads) if known else None


def _load(files: ModelFiles, known: dict[str, Any], threads: int) -> Network:
    """Return the network of a known model: the mean of the states of all pieces, normalised.

    Raises:
        IndexDamaged: its graph is not the one that was shipped.
    """
    path = resources.files("index.embed").joinpath(known["graph"])
    graph = path.read_bytes()
    if hashlib.sha256(graph).hexdigest() != known["sha256"]:
        raise IndexDamaged(f"{path}: the file was changed.", "Install Loccit again.")
    weights = {f"bert.{name}": array for name, array in mapped(files.folder / WEIGHTS).items()}
    words = weights[WORDS]
    session = open_graph(graph, known["weights"], weights, threads)
    needed = {given.name for given in session.get_inputs()}

    def network(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        given = {"words": words[ids], "mask": mask, "types": np.zeros_like(ids)}
        states = session.run(None, {name: given[name] for name in needed})[0]
        there = mask[..., None].astype(np.float32)
        means = (states * there).sum(axis=1) / there.sum(axis=1)
        normalised: NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return normalised

    return network


def mapped(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of a safetensors file, read-only, where they lie in the file.

    The format: eight bytes with the length of a header, the header as JSON with type,
    shape and place of each array, the arrays.
    """
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header: dict[str, Any] = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    found: dict[str, NDArray[np.float32]] = {}
    for name, stated in header.items():
        if stated["dtype"] == "F32":
            offset = 8 + length + stated["data_offsets"][0]
            found[name] = np.memmap(path, np.float32, "r", offset, tuple(stated["shape"]))
    return found


def open_graph(
    graph: bytes,
    names: Sequence[str] = (),
    weights: dict[str, NDArray[np.float32]] | None = None,
    threads: int = 0,
) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """Open ``graph``, which lacks the weights called ``names``; ".T" is a matrix transposed.

    Takes the arrays out of ``weights``, so that none is held twice for long. ``threads`` is how many run one
    operation; 0 is one for each core.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # Threads that spin between two questions would keep a chat server's cores busy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = []
    for name in names:
        array = (weights or {}).pop(name.removesuffix(".T"))
        laid_out = np.ascontiguousarray(array.T if name.endswith(".T") else array)
        values.append(onnxruntime.OrtValue.ortvalue_from_numpy(laid_out))
    if names:
        options.add_external_initializers(list(names), values)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
