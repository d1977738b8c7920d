"""Shared by all tests: no network, the folder of public data, Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.answering import answerer as answerer
from tests.answering import cases as cases
from tests.answering import citing as citing
from tests.answering import seed_index as seed_index
from tests.browser import FLAGS, browser_required, chromium_path
from tests.commands import loccit as loccit
from tests.commands import three as three
from tests.network import Block, install

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Nothing depends on how fast a machine is, and a run that failed can be had again.
settings.register_profile("loccit", deadline=None, print_blob=True)
settings.load_profile("loccit")

# From here on no test reaches beyond this machine; a process that a test starts needs tests/blocked.
_BLOCK = install()


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep every test, and the processes that it starts, away from the user's own index.

    The small reader answers, because the tests ask many questions. The large one has tests of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LOCCIT_INDEX", raising=False)
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        patch.setenv("LOCCIT_READER", "small")
        yield


@pytest.fixture
def no_network() -> Iterator[Block]:
    """Refuse the loopback too, and fail the test if anything tried to connect, even if it hid the error."""
    _BLOCK.attempts.clear()
    _BLOCK.everything = True
    try:
        yield _BLOCK
    finally:
        _BLOCK.everything = False
    assert not _BLOCK.attempts


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def seeds(root: Path) -> Path:
    """The folder of the two seed papers."""
    return root / "seeds"


@pytest.fixture(scope="session")
def bench() -> Path:
    """The folder of public test data; without it, the test is skipped."""
    named = os.environ.get("LOCCIT_BENCH")
    if not named:
        pytest.skip("LOCCIT_BENCH names no folder of public test data")
    folder = Path(named)
    assert folder.is_dir(), f"LOCCIT_BENCH={named} is no folder"
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; without it, the test is skipped, unless LOCCIT_REQUIRE_BROWSER=1.

    Open pages with ``tests.browser.watched_page(browser)``.
    """
    path = chromium_path()
    if path is None:
        missing = "no Chromium found; install it (Debian: apt-get install chromium) or set LOCCIT_CHROMIUM"
        if browser_required():
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # as long as Playwright waits for an element
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()
