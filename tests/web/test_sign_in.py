"""Sign-in: off by default; if on, nothing is visible without it and histories are separate."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from index.errors import UsageError
from qa.web.sign_in import read_sign_in
from tests.browser import settled, watched_page
from tests.web.provider import CLIENT, provider
from tests.web.serving import REFUSED, ask, check_accessible, free_port, serving, start
from tests.web.test_browser_kept import listed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

GOOD = """[auth]
redirect_uri = "https://papers.example.org/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "loccit"
client_secret = "secret"
server_metadata_url = "https://login.example.org/.well-known/openid-configuration"
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "sign-in.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_valid_file_is_read(tmp_path: Path) -> None:
    found = read_sign_in(_written(tmp_path, GOOD))
    assert (found.host, found.secure) == ("papers.example.org", True)
    named = GOOD.replace("client_id", "[auth.hospital]\nclient_id")
    assert read_sign_in(_written(tmp_path, named)).host == "papers.example.org"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[auth]", "[oops]"), "auth"),
        (("[auth]", "[auth"), "not a sign-in file"),
        (("0123456789abcdef0123456789abcdef", "short"), "cookie_secret"),
        (("https://papers", "http://papers"), "redirect_uri"),
        (("/oauth2callback", "/"), "redirect_uri"),
        (("client_secret", "secret_client"), "client_secret"),
        (("cookie_secret", "biscuit_secret"), "cookie_secret"),
    ],
)
def test_an_invalid_file_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_sign_in(_written(tmp_path, GOOD.replace(*change, 1)))
    with pytest.raises(UsageError, match="does not exist"):
        read_sign_in(tmp_path / "none.toml")


@pytest.mark.browser
def test_without_sign_in_the_page_says_that_it_is_private(browser: Browser, chat: str) -> None:
    with watched_page(browser) as page:
        start(page, chat)
        page.get_by_text("On this machine only").wait_for()


@pytest.mark.browser
def test_sign_in_hides_everything_and_separates_histories(
    browser: Browser, own_folder: Path, root: Path, tmp_path: Path
) -> None:
    port = free_port()
    with provider() as people:
        text = GOOD.replace("https://papers.example.org", f"http://127.0.0.1:{port}")
        text = text.replace("https://login.example.org", people.url).replace('"loccit"', f'"{CLIENT}"')
        options = ["--sign-in", str(_written(tmp_path, text))]
        with serving(root, own_folder, tmp_path / "log", options, port) as url, watched_page(browser) as page:
            for path in ("/papers", "/evaluation", "/feedback", "/"):
                page.goto(url + path)
                page.get_by_role("heading", name="Sign in to Loccit").wait_for()
                expect(page.get_by_placeholder("Ask about the papers")).to_have_count(0)
                expect(page.locator(".shelved, .tile")).to_have_count(0)
            check_accessible(page)
            with urllib.request.urlopen(f"{url}/pages/guessed/{'0' * 64}/1.png", timeout=10) as answer:
                assert answer.headers.get_content_type() == "text/html"  # the app with its sign-in page

            _sign_in(page, "Ada")
            ask(page, REFUSED)
            address = page.url
            page.get_by_role("button", name="Sign out").click()
            page.get_by_role("heading", name="Sign in to Loccit").wait_for()
            people.person = "grace"
            _sign_in(page, "Grace")
            expect(page.locator("article.turn")).to_have_count(0)
            page.goto(address)  # Ada's conversation by its link: only the question, asked anew
            page.locator("article.turn footer").wait_for()
            assert page.url != address
            settled(page)
            dialog = listed(page)
            expect(dialog.locator(".title")).to_have_count(1)
            dialog.get_by_role("button", name="Delete all").click()
            dialog.get_by_role("button", name="Delete", exact=True).click()
            dialog.get_by_text("None yet").wait_for()
            page.keyboard.press("Escape")
            settled(page)
            page.get_by_role("button", name="Sign out").click()
            people.person = "ada"
            _sign_in(page, "Ada")
            listed(page).get_by_role("button", name=REFUSED).first.click()
            page.get_by_role("dialog").wait_for(state="detached")
            page.locator("article.turn footer").wait_for()


def _sign_in(page: Page, name: str) -> None:
    settled(page)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text(f"Signed in as {name}.").wait_for()
    page.get_by_placeholder("Ask about the papers").wait_for()
    settled(page)
