"""The child process: its limits hold, and the parent survives."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from index.read.sandbox import MIB, End, Limits, run

CHILD = "tests.sandbox_child"
LIMITS = Limits(cpu=2, wall=20, memory=512 * MIB, characters=10_000)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent))


def test_data_goes_in_and_messages_come_out() -> None:
    result = run(CHILD, {"do": "echo"}, b"\x00\xffbytes", LIMITS)
    assert result.end is End.DONE
    assert result.messages[0] == {"length": 7, "limits": {"cpu": 2, "memory": 512 * MIB}}


@pytest.mark.parametrize(
    ("do", "end"),
    [
        *(("spin", End.TIME), ("talk", End.OUTPUT), ("deaf", End.DONE)),  # "deaf" closes its input
        *((do, End.CRASH) for do in ("crash", "abort", "exit", "garbage", "list", "silence")),
    ],
)
def test_every_child_ends(do: str, end: End) -> None:
    assert run(CHILD, {"do": do}, b"x" * 5_000_000, LIMITS).end is end


def test_endless_sleep_is_killed() -> None:
    assert run(CHILD, {"do": "sleep"}, b"", replace(LIMITS, wall=1)).end is End.TIME


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of address space holds on Linux")
def test_memory_is_limited() -> None:
    result = run(CHILD, {"do": "grow"}, b"", LIMITS)
    assert result.messages[0] == {"error": "memory"}


def test_messages_before_a_crash_are_kept() -> None:
    result = run(CHILD, {"do": "crash"}, b"", LIMITS)
    assert result.messages == ({"said": 1},)


def test_the_child_of_the_pdf_reader_is_light() -> None:
    result = run(CHILD, {"do": "modules"}, b"", LIMITS)
    assert result.end is End.DONE
    assert not {"torch", "numpy", "streamlit", "faiss", "nupunkt", "wordfreq"} & set(
        result.messages[0]["modules"]
    )
