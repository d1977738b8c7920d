"""A local OpenID Connect provider that signs in every user under a given name."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "loccit"


class Provider:
    """State of the provider."""

    def __init__(self) -> None:
        self.person = "ada"  #: who signs in next
        self.nonces: dict[str, tuple[str, str]] = {}  #: by code: nonce and person
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
        self.url = ""


@contextmanager
def provider() -> Iterator[Provider]:
    """Serve a provider on the loopback."""
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            if path == "/authorize":
                code = f"code{len(made.nonces)}"
                made.nonces[code] = (asked.get("nonce", [""])[0], made.person)
                query = urlencode({"code": code, "state": asked["state"][0]})
                self.send_response(302)
                self.send_header("Location", f"{asked['redirect_uri'][0]}?{query}")
                self.end_headers()
            elif path == "/jwks":
                self._answer({"keys": [made.key.as_dict(private=False)]})
            else:
                self._answer(_configuration(made.url))

        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            nonce, person = made.nonces.pop(body["code"][0])
            claims = _claims(made.url, nonce, person)
            token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, made.key)
            self._answer({"access_token": "x", "token_type": "Bearer", "expires_in": 600, "id_token": token})

        def _answer(self, value: dict[str, Any]) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _configuration(url: str) -> dict[str, Any]:
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "jwks_uri": f"{url}/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _claims(url: str, nonce: str, person: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": url,
        "sub": person,
        "aud": CLIENT,
        "iat": now,
        "exp": now + 600,
        "nonce": nonce,
        "name": person.capitalize(),
        "email": f"{person}@example.org",
    }
