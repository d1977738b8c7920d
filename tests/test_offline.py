"""Once installed, Loccit builds, asks and evaluates without a network, and never tries to use one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installed import environment
from tests.network import LOG_VARIABLE

pytestmark = pytest.mark.slow

#: Runs a program in a network namespace of its own, which has not even a loopback.
NAMESPACE = ("unshare", "--map-root-user", "--net")


def _may_unshare() -> bool:
    if shutil.which(NAMESPACE[0]) is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def test_build_ask_and_evaluate(root: Path, seeds: Path, tmp_path: Path) -> None:
    """Python blocks and records connections; if permitted, the kernel also blocks those from C and Rust."""
    prefix = NAMESPACE if _may_unshare() else ()
    log = tmp_path / "attempts"
    blocked = {"PYTHONPATH": str(root / "tests" / "blocked"), LOG_VARIABLE: str(log)}

    def loccit(*arguments: str) -> str:
        program = Path(sys.executable).with_name("loccit")
        done = subprocess.run(
            [*prefix, str(program), *arguments],
            cwd=tmp_path,
            env=environment(tmp_path, blocked),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    loccit("build", "--index", "papers", str(seeds))
    answer = json.loads(loccit("ask", "--index", "papers", "--json", "What was the woman's CK on admission?"))
    assert any("9641" in citation["quote"] for citation in answer["citations"])
    assert json.loads(loccit("eval", "--index", "papers", "--limit", "5", "--json"))
    assert not log.exists(), log.read_text(encoding="utf-8")


def test_the_namespace_has_no_network(tmp_path: Path) -> None:
    """A negative control: without it, the test above could pass with an open network."""
    if not _may_unshare():
        pytest.skip("this machine does not let users make network namespaces")
    script = "import socket; socket.create_connection(('203.0.113.1', 443), timeout=5)"
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "Network is unreachable" in done.stderr
