"""Papers added in a thread: what came of them, and that a fault is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NoReturn

import pytest

from index.errors import StorageError
from qa.web.adding import Adding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.build import FileOutcome
    from index.work import Progress


def ended(work: Adding) -> Adding:
    while work.running:
        time.sleep(0.01)
    return work


def test_progress_and_outcomes_are_seen_from_outside() -> None:
    def work(told: Progress) -> Sequence[FileOutcome]:
        told("texts", 3, 7)
        return ()

    found = ended(Adding(work, ()))
    assert (found.stage, found.done, found.total) == ("texts", 3, 7)
    assert (found.outcomes, found.refused) == ((), [])


def test_what_is_refused_is_told() -> None:
    refused = StorageError("The disk is full.")

    def work(told: Progress) -> NoReturn:
        raise refused

    assert ended(Adding(work, ())).refused == [refused]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the fault is the test's
def test_a_fault_of_ours_is_told_too() -> None:
    def work(told: Progress) -> NoReturn:
        raise ZeroDivisionError

    (error,) = ended(Adding(work, ())).refused
    assert "broke off" in error.message
