"""Trains the reader: ``python -m evals.train_reader --data DIR``.

The bundled embedding model is trained further on questions with passages of
public sets (see ``evals.reader_data``); its word embeddings stay as they are.
What is written is the difference from the bundled model, a few megabytes.
Documents are split by hash as ``evals.train`` splits them: only the ranker's part
is learned from.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from qa.reader import batch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tokenizers import Tokenizer

    from evals.reader_data import Group

#: Pieces in one step of training, about.
STEP_PIECES = 3600
#: Groups among which those of like length are put together.
BUCKET = 96
RATE = 1.2e-4
WARM_UP = 0.06
#: How much the marking of decisive words counts beside the choice of the sentence.
MARKING = 0.3
#: Layers next to the words that stay as they are: a third less to compute and to keep.
FROZEN = 2


class ReaderNet(torch.nn.Module):
    """The network of ``qa.reader``: a BERT encoder with heads for sentences and decisive words."""

    def __init__(self, folder: Path) -> None:
        """Start from the embedding model in ``folder``: at first, sentences are scored by cosine."""
        from transformers import AutoModel

        super().__init__()
        self.bert: Any = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
        self.bert.embeddings.requires_grad_(False)
        self.bert.encoder.layer[:FROZEN].requires_grad_(False)
        width = self.bert.config.hidden_size
        self.scale = torch.nn.Parameter(torch.tensor(10.0))
        self.bias = torch.nn.Parameter(torch.tensor(-4.0))
        self.alone = torch.nn.Parameter(torch.zeros(width))
        self.both = torch.nn.Parameter(torch.zeros(width))
        self.marks = torch.nn.Linear(width, 2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """Return the states of the pieces, shape ``(texts, pieces, width)``."""
        found: torch.Tensor = self.bert(
            input_ids=ids, attention_mask=mask, token_type_ids=types
        ).last_hidden_state
        return found

    def scores(
        self, states: torch.Tensor, question: torch.Tensor, sentence: torch.Tensor, count: int
    ) -> torch.Tensor:
        """Return a score a sentence, ``(texts, count)``; ``-inf`` where there is none.

        ``question`` is 1 for pieces of the question, ``sentence`` as in ``qa.reader.Batch``.
        """
        member = (sentence[:, :, None] == torch.arange(count)).to(states.dtype)
        size = member.sum(1)
        means = member.transpose(1, 2) @ states / size.clamp(min=1)[:, :, None]
        share = question.to(states.dtype)
        asked = (share[:, None] @ states)[:, 0] / share.sum(1, keepdim=True).clamp(min=1)
        near = torch.nn.functional.cosine_similarity(means, asked[:, None], dim=2)
        score = self.scale * near + means @ self.alone + (means * asked[:, None]) @ self.both + self.bias
        return score.masked_fill(size == 0, float("-inf"))


def loss_of(net: ReaderNet, tokenizer: Tokenizer, chosen: Sequence[Group]) -> torch.Tensor:
    """Return the mean loss of some groups.

    Of a group: minus the log of the share that its right sentences have of the
    softmax over all its sentences and a null answer of score 0; where there is
    none, of the null answer.
    """
    batch = batch_of(tokenizer, [(group.question, found.text) for group in chosen for found in group.texts])
    ids, mask, types, sentence = (
        torch.from_numpy(array) for array in (batch.ids, batch.mask, batch.types, batch.sentence)
    )
    with torch.autocast("cpu", torch.bfloat16):
        states = net(ids, mask, types)
    states = states.float()
    marked = [found for group in chosen for found in group.texts]
    count = max(len(found.text.sentences) for found in marked)
    scores = net.scores(states, mask * (1 - types), sentence, count)
    right = torch.zeros(scores.shape, dtype=torch.bool)
    for row, found in enumerate(marked):
        right[row, : len(found.right)] = torch.tensor(found.right, dtype=torch.bool)
    losses = []
    row = 0
    for group in chosen:
        rows = slice(row, row + len(group.texts))
        row += len(group.texts)
        every = torch.cat([scores[rows].flatten(), torch.zeros(1)])
        good = torch.cat([right[rows].flatten(), torch.zeros(1, dtype=torch.bool)])
        good[-1] = not bool(good.any())
        good &= torch.isfinite(every)
        if good.any():
            losses.append(torch.logsumexp(every, 0) - torch.logsumexp(every[good], 0))
    total = torch.stack(losses).mean()
    marks = _marking(net, states, batch.offsets, marked, types)
    return total if marks is None else total + MARKING * marks


def _marking(
    net: ReaderNet,
    states: torch.Tensor,
    offsets: Sequence[Sequence[tuple[int, int]]],
    marked: Sequence[Any],
    types: torch.Tensor,
) -> torch.Tensor | None:
    """Return the loss of start and end of the decisive words, None where no text has them marked."""
    losses = []
    for row, found in enumerate(marked):
        if found.short is None:
            continue
        places = np.array(offsets[row])
        inside = (places[:, 0] >= found.short.start) & (places[:, 0] < found.short.end)
        where = np.flatnonzero(inside)
        if not len(where):
            continue
        free = np.zeros(types.shape[1], bool)
        free[: len(places)] = places[:, 0] >= 0
        logits = net.marks(states[row]).masked_fill(~torch.from_numpy(free)[:, None], float("-inf"))
        wanted = torch.tensor([where[0], where[-1]])
        losses.append(torch.nn.functional.cross_entropy(logits.T, wanted))
    return torch.stack(losses).mean() if losses else None


def steps(groups: Sequence[Group], chance: random.Random) -> Iterator[list[Group]]:
    """Yield the groups of each step of one pass: shuffled, those of like length together."""
    order = list(groups)
    chance.shuffle(order)
    found: list[list[Group]] = []
    for at in range(0, len(order), BUCKET):
        bucket = sorted(order[at : at + BUCKET], key=longest)
        step: list[Group] = []
        for group in bucket:
            texts = sum(len(g.texts) for g in step) + len(group.texts)
            if step and texts * longest(group) / 4.2 > STEP_PIECES:
                found.append(step)
                step = []
            step.append(group)
        found.append(step)
    chance.shuffle(found)
    yield from found


def longest(group: Group) -> int:
    """Return the most characters that a text of the group has with its question."""
    return max(len(found.text.text) + len(found.text.context) for found in group.texts) + len(group.question)


def fit(
    net: ReaderNet,
    tokenizer: Tokenizer,
    learning: Sequence[Group],
    *,
    seed: int = 7,
    told: Callable[[str], None] = lambda line: None,
    checked: Callable[[], str] = lambda: "",
) -> None:
    """Train ``net`` on one pass over ``learning``; ``told`` hears of the progress."""
    torch.manual_seed(seed)
    plan = list(steps(learning, random.Random(seed)))
    heads = [p for n, p in net.named_parameters() if not n.startswith("bert.")]
    body = [p for n, p in net.named_parameters() if n.startswith("bert.") and p.requires_grad]
    parts = [{"params": body, "lr": RATE}, {"params": heads, "lr": 10 * RATE}]
    optimizer = torch.optim.AdamW(parts, weight_decay=0.01)
    warm = max(int(WARM_UP * len(plan)), 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda at: min((at + 1) / warm, (len(plan) - at) / max(len(plan) - warm, 1))
    )
    net.train()
    started, mean = time.monotonic(), 0.0
    for at, step in enumerate(plan, 1):
        loss = loss_of(net, tokenizer, step)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch gives it no types
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean = loss.item() if at == 1 else 0.98 * mean + 0.02 * loss.item()
        if at % 50 == 0 or at == len(plan):
            note = checked() if at % 400 == 0 or at == len(plan) else ""
            told(f"{at} of {len(plan)} steps, loss {mean:.3f}, {time.monotonic() - started:.0f} s {note}")


def difference(net: ReaderNet, base: dict[str, torch.Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """Return what training changed, as ``qa.reader.weights_of`` reads it."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    for name, tensor in net.state_dict().items():
        before = base.get(name.removeprefix("bert."))
        if before is not None and torch.equal(before, tensor):
            continue
        array = tensor.numpy().astype(np.float32)
        if before is None or array.ndim != 2:
            found[name] = array
            continue
        change = array - before.numpy()
        rows = np.maximum(np.abs(change).max(axis=1) / 127, 1e-12).astype(np.float32)
        found[name] = np.round(change / rows[:, None]).astype(np.int8)
        found[f"{name}.rows"] = rows
    return found


