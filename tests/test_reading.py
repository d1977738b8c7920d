"""The arithmetic of the reading benchmark, and its floors if the data are available."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.bench.reading import bare, classify, compare, kendall, main, measure_folder, summary
from index.read import read
from index.read.jats.article import read_jats
from tests.make_pdf import paper

BENCH = os.environ.get("LOCCIT_BENCH", "")
needs_bench = pytest.mark.skipif(not BENCH, reason="LOCCIT_BENCH names no folder of public test data")
GOLD = """<article><front><article-meta><title-group>
<article-title>A Rare Tumor of the Heart in Warm Water</article-title>
</title-group></article-meta></front>
<body><sec><title>1. Introduction</title>
<p>The left atrium is the site most often named in the reports that we
have found. No sentence like this one stands in the file at all.</p></sec></body></article>"""


def test_letters_and_digits_are_compared_citations_aside() -> None:
    assert bare("The \ufb01rst [1, 2\u20134] one (3) is \u00b5g, it\u2019s.") == "thefirstoneis\u03bcgits"


def slow_kendall(places: Sequence[int]) -> float:
    pairs = list(itertools.combinations(places, 2))
    return (sum((a <= b) - (a > b) for a, b in pairs) / len(pairs)) if pairs else 1.0


@given(st.lists(st.integers(0, 50), max_size=20))
def test_kendall_equals_its_definition(places: list[int]) -> None:
    assert kendall(places) == pytest.approx(slow_kendall(places))


def test_a_pair_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(paper())
    pair = compare("paper", read_jats(GOLD.encode(), "paper.xml"), read(path), "pypdf", 1.0)
    assert (pair.sentences, pair.found) == (2, 1)
    assert pair.missing == ("No sentence like this one stands in the file at all.",)
    assert (pair.section_right, pair.section_known) == (1, 1)
    assert pair.title is True
    assert pair.doi is None


def test_missing_data_is_reported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "LOCCIT_BENCH" in capsys.readouterr().err


@needs_bench
@pytest.mark.slow
@pytest.mark.bench
@pytest.mark.parametrize(
    ("name", "recall", "section"), [("case_reports_pdf", 0.99, 0.95), ("papers_pdf", 0.97, 0.8)]
)
def test_papers_are_read_well(name: str, recall: float, section: float) -> None:
    figures = summary(measure_folder(Path(BENCH) / name, "pypdf", memory=False))
    assert figures["recall"] >= recall
    assert figures["tau"] >= 0.995
    assert figures["polluted"] <= 0.005
    assert figures["section"] >= section
    assert figures["title"] >= 0.95


@needs_bench
@pytest.mark.slow
@pytest.mark.bench
def test_difficult_files_end_as_expected() -> None:
    rows = classify(Path(BENCH) / "pdf_edge_cases", "pypdf")
    assert [row["file"] for row in rows if not row["right"]] == []
