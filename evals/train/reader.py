"""Trains a reader: ``python -m evals.train.reader {small,large} --data DIR --work DIR``.

An embedding model is trained further on questions with passages (see
``evals.train.reader_data``): the bundled one for the small reader, all-mpnet-base-v2 with
low-rank differences for the large one. Word embeddings and lowest layers stay frozen; the
output is the difference from the embedding model, a few megabytes. Documents are split by hash
as for ``evals.train.rankers``; the reader learns from the ranker's part.

``--work`` keeps the groups, the state of the training with its optimizer, and the learning
curve, so that a run that is stopped goes on where it was. The weights written are running means
of those of the last steps (Polyak and Juditsky 1992). On two cores the large reader takes 2 to
8 seconds a group, the small one a tenth of that; a GPU is used where there is one.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evals.sets import corpora
from evals.sets.cases import Corpus
from evals.sets.own import load_practice
from evals.sets.splits import chosen_cases
from evals.train.reader_data import (
    MANY,
    Group,
    Judge,
    Pool,
    as_json,
    groups,
    natural_questions,
    of_json,
    read_closely,
)
from evals.train.reader_files import save, start_from
from evals.train.reader_net import ReaderNet, large_net, loss_of, small_net
from index.embed.model import ModelFiles, model_files
from index.embed.mpnet import MPNET, mpnet_folder
from index.files import LOCAL_DISK
from qa.rank.reader import (
    GRAPH,
    LARGE_GRAPH,
    LARGE_TRAINED,
    TRAINED,
    Asked,
    Reader,
    Text,
    batch_of,
    load_reader,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer


#: Word pieces in one step of training, about.
STEP_PIECES = 3600
#: Groups that are sorted by length together; a run is resumed at the start of such a bucket.
BUCKET = 64
#: Steps in which the learning rate rises, and share of the running mean that stays at each step.
WARM, KEPT = 30, 0.98
#: Seconds between two saves; groups between two looks at the held-out ones, and how many of a source.
SAVE_EVERY, LOOK_EVERY, HELD = 300, 640, 14
#: Rank of the large reader's differences. Rank 16 learned as fast in 2,000 groups; 32 leaves room for more.
RANK = 32


@dataclass(frozen=True, slots=True)
class Size:
    """How a reader of one size is made and trained."""

    rate: float  #: learning rate of the encoder
    heads_rate: float
    files: tuple[str, str]  #: graph and trained weights
    identity: bool  #: passages are read with what identifies their paper in front


SIZES = {
    "small": Size(8e-5, 8e-4, (GRAPH, TRAINED), identity=False),
    "large": Size(4e-4, 2e-3, (LARGE_GRAPH, LARGE_TRAINED), identity=True),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A set to learn from."""

    load: Callable[[Path, str], Corpus]  #: takes the folder of the sets and a part of the documents
    questions: int
    passes: int = 1  #: how often each question is taken, each time with other negatives
    judged: bool = False  #: in the first pass, negatives are those that mislead the reader so far
    spans: bool = True  #: gold is the decisive words, not whole sentences


def _own(name: str) -> Callable[[Path, str], Corpus]:
    return lambda data, part: load_practice(data, "reader" if part == "ranker" else "ranking", name)


def _part(load: Callable[[Path], Corpus]) -> Callable[[Path, str], Corpus]:
    def loaded(data: Path, part: str) -> Corpus:
        corpus = load(data)
        return replace(corpus, cases=tuple(chosen_cases(corpus, part, len(corpus.cases))))

    return loaded


def _squad(name: str) -> Callable[[Path, str], Corpus]:
    return _part(lambda data: corpora.squad_file(data / name))


SOURCES = (
    Source(_own("practice"), 9000, judged=True, spans=False),
    Source(_own("conversations"), 4000, passes=2, judged=True, spans=False),
    Source(_part(corpora.evidence_inference), 1500, spans=False),
    Source(_squad("training/new_wiki_v1.0.json"), 600),
    Source(_squad("squad2_part.json"), 900),
    Source(_part(lambda data: natural_questions(data / "training" / "nq-open-oracle.jsonl.gz")), 600),
    Source(_squad("training/reddit_v1.0.json"), 150),
    Source(_squad("training/policyqa_dev.json"), 75),
    Source(_squad("training/amazon_reviews_v1.0.json"), 100),
)


def gather(
    data: Path,
    part: str,
    path: Path,
    *,
    most: int | None,
    seed: int,
    identity: bool,
    judge: Judge | None,
    negatives: Sequence[int] | None,
) -> list[Group]:
    """Return the groups of all sources for one part of the documents, from ``path`` if they are there.

    At most ``most`` per source; ``seed`` decides which questions are taken and with what negatives; ``judge``
    chooses the negatives of the sources that are ``judged``, ``negatives`` says how many there may be.
    """
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [of_json(json.loads(line)) for line in lines]
    files = model_files()
    chance = random.Random(seed)
    gathered: list[Group] = []
    for source in SOURCES:
        corpus = source.load(data, part)
        pool = Pool(corpus, files.count_pieces, files.max_pieces)
        cases = chance.sample(corpus.cases, min(most or source.questions, len(corpus.cases)))
        for number in range(1 if most else source.passes):
            asked = judge if source.judged and number == 0 else None
            gathered += groups(
                pool, cases, chance, spans=source.spans, judge=asked, identity=identity, negatives=negatives
            )
        sys.stderr.write(f"{corpus.name}: {len(gathered)} groups\n")
    chance.shuffle(gathered)
    lines_of = (json.dumps(as_json(group)) + "\n" for group in gathered)
    LOCAL_DISK.write_atomically(path, [gzip.compress("".join(lines_of).encode(), 6)])
    return gathered


