"""How long asking takes: the command's start, a cold question, warm questions by size of the index."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from evals.bench.speed_data import Papers
from evals.bench.speed_report import Section, Target
from index.embed.encoder import load_encoder
from index.embed.onnx import question_encoder
from index.search import search
from index.store.manifest import Model
from index.store.open import CURRENT, ENCODER, TOKENIZER, open_index
from index.store.publish import Made, publish, writing
from qa.answer import Answerer
from qa.files.resources import seeds_folder
from qa.settings import Settings as AnswerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from evals.bench.speed_report import Value

_QUESTION = "When was mycophenolate restarted?"
_HEAVY = ("torch", "transformers", "sentence_transformers", "onnxruntime", "faiss", "streamlit", "numpy")
#: A process between this one and the one that is measured: a child starts with its parent's peak of memory.
_LAUNCHER = """import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
seconds = time.perf_counter() - started
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps([seconds, memory, done.returncode, done.stdout]))
"""
_RUNS = 5
_ASKED = 100


def child(arguments: Sequence[str]) -> tuple[float, float, str]:
    """Run a Python process; return its seconds, its largest memory in MB and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, *arguments], capture_output=True, text=True, check=True
    )
    seconds, memory, code, said = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{arguments} ended with {code}: {done.stderr}")
    return seconds, memory, said


def seed_index(work: Path) -> Path:
    """Return the folder of an index of the seed papers, built with the genuine model."""
    from index.ingest.build import build

    folder = work / "seeds"
    build([seeds_folder()], folder, encoder=load_encoder())
    return folder


