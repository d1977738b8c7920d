"""Takes the screenshots of the docs: ``python docs/screenshots.py``. Needs Chromium and the test extra.

Builds the index of the seed papers in a temporary folder, evaluates it, serves it, asks,
and takes ``docs/chat.png``, ``chat-phone.png``, ``evidence-table.png`` and ``evaluation.png``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from index.embed.encoder import load_encoder  # noqa: E402
from index.ingest.build import build  # noqa: E402 - the checkout must be on the path first
from tests.browser import FLAGS, SIZES, chromium_path, watched_page  # noqa: E402
from tests.web.serving import serving  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUESTIONS = ("What was the woman's CK on admission?",)


def take_table(browser: Browser, url: str, target: Path) -> None:
    """Save a screenshot of the evidence table for the last of ``QUESTIONS``."""
    with watched_page(browser, (1280, 820)) as page:
        page.goto(url)
        box = page.get_by_placeholder("Ask about the papers")
        box.fill(QUESTIONS[-1])
        box.press("Enter")
        page.get_by_role("button", name="Evidence table").click()
        page.get_by_role("region", name="Evidence table").wait_for()
        box = page.get_by_placeholder("Ask each paper a question")
        box.fill("Were anti-SRP antibodies found?")
        box.press("Enter")
        page.locator(".grid td .cite").nth(1).wait_for()
        page.get_by_role("button", name="Stop").wait_for(state="detached")
        page.locator(".grid .cite").first.click()
        page.get_by_role("region", name="Source", exact=True).wait_for()
        page.wait_for_timeout(1500)
        page.screenshot(path=target)


def take_evaluation(browser: Browser, url: str, target: Path) -> None:
    """Save a screenshot of the Evaluation page."""
    with watched_page(browser, (1280, 1050)) as page:
        page.goto(f"{url}/evaluation")
        page.locator("figure").last.wait_for()
        page.wait_for_timeout(500)
        page.screenshot(path=target)


def evaluate(index: Path) -> None:
    """Write a report to the folder of the Evaluation page."""
    program = "from qa.cli.main import main; main()"
    options = ["eval", "--split", "dev", "--index", str(index), "--out", str(index / "evaluation")]
    subprocess.run([sys.executable, "-c", program, *options], check=True, cwd=ROOT)


def take(browser: Browser, url: str, size: str, target: Path) -> None:
    """Ask ``QUESTIONS`` in a window of that size and save a screenshot of the last answer."""
    width, height = SIZES[size]
    with watched_page(browser, (width, min(height, 820))) as page:
        page.goto(url)
        for number, question in enumerate(QUESTIONS):
            box = page.get_by_placeholder("Ask about the papers")
            box.fill(question)
            box.press("Enter")
            page.locator("article.turn footer").nth(number).wait_for()
        if page.locator("article.turn").last.locator("blockquote").count() == 0:
            raise SystemExit(f"“{QUESTIONS[-1]}” is not answered; a screenshot of that would mislead")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(1500)  # until scrolling stops
        page.screenshot(path=target)


def main() -> None:
    """Take all screenshots."""
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        build([ROOT / "seeds"], index, encoder=load_encoder())
        evaluate(index)
        with serving(ROOT, index, Path(folder) / "log") as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
            take(browser, url, "desktop", ROOT / "docs" / "chat.png")
            take(browser, url, "phone", ROOT / "docs" / "chat-phone.png")
            take_table(browser, url, ROOT / "docs" / "evidence-table.png")
            take_evaluation(browser, url, ROOT / "docs" / "evaluation.png")
            browser.close()


if __name__ == "__main__":
    main()