def judge_of() -> Judge:
    """Return a judge that scores a text as the shipped small reader scores its best sentence."""
    reader = load_reader()

    def judged(asked: Asked, texts: Sequence[Text]) -> list[float]:
        readings = reader.read(asked.question, texts, asked.before)
        return [float(reading.scores.max(initial=-np.inf)) for reading in readings]

    return judged


def steps(
    learning: Sequence[Group], start: int, skimmed_by: Reader | None = None
) -> Iterator[tuple[list[Group], int]]:
    """Yield the groups of each step, of similar length, and where the run goes on after it.

    ``skimmed_by`` chooses the excerpts of each group; None to read whole passages.
    """
    for at in range(start, len(learning), BUCKET):
        plan: list[list[Group]] = [[]]
        bucket = learning[at : at + BUCKET]
        if skimmed_by is not None:
            chance = random.Random(at)
            bucket = [read_closely(group, skimmed_by, chance) for group in bucket]
        for group in sorted(bucket, key=longest):
            texts = sum(len(member.texts) for member in plan[-1]) + len(group.texts)
            if plan[-1] and texts * longest(group) / 4.2 > STEP_PIECES:
                plan.append([])
            plan[-1].append(group)
        random.Random(at).shuffle(plan)
        for step in plan[:-1]:
            yield step, at
        yield plan[-1], at + BUCKET


def longest(group: Group) -> int:
    """Return the characters of the longest text of the group and of what is asked."""
    asked = len(group.asked.question) + len(group.asked.before)
    return max(len(marked.text.text) + len(marked.text.context) for marked in group.texts) + asked


class Training:
    """A network in training, with all that a stopped run needs to go on. Mutable."""

    def __init__(self, net: ReaderNet, size: Size, state: Path) -> None:
        """Start, or go on from the file ``state`` if it is there."""
        self.net, self._size, self._state = net, size, state
        self.trained = net.trained()
        body = [weight for name, weight in self.trained.items() if name.startswith("bert.")]
        heads = [weight for name, weight in self.trained.items() if not name.startswith("bert.")]
        parts = [{"params": body, "lr": size.rate}, {"params": heads, "lr": size.heads_rate}]
        self.optimizer = torch.optim.AdamW(parts, weight_decay=0.01)
        self.mean = {name: weight.detach().clone() for name, weight in self.trained.items()}
        self.steps, self.at, self.loss = 0, 0, float("nan")
        if state.exists():
            saved = torch.load(state, weights_only=True, map_location=net.scale.device)
            self._put(saved["weights"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.mean, self.steps, self.at, self.loss = (saved[key] for key in ("ema", "done", "at", "mean"))

    def _put(self, weights: dict[str, torch.Tensor]) -> None:
        for name, weight in self.trained.items():
            weight.data.copy_(weights[name])

    def step(self, loss: torch.Tensor) -> None:
        """Take one step down ``loss``."""
        self.steps += 1
        for part, rate in zip(
            self.optimizer.param_groups, (self._size.rate, self._size.heads_rate), strict=True
        ):
            part["lr"] = rate * min(1.0, self.steps / WARM)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch gives it no types
        torch.nn.utils.clip_grad_norm_(list(self.trained.values()), 1.0)
        self.optimizer.step()
        kept = min(KEPT, self.steps / (self.steps + 10))
        for name, weight in self.trained.items():
            self.mean[name].mul_(kept).add_(weight.detach(), alpha=1 - kept)
        now = loss.item()
        self.loss = now if np.isnan(self.loss) else 0.98 * self.loss + 0.02 * now

    def save(self) -> None:
        """Write the state, at once."""
        saved = {
            "weights": {name: weight.detach() for name, weight in self.trained.items()},
            "optimizer": self.optimizer.state_dict(),
            "ema": self.mean,
            "done": self.steps,
            "at": self.at,
            "mean": self.loss,
        }
        torch.save(saved, self._state.with_suffix(".new"))
        self._state.with_suffix(".new").replace(self._state)

    def averaged(self, look: Callable[[ReaderNet], Any]) -> Any:  # noqa: ANN401 - whatever look returns
        """Return what ``look`` makes of the network with the running means of its weights."""
        now = {name: weight.detach().clone() for name, weight in self.trained.items()}
        self._put(self.mean)
        seen = look(self.net)
        self._put(now)
        return seen


@torch.no_grad()
def right_first(net: ReaderNet, tokenizer: Tokenizer, held: Sequence[Group]) -> dict[str, float]:
    """Return, in all and by set, the share of groups whose best sentence (or no answer) is right."""
    net.eval()
    hits: dict[str, list[bool]] = {}
    for group in held:
        batch = batch_of(tokenizer, [(group.asked, marked.text) for marked in group.texts])
        arrays = (batch.ids, batch.mask, batch.types, batch.sentence)
        ids, mask, types, sentence = (torch.from_numpy(array).to(net.scale.device) for array in arrays)
        count = max(len(marked.right) for marked in group.texts)
        scores = net.scores(net(ids, mask, types), mask * (1 - types), sentence, count).cpu().numpy()
        pairs = zip(scores, group.texts, strict=True)
        judged = [
            (score, right) for row, marked in pairs for score, right in zip(row, marked.right, strict=False)
        ]
        if not any(right for _, right in judged):
            judged.append((0.0, True))  # no answer
        hits.setdefault(group.corpus, []).append(max(judged)[1])
    net.train()
    every = [hit for values in hits.values() for hit in values]
    shares = {"all": every, **hits}
    return {name: round(float(np.mean(values)), 3) for name, values in shares.items()}


def train(
    training: Training,
    tokenizer: Tokenizer,
    learning: Sequence[Group],
    held: Sequence[Group],
    precision: torch.dtype,
    curve: Path,
    skimmed_by: Reader | None,
) -> None:
    """Train on the rest of ``learning``; the learning curve is appended to ``curve``, a line a look."""
    looked, saved, began = training.at, time.monotonic(), time.monotonic()
    first, seen = training.at, 0
    training.net.train()
    for step, after in steps(learning, training.at, skimmed_by):
        training.step(loss_of(training.net, tokenizer, step, precision))
        training.at, seen = after, seen + len(step)
        if training.steps % 10 == 0:
            pace = (time.monotonic() - began) / seen
            sys.stderr.write(
                f"{first + seen} of {len(learning)} groups, loss {training.loss:.3f}, {pace:.2f} s a group\n"
            )
        if training.at - looked >= LOOK_EVERY or training.at >= len(learning):
            looked = training.at
            shares = training.averaged(lambda net: right_first(net, tokenizer, held))
            with curve.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"steps": training.steps, "groups": training.at, **shares}) + "\n")
        if time.monotonic() - saved > SAVE_EVERY:
            training.save()
            saved = time.monotonic()
    training.save()


