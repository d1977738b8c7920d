"""Makes the pictures of the README: ``python docs/screenshots.py``. Needs Chromium and the test extra.

Builds the index of the seed papers in a temporary folder, serves it, asks, and takes
``docs/chat.png`` and ``docs/chat-phone.png``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from index.build import build  # noqa: E402 - the checkout must be on the path first
from index.encode import load_encoder  # noqa: E402
from tests.browser import FLAGS, SIZES, chromium_path, watched_page  # noqa: E402
from tests.web.serving import serving  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUESTIONS = ("What was the woman's CK on admission?",)


def take(browser: Browser, url: str, size: str, target: Path) -> None:
    """Ask ``QUESTIONS`` in a window of that size and save a picture of the last answer with its source."""
    width, height = SIZES[size]
    with watched_page(browser, (width, min(height, 820))) as page:
        page.goto(url)
        for number, question in enumerate(QUESTIONS):
            box = page.get_by_placeholder("Ask about the papers")
            box.fill(question)
            box.press("Enter")
            page.locator("article.turn footer").nth(number).wait_for()
        if page.locator("article.turn").last.locator("blockquote").count() == 0:
            raise SystemExit(f"“{QUESTIONS[-1]}” is not answered; a picture of that would mislead")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(1500)  # scrolling comes to rest
        page.screenshot(path=target)


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        build([ROOT / "seeds"], index, encoder=load_encoder())
        with serving(ROOT, index, Path(folder) / "log") as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
            take(browser, url, "desktop", ROOT / "docs" / "chat.png")
            take(browser, url, "phone", ROOT / "docs" / "chat-phone.png")
            browser.close()


if __name__ == "__main__":
    main()
