"""Times and memory of functions and of processes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

#: Runs between this process and the measured one: a child starts with its parent's peak of memory.
_LAUNCHER = """import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
seconds = time.perf_counter() - started
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps([seconds, memory, done.returncode, done.stdout]))
"""


def child(arguments: Sequence[str]) -> tuple[float, float, str]:
    """Run a Python process; return its seconds, its peak memory in MB and its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, *arguments], capture_output=True, text=True, check=True
    )
    taken, memory, code, said = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{arguments} ended with {code}: {done.stderr}")
    return taken, memory, said


def apart(action: Callable[..., T], *arguments: object) -> T:
    """Return the result of ``action`` in a process of its own, whose memory is that of the action."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(action, *arguments).result()


def peak_memory() -> int:
    """Return the most bytes of memory that this process had; a process keeps ``ru_maxrss`` of its parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def seconds(action: Callable[[], T]) -> tuple[float, T]:
    """Return how long ``action`` took, and its result."""
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


def own_memory() -> int:
    """Return the bytes of memory that this process holds for itself, without mapped files."""
    import psutil

    info = psutil.Process().memory_info()
    return int(info.rss - info.shared)


def timed(
    steps: Mapping[str, Callable[[str], object]], questions: Sequence[str], counted: int
) -> dict[str, float]:
    """Return the median milliseconds of each step over the last ``counted`` questions; the others warm up."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number, question in enumerate(questions):
        for name, step in steps.items():
            taken, _ = seconds(partial(step, question))
            if number >= len(questions) - counted:
                times[name].append(1000 * taken)
    return {name: statistics.median(values) for name, values in times.items()}
