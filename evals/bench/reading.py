"""How well papers are read: PDF against the JATS XML of the same article, and difficult PDFs.

    python -m evals.bench.reading --data DIR [--engine pypdf|pdfium|both] [--json FILE] [--missing]

``DIR`` (or LOCCIT_BENCH) has ``case_reports_pdf/`` and ``papers_pdf/`` with pairs ``X.pdf`` and
``X.xml``, and ``pdf_edge_cases/``. The data are not part of the project.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from statistics import mean
from typing import Any

from index.read import Limits, read, read_many
from index.read.pdf.paper import extract
from index.read.sandbox import MIB
from index.read.sentences import split_sentences
from index.text import BlockKind, Document

#: Citations in brackets do not belong to a sentence.
_CITATION = re.compile(r"\[[\d,;\s\u2010-\u2015-]+\]|\((?:\d{1,3}[,;\s\u2010-\u2015-]*)+\)")
SHORTEST = 15  #: sentences with fewer letters and digits are skipped
SHINGLE = 7  #: words in a row that identify a text
_CLEAN = frozenset({BlockKind.PARAGRAPH, BlockKind.NOTE, BlockKind.TITLE, BlockKind.HEADING})
_ALIEN = frozenset({BlockKind.CAPTION, BlockKind.REFERENCE})


@dataclass(frozen=True, slots=True)
class Pair:
    """Figures of reading one PDF, against the XML of the article."""

    name: str
    engine: str
    sentences: int  #: of the body, in the XML
    found: int  #: of them, those that the PDF's canonical text contains whole
    split: int  #: not found whole, but in two halves near each other: text in between
    tau: float  #: Kendall's tau of the found ones
    section_right: int  #: found ones whose innermost section has the same title
    section_known: int  #: found ones with a section in the XML
    shown: int  #: sentences of running text in the PDF's document
    polluted: int  #: of them, those with words of captions or references
    title: bool | None  #: None if the PDF does not print it
    doi: bool | None
    year: bool | None
    authors: bool | None
    seconds: float
    pages: int
    memory: int = 0  #: peak bytes of the process that extracted the text
    missing: tuple[str, ...] = ()  #: the sentences not found whole

    @property
    def recall(self) -> float:
        """Share of the sentences found whole."""
        return self.found / self.sentences if self.sentences else 1.0


def bare(text: str) -> str:
    """Return the letters and digits of ``text`` in lower case, without citations in brackets."""
    return "".join(c for c in unicodedata.normalize("NFKD", _CITATION.sub("", text)).lower() if c.isalnum())


@dataclass(frozen=True, slots=True)
class Bare:
    """A document's letters and digits, with their blocks."""

    text: str
    starts: tuple[int, ...]  #: where each block begins in ``text``

    @classmethod
    def of(cls, document: Document) -> Bare:
        """Return the letters and digits of all blocks, in order."""
        parts = [bare(block.span.of(document.text)) for block in document.blocks]
        return cls("".join(parts), tuple(accumulate(map(len, parts[:-1]), initial=0)))

    def block(self, at: int) -> int:
        """Return the block of the character at ``at``."""
        return bisect_right(self.starts, at) - 1


def gold_sentences(gold: Document) -> list[tuple[str, tuple[str, ...]]]:
    """Return each sentence of the body with the titles of its sections, outermost first."""
    main = (i for i, s in enumerate(gold.sections) if s.level == 1 and "abstract" not in s.title.lower())
    first = next(main, 0)
    sentences: list[tuple[str, tuple[str, ...]]] = []
    for block in gold.blocks:
        if block.kind is not BlockKind.PARAGRAPH or block.section < first:
            continue
        path = gold.section_path(block.section)
        text = block.span.of(gold.text)
        sentences += [(span.of(text), path) for span in split_sentences(text)]
    return [(text, path) for text, path in sentences if len(bare(text)) >= SHORTEST]


