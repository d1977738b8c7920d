"""The child process: its limits hold, and the parent survives."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from index.read.sandbox import MIB, End, Limits, Server, run

CHILD = "tests.sandbox_child"
LIMITS = Limits(cpu=2, wall=20, memory=512 * MIB, characters=10_000)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent))


def test_data_goes_in_and_messages_come_out() -> None:
    result = run(CHILD, {"do": "echo"}, b"\x00\xffbytes", LIMITS)
    assert result.end is End.DONE
    assert result.messages[0] == {"length": 7, "limits": {"cpu": 2, "memory": 512 * MIB}}


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


def test_a_child_does_not_get_the_address_of_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCCIT_INDEX", "PGPASSWORD", "ELSE"):
        monkeypatch.setenv(name, "value")
    message = run(CHILD, {"do": "surroundings"}, b"", LIMITS).messages[0]
    assert "ELSE" in message["variables"]
    assert not {"LOCCIT_INDEX", "PGPASSWORD"} & set(message["variables"])


def seen(server: Server) -> tuple[int, int]:
    """Return how many files the next child has seen, itself included, and the process id of the server."""
    result = server.run({"do": "remember"}, b"", LIMITS)
    assert result.end is End.DONE
    return result.messages[0]["seen"], result.messages[0]["server"]


def test_one_server_serves_all_files_and_none_sees_another() -> None:
    with Server(CHILD) as server:
        (first, one), (second, other) = seen(server), seen(server)
    assert (first, second) == (1, 1)
    assert one == other != os.getpid()


@pytest.mark.parametrize(
    ("do", "end"),
    [
        *(("spin", End.TIME), ("talk", End.OUTPUT), ("deaf", End.DONE)),  # "deaf" closes its input
        *((do, End.CRASH) for do in ("crash", "abort", "exit", "garbage", "list", "silence")),
    ],
)
def test_every_child_ends_and_costs_only_its_own_file(do: str, end: End) -> None:
    with Server(CHILD) as server, ThreadPoolExecutor(1) as pool:
        before = seen(server)
        bad = pool.submit(server.run, {"do": do}, b"x" * 5_000_000, LIMITS)
        assert seen(server) == before
        assert bad.result().end is end
        assert seen(server) == before


def test_a_sleeping_child_is_killed_and_the_server_goes_on() -> None:
    with Server(CHILD) as server:
        assert server.run({"do": "sleep"}, b"", replace(LIMITS, wall=1)).end is End.TIME
        assert seen(server)[0] == 1


@pytest.mark.parametrize("by", ["a child", "another process"])
def test_a_killed_server_is_replaced(by: str) -> None:
    with Server(CHILD) as server:
        _, before = seen(server)
        if by == "a child":
            server.run({"do": "parricide"}, b"", LIMITS)
        else:
            os.kill(before, signal.SIGKILL)
        count, after = seen(server)
    assert count == 1
    assert before != after


def test_closing_ends_what_is_running_and_starts_nothing() -> None:
    with Server(CHILD) as server, ThreadPoolExecutor(1) as pool:
        assert seen(server)[0] == 1
        asleep = pool.submit(server.run, {"do": "sleep"}, b"", replace(LIMITS, wall=600))
        server.close()
        assert asleep.result().end is not End.DONE
        assert server.run({"do": "echo"}, b"", LIMITS).messages == ()


def test_a_module_that_cannot_be_loaded_is_a_crash() -> None:
    assert run("tests.no_such_module", {}, b"", LIMITS).end is End.CRASH
