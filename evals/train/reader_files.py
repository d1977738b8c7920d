"""A trained reader as files: a graph without weights, and the weights' change from the embedding model."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evals.train.reader_net import ReaderNet
from index.files import sha256_of
from qa.rank.reader import weights_of

#: Smaller arrays stay in the graph.
LEAST_LEFT_OUT = 384


def difference(net: ReaderNet, base: dict[str, torch.Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the weights that training changed, in the form that ``qa.rank.reader.weights_of`` reads."""
    changed: dict[str, np.ndarray[Any, Any]] = {}
    for name, weight in net.trained().items():
        before = base.get(name.removeprefix("bert."))
        array = weight.detach().cpu().numpy().astype(np.float32)
        if name.endswith((".up", ".down")):
            changed[name] = array.astype(np.float16)
            continue
        if before is None or array.ndim != 2:
            changed[name] = array
            continue
        change = array - before.numpy()
        rows = np.maximum(np.abs(change).max(axis=1) / 127, 1e-12).astype(np.float32)
        changed[name] = np.round(change / rows[:, None]).astype(np.int8)
        changed[f"{name}.rows"] = rows
    return changed


class _FromWords(torch.nn.Module):
    """The network above the word embeddings, whose large table stays in its own file."""

    def __init__(self, net: ReaderNet) -> None:
        super().__init__()
        self.bert = net.bert

    def forward(
        self, words: torch.Tensor, mask: torch.Tensor, types: torch.Tensor | None = None
    ) -> torch.Tensor:
        typed = {} if types is None else {"token_type_ids": types}
        states: torch.Tensor = self.bert(inputs_embeds=words, attention_mask=mask, **typed).last_hidden_state
        return states


def graph_of(net: ReaderNet) -> tuple[bytes, list[str]]:
    """Return the network as an ONNX graph without weights, and the names of the weights that it needs.

    Its input is word vectors, ``(texts, pieces, width)``, in place of ids. Low-rank differences are not part
    of the graph: ``qa.rank.reader`` adds them to the weights.
    """
    import onnx

    if net.typed:  # the default attention is exported with guards against rows of NaN: a seventh of the time
        net.bert.set_attn_implementation("eager")
    mask = torch.ones((3, 17), dtype=torch.int64)
    types = (torch.arange(17) > 5).long().expand(3, 17).contiguous()
    words = torch.randn((3, 17, net.bert.config.hidden_size))
    inputs = {"words": words, "mask": mask} | ({"types": types} if net.typed else {})
    rows, columns = torch.export.Dim("rows", min=1, max=4096), torch.export.Dim("columns", min=2, max=512)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # about the exporter's own internals
        path = Path(folder) / "reader.onnx"
        torch.onnx.export(
            _FromWords(net).eval(),
            tuple(inputs.values()),
            str(path),
            dynamo=True,
            verbose=False,
            input_names=list(inputs),
            output_names=["states"],
            dynamic_shapes=({0: rows, 1: columns},) * len(inputs),
            external_data=False,
        )
        model = onnx.load(path)
    return _without_weights(model, {k: v.numpy() for k, v in net.state_dict().items()})


def _without_weights(model: Any, weights: dict[str, np.ndarray[Any, Any]]) -> tuple[bytes, list[str]]:  # noqa: ANN401 - onnx is imported late
    """Take the weights out of ``model`` and name them as the network does; some are transposed (".T")."""
    import onnx

    names: dict[str, str] = {}
    for tensor in model.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.size < LEAST_LEFT_OUT or array.dtype != np.float32:
            continue
        name = next(n for n in _named(weights) if _same(n, weights, array))
        names[tensor.name] = name
        tensor.ClearField("raw_data")
        tensor.name = name
        tensor.data_location = onnx.TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", "weights"
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
        for at, used in enumerate(node.input):
            node.input[at] = names.get(used, used)
    del model.graph.metadata_props[:], model.metadata_props[:], model.graph.value_info[:]
    return model.SerializeToString(), list(names.values())


def _named(weights: dict[str, np.ndarray[Any, Any]]) -> Iterator[str]:
    for name, array in weights.items():
        yield name
        if array.ndim == 2:
            yield f"{name}.T"


def _same(name: str, weights: dict[str, np.ndarray[Any, Any]], array: np.ndarray[Any, Any]) -> bool:
    known = weights[name.removesuffix(".T")]
    return np.array_equal(known.T if name.endswith(".T") else known, array)


def start_from(net: ReaderNet, trained: Path, base: Path) -> None:
    """Give ``net`` the weights of the ``trained`` file; ``base`` is the file of the embedding model's."""
    from safetensors.numpy import load_file

    arrays = weights_of(trained, base) if net.typed else load_file(trained)
    tensors = {name: torch.from_numpy(np.array(array, np.float32)) for name, array in arrays.items()}
    net.load_state_dict(tensors, strict=False)


def save(
    net: ReaderNet, plain: ReaderNet, base: Path, out: tuple[Path, Path], report: dict[str, Any]
) -> None:
    """Write the graph and the trained weights to the two files ``out``.

    ``plain`` is the network without low-rank layers, from which the graph is made; ``base`` the file of the
    embedding model's weights.
    """
    from safetensors.numpy import save_file
    from safetensors.torch import load_file

    graph, names = graph_of(plain)
    out[0].write_bytes(graph)
    stated = {
        "base": sha256_of(base),
        "graph": hashlib.sha256(graph).hexdigest(),
        "initializers": json.dumps(names),
        "report": json.dumps(report),
    }
    if not net.typed:
        stated["identified"] = "yes"
    save_file(difference(net, load_file(base)), out[1], metadata=stated)
