"""The reader's network in torch, and its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from qa.rank.reader import batch_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from evals.train.reader_data import Group, Marked

#: Weight of marking the decisive words, relative to choosing the sentence.
MARKING = 0.3
#: Lowest layers that are not trained: a third less to compute and to store.
FROZEN = 2


class ReaderNet(torch.nn.Module):
    """The network of ``qa.rank.reader``: a BERT encoder with heads for sentences and decisive words."""

    def __init__(self, folder: Path) -> None:
        """Start from the embedding model in ``folder``; untrained, sentences are scored by cosine."""
        from transformers import AutoModel

        super().__init__()
        self.bert: Any = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
        self.bert.embeddings.requires_grad_(False)
        self.bert.encoder.layer[:FROZEN].requires_grad_(False)
        for layer in self.bert.encoder.layer:  # dropout there disables the fast attention
            layer.attention.self.dropout.p = layer.attention.self.dropout_prob = 0.0
        width = self.bert.config.hidden_size
        self.scale = torch.nn.Parameter(torch.tensor(10.0))
        self.bias = torch.nn.Parameter(torch.tensor(-4.0))
        self.alone = torch.nn.Parameter(torch.zeros(width))
        self.both = torch.nn.Parameter(torch.zeros(width))
        self.marks = torch.nn.Linear(width, 2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """Return the states of the pieces, shape ``(texts, pieces, width)``."""
        states: torch.Tensor = self.bert(
            input_ids=ids, attention_mask=mask, token_type_ids=types
        ).last_hidden_state
        return states

    def scores(
        self, states: torch.Tensor, question: torch.Tensor, sentence: torch.Tensor, count: int
    ) -> torch.Tensor:
        """Return a score per sentence, ``(texts, count)``; ``-inf`` if a text has fewer.

        ``question`` is 1 for pieces of the question, ``sentence`` as in ``qa.rank.reader.Batch``.
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

    The loss of a group is minus the log of the share of its right sentences in the softmax over
    all its sentences and a null answer of score 0. If no sentence is right, the null answer is.
    """
    batch = batch_of(tokenizer, [(group.asked, marked.text) for group in chosen for marked in group.texts])
    ids, mask, types, sentence = (
        torch.from_numpy(array) for array in (batch.ids, batch.mask, batch.types, batch.sentence)
    )
    with torch.autocast("cpu", torch.bfloat16):
        states = net(ids, mask, types)
    states = states.float()
    texts = [marked for group in chosen for marked in group.texts]
    count = max(len(marked.text.sentences) for marked in texts)
    scores = net.scores(states, mask * (1 - types), sentence, count)
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
    marks = _marking(net, states, batch.offsets, texts, types)
    return total if marks is None else total + MARKING * marks


def _marking(
    net: ReaderNet,
    states: torch.Tensor,
    offsets: Sequence[Sequence[tuple[int, int]]],
    texts: Sequence[Marked],
    types: torch.Tensor,
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
        logits = net.marks(states[row]).masked_fill(~torch.from_numpy(free)[:, None], float("-inf"))
        wanted = torch.tensor([where[0], where[-1]])
        losses.append(torch.nn.functional.cross_entropy(logits.T, wanted))
    return torch.stack(losses).mean() if losses else None
