"""Chromium for the tests: its path and options, and a page that fails on errors and outside requests."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Error

from tests.network import is_local

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

#: Streamlit opened at a page's own address looks for its server below that page first, in vain.
_LOOKING = re.compile(r"/[a-z]+/_stcore/(health|host-config)$")

#: Widths and heights of a desktop, a phone and the narrowest phone, in CSS pixels.
SIZES = {"desktop": (1280, 900), "phone": (390, 844), "narrow": (320, 640)}

FLAGS = (
    "--no-sandbox",  # root, as in containers, cannot have one; only our own pages are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def chromium_path() -> str | None:
    """Return the path of an installed Chromium, or None; LOCCIT_CHROMIUM goes first."""
    if named := os.environ.get("LOCCIT_CHROMIUM"):
        return named
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def browser_required() -> bool:
    """Tell whether a missing Chromium fails a test rather than skipping it."""
    return os.environ.get("LOCCIT_REQUIRE_BROWSER") == "1"


@contextmanager
def watched_page(browser: Browser, size: tuple[int, int] = SIZES["desktop"]) -> Iterator[Page]:
    """Open an empty page in a fresh profile; on leaving, fail if it left the loopback or raised an error.

    Requests off the loopback are refused and recorded.
    """
    strangers: list[str] = []
    errors: list[str] = []  # uncaught errors of scripts, and error messages of the console

    def note(request: Request) -> None:
        if is_strange(request.url):
            strangers.append(request.url)

    def hear(message: ConsoleMessage) -> None:
        address = message.location.get("url", "")
        if message.type == "error" and not _LOOKING.search(address):
            errors.append(f"{message.text} ({address})")

    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="light", reduced_motion="reduce"
    )
    context.on("request", note)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", hear)
    context.route(is_strange, lambda route: route.abort())
    try:
        yield context.new_page()
        assert not strangers, f"requests off the loopback: {strangers}"
        assert not errors, f"errors in the page: {errors}"
    finally:
        context.close()


_SETTLED = """() => new Promise(settled => {
  const at = id => document.querySelector(`[data-testid="${id}"]`);
  let last = "", since = Date.now();
  const timer = setInterval(() => {
    const scrolled = (at("stAppScrollToBottomContainer") ?? at("stMain"))?.scrollTop;
    const now = `${at("stApp")?.dataset.testScriptState} ${scrolled}`;
    if (now !== last) [last, since] = [now, Date.now()];
    if (!now.startsWith("notRunning") || Date.now() - since < 300) return;
    clearInterval(timer);
    settled();
  }, 30);
})"""
_LIGHTNESS = """() => getComputedStyle(document.querySelector('[data-testid="stApp"]'))
  .backgroundColor.match(/[0-9]+/g).slice(0, 3).reduce((sum, one) => sum + Number(one) / 3, 0)"""


def settled(page: Page) -> None:
    """Wait until the page is drawn and has stopped scrolling.

    Parts of a page appear before the whole does: a click in between can be lost, and what it opens can be
    scrolled away. A person sees that the page is still busy.
    """
    while True:
        try:
            page.evaluate(_SETTLED)
        except Error as error:
            if "context was destroyed" not in error.message:  # by another page that was being opened
                raise
        else:
            return


def both_themes(page: Page) -> Iterator[Literal["light", "dark"]]:
    """Show the page in one theme after the other, each once the page follows."""
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in themes:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"{_LIGHTNESS} {'>' if scheme == 'light' else '<'} 200")
        yield scheme


def is_strange(url: str) -> bool:
    """Tell whether fetching ``url`` would leave this machine."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "ws", "wss"} and not is_local(parts.hostname or "")
