"""A build's use of a cluster: which papers are under way, what comes back, and what is lost."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from index.cluster.worker import SAME, Done, File, Kind, prepare
from index.embed.encoder import Encoder
from index.errors import ClusterError, DamagedFile, LoccitError, UsageError
from index.ingest.work import Prepare, Prepared
from index.read.open import bytes_of, name_of
from index.read.sandbox import SECRET
from index.segments.paper import PaperRows

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
_SCHEMES = ("tcp://", "tls://")
_MOST = 64  #: workers on this machine
_PATIENCE = 60.0  #: seconds to wait for the scheduler, and for a worker while there is none
_POLL = 2.0  #: seconds between two looks for workers
_AHEAD = 2  #: papers under way for each thread of a worker: one is worked on, one waits
_GOES_ON = "Run the same command again: papers that were done are not read again."
#: Nothing of Dask is served over HTTP, and a paper may have the size that reading allows.
_CONFIG = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.scheduler.allowed-failures": 1,
    "distributed.admin.large-graph-warning-threshold": "1GB",
}
Given = Path | PaperRows
Work = Callable[[File | PaperRows, Kind], Done]


@contextmanager
def preparing(
    address: str, encoder: Encoder, *, work: Work = prepare, patience: float = _PATIENCE
) -> Iterator[Prepare]:
    """Connect to a cluster for the block, and yield what reads and embeds papers on it.

    Args:
        address: ``tcp://HOST:PORT`` or ``tls://HOST:PORT`` of a Dask scheduler, or ``local:N`` for N
            processes of this machine: they listen on the loopback, for each other only, and end with the
            block. SIGTERM then raises KeyboardInterrupt, as Ctrl-C does, so the block must be in the main
            thread.
        encoder: of the build; the workers load the same model.
        work: what a worker does.
        patience: seconds to wait for the scheduler, and for a worker.

    Raises:
        UsageError: the address has another form, or Dask is not installed.
        ClusterError: nothing answers there, or it has no workers.
    """
    count = _processes(address)
    try:
        import dask
        from distributed import Client, LocalCluster, Security
    except ImportError as error:
        remedy = "Install it: pip install 'loccit[cluster]'"
        raise UsageError(f"--cluster needs Dask, which is not installed ({error}).", remedy) from error
    # What it would log is either reported here or no concern of the user's.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_CONFIG))
        where: Any = address
        security = None
        if count:
            security = Security.temporary()  # other users of this machine could connect otherwise
            stack.callback(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            # Private, and always the same: Dask then removes what killed workers left there.
            scratch = user_cache_path("loccit", appauthor=False)
            scratch.mkdir(parents=True, exist_ok=True)
            with _without_secrets() as secrets, _without_ctrl_c():
                where = LocalCluster(
                    n_workers=count,
                    host="127.0.0.1",
                    security=security,
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False},
                    local_directory=str(scratch),
                    env=dict.fromkeys(secrets, ""),  # for workers that are started after the block
                    silence_logs=logging.CRITICAL,
                )
            stack.enter_context(where)
        try:
            client = Client(where, timeout=patience, security=security)
        except (OSError, ValueError, TypeError) as error:
            what = f"{address}: no Dask scheduler answers ({_reason(error)})."
            raise ClusterError(what, "Check the address, and that the scheduler runs.") from error
        stack.callback(_close, client)
        run = _Run(client, address, Kind.of(encoder), work, patience)
        run.require_worker()
        yield run


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Keep Ctrl-C from the threads and processes started in the block, so that it reaches this thread alone.

    A terminal sends it to all processes; workers would print tracebacks and be taken for lost. Pressed during
    the block, it is raised after it.
    """
    resource_tracker.ensure_running()  # started inside, it would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_secrets() -> Iterator[Iterable[str]]:
    """Keep what leads to a database from the processes started in the block; yield the variables' names."""
    secrets = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith(SECRET)}
    try:
        yield secrets
    finally:
        os.environ.update(secrets)


def _processes(address: str) -> int:
    """Return how many processes to start on this machine, 0 if ``address`` is that of a scheduler."""
    scheme, _, number = address.partition(":")
    if scheme.lower() == LOCAL:
        if number.isdecimal() and 1 <= int(number) <= _MOST:
            return int(number)
        raise UsageError(
            f"--cluster {address}: not a number of processes.", f"Write local:1 to local:{_MOST}."
        )
    if not address.startswith(_SCHEMES):
        remedy = "Write tcp://HOST:PORT, tls://HOST:PORT or local:N."
        raise UsageError(f"--cluster {address}: not the address of a Dask scheduler.", remedy)
    return 0


