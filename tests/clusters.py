"""Servers of PostgreSQL that tests kill, each with its own data folder, and a wire that cuts them off."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from evals.bench.server import as_ordinary_user, free_port
from tests.databases import PASSWORD, SHOWN_PASSWORD, Server

_SECONDS = 60
_NAME = "papers"  #: of the database
_CONFIGURATION = """
listen_addresses = '127.0.0.1'
fsync = off
shared_buffers = 16MB
max_connections = 20
max_wal_senders = 2
"""
_numbers = itertools.count()


@dataclass
class Cluster:
    """A data folder, on whose server the database ``papers`` is; the port stays the same."""

    data: Path
    programs: Path
    port: int
    running: subprocess.Popen[bytes] | None = None

    @classmethod
    def make(cls, server: Server) -> Cluster:
        """Make a new one, not running, with the programs of ``server``."""
        made = cls(
            server.folder / f"cluster{next(_numbers)}", server.installation.parents[1] / "bin", free_port()
        )
        secret = server.folder / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        made._run(
            *("initdb", "-D", made.data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret),
            *("--no-sync", "--wal-segsize=1", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"),
        )
        with (made.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"{_CONFIGURATION}unix_socket_directories = '{server.folder}'\n")
        made.start()
        made.sql(f"CREATE DATABASE {_NAME}", database="postgres")
        return made

    @property
    def uri(self) -> str:
        """The address of the database, as superuser."""
        return f"postgresql://postgres:{SHOWN_PASSWORD}@127.0.0.1:{self.port}/{_NAME}"

    def sql(self, *statements: str, database: str = _NAME) -> None:
        """Execute SQL as the superuser."""
        import psycopg

        uri = self.uri.removesuffix(_NAME) + database
        with psycopg.connect(uri, autocommit=True) as session:
            for statement in statements:
                session.execute(statement)

    def end_connections(self) -> None:
        """End those of Loccit, as an administrator does."""
        which = "application_name = 'loccit'"
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {which}")

    def clone(self, folder: Path | None = None) -> Cluster:
        """Return a copy, not running; this one must not run either."""
        data = folder or self.data.with_name(f"cluster{next(_numbers)}")
        subprocess.run(["cp", "-a", f"{self.data}/.", str(data)], check=True)
        shutil.copystat(self.data, data)
        if os.geteuid() == 0:
            shutil.chown(data, self.data.owner())
        return Cluster(data, self.programs, free_port())

    def start(self, *options: str) -> Cluster:
        """Start the server and wait until it takes connections; ``options`` are ``NAME=VALUE``."""
        import psycopg

        given = [part for option in options for part in ("-c", option)]
        with (self.data / "output").open("ab") as log:
            self.running = subprocess.Popen(
                [*self._command("postgres"), "-D", str(self.data), "-p", str(self.port), *given],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.data,
            )
        until = time.monotonic() + _SECONDS
        while True:
            with suppress(psycopg.OperationalError), psycopg.connect(self.uri.removesuffix(_NAME)):
                return self
            assert time.monotonic() < until, (self.data / "output").read_text(encoding="utf-8")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill all processes of the server at once, as a crash of its machine does; none may run."""
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            first = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            every = [first, *first.children(recursive=True)]
            for process in every:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(every, timeout=_SECONDS)
        self._ended()

    def stop(self) -> None:
        """Shut the server down in order."""
        self._run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w")
        self._ended()

    def _ended(self) -> None:
        if self.running:
            self.running.wait(_SECONDS)
            self.running = None

    def promote(self) -> None:
        """Make a standby the primary."""
        self._run("pg_ctl", "promote", "-D", self.data, "-w")

    def follow(self, primary: Cluster) -> None:
        """Make this copy of ``primary`` its standby, before it starts."""
        login = f"user=postgres password={PASSWORD} application_name=standby"
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("hot_standby_feedback = on\n")
            file.write(f"primary_conninfo = 'host=127.0.0.1 port={primary.port} {login}'\n")
        shutil.copy2(self.data / "PG_VERSION", self.data / "standby.signal")

    def _command(self, program: str) -> list[str]:
        libraries = self.programs.with_name("lib")
        surroundings = ["env", "LC_ALL=C.UTF-8", f"LD_LIBRARY_PATH={libraries}"]
        return [*as_ordinary_user(), *surroundings, str(self.programs / program)]

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [*self._command(program), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.data.parent, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr


How = Literal["before", "during", "after"]


class Wire:
    """Forwards connections to a server, which is lost at one of the messages that clients send.

    It is lost before the server gets the message, while it works on it, or after it has answered; the client
    never gets the answer. libpq waits for each answer, so a message is a statement or a piece of a COPY.
    """

    def __init__(self, server: Cluster, lost_at: Callable[[int, bytes], How | None]) -> None:
        """Listen; ``lost_at`` gets the number of each message, from 0, and the message."""
        self.messages = 0
        self._server, self._lost_at = server, lost_at
        self._lost = self._killed = False
        self._killing = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def uri(self) -> str:
        """The address of the database by this wire."""
        port = self._listener.getsockname()[1]
        return self._server.uri.replace(f":{self._server.port}/", f":{port}/") + "?sslmode=disable"

    def close(self) -> None:
        """End all connections, after the server was lost if it is to be."""
        with self._killing:
            self._end()

    def _end(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                upstream = socket.create_connection(("127.0.0.1", self._server.port))
                self._open.append(upstream)
                for forward in (self._sent, self._answered):
                    threading.Thread(target=forward, args=(client, upstream), daemon=True).start()

    def _sent(self, client: socket.socket, upstream: socket.socket) -> None:
        with suppress(OSError):
            while message := client.recv(1 << 16):
                number, self.messages = self.messages, self.messages + 1
                how = None if self._lost else self._lost_at(number, message)
                self._lost |= how is not None
                if how == "before":
                    return self._lose()
                upstream.sendall(message)
                if how == "during":
                    return self._lose()
        upstream.close()

    def _answered(self, client: socket.socket, upstream: socket.socket) -> None:
        with suppress(OSError):
            while answer := upstream.recv(1 << 16):
                if self._lost:
                    return self._lose()
                client.sendall(answer)
        client.close()

    def _lose(self) -> None:
        with self._killing:
            if not self._killed:
                self._killed = True
                self._server.kill()
                self._end()
