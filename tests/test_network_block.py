"""The network block works; otherwise the tests that rely on it would prove nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.network import LOG_VARIABLE, Block, NetworkBlocked, is_local

ELSEWHERE = "203.0.113.1"  # an address set aside for documentation; no machine has it


def test_connections_and_lookups_beyond_this_machine_are_refused() -> None:
    with socket.socket() as sock, pytest.raises(NetworkBlocked, match=ELSEWHERE):
        sock.connect((ELSEWHERE, 443))
    with pytest.raises(NetworkBlocked, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NetworkBlocked):
        sock.sendto(b"x", (ELSEWHERE, 53))


def test_the_loopback_stays_open_unless_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_no_network_refuses_the_loopback_too(no_network: Block) -> None:
    with pytest.raises(NetworkBlocked):
        socket.create_connection(("127.0.0.1", 9))
    assert no_network.attempts
    no_network.attempts.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST.", ""])
def test_names_and_addresses_of_this_machine(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", [ELSEWHERE, "10.0.0.1", "0.0.0.0", "fe80::1%eth0", "localhost.example.org"])
def test_names_and_addresses_of_other_hosts(host: str) -> None:
    assert not is_local(host)


def test_a_process_started_with_the_block_is_blocked_and_its_attempts_are_written_down(
    root: Path, tmp_path: Path
) -> None:
    log = tmp_path / "attempts"
    script = f"""
import socket
try:
    socket.create_connection(("{ELSEWHERE}", 443))
except OSError:
    pass  # swallowed, as a library may do
"""
    environment = os.environ | {"PYTHONPATH": str(root / "tests" / "blocked"), LOG_VARIABLE: str(log)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert ELSEWHERE in log.read_text(encoding="utf-8")
