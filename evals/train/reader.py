"""Trains the reader: ``python -m evals.train.reader --data DIR``.

The bundled embedding model is trained further on questions with passages (see
``evals.train.reader_data``); its word embeddings and lowest layers stay frozen. The output is
the difference from the bundled model, a few megabytes. Documents are split by hash as for
``evals.train.rankers``; the reader learns from the ranker's part. Takes half an hour on two
cores.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from evals.sets import corpora
from evals.sets.own import load_conversations, load_practice
from evals.sets.splits import chosen_cases
from evals.train.reader_data import Group, Pool, groups, natural_questions
from evals.train.reader_files import save
from evals.train.reader_net import ReaderNet, loss_of
from index.embed.encoder import load_encoder
from qa.rank.reader import GRAPH, TRAINED, Reader, batch_of, stated_in, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tokenizers import Tokenizer

    from evals.sets.cases import Corpus
    from evals.train.reader_data import Judge
    from qa.rank.reader import Asked, Text

#: Word pieces in one step of training, about.
STEP_PIECES = 3600
#: Groups that are sorted by length together.
BUCKET = 96
#: Learning rates, from the bundled model and from a reader trained before.
RATE, FURTHER_RATE = 1.2e-4, 8e-5
WARM_UP = 0.06


@dataclass(frozen=True, slots=True)
class Source:
    """A set to learn from."""

    load: Callable[[Path, str], Corpus]  #: takes the folder of the sets and a part of the documents
    questions: int
    passes: int = 1  #: how often each question is taken, each time with other negatives
    judged: bool = False  #: in the first pass, negatives are those that mislead the reader so far
    spans: bool = True  #: gold is the decisive words, not whole sentences


def _own(load: Callable[[Path, str], Corpus]) -> Callable[[Path, str], Corpus]:
    return lambda data, part: load(data, "reader" if part == "ranker" else "ranking")


def _part(load: Callable[[Path], Corpus]) -> Callable[[Path, str], Corpus]:
    def loaded(data: Path, part: str) -> Corpus:
        corpus = load(data)
        return replace(corpus, cases=tuple(chosen_cases(corpus, part, len(corpus.cases))))

    return loaded


def _squad(name: str) -> Callable[[Path, str], Corpus]:
    return _part(lambda data: corpora.squad_file(data / name))


SOURCES = (
    Source(_own(load_practice), 5000, judged=True, spans=False),
    Source(_own(load_conversations), 3000, passes=2, judged=True, spans=False),
    Source(_part(corpora.evidence_inference), 1500, spans=False),
    Source(_squad("training/new_wiki_v1.0.json"), 1500),
    Source(_squad("squad2_part.json"), 1800),
    Source(_part(lambda data: natural_questions(data / "training" / "nq-open-oracle.jsonl.gz")), 1200),
    Source(_squad("training/reddit_v1.0.json"), 300),
    Source(_squad("training/policyqa_dev.json"), 150),
    Source(_squad("training/amazon_reviews_v1.0.json"), 200),
)


def steps(groups: Sequence[Group], chance: random.Random) -> Iterator[list[Group]]:
    """Yield the groups of each step of one pass: shuffled, groups of similar length together."""
    order = list(groups)
    chance.shuffle(order)
    plan: list[list[Group]] = []
    for at in range(0, len(order), BUCKET):
        bucket = sorted(order[at : at + BUCKET], key=longest)
        step: list[Group] = []
        for group in bucket:
            texts = sum(len(g.texts) for g in step) + len(group.texts)
            if step and texts * longest(group) / 4.2 > STEP_PIECES:
                plan.append(step)
                step = []
            step.append(group)
        plan.append(step)
    chance.shuffle(plan)
    yield from plan


def longest(group: Group) -> int:
    """Return the characters of the longest text of the group and of what is asked."""
    asked = len(group.asked.question) + len(group.asked.before)
    return max(len(marked.text.text) + len(marked.text.context) for marked in group.texts) + asked


def fit(
    net: ReaderNet,
    tokenizer: Tokenizer,
    learning: Sequence[Group],
    *,
    rate: float = RATE,
    seed: int = 7,
    log: Callable[[str], object] = lambda line: None,
) -> None:
    """Train ``net`` on one pass over ``learning``; ``log`` receives a line now and then."""
    torch.manual_seed(seed)
    plan = list(steps(learning, random.Random(seed)))
    heads = [p for n, p in net.named_parameters() if not n.startswith("bert.")]
    body = [p for n, p in net.named_parameters() if n.startswith("bert.") and p.requires_grad]
    parts = [{"params": body, "lr": rate}, {"params": heads, "lr": 10 * rate}]
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
            log(f"{at} of {len(plan)} steps, loss {mean:.3f}, {time.monotonic() - started:.0f} s\n")


def gather(
    data: Path, part: str, most: int | None = None, seed: int = 7, judge: Judge | None = None
) -> list[Group]:
    """Return the groups of all sources for one part of the documents, at most ``most`` per source.

    ``seed`` decides which questions are taken and with what negatives; ``judge`` chooses the negatives of
    the sources that are ``judged``.
    """
    files = load_encoder().files
    chance = random.Random(seed)
    gathered: list[Group] = []
    for source in SOURCES:
        corpus = source.load(data, part)
        pool = Pool(corpus, lambda texts: [len(e) for e in files.tokenizer.encode_batch(list(texts))], 256)
        wanted = min(most or source.questions, len(corpus.cases))
        cases = chance.sample(corpus.cases, wanted)
        for number in range(1 if most else source.passes):
            asked = judge if source.judged and number == 0 else None
            gathered += groups(pool, cases, chance, spans=source.spans, judge=asked)
        sys.stderr.write(f"{corpus.name}: {len(gathered)} groups\n")
    return gathered


def judge_of(reader: Reader) -> Judge:
    """Return a judge that scores a text as ``reader`` scores its best sentence."""

    def judged(asked: Asked, texts: Sequence[Text]) -> list[float]:
        readings = reader.read(asked.question, texts, asked.before)
        return [float(reading.scores.max(initial=-np.inf)) for reading in readings]

    return judged


@torch.no_grad()
def right_first(net: ReaderNet, tokenizer: Tokenizer, held: Sequence[Group]) -> dict[str, float]:
    """Return, by set, the share of groups whose best sentence (or no answer) is right."""
    net.eval()
    hits: dict[str, list[bool]] = {}
    for group in held:
        batch = batch_of(tokenizer, [(group.asked, marked.text) for marked in group.texts])
        arrays = (batch.ids, batch.mask, batch.types, batch.sentence)
        ids, mask, types, sentence = (torch.from_numpy(array) for array in arrays)
        count = max(len(marked.right) for marked in group.texts)
        scores = net.scores(net(ids, mask, types), mask * (1 - types), sentence, count).numpy()
        pairs = zip(scores, group.texts, strict=True)
        judged = [
            (score, right) for row, marked in pairs for score, right in zip(row, marked.right, strict=False)
        ]
        if not any(right for _, right in judged):
            judged.append((0.0, True))  # no answer
        hits.setdefault(group.corpus, []).append(max(judged)[1])
    net.train()
    return {name: float(np.mean(values)) for name, values in hits.items()}


def main() -> None:
    """Train from the command line; write ``reader.onnx`` and ``reader.safetensors``."""
    parser = argparse.ArgumentParser(prog="python -m evals.train.reader", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LOCCIT_BENCH"), help="folder of the public sets"
    )
    parser.add_argument("--out", type=Path, default=Path("qa/rank"), help="folder of the files")
    parser.add_argument("--seed", type=int, default=7, help="decides the questions, negatives and order")
    parser.add_argument("--further", type=Path, metavar="DIR", help="go on from the reader in this folder")
    given = parser.parse_args()
    if given.data is None or not given.data.is_dir():
        parser.error("name the folder of the public sets with --data or LOCCIT_BENCH")
    files = load_encoder().files
    net = ReaderNet(files.folder)
    rate, earlier, judge = RATE, {}, None
    if given.further:
        trained = given.further / TRAINED
        judge = judge_of(Reader(given.further / GRAPH, trained, files.folder))
        weights = weights_of(trained, files.folder / "model.safetensors")
        net.load_state_dict({n: torch.from_numpy(np.array(a)) for n, a in weights.items()}, strict=False)
        rate, earlier = FURTHER_RATE, json.loads(stated_in(trained)["report"])
    learning = gather(given.data, "ranker", seed=given.seed, judge=judge)
    held = gather(given.data, "calibrator", 70)
    before = right_first(net, files.tokenizer, held)
    fit(net, files.tokenizer, learning, rate=rate, seed=given.seed, log=sys.stderr.write)
    after = right_first(net, files.tokenizer, held)
    report = {"groups": len(learning), "held out, right first, before": before, "after": after}
    report |= {"earlier round": earlier} if earlier else {}
    save(net, files.folder / "model.safetensors", given.out, report)
    sys.stderr.write(f"{report}\n")


if __name__ == "__main__":
    main()
