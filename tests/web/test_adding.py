"""Papers added in a thread: progress, outcomes and errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from index.errors import StorageError
from index.ingest.report import FileOutcome, Progress
from index.ingest.work import Read
from qa.show.shelf import in_words, waiting_view
from qa.web.background import Adding


def ended(work: Adding) -> Adding:
    while work.running:
        time.sleep(0.01)
    return work


def test_progress_and_outcomes_are_visible_to_the_session() -> None:
    def work(progress: Progress, read: Read) -> Sequence[FileOutcome]:
        progress("texts", 3, 7)
        return ()

    found = ended(Adding(work))
    assert found.stages == {"texts": (3, 7)}
    assert (found.outcomes, found.refused) == ((), [])


def test_progress_is_visible_per_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("Moss\n\nAbstract\n\nWe counted 52 mosses on the granite cliffs in May.\n", "utf-8")
    bad.write_text(" \n", "utf-8")
    shown: list[tuple[str, list[tuple[str, bool | None]]]] = []
    begun = threading.Event()

    def work(progress: Progress, read: Read) -> Sequence[FileOutcome]:
        begun.wait()
        files = [good, bad, tmp_path / "later.txt"]
        for outcome in read([good, bad], 1):
            rows = waiting_view(files, found.seen, ())["rows"]
            shown.append((outcome.path.name, [(row["became"], row["good"]) for row in rows]))
        return ()

    found = Adding(work)
    begun.set()
    ended(found)
    assert shown == [
        ("good.txt", [("Read, being prepared", None), ("Waiting", None), ("Waiting", None)]),
        ("bad.txt", [("Read, being prepared", None), ("Not added", False), ("Waiting", None)]),
    ]


@pytest.mark.parametrize(
    ("stages", "seconds", "share", "words"),
    [
        ({}, 0, 0, "Looking at the files"),
        ({"papers": (0, 1)}, 2, 0, "0 of 1 paper ready to search"),
        (
            {"papers": (0, 1), "texts": (50, 200)},
            30,
            1 / 4,
            "0 of 1 paper ready to search · 50 of 200 passages and sentences prepared · about 2 min left",
        ),
        (
            {"papers": (2, 6), "texts": (1812, 2040)},
            90,
            1 / 3,
            "2 of 6 papers ready to search · 1,812 of 2,040 passages and sentences prepared so far"
            " · about 3 min left",
        ),
        ({"papers": (6, 6), "texts": (9, 9), "saving": (0, 1)}, 90, 1, "Saving"),
    ],
)
def test_progress_in_words_says_of_what(
    stages: dict[str, tuple[int, int]], seconds: float, share: float, words: str
) -> None:
    assert in_words(stages, seconds) == (share, words)


def test_an_error_is_reported() -> None:
    refused = StorageError("The disk is full.")

    def work(progress: Progress, read: Read) -> NoReturn:
        raise refused

    assert ended(Adding(work)).refused == [refused]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # raised by this test
def test_an_internal_error_is_reported() -> None:
    def work(progress: Progress, read: Read) -> NoReturn:
        raise ZeroDivisionError

    (error,) = ended(Adding(work)).refused
    assert "internal error" in error.message
