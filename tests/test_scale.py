"""The benchmarks of both stores, and of peers, run from end to end at a tiny size. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from evals.bench import scale
from evals.bench.chart import drawn, times_by_size
from evals.bench.sentences import real_vectors
from evals.bench.synthetic import PASSAGES
from index.embed.encoder import load_encoder


def benchmark(name: str, *options: str) -> str:
    """Run a benchmark as a command, since it starts processes that import what started them."""
    command = [sys.executable, "-m", f"evals.bench.{name}", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_both_stores_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")
    pytest.importorskip("pg0")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("LOCCIT_BENCH", raising=False)
    benchmark("scale", "--sizes", "60", "180", "--questions", "2", "--papers", "1", "--out", str(tmp_path))
    stores, nearest, workers = json.loads((tmp_path / "scale.json").read_text(encoding="utf-8"))
    assert [(row["store"], row["passages"]) for row in stores["rows"]] == [
        (store, size) for size in (60, 180) for store in ("folder", "PostgreSQL", "PostgreSQL, HNSW")
    ]
    assert all(row["question p95, ms"] >= row["question p50, ms"] > 0 for row in stores["rows"])
    assert [row["recall@20 of the folder"] for row in nearest["rows"]] == [1, 1]
    assert all(row["recall@20 of HNSW"] >= scale.FLOOR for row in nearest["rows"])
    assert workers["rows"][0]["workers"] == "none"
    assert "<svg" in (tmp_path / "scale.svg").read_text(encoding="utf-8")


def test_vectors_of_real_sentences_are_kept(bench: Path, tmp_path: Path) -> None:
    encoder = load_encoder()
    first = real_vectors(bench, encoder, 2 * PASSAGES, 3, tmp_path)
    assert np.linalg.norm(first.passages, axis=1) == pytest.approx(np.ones(2 * PASSAGES), abs=1e-5)
    assert first.questions.shape == (3, encoder.dimension)
    (kept,) = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    assert (real_vectors(bench, encoder, PASSAGES, 3, tmp_path).passages == first.passages[:PASSAGES]).all()
    assert kept.stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.skipif(find_spec("txtai") is not None, reason="txtai is installed")
def test_peers_that_are_not_installed_are_left_out() -> None:
    said = benchmark("peers", "--papers", "1")
    assert "| loccit | 60 |" in said
    assert "txtai" not in said


def test_a_chart_shows_times_at_several_sizes() -> None:
    rows = tuple({"store": "folder", "passages": size, "search, ms": size / 100} for size in (100, 1000))
    assert times_by_size(rows) == (
        "passages",
        {"folder: search": [(100, 0.001), (1000, 0.01)]},
    )
    assert drawn({"one size": rows[:1]}) == ""
    chart = drawn({"by size": rows})
    assert "folder: search" in chart
    assert chart == drawn({"by size": rows})
