"""Load test of the web app: ``python -m evals.bench.load``. Needs Chromium and the test extra.

Makes an index of synthetic papers (or takes ``--index``), serves it with ``loccit chat`` and
opens browser sessions that all ask at the same time. Prints the time from question to answer
in the app, in ``qa`` alone and on the command line, the time that the app adds for one
session, and whether a long conversation slows down.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evals.bench.synthetic import Papers, synthetic_index
from evals.bench.timing import seconds
from index.store.open import open_index
from qa.conversation import Conversation
from qa.session import opened

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page


_PROGRAM = "from qa.cli.main import main; main()"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")
_START = 300  #: seconds the server may take to start
_ANSWER = 300_000  #: milliseconds an answer may take
#: Checks each frame for the answer to the question that contains ``mark``; Playwright's own waiting polls
#: twice a second. Returns "" or the problem.
_ANSWERED = """([mark, limit]) => new Promise(done => {
  const began = Date.now();
  const turns = () => [...document.querySelectorAll("*")].filter(element => element.shadowRoot)
    .flatMap(element => [...element.shadowRoot.querySelectorAll("article.turn")]);
  const look = () => {
    const turn = turns().find(article => article.textContent.includes(mark));
    const wrong = turn?.querySelector(".notice");
    if (wrong || turn?.querySelector("footer")) done(wrong ? wrong.textContent : "");
    else if (Date.now() - began > limit) done("no answer in time");
    else setTimeout(look, 16);
  };
  look();
})"""
_READY = """() => {
  const boxes = document.querySelectorAll('[data-testid="stChatInputTextArea"]');
  return boxes.length === 1 && !boxes[0].disabled;
}"""
_FEW = 5  #: answers compared at each end of a long conversation


def marked(questions: Sequence[str], name: str) -> list[str]:
    """Return the questions, each with a word that no paper has, as those asked in a browser have one.

    Such a word takes time: it may be misspelt.
    """
    return [f"{question} {name}{number}" for number, question in enumerate(questions)]


def alone(folder: Path, questions: Sequence[str]) -> list[float]:
    """Return the seconds that ``qa`` takes for each question of one conversation, with the index open."""
    questions = marked(questions, "zqalone")
    with opened(folder) as answerer:
        answerer.ask(questions[0])  # loads the models, which is not counted
        times: list[float] = []
        conversation = Conversation()
        for question in questions:
            taken, (_, conversation) = seconds(partial(conversation.ask, answerer, question))
            times.append(taken)
        return times


def together(folder: Path, questions: Sequence[str], sessions: int) -> list[float]:
    """Return the seconds of ``sessions`` questions asked at once without a browser, answered in turn."""
    turn = threading.Lock()
    questions = marked(questions, "zqtogether")
    with opened(folder) as answerer, ThreadPoolExecutor(sessions) as pool:
        answerer.ask(questions[0])

        def ask(number: int) -> float:
            started = time.perf_counter()
            with turn:
                answerer.ask(questions[number % len(questions)])
            return time.perf_counter() - started

        return list(pool.map(ask, range(sessions)))


def command(folder: Path, questions: Sequence[str]) -> list[float]:
    """Return the seconds of ``loccit ask`` for each question, one process each."""
    times = []
    for question in questions:
        program = [sys.executable, "-c", _PROGRAM, "ask", question, "--index", str(folder), "--json"]
        started = time.perf_counter()
        done = subprocess.run(program, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 1:  # which is not an error: nothing was found
            done.check_returncode()
        times.append(time.perf_counter() - started)
    return times


@contextmanager
def served(folder: Path, log: Path) -> Iterator[str]:
    """Serve the index in ``folder``; yield the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["chat", "--no-browser", "--port", str(port), "--index", str(folder)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *options], stdout=output, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(_START * 10):
            with suppress(OSError), urllib.request.urlopen(f"{url}/ready", timeout=2):
                break
            time.sleep(0.1)
        else:
            raise TimeoutError(f"{url}: no answer in {_START} s")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=60)


