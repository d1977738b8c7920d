"""How well papers are read: PDF against the JATS XML of the same article, and nasty PDFs against their class.

    python -m evals.bench.reading --data DIR [--engine pypdf|pdfium|both] [--json FILE] [--missing]

``DIR`` (or the environment variable LOCCIT_BENCH) holds ``case_reports_pdf/`` and
``papers_pdf/`` with pairs ``X.pdf`` and ``X.xml``, and ``pdf_edge_cases/``. The data are
not part of the project.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import tomllib
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from evals.bench.reading_pairs import Pair, compare, gold_sentences
from index.read import Limits, Outcome, Status, read, read_many
from index.read.pdf.paper import extract
from index.read.sandbox import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence


def measure_folder(folder: Path, engine: str, *, memory: bool = True) -> list[Pair]:
    """Read every pair in ``folder`` and compare; without ``memory``, each PDF is read once only."""
    pairs: list[Pair] = []
    for pdf in sorted(folder.glob("*.pdf")):
        gold = read(pdf.with_suffix(".xml"))
        began = time.perf_counter()
        outcome = next(iter(read_many([pdf], engine=engine)))
        seconds = time.perf_counter() - began
        if outcome.document is None:
            sys.stderr.write(f"{pdf.name}: {outcome.error}\n")
            count = len(gold_sentences(gold))
            pairs.append(
                Pair(pdf.stem, engine, count, 0, 0, 0.0, 0, 0, 0, 0, None, None, None, None, seconds, 0)
            )
        else:
            pair = compare(pdf.stem, gold, outcome.document, engine, seconds)
            pairs.append(replace(pair, memory=peak_memory(pdf, engine)) if memory else pair)
    return pairs


def peak_memory(pdf: Path, engine: str) -> int:
    """Return the most memory that extracting the text of a PDF takes, in bytes, its process included."""
    head, _ = extract(pdf.read_bytes(), pdf.name, Limits(), engine)
    return int(head["memory"])


def summary(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return the figures over a set of pairs; sentences count alike, papers for tau and metadata."""

    def share(part: str, whole: str) -> float:
        total = sum(getattr(pair, whole) for pair in pairs)
        return sum(getattr(pair, part) for pair in pairs) / total if total else 0.0

    def stated(name: str) -> float:
        values = [value for pair in pairs if (value := getattr(pair, name)) is not None]
        return mean(values) if values else 0.0

    return {
        "papers": len(pairs),
        "recall": share("found", "sentences"),
        "recall_mean": mean(pair.recall for pair in pairs),
        "recall_least": min(pair.recall for pair in pairs),
        "split": share("split", "sentences"),
        "tau": mean(pair.tau for pair in pairs),
        "tau_least": min(pair.tau for pair in pairs),
        "section": share("section_right", "section_known"),
        "polluted": share("polluted", "shown"),
        **{name: stated(name) for name in ("title", "doi", "year", "authors")},
        "seconds_per_page": share("seconds", "pages"),
        "MiB_per_page": share("memory", "pages") / MIB,
        "MiB_most": max(pair.memory for pair in pairs) / MIB,
    }


#: The pairs, and the figures that reading must reach on them.
SETS = ("case_reports_pdf", "papers_pdf")


def status_of(outcome: Outcome) -> str:
    """Return how reading a file ended: "read", "read with warnings" or the name of the refusal."""
    return outcome.status.value if outcome.error is None else type(outcome.error).__name__


def classify(folder: Path, engine: str) -> list[dict[str, Any]]:
    """Read every nasty PDF in ``folder``: how it ended, how it should have, seconds."""
    expected: dict[str, list[str]] = tomllib.loads(
        files("evals.bench").joinpath("nasty.toml").read_text("utf-8")
    )
    wanted = {name: set(group.split("|")) for group, names in expected.items() for name in names}
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.pdf")):
        began = time.perf_counter()
        (outcome,) = read_many([path], engine=engine)
        ended = status_of(outcome)
        empty = outcome.status is not Status.REFUSED and not (
            outcome.document and outcome.document.text.strip()
        )
        known = wanted.get(path.name)
        rows.append(
            {
                "file": path.name,
                "ended": ended,
                "right": not empty and (known is None or ended in known),
                "seconds": time.perf_counter() - began,
            }
        )
    return rows


def report(folder: Path, engines: Sequence[str], *, missing: bool) -> dict[str, Any]:
    """Measure all sets under ``folder`` that exist and return the figures, one entry a set and engine."""
    done: dict[str, Any] = {}
    for engine in engines:
        for name in SETS:
            if (folder / name).is_dir():
                pairs = measure_folder(folder / name, engine)
                papers = [asdict(pair) if missing else {**asdict(pair), "missing": ()} for pair in pairs]
                done[f"{name} {engine}"] = {"summary": summary(pairs), "papers": papers}
        if (folder / "pdf_edge_cases").is_dir():
            rows = classify(folder / "pdf_edge_cases", engine)
            done[f"pdf_edge_cases {engine}"] = {
                "summary": {
                    "files": len(rows),
                    "right": sum(row["right"] for row in rows),
                    "slowest": max((row["seconds"] for row in rows), default=0.0),
                },
                "files": rows,
            }
    return done


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.bench.reading", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--data", type=Path, help="folder of the benchmark; else LOCCIT_BENCH")
    parser.add_argument("--engine", choices=("pypdf", "pdfium", "both"), default="both")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--missing", action="store_true", help="keep the sentences not found, in the JSON")
    options = parser.parse_args(arguments)
    folder = options.data or (Path(os.environ["LOCCIT_BENCH"]) if os.environ.get("LOCCIT_BENCH") else None)
    if folder is None or not folder.is_dir():
        sys.stderr.write(
            "The benchmark's data are not here. Name their folder with --data or LOCCIT_BENCH.\n"
        )
        return 2
    engines = ("pypdf", "pdfium") if options.engine == "both" else (options.engine,)
    done = report(folder, engines, missing=options.missing)
    for name, part in done.items():
        figures = "  ".join(f"{key} {value:.4g}" for key, value in part["summary"].items())
        sys.stdout.write(f"{name}\n    {figures}\n")
        for row in part.get("files", ()):
            if not row["right"]:
                sys.stdout.write(f"    wrong: {row['file']} ended as {row['ended']}\n")
    if options.json:
        options.json.write_text(json.dumps(done, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