def _close(client: Client) -> None:
    with suppress(Exception):  # the scheduler may be gone; nothing of it is needed any more
        client.close(timeout=5)


def _reason(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


class _Run:
    """The papers of one build on a cluster; an ``index.ingest.work.Prepare``."""

    def __init__(self, client: Client, address: str, kind: Kind, work: Work, patience: float) -> None:
        self._client = client
        self._address = address
        self._kind = kind
        self._work = work
        self._patience = patience

    def __call__(self, papers: Iterable[Given]) -> Generator[Prepared, None, None]:
        suspects: list[Given] = []
        for given, done in self._results(papers):
            if done is None:
                suspects.append(given)
            else:
                yield _prepared(given, done)
        # A worker that ends takes several papers with it. Alone, none is blamed for another.
        for suspect in suspects:
            for given, done in self._results([suspect]):
                yield _prepared(given, done or Done(_deadly(given)))

    def require_worker(self) -> None:
        """Raise a ``ClusterError`` if no worker comes in time."""
        until = time.monotonic() + self._patience
        with self._refusals():
            while not self._client.nthreads():
                if time.monotonic() >= until:
                    what = f"{self._address}: no worker for {self._patience:.0f} seconds."
                    raise ClusterError(what, f"Start workers: dask worker {self._address}. {_GOES_ON}")
                time.sleep(min(_POLL, self._patience / 10))

    def _results(self, papers: Iterable[Given]) -> Iterator[tuple[Given, Done | None]]:
        """Yield each paper with what came of it; None if it ended more workers than Dask allows."""
        left = iter(papers)
        running: dict[Future, Given] = {}
        while True:
            batch = list(islice(left, self._room() - len(running) if running else _AHEAD))
            if not batch and not running:
                return
            for given in batch:
                try:
                    paper = given if isinstance(given, PaperRows) else File(name_of(given), bytes_of(given))
                except LoccitError as error:
                    yield given, Done(error)
                else:
                    running[self._submitted(paper)] = given
            for future in self._finished(running) if running else ():
                yield running.pop(future), self._result(future)

    def _room(self) -> int:
        """Return how many papers may be under way: few, because all of them are held in memory."""
        with self._refusals():
            threads: int = sum(self._client.nthreads().values())
        return _AHEAD * max(1, threads)

    def _submitted(self, paper: File | PaperRows) -> Future:
        with self._refusals():
            return self._client.submit(self._work, paper, self._kind, pure=False)

    def _finished(self, running: Iterable[Future]) -> Iterable[Future]:
        """Wait until some papers are done; raises as ``require_worker``."""
        from distributed import wait

        with self._refusals():
            while True:
                try:
                    finished = wait(list(running), timeout=_POLL, return_when="FIRST_COMPLETED")
                    return frozenset(finished.done)
                except TimeoutError:
                    self.require_worker()

    def _result(self, future: Future) -> Done | None:
        from distributed.scheduler import KilledWorker

        with self._refusals():
            error = future.exception()
            if error is None:
                done: Done = future.result()
                return done
        if isinstance(error, KilledWorker):
            return None
        if isinstance(error, LoccitError):
            raise error
        what = f"{self._address}: a machine of the cluster cannot run this Loccit ({_reason(error)})."
        raise ClusterError(what, SAME) from error

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Raise what the connection to the scheduler meets during the block as a ``ClusterError``."""
        try:
            yield
        except (CancelledError, OSError) as error:
            raise ClusterError(
                f"{self._address}: the connection to the scheduler was lost.", _GOES_ON
            ) from error


def _prepared(given: Given, done: Done) -> Prepared:
    if isinstance(done.result, LoccitError):
        return Prepared(given, None, (), done.result)
    return Prepared(given, done.result, done.warnings)


def _deadly(given: Given) -> LoccitError:
    name = given.source if isinstance(given, PaperRows) else name_of(given)
    reason = "each worker of the cluster that read or embedded it was killed."
    return DamagedFile(name, reason, "Leave it out, or give the workers more memory.")
