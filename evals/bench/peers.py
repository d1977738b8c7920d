"""Compares Loccit with txtai and Haystack, if they are installed: ``python -m evals.bench.peers``.

All get the same papers and the same model, and search by words and by meaning. Loccit reads the files,
encodes their passages and sentences, and keeps where each is; the others get the passages ready made and
encode only those. Not part of continuous integration.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evals.bench.speed_report import Row, Section, markdown
from evals.bench.synthetic import Papers, document_of
from evals.bench.timing import apart, peak_memory, seconds
from index.embed.encoder import load_encoder
from index.embed.model import model_files
from index.ingest.build import build
from index.search import search
from index.store.open import open_index

_FOUND = 20  #: passages that a search returns
_ASKED = 50
Ask = Callable[[str], object]


def loccit(texts: Path, _passages: Sequence[str], place: Path) -> tuple[float, Ask]:
    """Build an index; return how long that took and what asks it."""
    encoder = load_encoder()
    encoder.encode(["warm"])
    built, _ = seconds(lambda: build([texts], place, encoder=encoder))
    index = open_index(place)
    return built, lambda question: search(index, question, encoder.encode([question])[0], limit=_FOUND)


def txtai(_texts: Path, passages: Sequence[str], place: Path) -> tuple[float, Ask]:
    """Do the same with txtai: FAISS, SQLite and its BM25."""
    made: Any = import_module("txtai").Embeddings(path=str(model_files().folder), content=True, hybrid=True)
    made.batchtransform(["warm"])

    def index() -> None:
        made.index([(number, text, None) for number, text in enumerate(passages)])
        made.save(str(place))

    return seconds(index)[0], lambda question: made.search(question, _FOUND)


def haystack(_texts: Path, passages: Sequence[str], place: Path) -> tuple[float, Ask]:
    """Do the same with Haystack's store in memory, and reciprocal rank fusion."""
    parts: Any = import_module("haystack.components.embedders")
    retrievers: Any = import_module("haystack.components.retrievers.in_memory")
    joiner: Any = import_module("haystack.components.joiners").DocumentJoiner(
        join_mode="reciprocal_rank_fusion", top_k=_FOUND
    )
    stores: Any = import_module("haystack.document_stores.in_memory")
    document: Any = import_module("haystack").Document
    model = {"model": str(model_files().folder), "progress_bar": False}
    for_passages = parts.SentenceTransformersDocumentEmbedder(**model)
    for_questions = parts.SentenceTransformersTextEmbedder(**model)
    for one in (for_passages, for_questions):
        one.warm_up()
    store = stores.InMemoryDocumentStore(embedding_similarity_function="cosine")
    by_meaning = retrievers.InMemoryEmbeddingRetriever(store, top_k=_FOUND)
    by_words = retrievers.InMemoryBM25Retriever(store, top_k=_FOUND)

    def index() -> None:
        store.write_documents(for_passages.run([document(content=text) for text in passages])["documents"])
        place.mkdir()
        store.save_to_disk(str(place / "store.json"))

    def ask(question: str) -> object:
        vector = for_questions.run(question)["embedding"]
        found = [by_meaning.run(vector)["documents"], by_words.run(question)["documents"]]
        return joiner.run(found)

    return seconds(index)[0], ask


TOOLS = {"loccit": loccit, "txtai": txtai, "haystack": haystack}


def measured(name: str, texts: Path, papers: int, place: Path) -> Row:
    """Return the figures of one tool."""
    passages = [
        block.span.of(document.text)
        for document in (document_of("", number) for number in range(papers))
        for block in document.blocks
        if block.kind == "paragraph"
    ]
    built, ask = TOOLS[name](texts, passages, place)
    times = [seconds(partial(ask, question))[0] for question in Papers(papers).questions(_ASKED)]
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    return {
        "tool": name,
        "passages": len(passages),
        "build, s": built,
        "question to passages, ms": 1000 * statistics.median(times),
        "bytes per passage": size / len(passages),
        "peak, MB": peak_memory() / 1e6,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all tools that are installed, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.peers", description=__doc__)
    parser.add_argument("--papers", nargs="+", type=int, default=[10, 100])
    chosen = parser.parse_args(arguments)
    os.environ |= {"HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False"}
    rows: list[Row] = []
    for papers in chosen.papers:
        with tempfile.TemporaryDirectory(prefix="loccit-peers-") as place:
            texts = Path(place) / "papers"
            texts.mkdir()
            for number in range(papers):
                (texts / f"{number:05}.txt").write_text(document_of("", number).text, encoding="utf-8")
            rows += [
                apart(measured, name, texts, papers, Path(place) / name)
                for name in TOOLS
                if name == "loccit" or find_spec(name)
            ]
    what = f"Synthetic papers, median of {_ASKED} questions for {_FOUND} passages by words and meaning."
    sys.stdout.write(markdown([Section("peers", what, tuple(rows))], "Loccit and others") + "\n")


if __name__ == "__main__":
    main()
