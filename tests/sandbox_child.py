"""A child process for the tests of the sandbox, well-behaved or not."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from index.read.sandbox import confine, send

_SEEN: list[str] = []  #: what this process was asked before


def main(request: dict[str, Any]) -> None:
    """Do what ``request["do"]`` names."""
    confine(request["limits"])
    _ACTS[request["do"]](request)


def _echo(request: dict[str, Any]) -> None:
    send({"length": len(sys.stdin.buffer.read()), "limits": request["limits"]})
    send({"end": "done"})


def _remember(request: dict[str, Any]) -> None:
    _SEEN.append(request["do"])
    send({"seen": len(_SEEN), "server": os.getppid()})
    send({"end": "done"})


def _spin(_: dict[str, Any]) -> None:
    while True:
        pass


def _grow(_: dict[str, Any]) -> None:
    try:
        bytearray(2 << 30)
    except MemoryError:
        send({"error": "memory"})
    send({"end": "done"})


def _talk(_: dict[str, Any]) -> None:
    while True:
        send({"text": "x" * 1000})


def _crash(_: dict[str, Any]) -> None:
    send({"said": 1})
    raise RuntimeError("on purpose")


def _modules(_: dict[str, Any]) -> None:
    import index.read.pdf.extract.child
    import index.read.pdf.extract.content  # noqa: F401 - loaded to see what it brings along

    send({"modules": sorted(sys.modules)})
    send({"end": "done"})


def _surroundings(_: dict[str, Any]) -> None:
    send({"variables": sorted(os.environ)})
    send({"end": "done"})


def _deaf(_: dict[str, Any]) -> None:
    sys.stdin.close()
    send({"end": "done"})


_ACTS = {
    "echo": _echo,
    "remember": _remember,
    "spin": _spin,
    "sleep": lambda _: time.sleep(60),
    "grow": _grow,
    "talk": _talk,
    "crash": _crash,
    "abort": lambda _: os.abort(),
    "parricide": lambda _: os.kill(os.getppid(), signal.SIGKILL),
    "exit": lambda _: sys.exit(3),
    "garbage": lambda _: sys.stdout.write("not json\n"),
    "list": lambda _: sys.stdout.write("[1]\n"),
    "silence": lambda _: None,
    "modules": _modules,
    "surroundings": _surroundings,
    "deaf": _deaf,
}
