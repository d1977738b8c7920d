"""Soak test: ``python -m evals.bench.soak [--minutes 60] [--every 60]``.

Rebuilds an index again and again, adding and removing a paper, while two threads ask it.
Records the memory of the process, its open files and the kept generations after each rebuild.
Ends with 1 if a question failed, an answer was wrong, or the number of files or generations
grew. Memory is only reported.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from evals.bench.timing import own_memory
from index.embed.encoder import Encoder, load_encoder, question_encoder
from index.ingest.build import build
from index.store.index import Index
from index.store.open import generations, open_index
from qa.answer import Answerer
from qa.files.resources import seeds_folder

_ASKERS = 2
#: Counts of open files after a rebuild, and seconds between them.
_COUNTS, _BETWEEN = 40, 0.005
_GUEST = """Lichens of the northern coast

Abstract

We counted 37 lichens on the granite cliffs in May.

Results

The rarest lichen, Caloplaca marina, grew on nine of the cliffs only.
"""
QUESTION = "On how many cliffs did the rarest lichen grow?"


class Asking:
    """Threads that open the current generation and ask it in a loop."""

    def __init__(self, folder: Path, answerer: Callable[[Index], Answerer]) -> None:
        self.asked = 0
        self.problems: list[str] = []
        self._folder = folder
        self._answerer = answerer
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(_ASKERS)]

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with open_index(self._folder) as index:
                    indexed = any("Lichens" in name for name in index.names.values())
                    ranked = self._answerer(index).gather(QUESTION).ranked
                    answered = bool(ranked) and "Caloplaca" in ranked[0].candidate.text
                    if answered is not indexed or index.warnings:
                        self.problems.append(f"generation {index.generation}: {indexed=}, {answered=}")
            except Exception as error:  # reported, whatever it is; the soak goes on
                self.problems.append(repr(error))
            self.asked += 1


def soak(
    folder: Path,
    papers: Sequence[Path],
    encoder: Encoder,
    *,
    rounds: int,
    every: float,
    answerer: Callable[[Index], Answerer],
) -> dict[str, Any]:
    """Rebuild ``rounds`` times and return the records and, as "held", whether nothing grew or failed.

    There are at least 8 ``rounds``, one ``every`` so many seconds; ``papers`` are indexed in each.
    """
    guest = folder.parent / "lichens.txt"
    guest.write_text(_GUEST, encoding="utf-8")
    build(papers, folder, encoder=encoder)
    process, rows = psutil.Process(), []
    with Asking(folder, answerer) as asking:
        for number in range(rounds):
            began = time.monotonic()
            build([*papers, guest] if number % 2 == 0 else papers, folder, encoder=encoder)
            time.sleep(max(every - (time.monotonic() - began), 0.0))
            row = {"minute": round(number * every / 60, 2), "own MB": round(own_memory() / 1e6, 1)}
            row |= {"files": _open_files(process), "generations": len(generations(folder))}
            rows.append(row | {"asked": asking.asked})
    # The first quarter loads what is loaded once.
    parts = rows[rounds // 4 : rounds // 2], rows[3 * rounds // 4 :]
    grown = {}
    for key in ("own MB", "files", "generations"):
        second, last = (float(statistics.median(row[key] for row in part)) for part in parts)
        grown[key] = last - second
    problems = asking.problems[:20]
    flat = grown["files"] <= 1 and grown["generations"] <= 1
    return {"rounds": rows, "grown": grown, "problems": problems, "held": flat and not problems}


def _open_files(process: psutil.Process) -> int:
    """Return how many files stay open: the fewest of some counts, since the threads open and close some."""
    counts = []
    for _ in range(_COUNTS):
        counts.append(int(process.num_fds()))
        time.sleep(_BETWEEN)
    return min(counts)


def main() -> None:
    """Soak the seed papers from the command line."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds from one rebuild to the next")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        records = soak(
            Path(place) / "index",
            [seeds_folder()],
            load_encoder(),
            rounds=max(round(60 * options.minutes / options.every), 8),
            every=options.every,
            answerer=lambda index: Answerer(index, question_encoder(index)),
        )
    sys.stdout.write(json.dumps(records, indent=1) + "\n")
    sys.exit(not records["held"])


if __name__ == "__main__":
    main()
