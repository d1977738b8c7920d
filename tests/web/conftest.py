"""One index and one running server for all tests of the web app."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.web.papers import NAME, hostile_paper
from tests.web.reports import report
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, seed_index: Path, seeds: Path) -> Path:
    """The folder of an index with both seed papers and a hostile one; read-only."""
    from index.embed.encoder import load_encoder
    from index.ingest.build import build

    folder = tmp_path_factory.mktemp("index") / "index"
    shutil.copytree(seed_index, folder)
    papers = tmp_path_factory.mktemp("papers")
    hostile = papers / NAME
    hostile.write_text(hostile_paper(), encoding="utf-8")
    build([seeds, hostile], folder, encoder=load_encoder())
    (folder / "evaluation").mkdir()
    (folder / "evaluation" / "report.json").write_text(json.dumps(report()), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def chat(root: Path, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server of ``built``; its log must not contain a traceback."""
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(root, built, log) as url:
        yield url
    assert "Traceback" not in log.read_text(encoding="utf-8"), log.read_text(encoding="utf-8")
