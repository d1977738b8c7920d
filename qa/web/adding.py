"""Papers read into the index in a thread of their own: it goes on whatever its session looks at."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from index.errors import LoccitError
from index.ingest.work import read_papers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from index.ingest.build import FileOutcome
    from index.ingest.work import Outcome, Progress, Read

_BROKE_OFF = "The work broke off. The index is as it was; the server's log says more."


class Adding:
    """Papers being added, or read again. Safe in threads."""

    def __init__(
        self, work: Callable[[Progress, Read], Sequence[FileOutcome]], refused: Sequence[LoccitError]
    ) -> None:
        """Begin ``work``, given what hears of its progress and what reads.

        ``refused`` says of files that were not looked into why.
        """
        self.stage = "papers"
        self.done = 0
        self.total = 0
        self.outcomes: Sequence[FileOutcome] = ()
        self.refused = list(refused)
        #: Of each file looked into so far, why it was refused; None where it is read and, but for the last,
        #: embedded.
        self.seen: dict[Path, LoccitError | None] = {}
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.outcomes = self._work(self._hear, self._read)
        except LoccitError as error:
            self.refused.append(error)
        except BaseException:  # a fault of ours: its traceback goes to the log, the page is told
            self.refused.append(LoccitError(_BROKE_OFF))
            raise

    def _hear(self, stage: str, done: int, total: int) -> None:
        self.stage, self.done, self.total = stage, done, total

    def _read(self, paths: Sequence[Path], workers: int) -> Iterator[Outcome]:
        for outcome in read_papers(paths, workers):
            self.seen[outcome.path] = outcome.error
            yield outcome

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()