class Session:
    """One person with their own browser."""

    def __init__(self, page: Page, url: str, name: str) -> None:
        self._page = page
        self._url = url
        self._name = name
        self.errors: list[str] = []
        self._asked = 0
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def open(self) -> None:
        """Open the app."""
        await self._page.goto(self._url, timeout=_ANSWER)
        await self._page.get_by_test_id("stChatInputTextArea").wait_for(timeout=_ANSWER)

    async def ask(self, question: str) -> float:
        """Ask; return the seconds from Enter to the answer on the page."""
        self._asked += 1
        mark = f"{self._name}{self._asked}"  # tells this answer from others; no paper has such a word
        # The box moves to the bottom with the first question; for a moment there are two, both disabled.
        await self._page.wait_for_function(_READY, timeout=_ANSWER)
        box = self._page.get_by_placeholder("Ask about the papers")
        await box.fill(f"{question} {mark}")
        started = time.perf_counter()
        await box.press("Enter")
        problem: str = await self._page.evaluate(_ANSWERED, [mark, _ANSWER])
        taken = time.perf_counter() - started
        if problem:
            self.errors.append(problem)
        return taken


async def _crowd(browser: Browser, url: str, sessions: int, questions: Sequence[str]) -> dict[str, object]:
    """Let ``sessions`` people ask all ``questions`` at the same time; return times and errors."""
    people = [
        Session(await (await browser.new_context()).new_page(), url, f"zq{at}x") for at in range(sessions)
    ]
    for person in people:  # one after the other, and not measured
        await person.open()

    async def ask_all(person: Session, first: int) -> list[float]:
        return [await person.ask(question) for question in (*questions[first:], *questions[:first])]

    times = await asyncio.gather(*(ask_all(person, at % len(questions)) for at, person in enumerate(people)))
    errors = [error for person in people for error in person.errors]
    for context in browser.contexts:
        await context.close()
    return {**percentiles([taken for person in times for taken in person]), "errors": errors}


async def _browse(
    url: str, sessions: int, questions: Sequence[str], long: int, chromium: str
) -> dict[str, object]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        with tempfile.TemporaryDirectory() as place:
            # Real users have their own machines: browsers here give way to the server.
            wrapper = Path(place) / "chromium"
            wrapper.write_text(f'#!/bin/sh\nexec nice -n 19 {shlex.quote(chromium)} "$@"\n', encoding="utf-8")
            wrapper.chmod(0o755)
            browser = await playwright.chromium.launch(executable_path=wrapper, args=list(_FLAGS))
        one = await _crowd(browser, url, 1, questions)
        many = await _crowd(browser, url, sessions, questions)
        person = Session(await browser.new_page(), url, "zqlong")
        await person.open()
        times = [await person.ask(questions[at % len(questions)]) for at in range(long)]
        await browser.close()
    return {
        "one session": one,
        f"{sessions} sessions at once": many,
        f"a conversation of {long} answers": {
            "first": float(np.median(times[1 : _FEW + 1])),
            "last": float(np.median(times[-_FEW:])),
            "errors": person.errors,
        },
    }


def percentiles(times: Sequence[float]) -> dict[str, float | int]:
    """Return the count, the median and the 95th percentile of ``times``."""
    return {
        "questions": len(times),
        "p50": float(np.percentile(times, 50)),
        "p95": float(np.percentile(times, 95)),
    }


def measure(
    folder: Path, questions: Sequence[str], *, sessions: int, long: int, chromium: str
) -> dict[str, object]:
    """Return all figures for the index in ``folder``; times in seconds."""
    qa_alone = percentiles(alone(folder, questions))
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        with served(folder, log) as url:
            app = asyncio.run(_browse(url, sessions, questions, long, chromium))
        tracebacks = log.read_text(encoding="utf-8", errors="replace").count("Traceback")
    one = app["one session"]
    added = one["p50"] - float(qa_alone["p50"]) if isinstance(one, dict) else None
    return {
        "qa alone": qa_alone,
        f"{sessions} questions at once, no browser": percentiles(together(folder, questions, sessions)),
        "loccit ask": percentiles(command(folder, questions[:_FEW])),
        **app,
        "added by the app, median": added,
        "tracebacks of the server": tracebacks,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--questions", type=int, default=8, help="per session")
    parser.add_argument("--long", type=int, default=100, help="answers in the long conversation")
    parser.add_argument("--index", type=Path, help="index folder; made there if it is empty")
    parser.add_argument(
        "--chromium", default=os.environ.get("LOCCIT_CHROMIUM") or shutil.which("chromium") or "chromium"
    )
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = chosen.index or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "index"
        synthetic_index(folder, chosen.passages)
        with open_index(folder) as index:
            held = {"papers": len(index.names), "passages": len(index.passages)}
            questions = Papers(held["papers"]).questions(chosen.questions)
        figures = measure(
            folder, questions, sessions=chosen.sessions, long=chosen.long, chromium=chosen.chromium
        )
    sys.stdout.write(json.dumps({"index": held, **figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
