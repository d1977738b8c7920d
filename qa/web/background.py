"""Work that continues whatever page is shown: papers and tables in threads, evaluations in a process."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

import streamlit as st

from index.errors import LoccitError
from index.ingest.report import FileOutcome, Progress
from index.ingest.work import Outcome, Read
from index.read import read_many
from qa.show.evidence import EvidenceTable

_FAILED = "An internal error stopped the work. The index is unchanged; the server's log has details."
_TABLE_FAILED = "An internal error stopped the table; the server's log has details."
_GIVE_WAY = 0.01  #: seconds in which someone who waits for an answer gets the turn
_PROGRAM = "import os; getattr(os, 'nice', id)(10); from qa.cli.main import main; main()"
_BELOW_FLOOR = 1  #: exit code of an evaluation that is below a floor; its report is written


class Adding:
    """Papers being added or re-read. Thread-safe."""

    def __init__(
        self,
        work: Callable[[Progress, Read], Sequence[FileOutcome]],
        waiting: Sequence[Path] = (),
        refused: Sequence[LoccitError] = (),
    ) -> None:
        """Start ``work`` on the files ``waiting``, called with a progress callback and a reader.

        ``refused`` holds the errors of files that are not passed to ``work``.
        """
        self.waiting = waiting
        self.stages: dict[str, tuple[int, int]] = {}  #: how many are done of how many, see ``Progress``
        self.began = time.monotonic()
        self.outcomes: Sequence[FileOutcome] = ()
        self.refused = list(refused)
        #: The error of each file read so far, None without one.
        self.seen: dict[Path, LoccitError | None] = {}
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.outcomes = self._work(self._note_progress, self._read)
        except LoccitError as error:
            self.refused.append(error)
        except BaseException:  # a bug: the traceback goes to the log, a short message to the page
            self.refused.append(LoccitError(_FAILED))
            raise

    def _note_progress(self, stage: str, done: int, total: int) -> None:
        self.stages[stage] = done, total

    def _read(self, paths: Sequence[Path], workers: int) -> Generator[Outcome, None, None]:
        with closing(read_many(paths, workers)) as outcomes:
            for outcome in outcomes:
                self.seen[outcome.path] = outcome.error
                yield outcome

    @property
    def running(self) -> bool:
        """Whether the work is still going on."""
        return self._thread.is_alive()


class Tabling:
    """An evidence table that grows in a thread; it can be stopped and continued. Thread-safe."""

    def __init__(self, tables: Iterator[EvidenceTable], turn: AbstractContextManager[object]) -> None:
        """Take the ``tables`` as they grow; ``turn`` is held while the next one is made."""
        self.table: EvidenceTable | None = None  #: as far as it is made
        self.error: LoccitError | None = None
        self.done = self.stopped = False
        self._tables, self._turn = tables, turn
        self._thread = threading.Thread()

    @property
    def running(self) -> bool:
        """Whether the table is growing."""
        return self._thread.is_alive() and not self.stopped

    def stop(self) -> None:
        """Stop after the paper that is being asked."""
        self.stopped = True

    def go_on(self) -> None:
        """Start, or continue; do nothing if the table is complete or failed."""
        self.stopped = False
        if not (self.done or self.error or self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while not self.stopped:
                with self._turn:
                    table = next(self._tables, None)
                if table is None:
                    self.done = True
                    return
                self.table = table
                time.sleep(_GIVE_WAY)
        except LoccitError as error:
            self.error = error
        except BaseException:  # as above
            self.error = LoccitError(_TABLE_FAILED)
            raise


class Evaluation:
    """One run of ``loccit eval`` in a process of low priority, which slows no conversation. Thread-safe."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.stage, self.done, self.total = "Starting", 0, 0
        self._last_line = ""
        command = [sys.executable, "-c", _PROGRAM, "eval", *arguments, "--progress", "json"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        atexit.register(self.stop)
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        """Read progress; keep the last line that is not progress, because it says why a run failed."""
        with self._process.stderr or nullcontext(()) as lines:
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
        if self._process.poll() in (None, 0, _BELOW_FLOOR):
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
