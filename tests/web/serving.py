"""A running server of the web app, for tests and screenshots, and its pages in a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import settled
from tests.network import LOG_VARIABLE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

START = 180  #: seconds that a server may take to start
ANSWERED = "When was MMF restarted?"
REFUSED = "How do I bake bread?"


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    root: Path, index: Path | str, log: Path, options: Sequence[str] = (), port: int | None = None
) -> Iterator[str]:
    """Serve the ``index`` with ``loccit chat`` and ``options``; yield its URL.

    Fails if the server used the network or logged a traceback.
    """
    port = port or free_port()
    command = ["chat", "--no-browser", "--port", str(port), "--index", str(index), *options]
    program = [sys.executable, "-c", "from qa.cli.main import main; main()", *command]
    blocked = {"PYTHONPATH": os.pathsep.join([str(root / "tests" / "blocked"), str(root)])}
    attempts = log.with_suffix(".attempts")
    environment = os.environ | blocked | {LOG_VARIABLE: str(attempts)}
    with log.open("wb") as output:
        server = subprocess.Popen(program, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(server, f"{url}/ready", log)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=START)
    assert not attempts.exists(), attempts.read_text(encoding="utf-8")
    assert "Traceback" not in log.read_text(encoding="utf-8"), log.read_text(encoding="utf-8")


def wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until ``url`` of the server responds; fail with its log if it ends or takes too long."""
    for _ in range(START * 10):
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not start in {START} s: {log.read_text(encoding='utf-8')}")


def start(page: Page, url: str) -> None:
    """Open the Ask page."""
    page.goto(url)
    page.get_by_role("heading", name="Ask the papers").wait_for()
    settled(page)


def ask(page: Page, question: str) -> Locator:
    """Ask and return the answer."""
    box = page.get_by_placeholder("Ask about the papers")
    box.fill(question)
    box.press("Enter")
    answer = page.locator("article.turn").filter(has=page.locator("footer")).filter(has_text=question).last
    answer.wait_for()
    settled(page)
    return answer


def open_page(page: Page, name: str) -> None:
    """Go to a page through the app's navigation and wait for its title.

    A busy server starts late, and until then the previous page looks settled.
    """
    page.get_by_role("link", name=name).first.click()
    title = "Ask the papers" if name == "Ask" else name
    page.get_by_role("heading", level=1, name=title, exact=True).wait_for()
    settled(page)


def check_accessible(page: Page) -> None:
    """Fail on any axe-core violation except those of Streamlit that cannot be configured."""
    page.wait_for_timeout(400)  # a fading element has low contrast
    found = Axe().run(page).response["violations"]
    violations = [
        f"{item['id']}: {node['target']} {node['html'][:200]} {node.get('failureSummary', '')}"
        for item in found
        for node in item["nodes"]
        # the upload field's frame has a role that conflicts with its drop listener
        if not (item["id"] == "presentation-role-conflict" and "stFileUploaderDropzone" in node["html"])
    ]
    assert not violations, "\n".join(violations)


def source_panel(page: Page) -> Locator:
    """Return the source panel beside the conversation."""
    return page.get_by_role("region", name="Source", exact=True)


_FOCUSED = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  const pressable = /^(A|BUTTON|SUMMARY|TEXTAREA)$/.test(focused?.tagName);
  return pressable ? `${focused.tagName} ${focused.textContent}` : "";
}"""


def tab_to(page: Page, words: str, *, back: bool = False) -> None:
    """Press Tab or Shift+Tab until the focused element's tag and text contain ``words``."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if words in page.evaluate(_FOCUSED):
            return
    pytest.fail(f"80 tabs do not reach “{words}”")
