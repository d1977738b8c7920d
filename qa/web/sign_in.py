"""Sign-in with any OpenID Connect provider. Off unless ``loccit chat --sign-in FILE`` turns it on.

The file holds Streamlit's ``[auth]`` table (docs/how-to/run-for-a-group.md). The server stays on the
loopback; others connect through a proxy on the same machine that adds TLS.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from index.errors import UsageError, why_unreadable
from qa.files.resources import index_place
from qa.web.component import show, show_title

_NEEDED = ("client_id", "client_secret", "server_metadata_url")
_CALLBACK = "/oauth2callback"
_SHORTEST_SECRET = 32
_GUIDE = "See docs/how-to/run-for-a-group.md for an example."
_INTRO = "Sign in to use this index. Your conversations are visible to you only."


@dataclass(frozen=True, slots=True)
class SignIn:
    """A valid sign-in file."""

    path: Path
    host: str  #: host name under which browsers reach the app, without port
    secure: bool  #: whether they use https


def read_sign_in(path: Path) -> SignIn:
    """Read and check a sign-in file.

    Raises:
        UsageError: the file is invalid, or Authlib is missing.
    """
    if find_spec("authlib") is None:
        raise UsageError("Sign-in needs the package Authlib.", "Install it: pip install 'loccit[sign-in]'")
    try:
        auth = tomllib.loads(path.read_text(encoding="utf-8"))["auth"]
        providers = _providers(auth)
        redirect = urlsplit(str(auth["redirect_uri"]))
        secret = str(auth["cookie_secret"])
    except OSError as error:
        raise UsageError(f"{path}: {why_unreadable(error)}.", "Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path}: not a sign-in file ({what}).", _GUIDE) from error
    if not providers:
        raise UsageError(f"{path}: names no provider with {', '.join(_NEEDED)}.", _GUIDE)
    if len(secret) < _SHORTEST_SECRET:
        raise UsageError(f"{path}: cookie_secret is shorter than {_SHORTEST_SECRET} characters.", _GUIDE)
    loopback = redirect.hostname in ("127.0.0.1", "localhost")
    if redirect.path != _CALLBACK or not redirect.hostname or not (redirect.scheme == "https" or loopback):
        raise UsageError(f"{path}: redirect_uri is not https://YOUR-HOST{_CALLBACK}.", _GUIDE)
    return SignIn(path.absolute(), redirect.hostname, redirect.scheme == "https")


def _providers(auth: dict[str, Any]) -> list[str]:
    """Return the names of the providers in an ``[auth]`` table; "" stands for the unnamed one."""
    tables = {name: table for name, table in auth.items() if isinstance(table, dict)}
    return [
        name
        for name, table in {"": auth, **tables}.items()
        if all(isinstance(table.get(key), str) and table[key] for key in _NEEDED)
    ]


def needed() -> bool:
    """Tell whether sign-in is on and nobody is signed in."""
    return st.user.get("is_logged_in") is False


def page() -> None:
    """Draw the sign-in page."""
    show_title("Sign in to Loccit", _INTRO, "intro-sign-in")
    for name in _providers(st.secrets["auth"].to_dict()):
        st.button("Sign in" + f" with {name}" * bool(name), on_click=st.login, args=[name or None])


def person() -> str:
    """Return the name of the signed-in person; empty if sign-in is off."""
    if not st.user.get("is_logged_in"):
        return ""
    return str(st.user.get("name") or st.user.get("email") or st.user.get("sub") or "unknown")


def show_privacy() -> None:
    """Say who can see what is asked."""
    words = "Your conversations are visible to you only; “Conversations” lists those that are kept."
    if not person():
        sent = "nothing is sent anywhere."
        if not isinstance(place := index_place(), Path):
            sent = f"only {place} gets the words of a question, to search for them, and your judgements."
        words = (
            f"On this machine only: other computers cannot connect, and {sent} "
            "“Conversations” lists those that are kept."
        )
    show({"view": "whereabouts", "message": words}, "whereabouts")


def show_person() -> None:
    """Show who is signed in, with a button to sign out."""
    name = person()
    if name:
        show({"view": "whereabouts", "message": f"Signed in as {name}."}, "who")
        st.button("Sign out", on_click=st.logout, type="tertiary")
