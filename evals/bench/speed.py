"""Measures speed and size: python -m evals.bench.speed [--only warm] [--sizes 1000 10000] [--out DIR].

Every target is a ratio of two figures of one run, since machines differ. Writes
``speed.md``, ``speed.json`` and ``speed.svg``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from evals.bench import speed_asking, speed_index
from evals.bench.speed_report import Section, markdown, write_report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Each takes a folder to work in and the sizes in passages.
SECTIONS: Mapping[str, Callable[[Path, Sequence[int]], Section]] = {
    "help": speed_asking.help_,
    "cold": speed_asking.cold,
    "warm": speed_asking.warm,
    "build": speed_index.building,
    "change": speed_index.change,
    "faiss": speed_index.vectors,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for and print the report."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.speed", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000, 100_000], metavar="PASSAGES")
    parser.add_argument("--out", type=Path, help="folder for the report; nothing is written without")
    parser.add_argument("--work", type=Path, help="folder whose made-up indexes are kept for the next run")
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
