"""Measures speed and size: ``python -m evals.bench.speed [--only warm] [--sizes 1000 10000] [--out DIR]``.

Every target is a ratio of two figures of one run, because machines differ. ``--out`` writes
``speed.md`` and ``speed.json``.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from evals.bench.speed_report import Section, Target, Value, markdown, write_report
from evals.bench.synthetic import (
    DIMENSION,
    PASSAGES,
    Papers,
    document_of,
    queries,
    seed_index,
    synthetic_index,
    vectors_of,
)
from index.embed.encoder import Encoder, load_encoder, question_encoder
from index.embed.model import model_files
from index.embed.sentence import SentenceEncoder
from index.files import LOCAL_DISK
from index.ingest.build import add, remove
from index.read import read
from index.read.passages import passages_of
from index.search import search
from index.segments.arrays import Arrays, write_arrays
from index.segments.order import Order
from index.segments.paper import PaperRows
from index.segments.vectors import FLAT_UP_TO, Vectors, vector_arrays
from index.store.open import open_index
from qa.answer import Answerer
from qa.settings import Settings

T = TypeVar("T")

_QUESTION = "When was mycophenolate restarted?"
_HEAVY = ("torch", "transformers", "sentence_transformers", "onnxruntime", "faiss", "streamlit", "numpy")
#: Runs between this process and the measured one: a child starts with its parent's peak of memory.
_LAUNCHER = """import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
seconds = time.perf_counter() - started
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps([seconds, memory, done.returncode, done.stdout]))
"""
#: Asks one question and prints the seconds of each step. Arguments: folder, question, encoder.
_COLD = """import json, sys, time
from pathlib import Path
folder, question, how = sys.argv[1:]
times = [time.perf_counter()]
def done(): times.append(time.perf_counter())
from index.embed.encoder import question_encoder
from index.embed.model import model_files
from index.embed.sentence import SentenceEncoder
from index.store.open import open_index
from qa.answer import Answerer
done()
with open_index(Path(folder)) as index:
    done()
    encoder = SentenceEncoder(model_files()) if how == "torch" else question_encoder(index)
    encoder.encode(["warm"])
    done()
    answerer = Answerer(index, encoder)
    done()
    answerer.ask(question)
    done()
steps = ("importing", "opening and verifying", "loading the encoder", "loading the rankers", "answering")
print(json.dumps({step: end - start for step, start, end in zip(steps, times, times[1:])}))
"""
_RUNS = 5
_ASKED = 100
_BUILT = (6, 24)  #: papers built at once; the cost of publishing weighs less among more
_QUERIES = 200
_NEAREST = 10


def child(arguments: Sequence[str]) -> tuple[float, float, str]:
    """Run a Python process; return its seconds, its peak memory in MB and its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, *arguments], capture_output=True, text=True, check=True
    )
    taken, memory, code, said = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{arguments} ended with {code}: {done.stderr}")
    return taken, memory, said


def _median_child(arguments: Sequence[str]) -> tuple[dict[str, Value], list[str]]:
    """Return the median seconds and memory of some runs, and their outputs."""
    runs = [child(arguments) for _ in range(_RUNS)]
    taken, memory = (statistics.median(float(run[at]) for run in runs) for at in (0, 1))
    return {"seconds": taken, "MB": memory}, [said for _, _, said in runs]


