"""The load test works: a small run from end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evals.bench.load import percentiles
from tests.browser import browser_required, chromium_path


def test_percentiles() -> None:
    assert percentiles([3.0, 1.0, 2.0]) == {"questions": 3, "p50": 2.0, "p95": pytest.approx(2.9)}


@pytest.mark.slow
@pytest.mark.browser
def test_a_few_sessions_at_once(tmp_path: Path, root: Path) -> None:
    chromium = chromium_path()
    if chromium is None and not browser_required():
        pytest.skip("no Chromium found")
    sizes = ["--passages", "120", "--sessions", "2", "--questions", "2", "--long", "6"]
    options = [*sizes, "--index", str(tmp_path / "index"), "--chromium", str(chromium)]
    done = subprocess.run(
        [sys.executable, "-m", "evals.bench.load", *options],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["index"] == {"papers": 2, "passages": 120}
    many, long = found["2 sessions at once"], found["a conversation of 6 answers"]
    assert many["questions"] == 4
    assert many["errors"] == long["errors"] == []
    assert found["tracebacks of the server"] == 0
    assert 0 < many["p50"] <= many["p95"]
