"""Pins: claims of readers on a generation, which keep it from being collected.

A pin is a file that its reader keeps locked. The system unlocks it when the process
ends, however it ends, so a pin that can be locked belongs to a dead reader.
"""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

from filelock import FileLock, Timeout

PINS = "pins"
_NAME = re.compile(r"gen-(\d{8})\.\d+\.\d+")
_numbers = itertools.count()


class Pin:
    """The claim of one reader on one generation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path, thread_local=False)
        self._lock.acquire(timeout=0)

    def release(self) -> None:
        """Give up the claim; a second call does nothing."""
        if self._lock.is_locked:
            self._path.unlink(missing_ok=True)
            self._lock.release()


def pin(folder: Path, generation: int) -> Pin | None:
    """Claim ``generation`` of the index in ``folder``; None if the folder is not writable.

    On systems that let open files be deleted, a reader without a pin keeps the files
    it has opened.
    """
    name = f"gen-{generation:08d}.{os.getpid()}.{next(_numbers)}"
    try:
        (folder / PINS).mkdir(exist_ok=True)
        return Pin(folder / PINS / name)
    except (OSError, Timeout):
        return None


def pinned(folder: Path) -> frozenset[int]:
    """Return the generations pinned by living readers; remove the pins of dead ones."""
    claimed: set[int] = set()
    for path in sorted((folder / PINS).glob("gen-*")):
        if name := _NAME.fullmatch(path.name):
            try:
                with FileLock(path, timeout=0):
                    path.unlink(missing_ok=True)
            except Timeout:
                claimed.add(int(name[1]))
    return frozenset(claimed)
