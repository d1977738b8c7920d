"""The reader's network in torch, small and large, and its loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import cosine_similarity, cross_entropy, linear, scaled_dot_product_attention

from evals.train.reader_data import Group, Marked
from qa.rank.reader import batch_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer


#: Weight of marking the decisive words, relative to choosing the sentence.
MARKING = 0.3
#: Lowest layers that are not trained, of 6 and of 12: a third less to compute and to store.
FROZEN, LARGE_FROZEN = 2, 4


class ReaderNet(torch.nn.Module):
    """The network of ``qa.rank.reader``: an encoder with heads for sentences and decisive words."""

    bert: Any  #: one of transformers' models, which are not typed

    def __init__(self, bert: object) -> None:
        """Put the heads on ``bert``; untrained, sentences are scored by cosine."""
        super().__init__()
        self.bert: Any = bert
        self.typed = hasattr(self.bert.embeddings, "token_type_embeddings")
        width = self.bert.config.hidden_size
        self.scale = torch.nn.Parameter(torch.tensor(10.0))
        self.bias = torch.nn.Parameter(torch.tensor(-4.0))
        self.alone = torch.nn.Parameter(torch.zeros(width))
        self.both = torch.nn.Parameter(torch.zeros(width))
        self.marks = torch.nn.Linear(width, 2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """Return the states of the pieces, shape ``(texts, pieces, width)``."""
        typed = {"token_type_ids": types} if self.typed else {}
        states: torch.Tensor = self.bert(input_ids=ids, attention_mask=mask, **typed).last_hidden_state
        return states

    def scores(
        self, states: torch.Tensor, question: torch.Tensor, sentence: torch.Tensor, count: int
    ) -> torch.Tensor:
        """Return a score per sentence, ``(texts, count)``; ``-inf`` if a text has fewer.

        ``question`` is 1 for pieces of the question, ``sentence`` as in ``qa.rank.reader.Batch``.
        """
        member = (sentence[:, :, None] == torch.arange(count, device=states.device)).to(states.dtype)
        size = member.sum(1)
        means = member.transpose(1, 2) @ states / size.clamp(min=1)[:, :, None]
        share = question.to(states.dtype)
        asked = (share[:, None] @ states)[:, 0] / share.sum(1, keepdim=True).clamp(min=1)
        near = cosine_similarity(means, asked[:, None], dim=2)
        score = self.scale * near + means @ self.alone + (means * asked[:, None]) @ self.both + self.bias
        return score.masked_fill(size == 0, float("-inf"))

    def trained(self) -> dict[str, torch.nn.Parameter]:
        """Return the weights that are trained, by name."""
        return {name: weight for name, weight in self.named_parameters() if weight.requires_grad}


def small_net(folder: Path) -> ReaderNet:
    """Return the network on the bundled model in ``folder``, its upper layers to be trained."""
    from transformers import AutoModel

    bert = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
    bert.embeddings.requires_grad_(False)
    bert.encoder.layer[:FROZEN].requires_grad_(False)
    for layer in bert.encoder.layer:  # dropout there disables the fast attention
        layer.attention.self.dropout.p = layer.attention.self.dropout_prob = 0.0
    return ReaderNet(bert)


class LowRank(torch.nn.Module):
    """A frozen linear layer with a trained low-rank difference beside it (LoRA, Hu et al. 2022)."""

    def __init__(self, layer: torch.nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = layer.requires_grad_(False)
        self.down = torch.nn.Parameter(torch.empty(rank, layer.in_features))
        self.up = torch.nn.Parameter(torch.zeros(layer.out_features, rank))
        torch.nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the layer's output and the difference."""
        changed: torch.Tensor = self.linear(states) + linear(linear(states, self.down), self.up)
        return changed


