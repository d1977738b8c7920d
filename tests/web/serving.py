"""A running server of the web app, for tests and screenshots."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.network import LOG_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

START = 180  #: seconds that a server may take to start


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    root: Path, folder: Path, log: Path, options: Sequence[str] = (), port: int | None = None
) -> Iterator[str]:
    """Serve the index in ``folder`` with ``loccit chat`` and ``options``; yield its URL."""
    port = port or free_port()
    command = ["chat", "--no-browser", "--port", str(port), "--index", str(folder), *options]
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


def wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until ``url`` of the server responds; fail with its log if it ends or takes too long."""
    for _ in range(START * 10):
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not start in {START} s: {log.read_text(encoding='utf-8')}")