def help_(_work: Path, _sizes: Sequence[int]) -> Section:
    """Measure ``loccit --help`` against a Python that does nothing."""
    script = (
        "import sys\nfrom qa.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"sys.stderr.write(' '.join(name for name in {_HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = done.stderr.split()
    rows: tuple[dict[str, Value], ...] = (
        {"command": "python alone", **_median_child(["-c", "pass"])[0]},
        {"command": "loccit --help", **_median_child(["-c", script])[0], "heavy imports": ", ".join(heavy)},
    )
    what = f"Median of {_RUNS} runs. Heavy imports are {', '.join(_HEAVY)}."
    return Section("help", what, rows, (Target("heavy imports of --help", len(heavy), 0, False),))


def cold(work: Path, _sizes: Sequence[int]) -> Section:
    """Measure one question in a new process, with onnxruntime and with torch, and its steps."""
    folder = str(seed_index(work / "seeds"))
    rows: list[dict[str, Value]] = []
    for how in ("onnxruntime", "torch"):
        arguments = ["-c", _COLD, folder, _QUESTION, how]
        child(arguments)  # the system's file cache is warm for both
        row, said = _median_child(arguments)
        steps = [json.loads(one) for one in said]
        row |= {step: statistics.median(one[step] for one in steps) for step in steps[0]}
        rows.append({"encoder": how, **row})
    ask = f"from qa.cli.main import main; main(['ask', {_QUESTION!r}, '--index', {folder!r}])"
    rows.append({"encoder": "loccit ask", **_median_child(["-c", ask])[0]})
    what = f"One question to the seed papers from a new process, median of {_RUNS}; steps in seconds."
    targets = tuple(
        Target(f"cold question: {key} / torch's", float(rows[0][key]) / float(rows[1][key]), bound, False)
        for key, bound in (("seconds", 0.2), ("MB", 0.5))
    )
    return Section("cold", what, tuple(rows), targets)


def warm(work: Path, sizes: Sequence[int]) -> Section:
    """Measure question to answer against encoding the question, by size of the index."""
    rows = [_warm(synthetic_index(work / f"synthetic-{size}", size), size) for size in sizes]
    bounds = {10_000: 3.0, 1_000_000: 6.0}
    targets = [
        Target(f"warm question at {size:,} passages{what} / encoding", float(row[key]), bounds[size], False)
        for size, row in zip(sizes, rows, strict=True)
        for what, key in (("", "ratio"), (", first stage", "ratio of the first stage"))
        if size in bounds
    ]
    what = (
        f"Synthetic papers, {_ASKED} new questions, median milliseconds. The ratio is the whole answer to "
        "encoding the question alone. The first stage answers without reading passages."
    )
    return Section("warm", what, tuple(rows), tuple(targets))


def _warm(folder: Path, size: int) -> dict[str, Value]:
    questions = Papers.holding(size).questions(2 * (_ASKED + 10))
    before = own_memory()
    opening, opened = seconds(lambda: open_index(folder))
    with opened as index:
        encoder = question_encoder(index)
        vectors = {question: encoder.encode([question])[0] for question in questions}
        # An answer comes before the search alone, which would find its pages of the files warm.
        steps: dict[str, Callable[[str], object]] = {
            "encoding": lambda question: encoder.encode([question]),
            "first stage": Answerer(index, encoder, settings=Settings(read=0)).ask,
            "search": lambda question: search(index, question, vectors[question]),
        }
        times = timed(steps, questions[::2]) | timed(
            {"answer": Answerer(index, encoder).ask}, questions[1::2]
        )
        return {
            "passages": index.manifest.counts.passages,
            **times,
            "ratio": times["answer"] / times["encoding"],
            "ratio of the first stage": times["first stage"] / times["encoding"],
            "open, s": opening,
            "disk bytes per passage": index.manifest.size / index.manifest.counts.passages,
            "own memory, MB": (own_memory() - before) / 1e6,
        }


def seconds(action: Callable[[], T]) -> tuple[float, T]:
    """Return how long ``action`` took, and its result."""
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


def own_memory() -> int:
    """Return the bytes of memory that this process holds for itself, without mapped files."""
    import psutil

    info = psutil.Process().memory_info()
    return int(info.rss - info.shared)


def timed(steps: Mapping[str, Callable[[str], object]], questions: Sequence[str]) -> dict[str, float]:
    """Return the median milliseconds of each step over the last questions; the first ones warm up."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number, question in enumerate(questions):
        for name, step in steps.items():
            taken, _ = seconds(partial(step, question))
            if number >= len(questions) - _ASKED:
                times[name].append(1000 * taken)
    return {name: statistics.median(values) for name, values in times.items()}


def building(work: Path, _sizes: Sequence[int]) -> Section:
    """Measure building from text files against encoding the same texts, sorted by length."""
    rows = tuple(_built(seed_index(work / "seeds"), count) for count in _BUILT)
    what = (
        "Text files added to an index of two papers: read, cut up, embedded, published; against "
        "SentenceTransformer.encode on the same passages and sentences sorted by length, before and after."
    )
    targets = [
        Target(f"building {row['papers']} papers: speed / raw encode", float(row["ratio"]), 0.95, True)
        for row in rows
    ]
    return Section("build", what, rows, tuple(targets))


def _built(folder: Path, count: int) -> dict[str, Value]:
    """Add ``count`` papers to an index and remove them again."""
    encoder = load_encoder()
    encoder.encode(["warm"])
    with tempfile.TemporaryDirectory() as place:
        papers = _papers(Path(place), count)
        texts = {text for path in papers for text in _texts(path, encoder)}
        longest_first = sorted(texts, key=len, reverse=True)

        torch = SentenceEncoder(model_files()).model

        def raw() -> object:
            return torch.encode(
                longest_first, batch_size=32, normalize_embeddings=True, show_progress_bar=False
            )

        before, _ = seconds(raw)
        built, report = seconds(lambda: add(papers, folder, encoder=encoder))
        alone = (before + seconds(raw)[0]) / 2
    remove(frozenset(report.added), folder)
    return {
        "papers": len(report.added),
        "texts": len(texts),
        "raw encode, s": alone,
        "build, s": built,
        "raw texts/s": len(texts) / alone,
        "build texts/s": len(texts) / built,
        "ratio": alone / built,
    }


def _papers(folder: Path, count: int) -> list[Path]:
    """Write new synthetic papers as text files; kept generations may hold those of earlier runs."""
    first = 900_000 + secrets.randbelow(1 << 40)  # beyond the numbers of any synthetic index
    paths = [folder / f"{number:02}.txt" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_text(document_of("", first + number).text, encoding="utf-8")
    return paths


def _texts(path: Path, encoder: Encoder) -> list[str]:
    document = read(path)
    passages, sentences = passages_of(document, encoder.count_pieces, encoder.max_pieces)
    return PaperRows.of(document, passages, sentences, "").embedded_texts()


def change(work: Path, _sizes: Sequence[int]) -> Section:
    """Measure adding a paper to 1,000 and removing it, against reading and encoding it alone."""
    size = 1000 * PASSAGES
    folder = synthetic_index(work / f"synthetic-{size}", size)
    encoder = load_encoder()
    encoder.encode(["warm"])
    with tempfile.TemporaryDirectory() as place:
        first, path = _papers(Path(place), 2)
        add([first], folder, encoder=encoder)  # reads the modules that a build needs
        alone, _ = seconds(lambda: encoder.encode(sorted(set(_texts(path, encoder)))))
        saving: list[float] = []

        def progress(stage: str, done: int, total: int) -> None:
            if stage == "saving":
                saving.append(time.perf_counter())

        added, report = seconds(lambda: add([path], folder, encoder=encoder, progress=progress))
    removed, _ = seconds(lambda: remove(frozenset(report.added), folder))
    published = saving[-1] - saving[0]
    rows: tuple[dict[str, Value], ...] = (
        {"step": "reading and encoding the paper alone", "seconds": alone},
        {"step": "adding it, without publishing", "seconds": added - published},
        {"step": "publishing", "seconds": published},
        {"step": "removing it, with publishing; nothing is encoded", "seconds": removed},
    )
    what = f"An index of {len(report.unchanged):,} synthetic papers, {report.passages:,} passages."
    ratio = (added - published) / alone
    target = Target("adding one paper / reading and encoding it", ratio, 1.3, False)
    return Section("change", what, rows, (target,))


def vectors(_work: Path, sizes: Sequence[int]) -> Section:
    """Measure each kind of vector index by size: recall, time, memory, disk, opening."""
    rows = [row for size in sizes for row in _kinds(Papers.holding(size).count)]
    targets = [
        Target(f"recall@10 of lists at {row['passages']:,}", float(row["recall@10"]), 0.98, True)
        for row in rows
        if row["kind"] == "lists"
    ]
    what = (
        f"Synthetic vectors of {DIMENSION} components, {_QUERIES} questions, recall against comparing all. "
        f"Up to {FLAT_UP_TO:,} passages an index is flat, beyond that it has lists."
    )
    return Section("faiss", what, tuple(rows), tuple(targets))


def _kinds(papers: int) -> list[dict[str, Value]]:
    asked = queries(papers, _QUERIES)
    flat, exact = _kind(papers, asked, flat_up_to=1 << 40)
    lists, nearest = _kind(papers, asked, flat_up_to=0)
    same = sum(len(set(one) & set(other)) for one, other in zip(nearest, exact, strict=True))
    passages = papers * PASSAGES
    return [
        {"passages": passages, "kind": "flat", "recall@10": 1.0, **flat},
        {"passages": passages, "kind": "lists", "recall@10": same / (_QUERIES * _NEAREST), **lists},
    ]


def _kind(
    papers: int, asked: NDArray[np.float32], flat_up_to: int
) -> tuple[dict[str, Value], list[list[int]]]:
    """Return the figures of one kind of index and the nearest passages of each question."""
    with tempfile.TemporaryDirectory() as place:
        count = papers * PASSAGES
        arrays = vector_arrays(
            lambda: (vectors_of(number, sentences=False)[0] for number in range(papers)),
            *(count, DIMENSION, flat_up_to),
        )
        path = Path(place) / "vectors"
        built, record = seconds(lambda: write_arrays(path, arrays, LOCAL_DISK))
        before = own_memory()
        opening, opened = seconds(
            lambda: Vectors([Arrays(Path(place), record)], Order.of_one(count), DIMENSION)
        )
        searches = [seconds(partial(opened.nearest, query, _NEAREST)) for query in asked]
        row: dict[str, Value] = {
            "10 nearest, ms": statistics.median(1000 * taken for taken, _ in searches),
            "build, s": built,
            "open, ms": 1000 * opening,
            "disk bytes per passage": record.size / len(opened),
            "own bytes per passage": max(own_memory() - before, 0) / len(opened),
        }
    return row, [nearest.tolist() for _, nearest in searches]


#: Each takes a folder to work in and the sizes in passages.
SECTIONS: Mapping[str, Callable[[Path, Sequence[int]], Section]] = {
    "help": help_,
    "cold": cold,
    "warm": warm,
    "build": building,
    "change": change,
    "faiss": vectors,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the chosen sections and print the report."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.speed", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000, 100_000], metavar="PASSAGES")
    parser.add_argument("--out", type=Path, help="folder for the report")
    parser.add_argument("--work", type=Path, help="folder that keeps synthetic indexes for the next run")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="loccit-speed-") as own:
        work = chosen.work or Path(own)
        work.mkdir(parents=True, exist_ok=True)
        sections = [SECTIONS[name](work, sorted(chosen.sizes)) for name in chosen.only]
    sys.stdout.write(markdown(sections) + "\n")
    if chosen.out:
        write_report(sections, chosen.out)


if __name__ == "__main__":
    main()
