"""Evaluations in a separate process, so that they do not slow down conversations; one at a time."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PROGRAM = "import os; getattr(os, 'nice', id)(10); from qa.cli.main import main; main()"
#: Exit code of an evaluation that is below a floor; its report is written.
BELOW = 1


class Evaluation:
    """One run of ``loccit eval``. Thread-safe."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Start ``loccit eval`` with ``arguments`` in a process of low priority."""
        self.stage = "Starting"
        self.done = 0
        self.total = 0
        self._last_line = ""
        command = [sys.executable, "-c", _PROGRAM, "eval", *arguments, "--progress", "json"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        atexit.register(self.stop)
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        """Read progress; keep the last line that is not progress, which says why a run failed."""
        if self._process.stderr is None:
            return
        with self._process.stderr as lines:
            for line in lines:
                try:
                    state = json.loads(line)
                    self.stage, self.done, self.total = state["stage"], state["done"], state["total"]
                except (ValueError, KeyError, TypeError):
                    self._last_line = line.strip()

    @property
    def running(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    @property
    def problem(self) -> str:
        """What went wrong, in one line; empty if nothing has."""
        if self._process.poll() in (None, 0, BELOW):
            return ""
        self._reader.join(timeout=1)
        return self._last_line or "The process ended without a message."

    def stop(self) -> None:
        """End the process; the last report stays as it is."""
        if self.running:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._reader.join(timeout=10)
        atexit.unregister(self.stop)


class Evaluations:
    """The current or last evaluation of this server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last: Evaluation | None = None

    def start(self, arguments: Sequence[str]) -> bool:
        """Start an evaluation; return False if one is running."""
        with self._lock:
            if self.last and self.last.running:
                return False
            self.last = Evaluation(arguments)
            return True


@st.cache_resource(show_spinner=False)
def evaluations() -> Evaluations:
    """Return the evaluations of this server, shared by all sessions."""
    return Evaluations()


def report_folder(index: Path) -> Path:
    """Return the folder of the reports of evaluations started from the page."""
    return index / "evaluation"