def main() -> None:
    """Train from the command line; write the graph and the trained weights."""
    parser = argparse.ArgumentParser(prog="python -m evals.train.reader", description=__doc__)
    parser.add_argument("size", choices=SIZES, help="which reader")
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LOCCIT_BENCH"), help="folder of the public sets"
    )
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps the state of the run")
    parser.add_argument("--out", type=Path, default=Path("qa/rank"), help="folder of the files")
    parser.add_argument("--further", action="store_true", help="start from the reader in that folder")
    parser.add_argument("--seed", type=int, default=7, help="decides the questions, negatives and order")
    parser.add_argument("--judged", action="store_true", help="take negatives that mislead the small reader")
    parser.add_argument(
        "--excerpts",
        action="store_true",
        help="read the sentences that the small reader finds best",
    )
    parser.add_argument(
        "--precision", choices=("float32", "bfloat16"), default="float32", help="of the encoder's products"
    )
    parser.add_argument("--export", action="store_true", help="only write the files of the saved state")
    given = parser.parse_args()
    if given.data is None or not given.data.is_dir():
        parser.error("name the folder of the public sets with --data or LOCCIT_BENCH")
    given.work.mkdir(parents=True, exist_ok=True)
    size, large = SIZES[given.size], given.size == "large"
    files = ModelFiles(mpnet_folder(), MPNET) if large else model_files()
    folder = files.folder
    torch.manual_seed(given.seed)
    net = large_net(folder, RANK) if large else small_net(folder)
    if given.further:
        start_from(net, given.out / size.files[1], folder / "model.safetensors")
    net.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    training = Training(net, size, given.work / "state.pt")
    curve = given.work / "curve.jsonl"
    if not given.export:
        learning, held = (
            gather(
                given.data,
                part,
                given.work / f"{part}.jsonl.gz",
                most=most,
                seed=given.seed,
                identity=size.identity,
                judge=judge_of() if given.judged and most is None else None,
                negatives=MANY if given.excerpts else None,
            )
            for part, most in (("ranker", None), ("calibrator", HELD))
        )
        skimmed_by = load_reader() if given.excerpts else None
        if skimmed_by is not None:
            chance = random.Random(given.seed)
            held = [read_closely(group, skimmed_by, chance) for group in held]
        precision = getattr(torch, given.precision)
        train(training, files.tokenizer, learning, held, precision, curve, skimmed_by)
    plain = large_net(folder, 0) if large else net
    report = {"steps": training.steps, "curve": [json.loads(line) for line in _lines(curve)]}
    out = (given.out / size.files[0], given.out / size.files[1])
    training.averaged(lambda net: save(net.cpu(), plain, folder / "model.safetensors", out, report))
    sys.stderr.write(f"{report}\n")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


if __name__ == "__main__":
    main()
