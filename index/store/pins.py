"""Readers' claims on a generation, so that it is not collected under them.

A pin is a file that its reader keeps locked; the system unlocks it when the
reader ends, however it ends, so a pin that can be locked is a dead reader's.
"""

from __future__ import annotations

import itertools
import os
import re
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path

PINS = "pins"
_NAME = re.compile(r"gen-(\d{8})\.\d+\.\d+")
_numbers = itertools.count()


class Pin:
    """One reader's claim on one generation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path, thread_local=False)
        self._lock.acquire(timeout=0)

    def release(self) -> None:
        """Give the claim up; a second call does nothing."""
        if self._lock.is_locked:
            self._path.unlink(missing_ok=True)
            self._lock.release()


def pin(folder: Path, generation: int) -> Pin | None:
    """Claim ``generation`` of the index in ``folder``; None where nothing can be written there.

    Without a pin, a reader on a system that lets open files be deleted still
    keeps what it has opened.
    """
    name = f"gen-{generation:08d}.{os.getpid()}.{next(_numbers)}"
    try:
        (folder / PINS).mkdir(exist_ok=True)
        return Pin(folder / PINS / name)
    except (OSError, Timeout):
        return None


def pinned(folder: Path) -> frozenset[int]:
    """Return the generations that living readers claim, and remove the pins of dead ones."""
    claimed: set[int] = set()
    for path in sorted((folder / PINS).glob("gen-*")):
        found = _NAME.fullmatch(path.name)
        if not found:
            continue
        try:
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
        except Timeout:
            claimed.add(int(found[1]))
    return frozenset(claimed)
