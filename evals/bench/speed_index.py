"""How long building and changing an index takes, and what searching vectors costs by their number."""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evals.bench.speed_asking import own_memory, papers_for, seed_index, synthetic_index
from evals.bench.speed_data import DIMENSION, PASSAGES, document_of, queries, vectors_of
from evals.bench.speed_report import Section, Target
from index.embed.encoder import load_encoder
from index.files import LOCAL_DISK, load_bytes
from index.ingest.build import add, remove
from index.read import read
from index.read.passages import passages_of
from index.store.rows import PaperRows
from index.store.vectors import FLAT_UP_TO, Vectors, vector_chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evals.bench.speed_report import Value
    from index.embed.encoder import SentenceEncoder

_PAPERS = (6, 24)  #: built from text files at once; what publishing costs weighs less among more
_FIRST = 900_000  #: their numbers, which no made-up index reaches, begin above
_QUERIES = 200
_NEAREST = 10


def _papers(folder: Path, count: int) -> Path:
    """Write made-up papers as text files; return their folder.

    Other papers each time: those of an earlier run may lie in a generation that is still kept.
    """
    folder.mkdir()
    first = _FIRST + secrets.randbelow(1 << 40)
    for number in range(count):
        (folder / f"{number:02}.txt").write_text(document_of("", first + number).text, encoding="utf-8")
    return folder


def _texts(path: Path, encoder: SentenceEncoder) -> list[str]:
    document = read(path)
    passages, sentences = passages_of(document, encoder.count_pieces, encoder.max_pieces)
    return PaperRows.of(document, passages, sentences, "").embedded_texts()


def building(work: Path, _sizes: Sequence[int]) -> Section:
    """Measure building from text files beside encoding the same texts, sorted by length."""
    rows = tuple(_built(seed_index(work), count) for count in _PAPERS)
    what = (
        "Text files added to an index of two papers: read, cut up, embedded, published; beside "
        "SentenceTransformer.encode on the same passages and sentences sorted by length, before and after."
    )
    targets = [
        Target(f"building {row['papers']} papers: speed / raw encode", float(row["ratio"]), 0.95, True)
        for row in rows
    ]
    return Section("build", what, rows, tuple(targets))


def _built(folder: Path, count: int) -> dict[str, Value]:
    """Add ``count`` papers to an index, which has the graph for questions already, and remove them again."""
    encoder = load_encoder()
    encoder.encode(["warm"])
    with tempfile.TemporaryDirectory() as place:
        papers = _papers(Path(place) / "papers", count)
        texts = sorted(
            {text for path in sorted(papers.iterdir()) for text in _texts(path, encoder)},
            key=len,
            reverse=True,
        )
        raw: list[float] = []
        for _ in range(2):
            started = time.perf_counter()
            encoder.model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
            raw.append(time.perf_counter() - started)
            if len(raw) == 1:
                started = time.perf_counter()
                report = add([papers], folder, encoder=encoder)
                built = time.perf_counter() - started
    remove(frozenset(report.added), folder)
    alone = statistics.mean(raw)
    return {
        "papers": len(report.added),
        "texts": len(texts),
        "raw encode, s": alone,
        "build, s": built,
        "raw texts/s": len(texts) / alone,
        "build texts/s": len(texts) / built,
        "ratio": alone / built,
    }


def change(work: Path, _sizes: Sequence[int]) -> Section:
    """Measure adding a paper to 1,000 and removing it, beside reading and encoding it alone."""
    folder = synthetic_index(work, 1000 * PASSAGES)
    encoder = load_encoder()
    encoder.encode(["warm"])
    with tempfile.TemporaryDirectory() as place:
        first, path = sorted(_papers(Path(place) / "papers", 2).iterdir())
        # Made-up indexes lack the list of what was given; adding any paper makes it, as a build does.
        add([first], folder, encoder=encoder)
        started = time.perf_counter()
        encoder.encode(sorted(set(_texts(path, encoder))))
        alone = time.perf_counter() - started
        saving: list[float] = []

        def told(stage: str, done: int, total: int) -> None:
            if stage == "saving":
                saving.append(time.perf_counter())

        started = time.perf_counter()
        report = add([path], folder, encoder=encoder, progress=told)
        added = time.perf_counter() - started
    started = time.perf_counter()
    remove(frozenset(report.added), folder)
    removed = time.perf_counter() - started
    published = saving[-1] - saving[0]
    rows: tuple[dict[str, Value], ...] = (
        {"step": "reading and encoding the paper alone", "seconds": alone},
        {"step": "adding it, publishing left out", "seconds": added - published},
        {"step": "publishing", "seconds": published},
        {"step": "removing it, publishing included, nothing encoded", "seconds": removed},
    )
    what = f"An index of {len(report.unchanged):,} made-up papers, {report.passages:,} passages."
    ratio = (added - published) / alone
    return Section(
        "change", what, rows, (Target("adding one paper / reading and encoding it", ratio, 1.3, False),)
    )


def vectors(work: Path, sizes: Sequence[int]) -> Section:
    """Measure each kind of vector index by size: recall, time, memory, disk, opening."""
    rows = [row for size in sizes for row in _kinds(work, size)]
    targets = [
        Target(f"recall@10 of lists at {row['passages']:,}", float(row["recall@10"]), 0.98, True)
        for row in rows
        if row["kind"] == "lists"
    ]
    what = (
        f"Made-up vectors of {DIMENSION} components, {_QUERIES} questions, recall against comparing all. "
        f"Up to {FLAT_UP_TO:,} passages an index is flat, beyond it has lists."
    )
    return Section("faiss", what, tuple(rows), tuple(targets))


def _kinds(work: Path, size: int) -> list[dict[str, Value]]:
    papers = papers_for(size).count
    asked = queries(papers, _QUERIES)
    found: list[dict[str, Value]] = []
    exact: list[NDArray[np.int64]] = []
    for kind, flat_up_to in (("flat", 1 << 40), ("lists", 0)):
        row, nearest = _kind(work / f"{kind}.faiss", papers, asked, flat_up_to)
        exact = exact or nearest
        same = [len(set(one) & set(other)) for one, other in zip(nearest, exact, strict=True)]
        found.append(
            {"passages": papers * PASSAGES, "kind": kind, "recall@10": sum(same) / len(same) / 10, **row}
        )
    return found


def _kind(
    path: Path, papers: int, asked: NDArray[np.float32], flat_up_to: int
) -> tuple[dict[str, Value], list[NDArray[np.int64]]]:
    started = time.perf_counter()
    blocks = (vectors_of(number, sentences=False)[0] for number in range(papers))
    record = LOCAL_DISK.write(path, vector_chunks(blocks, DIMENSION, flat_up_to))
    built = time.perf_counter() - started
    before = own_memory()
    started = time.perf_counter()
    opened = Vectors(load_bytes(path))
    opening = time.perf_counter() - started
    times: list[float] = []
    nearest: list[NDArray[np.int64]] = []
    for query in asked:
        started = time.perf_counter()
        nearest.append(opened.nearest(query, _NEAREST))
        times.append(1000 * (time.perf_counter() - started))
    own = own_memory() - before
    started = time.perf_counter()
    for query in asked[:50]:
        opened.nearest(query, 200)
    many = 1000 * (time.perf_counter() - started) / 50
    path.unlink()
    row: dict[str, Value] = {
        "10 nearest, ms": statistics.median(times),
        "200 nearest, ms": many,
        "build, s": built,
        "open, ms": 1000 * opening,
        "disk bytes a passage": record.size / len(opened),
        "own bytes a passage": max(own, 0) / len(opened),
    }
    return row, nearest
