"""Serves the app on the loopback: Streamlit behind security headers, with a readiness route."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import UsageError
from index.place import Place
from qa.files.resources import CALIBRATION_VARIABLE, INDEX_VARIABLE, KEEP_VARIABLE, app_file
from qa.web import documents

ADDRESS = "127.0.0.1"
READY = "/ready"
_START = 60  #: seconds to wait for the server before giving up on opening the browser
#: The minimum that Streamlit's own pages need; nothing loads from other hosts.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' blob: 'wasm-unsafe-eval'{inline}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' {socket}://{host}",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors {framed}",
    ]
)


def serve(
    index: Place,
    port: int,
    open_browser: bool,
    sign_in: Path | None = None,
    *,
    keep_files: bool = True,
    calibration: bool = True,
) -> None:
    """Serve the app on the loopback until stopped.

    Args:
        index: where it is.
        port: port on the loopback.
        open_browser: open the app in a browser once it responds.
        sign_in: file that requires everybody to sign in (``qa.web.sign_in``). Others then
            reach the app through a proxy on this machine.
        keep_files: keep uploads, to show their pages and read them again.
        calibration: use the thresholds that were fitted to the user's own questions.

    Raises:
        UsageError: the port is taken, or the sign-in file is invalid.
    """
    require_free(port)
    os.environ[INDEX_VARIABLE] = str(index.absolute()) if isinstance(index, Path) else index.uri
    os.environ[KEEP_VARIABLE] = str(int(keep_files))
    os.environ[CALIBRATION_VARIABLE] = str(int(calibration))
    import streamlit as st

    from qa.web.sign_in import read_sign_in

    checked = read_sign_in(sign_in) if sign_in else None
    secure = checked is not None and checked.secure
    script = app_file()
    policy = POLICY.replace("{inline}", _inline_scripts(Path(st.__file__).parent / "static" / "index.html"))
    policy = policy.replace("{socket}", "wss" if secure else "ws")
    guard = Middleware(SecurityHeaders, policy=policy)
    routes = [Route(READY, _ready), *documents.routes()]
    app = st.App(script, routes=routes, middleware=[guard])
    if open_browser:
        threading.Thread(target=_open_when_ready, args=(port,), daemon=True).start()
    sys.argv = [str(script)]  # Streamlit looks for its settings beside the script
    settings = {
        "server.address": ADDRESS,
        "server.port": port,
        "server.headless": True,
        # Secrets of other Streamlit apps must not turn on sign-in.
        "secrets.files": [str(checked.path)] if checked else [],
    }
    if checked:
        settings["server.allowedHosts"] = list(dict.fromkeys([ADDRESS, "localhost", checked.host]))
    app.run(config=settings)


def require_free(port: int, command: str = "chat") -> None:
    """Check that the port can be used; ``command`` is named in the remedy.

    Raises:
        UsageError: it is taken or not permitted.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise UsageError(
                f"Port {port} on this machine cannot be used: {error.strerror}.",
                f"Choose another port: loccit {command} --port {port + 1 if port < 65535 else 8501}",
            ) from error


def _open_when_ready(port: int) -> None:
    url = f"http://{ADDRESS}:{port}"
    for _ in range(10 * _START):
        try:
            with urllib.request.urlopen(url + READY, timeout=1):
                webbrowser.open(url)
                return
        except OSError:
            time.sleep(0.1)


async def _ready(request: Request) -> Response:
    """Respond once the server accepts requests."""
    return PlainTextResponse("ready\n")


class SecurityHeaders:
    """Middleware that adds the security headers to every response."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request and add the headers to its response."""
        if scope["type"] == "websocket":
            await _pass_socket(self._app, scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        framed = scope["path"].startswith(documents.FRAME)
        added = headers(self._policy, host, framed=framed)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _pass_socket(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Forward a websocket without reporting a disconnected browser as an error.

    If the browser leaves while the first message is sent, Streamlit closes the closed socket, and Starlette
    raises RuntimeError, which would fill the log of a healthy server with tracebacks.
    """
    gone = False

    async def received() -> Message:
        nonlocal gone
        message = await receive()
        gone = gone or message["type"] == "websocket.disconnect"
        return message

    async def sent(message: Message) -> None:
        nonlocal gone
        try:
            await send(message)
        except OSError:
            gone = True
            raise

    try:
        await app(scope, received, sent)
    except RuntimeError:
        if not gone:
            raise


def headers(policy: str, host: str, *, framed: bool = False) -> list[tuple[bytes, bytes]]:
    """Return the security headers for the app at ``host`` (name and port).

    Only what is ``framed`` may be shown in a frame, and only in one of the app itself.
    """
    # The client chooses the host; only a name and a port may reach a header.
    safe = host if re.fullmatch(r"[A-Za-z0-9.\-]+(?::\d{1,5})?", host) else ADDRESS
    policy = policy.replace("{host}", safe).replace("{framed}", "'self'" if framed else "'none'")
    return [
        (b"content-security-policy", policy.encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]


def _inline_scripts(page: Path) -> str:
    """Return hashes with which the policy allows the inline scripts of Streamlit's own page."""
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    return "".join(f" 'sha256-{item}'" for item in hashes)
