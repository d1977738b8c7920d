"""Refuses network connections in a Python process and records each attempt.

An audit hook sees every use of Python's sockets, however it was reached, and cannot be
taken away by the code under test; libraries with sockets of their own (Rust, C++) need the
kernel, see ``tests/test_offline.py``. Standard library only: ``tests/blocked`` loads it
into other processes.
"""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import dataclass, field
from pathlib import Path

#: The processes started with ``tests/blocked`` on PYTHONPATH append their attempts to this file.
LOG_VARIABLE = "LOCCIT_NETWORK_LOG"

_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_LOCAL_NAMES = frozenset({"", "localhost", "ip6-localhost"})


class NetworkBlocked(OSError):
    """An attempt to use the network; ``str()`` says what it was and to which host."""


@dataclass
class Block:
    """The state of the hook of this process.

    ``on`` refuses what leaves the machine; ``everything`` refuses the loopback as well.
    """

    on: bool = True
    everything: bool = False
    attempts: list[str] = field(default_factory=list)  #: what was refused, in order
    log: Path | None = None  #: where attempts are appended too

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Refuse a connection or a look-up; the signature is that of audit hooks."""
        if not self.on or (event not in _EVENTS and event not in _LOOKUPS):
            return
        target = _target(event, arguments)
        if target is None or (not self.everything and is_local(target)):
            return
        attempt = f"{event} {target}"
        self.attempts.append(attempt)
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(attempt + "\n")
        raise NetworkBlocked(f"the network is blocked here: {attempt}")


def install(log: Path | None = None) -> Block:
    """Install the hook in this process permanently and return its state."""
    block = Block(log=log)
    sys.addaudithook(block)
    return block


def is_local(host: str) -> bool:
    """Tell whether ``host``, a name or an address, is this machine."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.rstrip(".").lower() in _LOCAL_NAMES


def _target(event: str, arguments: tuple[object, ...]) -> str | None:
    """Return the host concerned; None for addresses that no network has, such as a Unix socket's path."""
    if event in _LOOKUPS:
        host = arguments[0]
        return host.decode() if isinstance(host, bytes) else str(host or "")
    address = arguments[1] if len(arguments) > 1 else None
    return str(address[0]) if isinstance(address, tuple) and address else None
