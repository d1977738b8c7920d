"""Measures building an index, and changing one."""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from evals.bench.speed_report import Section, Target, Value
from evals.bench.synthetic import PASSAGES, document_of, seed_index, synthetic_index
from evals.bench.timing import seconds
from index.embed.encoder import Encoder, load_encoder
from index.embed.model import model_files
from index.embed.sentence import SentenceEncoder
from index.ingest.build import add, remove
from index.read import read
from index.read.passages import passages_of
from index.segments.paper import PaperRows
from index.store.open import open_index

_CHANGES = 3  #: papers added and removed, one by one


def building(work: Path, papers: Sequence[int]) -> Section:
    """Measure building from so many text files against encoding the same texts, sorted by length."""
    rows = tuple(_built(seed_index(work / "seeds"), count) for count in papers)
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


def _encoded(path: Path, encoder: Encoder) -> None:
    encoder.encode(sorted(set(_texts(path, encoder))))


def change(work: Path, papers: Sequence[int]) -> Section:
    """Measure adding a paper to indexes of so many ``papers`` and removing it again."""
    rows = [_changed(synthetic_index(work / f"papers-{count}", count * PASSAGES)) for count in papers]
    bounds = {1000: 1.3, 10_000: 1.6}
    what = (
        f"Synthetic papers. Medians of {_CHANGES} papers added and removed; the ratio is adding a paper to "
        "reading and encoding it alone."
    )
    targets = tuple(
        Target(f"adding a paper to {count:,} / encoding it", float(row["ratio"]), bounds[count], False)
        for count, row in zip(papers, rows, strict=True)
        if count in bounds
    )
    return Section("change", what, tuple(rows), targets)


def _changed(folder: Path) -> dict[str, Value]:
    encoder = load_encoder()
    times: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as place:
        first, *others = _papers(Path(place), _CHANGES + 1)
        before = remove(frozenset(add([first], folder, encoder=encoder).added), folder)  # loads modules
        for path in others:
            alone, _ = seconds(partial(_encoded, path, encoder))
            saving: list[float] = []

            def progress(stage: str, done: int, total: int, saving: list[float] = saving) -> None:
                if stage == "saving":
                    saving.append(time.perf_counter())

            added, report = seconds(partial(add, [path], folder, encoder=encoder, progress=progress))
            opening, index = seconds(partial(open_index, folder))
            index.close()
            removing, _ = seconds(partial(remove, frozenset(report.added), folder))
            times["reading and encoding alone, s"].append(alone)
            times["adding, s"].append(added)
            times["of that publishing, s"].append(saving[-1] - saving[0])
            times["opening, s"].append(opening)
            times["removing, s"].append(removing)
            times["ratio"].append(added / alone)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {"passages": before.passages, **medians}
