"""Evaluations that run in a process of their own, so that nobody's chat waits; one at a time."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAM = "import os; getattr(os, 'nice', id)(10); from qa.cli.main import main; main()"
#: An evaluation below a floor ends so; its report is written all the same.
BELOW = 1
_NO_WORDS = "It ended without a word."


class Evaluation:
    """One run of ``loccit eval``. Safe in threads."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Start ``loccit eval`` with ``arguments``, in a process that gives way to others."""
        self.stage = "Starting"
        self.done = 0
        self.total = 0
        self._last: deque[str] = deque(maxlen=1)
        command = [sys.executable, "-c", _PROGRAM, "eval", *arguments, "--progress", "json"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        atexit.register(self.stop)
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        if self._process.stderr is None:
            return
        with self._process.stderr as lines:
            for line in lines:
                self._take(line)

    def _take(self, line: str) -> None:
        """Take note of a line of progress; any other is kept as what was said last."""
        try:
            told = json.loads(line)
            self.stage, self.done, self.total = str(told["stage"]), int(told["done"]), int(told["total"])
        except (ValueError, KeyError, TypeError):
            self._last.append(line.strip())

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._process.poll() is None

    @property
    def problem(self) -> str:
        """What went wrong, in a line; empty if nothing did, or not yet."""
        code = self._process.poll()
        if code in (None, 0, BELOW):
            return ""
        self._reader.join(timeout=1)
        return self._last[0] if self._last else _NO_WORDS

    def stop(self) -> None:
        """End it; the last report stays as it was."""
        if self.running:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._reader.join(timeout=10)
        atexit.unregister(self.stop)


class Evaluations:
    """The evaluation of this server that runs, or ran last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last: Evaluation | None = None

    def start(self, arguments: Sequence[str]) -> bool:
        """Start one; False where one is running already."""
        with self._lock:
            if self.last and self.last.running:
                return False
            self.last = Evaluation(arguments)
            return True


@st.cache_resource(show_spinner=False)
def evaluations() -> Evaluations:
    """Return those of this process: all sessions see the same run."""
    return Evaluations()


def report_folder(index: Path) -> Path:
    """Return where reports of evaluations started from the page are kept."""
    return index / "evaluation"
