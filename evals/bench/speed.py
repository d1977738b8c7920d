"""Measures speed and size: ``python -m evals.bench.speed [--only warm] [--sizes 1000 10000] [--out DIR]``.

Every target is a ratio of two figures of one run, because machines differ. ``--out`` writes ``speed.md``,
``speed.json`` and the chart ``speed.svg``. ``--build 2 24 480 --add 10 1000 10000 --sizes 1000 10000 100000
1000000`` measures as far as a machine with 16 GB carries, in hours.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.bench.building import building, change
from evals.bench.speed_report import Section, Target, Value, markdown, write_report
from evals.bench.synthetic import (
    DIMENSION,
    PASSAGES,
    Papers,
    queries,
    seed_index,
    synthetic_index,
    vectors_of,
)
from evals.bench.timing import child, own_memory, seconds, timed
from index.embed.encoder import question_encoder
from index.files import LOCAL_DISK
from index.search import search
from index.segments.arrays import Arrays, write_arrays
from index.segments.order import Order
from index.segments.vectors import FLAT_UP_TO, Vectors, vector_arrays
from index.store.open import open_index
from qa.answer import Answerer
from qa.settings import Settings

_QUESTION = "When was mycophenolate restarted?"
_HEAVY = ("torch", "transformers", "sentence_transformers", "onnxruntime", "faiss", "streamlit", "numpy")
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
_QUERIES = 200
_NEAREST = 10


def _median_child(arguments: Sequence[str]) -> tuple[dict[str, Value], list[str]]:
    """Return the median seconds and memory of some runs, and their outputs."""
    runs = [child(arguments) for _ in range(_RUNS)]
    taken, memory = (statistics.median(float(run[at]) for run in runs) for at in (0, 1))
    return {"seconds": taken, "MB": memory}, [said for _, _, said in runs]


def help_() -> Section:
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


def cold(work: Path, sizes: Sequence[int]) -> Section:
    """Measure one question in a new process: its steps, with torch instead, and by size of the index."""
    folder = seed_index(work / "seeds")
    rows: list[dict[str, Value]] = []
    for how in ("onnxruntime", "torch"):
        arguments = ["-c", _COLD, str(folder), _QUESTION, how]
        child(arguments)  # the system's file cache is warm for both
        row, said = _median_child(arguments)
        steps = [json.loads(one) for one in said]
        row |= {step: statistics.median(one[step] for one in steps) for step in steps[0]}
        rows.append({"index": "seeds", "command": how, **row})
    ratios = {key: float(rows[0][key]) / float(rows[1][key]) for key in ("seconds", "MB")}
    rows.append({"index": "seeds", "command": "loccit ask", **_asked(folder, _QUESTION)})
    for size in sizes:
        (question,) = Papers.holding(size).questions(1)
        asked = _asked(synthetic_index(work / f"synthetic-{size}", size), question)
        rows.append({"index": f"{size:,} passages", "command": "loccit ask", **asked})
    what = f"One question from a new process, median of {_RUNS}; steps in seconds."
    targets = tuple(
        Target(f"cold question: {key} / torch's", ratios[key], bound, False)
        for key, bound in (("seconds", 0.2), ("MB", 0.5))
    )
    return Section("cold", what, tuple(rows), targets)


def _asked(folder: Path, question: str) -> dict[str, Value]:
    """Measure ``loccit ask``, whose exit status 1 says that nothing was found."""
    script = (
        "from qa.cli.main import main\n"
        f"try:\n    main(['ask', {question!r}, '--index', {str(folder)!r}])\n"
        "except SystemExit as end:\n    assert end.code in (0, 1)"
    )
    return _median_child(["-c", script])[0]


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
        times = timed(steps, questions[::2], _ASKED)
        times |= timed({"answer": Answerer(index, encoder).ask}, questions[1::2], _ASKED)
        return {
            "passages": index.manifest.counts.passages,
            **{f"{name}, ms": taken for name, taken in times.items()},
            "ratio": times["answer"] / times["encoding"],
            "ratio of the first stage": times["first stage"] / times["encoding"],
            "open, s": opening,
            "disk bytes per passage": index.manifest.size / index.manifest.counts.passages,
            "own memory, MB": (own_memory() - before) / 1e6,
        }


def vectors(sizes: Sequence[int]) -> Section:
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


SECTIONS = ("help", "cold", "warm", "build", "change", "faiss")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the chosen sections and print the report."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.speed", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(SECTIONS), default=SECTIONS)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000, 100_000], metavar="PASSAGES")
    parser.add_argument("--build", nargs="+", type=int, default=[2, 24], metavar="PAPERS", help="at once")
    parser.add_argument(
        "--add", nargs="+", type=int, default=[10, 1000], metavar="PAPERS", help="in the index added to"
    )
    parser.add_argument("--out", type=Path, help="folder for the report")
    parser.add_argument("--work", type=Path, help="folder that keeps synthetic indexes for the next run")
    chosen = parser.parse_args(arguments)
    sizes = sorted(chosen.sizes)
    with tempfile.TemporaryDirectory(prefix="loccit-speed-") as own:
        work = chosen.work or Path(own)
        work.mkdir(parents=True, exist_ok=True)
        sections: Mapping[str, Callable[[], Section]] = {
            "help": help_,
            "cold": partial(cold, work, sizes),
            "warm": partial(warm, work, sizes),
            "build": partial(building, work, sorted(chosen.build)),
            "change": partial(change, work, sorted(chosen.add)),
            "faiss": partial(vectors, sizes),
        }
        measured = [sections[name]() for name in chosen.only]
    sys.stdout.write(markdown(measured) + "\n")
    if chosen.out:
        write_report(measured, chosen.out)


if __name__ == "__main__":
    main()
