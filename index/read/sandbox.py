"""Runs one function on one file in a child process that can be killed.

The child gets the file's bytes as its standard input, sets its own limits
before it touches them, and answers with JSON, one object per line. Nothing it
sends is ever executed or unpickled.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any

MIB = 1 << 20
#: The child sees the parent's import path, so that it finds this package and its requirements.
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from importlib import import_module; "
    "import_module(sys.argv[2]).main(json.loads(sys.argv[3]))"
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


def run(module: str, request: dict[str, Any], data: bytes, limits: Limits) -> Result:
    """Call ``module.main(request)`` in a child process with ``data`` as its standard input.

    ``request`` is passed on as JSON with the child's own limits on CPU and memory under
    ``limits``; the clock and the size of the answer are watched from here.
    """
    request = {**request, "limits": {"cpu": limits.cpu, "memory": limits.memory}}
    command = [sys.executable, "-I", "-c", _START, json.dumps(sys.path), module, json.dumps(request)]
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        with subprocess.Popen(
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            late = threading.Event()

            def stop() -> None:
                late.set()
                child.kill()

            timer = threading.Timer(limits.wall, stop)
            timer.start()
            try:
                assert child.stdout is not None
                messages, end = _receive(child.stdout, 40 * limits.characters + MIB)
                if end in (None, End.DONE):  # its output is closed: it ends by itself
                    child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                pass  # all messages are here; killed below
            finally:
                timer.cancel()
                child.kill()
            code = child.wait()
    if end is None:
        end = End.TIME if late.is_set() or code in (-24, -9) else End.CRASH  # SIGXCPU, SIGKILL
    return Result(messages, end, code)


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
    try:
        import resource
    except ImportError:  # no such limits on this system; the parent's clock still holds
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))


def send(message: dict[str, Any]) -> None:
    """Send one message to the parent process."""
    sys.stdout.write(json.dumps(message, ensure_ascii=True, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def peak_memory() -> int:
    """Return the most memory this process has had resident, in bytes; 0 where unknown."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
