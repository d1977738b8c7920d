"""One index and one running server for all tests of the web app."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import watched_page
from tests.web.papers import NAME, hostile_paper
from tests.web.reports import report
from tests.web.serving import serving, start

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


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
    """The URL of a server of ``built``."""
    with serving(root, built, tmp_path_factory.mktemp("server") / "log") as url:
        yield url


@pytest.fixture
def page(browser: Browser, chat: str) -> Iterator[Page]:
    """The Ask page of ``chat`` in a desktop window."""
    with watched_page(browser) as page:
        start(page, chat)
        yield page


@pytest.fixture
def own_folder(built: Path, tmp_path: Path) -> Path:
    """The folder of a copy of ``built``."""
    kept = shutil.ignore_patterns("*.sqlite*")  # conversations and feedback of other tests
    return Path(shutil.copytree(built, tmp_path / "index", ignore=kept))
