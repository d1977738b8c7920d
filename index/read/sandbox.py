"""Runs one function on one file in a child process that can be killed.

A server process loads the module of that function once and forks for every file, so no file
sees what another left behind. The child gets the file's bytes as its standard input, sets its
own limits before it touches them, and answers with JSON, one object per line. Nothing it
sends is ever executed or unpickled. The server never touches the bytes.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import IO, Any, Self

#: Like ``Server.run``.
Run = Callable[[dict[str, Any], bytes, "Limits"], "Result"]

MIB = 1 << 20
#: Starts of variables that lead to a database, see docs/how-to/postgresql.md.
SECRET = ("LOCCIT_INDEX", "PG")
#: The server sees this process's import path, so that it finds this package and its requirements.
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from index.read.sandbox import serve; serve(sys.argv[2])"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost."""

    bytes: int = 200 * MIB  #: size of the file
    pages: int = 2_000
    characters: int = 5_000_000  #: of extracted text
    cpu: int = 30  #: seconds of CPU time of the child
    wall: int = 180  #: seconds by the clock, for a child that sleeps or a machine under load
    memory: int = 1024 * MIB  #: bytes of address space of the child
    page_cpu: float = 10.0  #: seconds of CPU for one page; a page over it is left out and reported


class End(StrEnum):
    """How a child ended."""

    DONE = "done"
    TIME = "time"  #: over its CPU or wall-clock limit
    OUTPUT = "output"  #: sent more than is allowed
    CRASH = "crash"  #: anything else


@dataclass(frozen=True, slots=True)
class Result:
    """What a child sent and how it ended."""

    messages: tuple[dict[str, Any], ...]
    end: End
    code: int  #: exit code of the process; negative: the signal that ended it


class Server:
    """A process that has loaded ``module`` and calls its ``main`` in a fork of its own for every file.

    It starts with the first file and is replaced if it ends. Thread-safe; a context manager.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket  # open while there is a process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, request: dict[str, Any], data: bytes, limits: Limits) -> Result:
        """Call ``main(request)`` in a child process with ``data`` as its standard input.

        ``request`` is passed on with the child's own limits on CPU and memory under
        ``limits``; the clock and the size of the answer are watched from here.
        """
        request = {**request, "limits": {"cpu": limits.cpu, "memory": limits.memory}}
        ours, theirs = os.pipe()
        with os.fdopen(ours, "rb") as pipe:
            with os.fdopen(theirs, "wb"), tempfile.TemporaryFile() as file:
                file.write(data)
                file.seek(0)
                pid = self._ask(request, file.fileno(), theirs)
            return self._follow(pid, pipe, limits) if pid else Result((), End.CRASH, 1)

    def _follow(self, pid: int, pipe: IO[bytes], limits: Limits) -> Result:
        late = threading.Event()

        def stop() -> None:
            late.set()
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # still its process id: the server waits for it below

        timer = threading.Timer(limits.wall, stop)
        timer.start()
        try:
            messages, end = _receive(pipe, 40 * limits.characters + MIB)
        finally:
            timer.cancel()
            timer.join()
            code = self._ask(pid)
        if end is None:
            end = End.TIME if late.is_set() or code in (-24, -9) else End.CRASH  # SIGXCPU, SIGKILL
        return Result(messages, end, code)

    def _ask(self, what: dict[str, Any] | int, *files: int) -> int:
        """Have the server start a child and return its process id, or end one and return its exit code.

        Args:
            what: the request of a new child, or the process id of one to end.
            files: standard input and output of a new child.
        """
        message = json.dumps(what).encode() + b"\n"
        with self._lock:
            for _ in range(2):
                if self._closed:
                    break
                if not self._process:
                    self._launch()
                try:
                    sent = socket.send_fds(self._link, [message], files) if files else 0
                    self._link.sendall(message[sent:])
                    if answer := self._link.recv(100):
                        return int(answer)
                except OSError:
                    pass  # the same as no answer: it was killed; its children go on
                self._end(os.kill)
        return 0 if files else -signal.SIGKILL

    def _launch(self) -> None:
        self._link, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-c", _START, json.dumps(sys.path), self._module]
        quiet = subprocess.DEVNULL
        # Who reads strange files need not know the address and the password of a database.
        known = {name: value for name, value in os.environ.items() if not name.startswith(SECRET)}
        with theirs:  # a group of its own: one signal ends the server and its children
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=quiet, stderr=quiet, process_group=0, env=known
            )

    def _end(self, kill: Callable[[int, int], None]) -> None:
        if self._process:
            kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            self._link.close()

    def close(self) -> None:
        """End the server and its children at once, for good: what they were reading is a crash."""
        with self._lock:
            self._closed = True
            self._end(os.killpg)


def run(module: str, request: dict[str, Any], data: bytes, limits: Limits) -> Result:
    """Call ``module.main(request)`` once; see ``Server.run``."""
    with Server(module) as server:
        return server.run(request, data, limits)


def serve(module: str) -> None:
    """Start and end children as the process at the other end of standard input asks, until it closes that."""
    main = import_module(module).main
    link = socket.socket(fileno=0)
    children: set[int] = set()
    while True:
        message, files, *_ = socket.recv_fds(link, MIB, 2)
        while message and not message.endswith(b"\n"):
            message += link.recv(MIB)
        if not message:
            return
        what = json.loads(message)
        if isinstance(what, dict):
            answer = os.fork()
            for number, file in enumerate(files):
                if not answer:
                    os.dup2(file, number)  # takes the place of the link to the parent, too
                os.close(file)
            if not answer:
                main(what)
                return
            children.add(answer)
        else:
            answer = _ended(what) if what in children else -signal.SIGKILL  # of an earlier server
            children.discard(what)
        link.sendall(b"%d\n" % answer)


def _ended(child: int) -> int:
    """Kill a child unless it has ended by itself; return its exit code."""
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _receive(pipe: IO[bytes], most: int) -> tuple[tuple[dict[str, Any], ...], End | None]:
    """Return the messages, and how the child ended; None if it ended without saying so."""
    messages: list[dict[str, Any]] = []
    left = most
    while line := pipe.readline(left + 1):
        left -= len(line)
        if left < 0:
            return tuple(messages), End.OUTPUT
        try:
            message = json.loads(line)
        except ValueError:
            return tuple(messages), End.CRASH
        if not isinstance(message, dict):
            return tuple(messages), End.CRASH
        messages.append(message)
        if "end" in message:
            return tuple(messages), End.DONE
    return tuple(messages), None


def confine(limits: dict[str, int]) -> None:
    """Lower the limits of this process for good; the child calls this before anything else."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))


def send(message: dict[str, Any]) -> None:
    """Send one message to the parent process."""
    sys.stdout.write(json.dumps(message, ensure_ascii=True, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def peak_memory() -> int:
    """Return the most memory this process has had resident, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
