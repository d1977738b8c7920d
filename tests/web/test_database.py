"""The web app on an index in a database: other processes publish, the server goes down and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import expect

from index.embed.encoder import load_encoder
from index.ingest.build import add, remove
from index.place import beside, open_at, target_at
from index.postgres.address import Database
from index.store.open import open_index
from qa.files.conversations import FILE
from qa.session import answering
from qa.web import documents
from tests.browser import settled, watched_page
from tests.clusters import Cluster
from tests.databases import PASSWORD, SHOWN_PASSWORD, Server, copied
from tests.databases import server as server
from tests.web.serving import ANSWERED, ask, serving, start
from tests.web.test_app import ask as ask_app
from tests.web.test_app import opened as opened
from tests.web.test_app import views
from tests.web.test_bad_uploads import GOOD, upload

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from starlette.routing import Route
    from starlette.types import Message
    from streamlit.testing.v1 import AppTest

MOSSES = "How many mosses were counted?"


@pytest.fixture(autouse=True)
def _own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def with_seeds(uri: str, seed_index: Path, folder: Path) -> Database:
    with open_index(seed_index) as index:
        return copied(index, uri, folder)


@pytest.fixture
def base(server: Server, seed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database with the seed papers, which the app serves."""
    database = with_seeds(server.database(), seed_index, tmp_path)
    monkeypatch.setenv("LOCCIT_INDEX", database.uri)
    return database


def test_papers_come_and_go(base: Database, opened: Callable[..., AppTest], tmp_path: Path) -> None:
    """They are added by the upload page and by another process; the open app sees each generation."""
    app = opened(base.uri)
    rows = upload(("moss.txt", GOOD, "text/plain"))
    assert rows["moss.txt"]["became"] == "Added"
    key = rows["moss.txt"]["id"]
    assert list((beside(base) / "uploads").iterdir()) == [beside(base) / "uploads" / key]
    ask_app(app, MOSSES)
    assert not app.exception
    (turn,) = views(app, "turn")
    assert "52 mosses" in str(turn["papers"])
    remove(frozenset([key]), target_at(base))  # as another process does
    app.run()
    assert [view["title"] for view in views(app, "notice")] == ["This paper was removed"]
    (tmp_path / "tea.txt").write_text("Tea\n\nAbstract\n\nWe drank 77 cups of tea in the garden.\n", "utf-8")
    add([tmp_path / "tea.txt"], target_at(base), encoder=load_encoder())
    ask_app(app, "How many cups of tea were drunk?")
    assert "77 cups" in str(views(app, "turn")[-1]["papers"])
    assert not app.exception


@pytest.fixture
def cluster(server: Server, seed_index: Path, tmp_path: Path) -> Iterator[Cluster]:
    """A server of its own with the seed papers."""
    made = Cluster.make(server)
    try:
        with_seeds(made.uri, seed_index, tmp_path)
        yield made
    finally:
        made.kill()


def test_an_annotated_copy_while_the_server_is_down(cluster: Cluster) -> None:
    place = Database.parse(cluster.uri)
    routes = documents.routes()
    with open_at(place) as asked, open_at(place) as index:  # which has read no paper yet
        answer = answering(asked).ask(ANSWERED)
        key = answer.citations[0].document_id
        address = documents.annotated_address(key, "secret", index, [answer])
        cluster.kill()
        status, body = responded(routes, address)
    assert status == 503
    assert body.startswith("Not annotated: postgresql://")
    assert body.endswith(".\n")
    assert body.count("\n") == 1
    for secret in (PASSWORD, SHOWN_PASSWORD):
        assert secret not in body


def responded(routes: list[Route], path: str) -> tuple[int, str]:
    """Return the status and body with which the routes respond to a request."""
    from starlette.routing import Router

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    with start_blocking_portal() as portal:  # Playwright's event loop may be running in this thread
        portal.call(Router(routes), scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent).decode()


@pytest.mark.browser
def test_a_server_that_was_killed_and_is_back_is_asked_again(
    browser: Browser, root: Path, cluster: Cluster, tmp_path: Path
) -> None:
    later = "What was the woman's AST on admission?"
    log = tmp_path / "log"
    with watched_page(browser) as page, serving(root, cluster.uri, log) as url:
        start(page, url)
        ask(page, ANSWERED)
        cluster.kill()
        box = page.get_by_placeholder("Ask about the papers")
        box.fill(later)
        box.press("Enter")
        failed = page.locator("article.turn").filter(has_text="could not be answered")
        expect(failed).to_contain_text("Check the address")
        expect(failed).to_have_count(1)
        settled(page)
        cluster.start()
        ask(page, later)
        expect(page.locator("article.turn")).to_have_count(3)
        said = page.content() + page.title() + log.read_text(encoding="utf-8")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob(f"{FILE}*"))
    assert later.encode() in kept
    for secret in (PASSWORD, SHOWN_PASSWORD):
        assert secret not in said
        assert secret.encode() not in kept
