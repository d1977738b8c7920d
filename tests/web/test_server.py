"""The server: security headers, loopback only, taken ports, and plain ``streamlit run``."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from index.errors import UsageError
from qa.web.server import SecurityHeaders, headers, require_free
from tests.web.serving import free_port, wait_for

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send


@pytest.mark.parametrize("path", ["/", "/ready", "/papers", "/_stcore/health", "/pages/none/1.png"])
def test_every_response_has_the_security_headers(chat: str, path: str) -> None:
    try:
        with urllib.request.urlopen(chat + path, timeout=10) as response:
            sent = response.headers
    except urllib.error.HTTPError as error:
        sent = error.headers
        error.close()
    policy = sent["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert f"ws://{urlsplit(chat).netloc}" in policy
    assert sent["x-content-type-options"] == "nosniff"
    assert sent["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["evil.example.org; script-src *", "a\r\nx: y", "", "a b"])
def test_a_host_cannot_change_the_policy(host: str) -> None:
    (policy,) = [value for name, value in headers("x {host}", host) if name == b"content-security-policy"]
    assert policy == b"x 127.0.0.1"


@pytest.mark.parametrize("gone", [True, False])
def test_a_browser_that_disconnects_early_is_not_an_error(*, gone: bool) -> None:
    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        """Accept and close, as Streamlit does."""
        try:
            await send({"type": "websocket.accept"})
        except OSError as error:
            raise RuntimeError("closed already") from error
        raise RuntimeError("another error")

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        if gone:
            raise ConnectionResetError

    # Nothing waits, so no event loop is needed; Playwright's may be running in this thread.
    connect = SecurityHeaders(streamlit, "")({"type": "websocket"}, receive, send)
    with pytest.raises(StopIteration if gone else RuntimeError, match=None if gone else "another error"):
        connect.send(None)


def test_it_listens_on_the_loopback_only(chat: str) -> None:
    port = urlsplit(chat).port
    assert port
    try:
        own = socket.gethostbyname(socket.gethostname())
    except OSError:
        pytest.skip("this machine has no network address")
    if own.startswith("127."):
        pytest.skip("this machine's name leads to the loopback")
    with socket.socket() as probe, pytest.raises(OSError, match=""):
        probe.settimeout(2)
        probe.connect((own, port))


def test_a_taken_port_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=str(port)):
            require_free(port)
    require_free(port)


def test_streamlit_run_serves_the_app(root: Path, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    options = ["--server.headless=true", f"--server.port={port}"]
    command = [sys.executable, "-m", "streamlit", "run", str(root / "app.py"), *options]
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(server, f"http://127.0.0.1:{port}/_stcore/health", log)
    finally:
        server.terminate()
        server.wait(timeout=60)
    assert "http://127.0.0.1" in log.read_text(encoding="utf-8")