def compare(name: str, gold: Document, pdf: Document, engine: str, seconds: float) -> Pair:
    """Compare a document read from a PDF with the one read from the XML."""
    whole = Bare.of(pdf)
    sentences = gold_sentences(gold)
    places: list[int] = []
    missing: list[str] = []
    split = right = known = 0
    at = 0
    for text, path in sentences:
        wanted = bare(text)
        place = whole.text.find(wanted, at)
        place = place if place >= 0 else whole.text.find(wanted)
        if place < 0:
            missing.append(text)
            split += _split(wanted, whole.text)
            continue
        places.append(place)
        at = place if abs(place - at) < 20_000 else at
        if path:
            known += 1
            block = pdf.blocks[whole.block(place + len(wanted) // 2)]
            titles = pdf.section_path(block.section)
            right += bool(titles) and bare(path[-1]) == bare(titles[-1])
    shown, polluted = pollution(gold, pdf)
    printed = whole.text
    return Pair(
        name=name, engine=engine, sentences=len(sentences), found=len(places), split=split,
        tau=kendall(places), section_right=right, section_known=known, shown=shown, polluted=polluted,
        title=_right(gold.title, pdf.title, printed),
        doi=_right(gold.doi, pdf.doi, printed),
        year=None if gold.year is None or str(gold.year) not in pdf.text else pdf.year == gold.year,
        authors=_authors(gold, pdf, printed),
        seconds=seconds, pages=len(pdf.map.pages), missing=tuple(missing),
    )  # fmt: skip


def _split(wanted: str, text: str) -> bool:
    half = len(wanted) // 2
    head, tail = wanted[: min(half, 40)], wanted[-min(half, 40) :]
    start = text.find(head)
    return start >= 0 and 0 <= text.find(tail, start) - start - len(wanted) < 3_000


def _right(gold: str, found: str, printed: str) -> bool | None:
    if not gold or (bare(gold) not in printed and bare(found) != bare(gold)):
        return None
    return bare(gold) == bare(found)


def _authors(gold: Document, pdf: Document, printed: str) -> bool | None:
    wanted = [bare(author.split()[-1]) for author in gold.authors]
    if not wanted or not all(name in printed for name in wanted):
        return None
    found = [bare(author) for author in pdf.authors]
    return len(found) == len(wanted) and all(w in f for w, f in zip(wanted, found, strict=True))


def kendall(places: Sequence[int]) -> float:
    """Return Kendall's tau between ``places`` and their sorted order; 1.0 for fewer than two."""
    pairs = len(places) * (len(places) - 1) // 2
    against = sum(1 for i, a in enumerate(places) for b in places[i + 1 :] if b < a)
    return 1 - 2 * against / pairs if pairs else 1.0


def pollution(gold: Document, pdf: Document) -> tuple[int, int]:
    """Return the number of sentences of running text, and of those with words of a caption or reference."""
    clean = {s for b in gold.blocks if b.kind in _CLEAN for s in _shingles(b.span.of(gold.text))}
    alien = {s for b in gold.blocks if b.kind in _ALIEN for s in _shingles(b.span.of(gold.text))} - clean
    shown = polluted = 0
    for block in pdf.blocks:
        if block.kind is not BlockKind.PARAGRAPH:
            continue
        text = block.span.of(pdf.text)
        for span in split_sentences(text):
            shown += 1
            polluted += not alien.isdisjoint(_shingles(span.of(text)))
    return shown, polluted


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = [w for w in (bare(word) for word in _CITATION.sub("", text).split()) if w]
    return {tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}


def measure_folder(folder: Path, engine: str, *, memory: bool = True) -> list[Pair]:
    """Read and compare every pair in ``folder``; measuring ``memory`` reads each PDF twice."""
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
            if memory:
                head, _ = extract(pdf.read_bytes(), pdf.name, Limits(), engine)
                pair = replace(pair, memory=int(head["memory"]))
            pairs.append(pair)
    return pairs


def summary(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return the figures of a set of pairs: means over sentences; tau and metadata over papers."""

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


#: Folders of pairs.
SETS = ("case_reports_pdf", "papers_pdf")


def classify(folder: Path, engine: str) -> list[dict[str, Any]]:
    """Read every difficult PDF in ``folder``; return how each ended and whether that is expected."""
    expected: dict[str, list[str]] = tomllib.loads(
        files("evals.bench").joinpath("nasty.toml").read_text("utf-8")
    )
    wanted = {name: set(group.split("|")) for group, names in expected.items() for name in names}
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.pdf")):
        began = time.perf_counter()
        (outcome,) = read_many([path], engine=engine)
        seconds = time.perf_counter() - began
        ended = type(outcome.error).__name__ if outcome.error else outcome.status.value
        empty = outcome.document is not None and not outcome.document.text.strip()
        right = not empty and ended in wanted.get(path.name, {ended})
        rows.append({"file": path.name, "ended": ended, "right": right, "seconds": seconds})
    return rows


def report(folder: Path, engines: Sequence[str], *, missing: bool) -> dict[str, Any]:
    """Return the figures of all sets in ``folder`` that exist, by set and engine."""
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
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LOCCIT_BENCH"), help="folder of the data"
    )
    parser.add_argument("--engine", choices=("pypdf", "pdfium", "both"), default="both")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--missing", action="store_true", help="add the sentences not found to the JSON")
    options = parser.parse_args(arguments)
    folder = options.data
    if folder is None or not folder.is_dir():
        sys.stderr.write(
            "The folder of the benchmark data does not exist. Name it with --data or LOCCIT_BENCH.\n"
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
