"""Faults of a database, on real servers: rows 9 to 16 of docs/explanation/reliability.md."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import psycopg
import pytest

from index.errors import IndexMissing, LoccitError, StorageError
from index.ingest.build import add, build
from index.ingest.report import BuildReport
from index.postgres.address import Database
from index.postgres.snapshot import Snapshot
from index.postgres.target import Target
from index.store.index import Index
from index.store.open import open_index
from qa.answer import Answerer
from qa.rank.stages import Stages
from qa.records import as_json
from qa.settings import Settings
from tests.answering import plain_weights
from tests.clusters import Cluster, How, Wire
from tests.commands import Loccit, one_line
from tests.databases import PASSWORD, SHOWN_PASSWORD, Server
from tests.databases import server as server
from tests.index_fakes import PAPERS, TEA, WordEncoder, build_papers, write_papers
from tests.test_faults_disk import mount
from tests.test_postgres import contents

NUMBERED = {f"{i}.txt": PAPERS["sleep.txt"].replace("36", f"{i}36") for i in range(10)}
QUESTION = "By how many minutes did melatonin lengthen sleep?"


@pytest.fixture(scope="module")
def template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """A server that does not run, with an index of ``PAPERS``; not to be changed."""
    made = Cluster.make(server)
    folder = tmp_path_factory.mktemp("template")
    build([write_papers(folder / "papers")], target(made.uri, folder), encoder=WordEncoder())
    made.stop()
    return made


@pytest.fixture
def cluster(template: Cluster) -> Iterator[Cluster]:
    """A running copy of ``template``."""
    copy = template.clone()
    try:
        yield copy.start()
    finally:
        copy.kill()
        shutil.rmtree(copy.data, ignore_errors=True)


def target(uri: str, folder: Path) -> Target:
    """Return where to publish; ``folder`` keeps unfinished work."""
    return Target(Database.parse(uri), folder / "beside")


def opened(uri: str, folder: Path) -> Snapshot:
    """Open the current generation."""
    return Snapshot.open(Database.parse(uri), folder)


def held(uri: str, folder: Path) -> dict[str, object]:
    """Return everything that the database holds."""
    with opened(uri, folder) as index:
        return contents(index)


def expected(folder: Path, papers: dict[str, str]) -> dict[str, object]:
    """Return everything that an index of ``papers`` holds, built without a fault."""
    build_papers(folder / "expected", write_papers(folder / "all", papers))
    with open_index(folder / "expected") as index:
        return contents(index)


def add_one(uri: str, folder: Path, name: str = "tea.txt") -> BuildReport:
    """Add one paper."""
    text = {**TEA, **NUMBERED}[name]
    path = write_papers(folder / "papers", {name: text}) / name
    return add([path], target(uri, folder), encoder=WordEncoder())


def refused(work: Callable[[], object]) -> LoccitError:
    """Check that ``work`` is refused in one line with a remedy and without the password; return the error."""
    with pytest.raises(LoccitError) as caught:
        work()
    error = caught.value
    assert "\n" not in str(error)
    assert error.remedy
    assert PASSWORD not in str(error)
    assert SHOWN_PASSWORD not in str(error)
    return error


def answers(index: Index) -> Callable[[], str]:
    """Return a function that answers ``QUESTION`` from ``index``, as JSON without times."""
    answerer = Answerer(index, WordEncoder(), stages=Stages(plain_weights()), settings=Settings())

    def asked() -> str:
        answer = as_json(answerer.ask(QUESTION))
        answer["receipt"] = {**answer["receipt"], "seconds": None}
        assert "36 minutes" in answer["citations"][0]["quote"]
        return json.dumps(answer)

    return asked


class Adding(threading.Thread):
    """Adds the papers of ``NUMBERED`` one by one, each until it is acknowledged."""

    def __init__(self, uri: str, folder: Path) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self.refused = 0
        self._uri, self._folder = uri, folder

    def run(self) -> None:
        until = time.monotonic() + 120
        for name in NUMBERED:
            while name not in self.acknowledged and time.monotonic() < until:
                try:
                    add_one(self._uri, self._folder, name)
                except StorageError:
                    self.refused += 1
                    time.sleep(0.05)
                else:
                    self.acknowledged.append(name)

    def wait_for(self, count: int) -> None:
        """Wait until ``count`` papers are acknowledged."""
        until = time.monotonic() + 120
        while len(self.acknowledged) < count:
            assert self.is_alive() and time.monotonic() < until, f"{len(self.acknowledged)} acknowledged"
            time.sleep(0.01)


# 9: the server is killed during a publication


@pytest.fixture(scope="module")
def publication(template: Cluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, int, int]:
    """Numbers of the first and last message of publishing one more paper, and of COMMITs up to its own.

    Numbers of messages differ a little between runs, for COPY sends pieces that are joined on the way.
    """
    copy, folder, sent = template.clone(), tmp_path_factory.mktemp("messages"), list[bytes]()

    wire = Wire(copy.start(), lambda _, message: sent.append(message))
    try:
        add_one(wire.uri, folder)
    finally:
        wire.close()
        copy.kill()
    begin = max(i for i, message in enumerate(sent) if b"SELECT id, source, used FROM papers" in message)
    last = max(i for i, message in enumerate(sent) if message[:1] != b"X")  # those end a connection
    assert b"COMMIT" in sent[last]
    return begin, last, sum(b"COMMIT" in message for message in sent)


def cut(cluster: Cluster, folder: Path, lost_at: Callable[[int, bytes], How | None]) -> bool:
    """Lose the server at a message of adding a paper, start it again; return whether the paper was there."""
    old, new = expected(folder / "old", PAPERS), expected(folder / "new", {**PAPERS, **TEA})
    wire = Wire(cluster, lost_at)
    assert isinstance(refused(lambda: add_one(wire.uri, folder)), StorageError)
    wire.close()
    cluster.start()
    found = held(cluster.uri, folder)
    assert found in (old, new)
    report = add_one(cluster.uri, folder)
    assert (report.generation, report.published) == (2, found == old)
    assert held(cluster.uri, folder) == new
    return found == new


@pytest.mark.parametrize(("how", "there"), [("before", False), ("during", None), ("after", True)])
def test_fault_9_killed_at_the_commit(
    cluster: Cluster, publication: tuple[int, int, int], tmp_path: Path, how: How, there: bool | None
) -> None:
    commits = iter(range(1, 100))

    def last(_: int, message: bytes) -> How | None:
        return how if b"COMMIT" in message and next(commits) == publication[2] else None

    assert cut(cluster, tmp_path, last) in ({True, False} if there is None else {there})


@pytest.mark.parametrize(
    "share", [0.5, 0.8, *(pytest.param(i / 12, marks=pytest.mark.slow) for i in range(12) if i != 6)]
)
def test_fault_9_killed_at_a_statement(
    cluster: Cluster, publication: tuple[int, int, int], tmp_path: Path, share: float
) -> None:
    begin, last, _ = publication
    number, commits = begin + int(share * (last - begin)), iter(range(1, 100))

    def at_number(one: int, message: bytes) -> How | None:
        if b"COMMIT" in message and next(commits) == publication[2]:
            return "before"  # fewer messages were sent than ``publication`` counted
        return "during" if one == number else None

    assert not cut(cluster, tmp_path, at_number)


@pytest.mark.parametrize("check", [1, 2])  # in the transaction that would make the tables, and after it
def test_fault_9_killed_while_the_tables_are_checked(cluster: Cluster, tmp_path: Path, check: int) -> None:
    checks = iter(range(1, 100))

    def at_check(_: int, message: bytes) -> How | None:
        return "during" if b"to_regclass" in message and next(checks) == check else None

    assert not cut(cluster, tmp_path, at_check)


@pytest.mark.slow
def test_fault_9_killed_at_any_moment(cluster: Cluster, tmp_path: Path) -> None:
    chance, adding = random.Random(9), Adding(cluster.uri, tmp_path)
    adding.start()
    for count in range(1, 9, 2):
        adding.wait_for(count)
        time.sleep(chance.random() / 5)
        cluster.kill()
        acknowledged = set(adding.acknowledged)
        with opened(cluster.start().uri, tmp_path) as index:
            assert acknowledged <= {source for source, _ in index.given().values()}
    adding.join()
    assert adding.refused
    assert held(cluster.uri, tmp_path) == expected(tmp_path / "whole", {**PAPERS, **NUMBERED})


# 10 and 11: the server is down


def test_fault_10_down_at_the_start(
    loccit: Loccit, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    cluster.sql("CREATE DATABASE other")
    papers, uri = write_papers(tmp_path / "papers"), cluster.uri.replace("/papers", "/other")
    cluster.stop()
    for arguments in (["build", papers], ["ask", QUESTION]):
        error = one_line(loccit(*arguments, "--index", uri), 4)
        assert "Check the address and the password, and that the server runs" in error
        assert SHOWN_PASSWORD not in error
    cluster.start()
    assert loccit("build", papers, "--index", uri).code == 0
    assert "36 minutes" in loccit("ask", QUESTION, "--index", uri).out


@pytest.mark.parametrize("asked_while_down", [True, False])
def test_fault_11_down_between_two_questions(
    cluster: Cluster, tmp_path: Path, asked_while_down: bool
) -> None:
    with opened(cluster.uri, tmp_path) as index:
        ask = answers(index)
        before = ask()
        cluster.kill()
        if asked_while_down:
            for _ in range(2):
                assert isinstance(refused(ask), StorageError)
        cluster.start()
        assert ask() == before
        cluster.end_connections()
        assert ask() == before


def test_fault_11_another_generation_when_it_is_back(cluster: Cluster, tmp_path: Path) -> None:
    with opened(cluster.uri, tmp_path) as index:
        ask = answers(index)
        ask()
        cluster.kill()
        cluster.start()
        add_one(cluster.uri, tmp_path)
        for _ in range(2):
            error = refused(ask)
            assert isinstance(error, IndexMissing)
            assert "generation 1 was replaced by 2" in str(error)
    with opened(cluster.uri, tmp_path) as index:
        answers(index)()


# 12 and 13: others are there


def test_fault_12_no_connection_to_spare(server: Server, tmp_path: Path) -> None:
    uri = server.database()
    name = uri.rpartition("/")[2]
    add_one(uri, tmp_path, "0.txt")
    server.run(f"CREATE ROLE {name}_few LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 1")
    server.run(f"GRANT pg_read_all_data, pg_write_all_data TO {name}_few")
    few = server.uri(f"{name}_few", PASSWORD, name)
    with opened(few, tmp_path):
        assert "a connection to spare" in str(refused(lambda: opened(few, tmp_path)))
    opened(few, tmp_path).close()
    error = refused(lambda: add_one(few, tmp_path))  # it needs two, one for the generation before
    assert "too many connections" in str(error)
    server.run(f"ALTER ROLE {name}_few CONNECTION LIMIT 2")
    assert add_one(few, tmp_path).generation == 2


def test_fault_13_two_processes_build_and_two_read(server: Server, root: Path, tmp_path: Path) -> None:
    uri = server.database()
    build([write_papers(tmp_path / "first")], target(uri, tmp_path), encoder=WordEncoder())
    names = list(NUMBERED)
    parts = [write_papers(tmp_path / str(i), {name: NUMBERED[name] for name in names[i::2]}) for i in (0, 1)]
    tasks = [*(["add", uri, str(part)] for part in parts), *[["read", uri, "3"]] * 2]
    command = (sys.executable, "-m", "tests.many_writers")
    running = [Popen([*command, *task], cwd=root, stdout=PIPE, stderr=PIPE, text=True) for task in tasks]
    done = [(*process.communicate(timeout=300), process.returncode) for process in running]
    assert [code for *_, code in done] == [0] * 4, done
    assert held(uri, tmp_path) == expected(tmp_path / "whole", {**PAPERS, **NUMBERED})


# 14: a statement takes too long


def test_fault_14_statement_timeout(cluster: Cluster, tmp_path: Path) -> None:
    cluster.sql("ALTER DATABASE papers SET statement_timeout = '300ms'")
    before = held(cluster.uri, tmp_path)
    with opened(cluster.uri, tmp_path) as index, psycopg.connect(cluster.uri) as other:
        ask = answers(index)
        other.execute("LOCK TABLE loccit.passages")
        for work in (ask, lambda: add_one(cluster.uri, tmp_path)):
            error = refused(work)
            assert "statement timeout" in error.message
            assert "statement_timeout" in error.remedy
        other.rollback()
        ask()
        assert held(cluster.uri, tmp_path) == before
        assert add_one(cluster.uri, tmp_path).generation == 2
        ask()  # from the generation before


# 15: the disk is full


@pytest.mark.parametrize("full", ["tables", "everything"])
def test_fault_15_disk_full(template: Cluster, tmp_path: Path, full: str) -> None:
    disk = template.data.with_name(f"disk-{full}")
    disk.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=256m", "loccit-test", str(disk)):
        pytest.skip("mounting a small file system is not allowed here (it needs root on Linux)")
    cluster = template.clone(disk / "data" if full == "everything" else None)
    try:
        cluster.start()
        if full == "tables":
            shutil.chown(disk, template.data.owner())
            cluster.sql(f"CREATE TABLESPACE small LOCATION '{disk}'", database="postgres")
            cluster.sql("ALTER DATABASE papers SET TABLESPACE small", database="postgres")
        before, papers = held(cluster.uri, tmp_path), write_papers(tmp_path / "many", NUMBERED)
        assert mount("-o", f"remount,size={shutil.disk_usage(disk).used + 65536}", str(disk))
        into = target(cluster.uri, tmp_path)
        error = refused(lambda: add([papers], into, encoder=WordEncoder()))
        if full == "tables":  # else the server may go down before it can say so
            assert "No space left on device" in error.message
            assert "Make room" in error.remedy
        assert mount("-o", "remount,size=256m", str(disk))
        cluster.kill()
        assert held(cluster.start().uri, tmp_path) == before
        add([papers], into, encoder=WordEncoder())
        assert held(cluster.uri, tmp_path) == expected(tmp_path / "whole", {**PAPERS, **NUMBERED})
    finally:
        cluster.kill()
        subprocess.run(["umount", "-l", str(disk)], check=True)


# 16: the primary is lost, and a standby takes over


@pytest.fixture
def pair(template: Cluster) -> Iterator[tuple[Cluster, Cluster, str]]:
    """A primary, its standby, neither running, and the address of both."""
    primary, standby = template.clone(), template.clone()
    standby.follow(primary)
    at, name = primary.uri.rsplit("/", 1)
    try:
        yield primary, standby, f"{at},127.0.0.1:{standby.port}/{name}?target_session_attrs=read-write"
    finally:
        for cluster in (primary, standby):
            cluster.kill()


def test_fault_16_the_standby_takes_over(pair: tuple[Cluster, Cluster, str], tmp_path: Path) -> None:
    primary, standby, uri = pair
    primary.start("synchronous_standby_names=standby")
    standby.start()
    adding = Adding(uri, tmp_path)
    with opened(uri, tmp_path) as index:
        with opened(standby.uri, tmp_path) as reading:
            assert answers(reading)() == answers(index)()
        adding.start()
        adding.wait_for(3)
        primary.kill()
        acknowledged = set(adding.acknowledged)
        standby.promote()
        adding.join()
        with opened(uri, tmp_path) as now:
            assert acknowledged <= {source for source, _ in now.given().values()}
            assert now.generation == 1 + len(NUMBERED)
        assert isinstance(refused(answers(index)), IndexMissing)
    assert held(uri, tmp_path) == expected(tmp_path / "whole", {**PAPERS, **NUMBERED})


def test_fault_16_control_without_synchronous_replication_a_paper_is_lost(
    pair: tuple[Cluster, Cluster, str], tmp_path: Path
) -> None:
    primary, standby, uri = pair
    add_one(primary.start().uri, tmp_path)
    primary.kill()
    standby.start().promote()
    assert held(uri, tmp_path) == expected(tmp_path / "old", PAPERS)
