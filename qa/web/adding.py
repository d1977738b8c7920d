"""Papers read into the index in a thread of their own: it goes on whatever its session looks at."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from index.errors import LoccitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from index.build import FileOutcome
    from index.work import Progress

_BROKE_OFF = "The work broke off. The index is as it was; the server's log says more."


class Adding:
    """Papers being added, or read again. Safe in threads."""

    def __init__(
        self, work: Callable[[Progress], Sequence[FileOutcome]], refused: Sequence[LoccitError]
    ) -> None:
        """Begin ``work``, which is told what hears of its progress; ``refused`` were not looked into."""
        self.stage = "papers"
        self.done = 0
        self.total = 0
        self.outcomes: Sequence[FileOutcome] = ()
        self.refused = list(refused)
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.outcomes = self._work(self._hear)
        except LoccitError as error:
            self.refused.append(error)
        except BaseException:  # a fault of ours: its traceback goes to the log, the page is told
            self.refused.append(LoccitError(_BROKE_OFF))
            raise

    def _hear(self, stage: str, done: int, total: int) -> None:
        self.stage, self.done, self.total = stage, done, total

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()
