"""Chromium for the tests: where it is, how it is started, and a page that detects what must not happen."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Error

from tests.network import is_local

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page

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
    named = os.environ.get("LOCCIT_CHROMIUM")
    if named:
        return named
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


def browser_required() -> bool:
    """Tell whether a missing Chromium is a failure rather than a skip."""
    return os.environ.get("LOCCIT_REQUIRE_BROWSER") == "1"


@dataclass
class Watch:
    """What a page did that it must not do."""

    strangers: list[str] = field(default_factory=list)  #: requests that leave the loopback
    errors: list[str] = field(
        default_factory=list
    )  #: uncaught errors of scripts, and what the console calls so

    def check(self) -> None:
        """Raise AssertionError with everything detected."""
        assert not self.strangers, f"requests off the loopback: {self.strangers}"
        assert not self.errors, f"errors in the page: {self.errors}"


@contextmanager
def watched_page(
    browser: Browser,
    size: tuple[int, int] = SIZES["desktop"],
) -> Iterator[Page]:
    """Open an empty page in a fresh profile; on leaving, fail if it left the loopback or raised an error.

    Requests off the loopback are refused as well as noticed.
    """
    watch = Watch()
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="light", reduced_motion="reduce"
    )
    context.on("request", lambda request: _note(watch, request.url))
    context.on("weberror", lambda error: watch.errors.append(str(error.error)))
    context.on("console", lambda message: _hear(watch, message))
    context.route(is_strange, lambda route: route.abort())
    try:
        yield context.new_page()
        watch.check()
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

    A part of a page is there before the whole is: what is pressed in between can be lost, and what opens
    can be scrolled away. A person sees that the page is still busy.
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
    """Show the page in one theme after the other; fail if it does not follow."""
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in themes:
        page.emulate_media(color_scheme=scheme)
        for _ in range(100):
            if (page.evaluate(_LIGHTNESS) > 200) is (scheme == "light"):
                break
            page.wait_for_timeout(50)
        else:
            raise AssertionError(f"the page does not turn {scheme}")
        yield scheme


def is_strange(url: str) -> bool:
    """Tell whether fetching ``url`` would leave this machine."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "ws", "wss"} and not is_local(parts.hostname or "")


def _note(watch: Watch, url: str) -> None:
    if is_strange(url):
        watch.strangers.append(url)


def _hear(watch: Watch, message: ConsoleMessage) -> None:
    address = message.location.get("url", "")
    if message.type == "error" and not _LOOKING.search(address):
        watch.errors.append(f"{message.text} ({address})")
