"""The watch over pages in Chromium detects what it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import SIZES, is_strange, watched_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize(
    ("url", "strange"),
    [
        ("http://127.0.0.1:8501/static/a.js", False),
        ("ws://localhost:8501/_stcore/stream", False),
        ("data:image/png;base64,AAAA", False),
        ("blob:http://127.0.0.1/1", False),
        ("https://fonts.example.org/a.woff2", True),
        ("http://127.0.0.1.example.org/", True),
        ("wss://203.0.113.1/", True),
    ],
)
def test_requests_to_other_hosts(url: str, strange: bool) -> None:
    assert is_strange(url) is strange


@pytest.mark.browser
def test_a_request_off_the_loopback_is_noticed(browser: Browser) -> None:
    with pytest.raises(AssertionError, match=r"pixel\.example\.org"), watched_page(browser) as page:
        page.set_content("<img src='https://pixel.example.org/x.png'>")


@pytest.mark.browser
def test_an_error_in_the_page_is_noticed(browser: Browser) -> None:
    with pytest.raises(AssertionError, match="on purpose"), watched_page(browser) as page:
        page.set_content(
            "<script>setTimeout(() => { document.title = 'ran'; throw Error('on purpose') })</script>"
        )
        page.wait_for_function("document.title === 'ran'")


@pytest.mark.browser
def test_an_error_in_the_console_is_noticed(browser: Browser) -> None:
    with (
        pytest.raises(AssertionError, match="told the console"),
        watched_page(browser) as page,
        page.expect_console_message(),
    ):
        page.set_content("<script>console.error('told the console')</script>")


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_a_quiet_page_passes(browser: Browser, size: tuple[int, int]) -> None:
    with watched_page(browser, size) as page:
        page.set_content("<p>quiet</p>")
        assert page.evaluate("[innerWidth, innerHeight]") == list(size)