def graph_of(net: ReaderNet) -> tuple[bytes, list[str]]:
    """Return the network without its weights as an ONNX graph, and the names of the weights it wants."""
    import onnx

    ids = torch.randint(1000, 2000, (3, 17))
    mask, types = torch.ones_like(ids), (torch.arange(17) > 5).long().expand(3, 17).contiguous()
    rows, columns = torch.export.Dim("rows", min=1, max=4096), torch.export.Dim("columns", min=2, max=512)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns about its own parts
        path = Path(folder) / "reader.onnx"
        torch.onnx.export(
            net.eval(),
            (ids, mask, types),
            str(path),
            dynamo=True,
            verbose=False,
            input_names=["ids", "mask", "types"],
            output_names=["states"],
            dynamic_shapes=({0: rows, 1: columns},) * 3,
            external_data=False,
        )
        model = onnx.load(path)
    return _without_weights(model, {k: v.numpy() for k, v in net.state_dict().items()})


def _without_weights(model: Any, weights: dict[str, np.ndarray[Any, Any]]) -> tuple[bytes, list[str]]:  # noqa: ANN401 - onnx is imported late
    """Take the weights out of ``model``, under the names of the network; the exporter turns some of them."""
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


#: Arrays of fewer numbers stay in the graph.
LEAST_LEFT_OUT = 384


def save(net: ReaderNet, base: Path, out: Path, report: dict[str, Any]) -> None:
    """Write ``reader.onnx`` and ``reader.safetensors`` into the folder ``out``."""
    from safetensors.numpy import save_file
    from safetensors.torch import load_file

    graph, names = graph_of(net)
    (out / "reader.onnx").write_bytes(graph)
    stated = {
        "base": hashlib.sha256(base.read_bytes()).hexdigest(),
        "graph": hashlib.sha256(graph).hexdigest(),
        "initializers": json.dumps(names),
        "report": json.dumps(report),
    }
    save_file(difference(net, load_file(base)), out / "reader.safetensors", metadata=stated)
