"""Adding papers in a background thread, which continues whatever page its session shows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from index.errors import LoccitError
from index.read import read_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from index.ingest.build import FileOutcome
    from index.ingest.work import Outcome, Progress, Read

_FAILED = "An internal error stopped the work. The index is unchanged; the server's log has details."


class Adding:
    """Papers being added or re-read. Thread-safe."""

    def __init__(
        self, work: Callable[[Progress, Read], Sequence[FileOutcome]], refused: Sequence[LoccitError]
    ) -> None:
        """Start ``work``, called with a progress callback and a reader.

        ``refused`` holds the errors of files that are not passed to ``work``.
        """
        self.stage = "papers"
        self.done = 0
        self.total = 0
        self.outcomes: Sequence[FileOutcome] = ()
        self.refused = list(refused)
        #: The error of each file read so far, None without one; all but the last are embedded, too.
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
        self.stage, self.done, self.total = stage, done, total

    def _read(self, paths: Sequence[Path], workers: int) -> Iterator[Outcome]:
        for outcome in read_many(paths, workers):
            self.seen[outcome.path] = outcome.error
            yield outcome

    @property
    def running(self) -> bool:
        """Whether the work is still going on."""
        return self._thread.is_alive()