def help_(_work: Path, _sizes: Sequence[int]) -> Section:
    """Measure ``loccit --help`` beside a Python that does nothing."""
    script = (
        "import sys\nfrom qa.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"sys.stderr.write(' '.join(name for name in {_HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    rows: list[dict[str, Value]] = []
    for name, arguments in (("python alone", ["-c", "pass"]), ("loccit --help", ["-c", script])):
        runs = [child(arguments) for _ in range(_RUNS)]
        rows.append({"command": name, "seconds": _median(runs, 0), "MB": _median(runs, 1)})
    heavy = done.stderr.split()
    rows[-1]["heavy imports"] = ", ".join(heavy) or "none"
    what = f"Median of {_RUNS} runs; of {', '.join(_HEAVY)}, which does the help load?"
    return Section("help", what, tuple(rows), (Target("heavy imports of --help", len(heavy), 0, False),))


def cold(work: Path, _sizes: Sequence[int]) -> Section:
    """Measure one question in a new process, with onnxruntime and with torch, and its steps."""
    folder = seed_index(work)
    rows: list[dict[str, Value]] = []
    for how in ("onnxruntime", "torch"):
        arguments = ["-m", "evals.bench.speed_cold", str(folder), _QUESTION, how]
        child(arguments)  # the system's cache of files is warm for both
        runs = [child(arguments) for _ in range(_RUNS)]
        row: dict[str, Value] = {"encoder": how, "seconds": _median(runs, 0), "MB": _median(runs, 1)}
        steps = [json.loads(said) for _, _, said in runs]
        for step in steps[0]:
            row[step] = statistics.median(one[step] for one in steps)
        rows.append(row)
    asked = ["-c", f"from qa.cli.main import main; main(['ask', {_QUESTION!r}, '--index', {str(folder)!r}])"]
    runs = [child(asked) for _ in range(_RUNS)]
    rows.append({"encoder": "loccit ask", "seconds": _median(runs, 0), "MB": _median(runs, 1)})
    first, torch = rows[0], rows[1]
    what = f"One question to the seed papers from a new process, median of {_RUNS}; steps in seconds."
    return Section(
        "cold",
        what,
        tuple(rows),
        (
            Target("cold question: time / torch's", _ratio(first, torch, "seconds"), 0.2, False),
            Target("cold question: memory / torch's", _ratio(first, torch, "MB"), 0.5, False),
        ),
    )


def synthetic_index(work: Path, passages: int) -> Path:
    """Return the folder of an index of made-up papers with the genuine model's question encoder."""
    folder = work / f"made-up-{passages}"
    if (folder / CURRENT).is_file():
        return folder
    with open_index(seed_index(work)) as seeds:
        extra = {name: seeds.folder / name for name in (ENCODER, TOKENIZER)}
        model: Model = seeds.manifest.model
        with writing(folder):
            publish(folder, papers_for(passages), Made(model=model, previous=None, extra=dict(extra)))
    return folder


def papers_for(passages: int) -> Papers:
    """Return so many made-up papers that they have ``passages`` passages, or a few more."""
    from evals.bench.speed_data import PASSAGES

    return Papers(-(-passages // PASSAGES))


def warm(work: Path, sizes: Sequence[int]) -> Section:
    """Measure question to answer beside encoding the question, by size of the index."""
    rows = [_warm(work, size) for size in sizes]
    bounds = {10_000: 3.0, 1_000_000: 6.0}
    targets = [
        Target(
            f"warm question at {size:,} passages{what} / encoding it", float(row[key]), bounds[size], False
        )
        for size, row in zip(sizes, rows, strict=True)
        for what, key in (("", "ratio"), (", first stage", "ratio of the first stage"))
        if size in bounds
    ]
    what = (
        f"Made-up papers, {_ASKED} questions, median milliseconds. The ratio is that of the whole answer to "
        "encoding the question alone; no question was asked before. The first stage answers without "
        "reading the best passages again."
    )
    return Section("warm", what, tuple(rows), tuple(targets))


def _warm(work: Path, size: int) -> dict[str, Value]:
    folder = synthetic_index(work, size)
    asked = papers_for(size).questions(2 * (_ASKED + 10))
    before = own_memory()
    started = time.perf_counter()
    with open_index(folder) as index:
        opened = time.perf_counter() - started
        encoder = question_encoder(index)
        vectors = {question: encoder.encode([question])[0] for question in asked}
        first = Answerer(index, encoder, settings=AnswerSettings(read=0))
        whole = Answerer(index, encoder)
        # An answer comes before the search alone, which would find its pages of the files warm.
        steps: dict[str, Callable[[str], object]] = {
            "encoding": lambda question: encoder.encode([question]),
            "first stage": first.ask,
            "search": lambda question: search(index, question, vectors[question]),
        }
        times = timed(steps, asked[::2])
        times |= timed({"answer": whole.ask}, asked[1::2])
        after = own_memory()
        row: dict[str, Value] = {"passages": index.manifest.counts.passages, **times}
        row["ratio"] = times["answer"] / times["encoding"]
        row["ratio of the first stage"] = times["first stage"] / times["encoding"]
        row["open, s"] = opened
        row["disk bytes a passage"] = index.manifest.size / index.manifest.counts.passages
        row["own memory, MB"] = (after - before) / 1e6
    return row


def own_memory() -> int:
    """Return the bytes that this process holds for itself; files that it maps do not count."""
    import psutil

    found = psutil.Process().memory_info()
    return int(found.rss - found.shared)


def timed(steps: dict[str, Callable[[str], object]], asked: Sequence[str]) -> dict[str, float]:
    """Return the median milliseconds of each step, the steps of one question after each other."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    for number, question in enumerate(asked):
        for name, step in steps.items():
            started = time.perf_counter()
            step(question)
            if number >= len(asked) - _ASKED:
                found[name].append(1000 * (time.perf_counter() - started))
    return {name: statistics.median(times) for name, times in found.items()}


def _median(runs: Sequence[tuple[float, float, str]], at: int) -> float:
    return statistics.median(float(run[at]) for run in runs)


def _ratio(one: dict[str, Value], other: dict[str, Value], key: str) -> float:
    return float(one[key]) / float(other[key])
