"""What the workers of tests do: the real work, and something that goes wrong."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from index.cluster.worker import Done, File, Kind, prepare
from index.read.sandbox import SECRET
from index.segments.paper import PaperRows


def gated(paper: File | PaperRows, kind: Kind, *, name: str, gate: Path) -> Done:
    """Wait before the paper ``name`` until ``gate`` exists."""
    while isinstance(paper, File) and paper.name == name and not gate.exists():
        time.sleep(0.02)
    return prepare(paper, kind)


def killed_once(paper: File | PaperRows, kind: Kind, *, mark: Path) -> Done:
    """Kill the first worker that begins a paper."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return prepare(paper, kind)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def told_nothing(paper: File | PaperRows, kind: Kind, *, mark: Path) -> Done:
    """Do as ``killed_once``; fail in a worker that knows the address or the password of a database."""
    known = [name for name, value in os.environ.items() if name.startswith(SECRET) and value]
    assert not known
    return killed_once(paper, kind, mark=mark)


def killed_by(paper: File | PaperRows, kind: Kind, *, name: str) -> Done:
    """Kill each worker that begins the paper ``name``."""
    if isinstance(paper, File) and paper.name == name:
        os.kill(os.getpid(), signal.SIGKILL)
    return prepare(paper, kind)


def of_another(paper: File | PaperRows, kind: Kind, **change: str) -> Done:
    """Compare this worker with a client that has something else."""
    return prepare(paper, replace(kind, **change))


def without_loccit(paper: File | PaperRows, kind: Kind) -> Done:
    """Fail as a machine without Loccit does."""
    raise ModuleNotFoundError("No module named 'index.cluster'")