class _Attention(torch.nn.Module):
    """MPNet's self-attention by the fused kernel, with its relative position bias as the mask."""

    def __init__(self, old: Any) -> None:  # noqa: ANN401 - transformers' own class
        super().__init__()
        self.q, self.k, self.v, self.o = old.q, old.k, old.v, old.o
        self.heads = old.num_attention_heads

    def forward(
        self,
        states: torch.Tensor,
        attention_mask: torch.Tensor | None,
        position_bias: torch.Tensor,
        **_: object,  # the outputs that the caller does not want
    ) -> tuple[torch.Tensor]:
        """Return the attended states, shape ``(texts, pieces, width)``."""
        rows, pieces, width = states.shape
        shape = (rows, pieces, self.heads, width // self.heads)
        q, k, v = (layer(states).view(shape).transpose(1, 2) for layer in (self.q, self.k, self.v))
        mask = (position_bias if attention_mask is None else attention_mask + position_bias).to(q.dtype)
        attended = scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return (self.o(attended.transpose(1, 2).reshape(rows, pieces, width)),)


def large_net(folder: Path, rank: int) -> ReaderNet:
    """Return the network on all-mpnet-base-v2 in ``folder``, with differences of ``rank`` to be trained.

    With rank 0 it is the network as it is, without room for differences.
    """
    from transformers import MPNetModel

    bert: Any = MPNetModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
    bert.requires_grad_(False)
    for number, layer in enumerate(bert.encoder.layer if rank else ()):
        attention = layer.attention.attn = _Attention(layer.attention.attn)
        if number < LARGE_FROZEN:
            continue
        for name in "qkvo":
            setattr(attention, name, LowRank(getattr(attention, name), rank))
        layer.intermediate.dense = LowRank(layer.intermediate.dense, rank)
        layer.output.dense = LowRank(layer.output.dense, rank)
    for module in bert.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return ReaderNet(bert)


def loss_of(
    net: ReaderNet, tokenizer: Tokenizer, chosen: Sequence[Group], precision: torch.dtype = torch.bfloat16
) -> torch.Tensor:
    """Return the mean loss of some groups.

    The loss of a group is minus the log of the share of its right sentences in the softmax over
    all its sentences and a null answer of score 0. If no sentence is right, the null answer is.
    """
    batch = batch_of(tokenizer, [(group.asked, marked.text) for group in chosen for marked in group.texts])
    device = net.scale.device
    ids, mask, types, sentence = (
        torch.from_numpy(array).to(device) for array in (batch.ids, batch.mask, batch.types, batch.sentence)
    )
    with torch.autocast(device.type, precision, enabled=precision != torch.float32):
        states = net(ids, mask, types)
    states = states.float()
    texts = [marked for group in chosen for marked in group.texts]
    count = max(len(marked.text.sentences) for marked in texts)
    scores = net.scores(states, mask * (1 - types), sentence, count).cpu()
    right = torch.zeros(scores.shape, dtype=torch.bool)
    for row, marked in enumerate(texts):
        right[row, : len(marked.right)] = torch.tensor(marked.right, dtype=torch.bool)
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
    marks = _marking(net, states, batch.offsets, texts, batch.types)
    return total if marks is None else total + MARKING * marks


def _marking(
    net: ReaderNet,
    states: torch.Tensor,
    offsets: Sequence[Sequence[tuple[int, int]]],
    texts: Sequence[Marked],
    types: np.ndarray[Any, Any],
) -> torch.Tensor | None:
    """Return the loss of start and end of the decisive words; None if no text has them marked."""
    losses = []
    for row, marked in enumerate(texts):
        if marked.short is None:
            continue
        places = np.array(offsets[row])
        inside = (places[:, 0] >= marked.short.start) & (places[:, 0] < marked.short.end)
        where = np.flatnonzero(inside)
        if not len(where):
            continue
        free = np.zeros(types.shape[1], bool)
        free[: len(places)] = places[:, 0] >= 0
        logits = net.marks(states[row]).cpu().masked_fill(~torch.from_numpy(free)[:, None], float("-inf"))
        losses.append(cross_entropy(logits.T, torch.tensor([where[0], where[-1]])))
    return torch.stack(losses).mean() if losses else None
