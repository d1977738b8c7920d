"""The measuring of many sessions at once measures: a small run from end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evals.load import make_index, measure, percentiles
from evals.speed_data import Papers
from index.store import open_index
from tests.browser import chromium_path

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def test_percentiles() -> None:
    assert percentiles([3.0, 1.0, 2.0]) == {"questions": 3, "p50": 2.0, "p95": pytest.approx(2.9)}


@pytest.mark.slow
@pytest.mark.browser
def test_a_small_crowd(tmp_path: Path, browser: Browser) -> None:
    del browser  # its being there is what is needed
    make_index(tmp_path / "index", 120)
    with open_index(tmp_path / "index") as index:
        assert len(index.passages) == 120
    found: dict[str, Any] = measure(
        tmp_path / "index", Papers(2).questions(2), sessions=2, long=12, chromium=chromium_path() or ""
    )
    many, long = found["2 sessions at once"], found["a conversation of 12 answers"]
    assert many["questions"] == 4
    assert many["errors"] == long["errors"] == []
    assert found["tracebacks of the server"] == 0
    assert 0 < many["p50"] <= many["p95"]
