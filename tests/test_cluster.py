"""A build on a cluster: the index of a build without one, whatever ends in between; refusals."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import yaml

from index.cluster.client import Given, Work, preparing
from index.cluster.worker import prepare
from index.embed.encoder import load_encoder
from index.errors import ClusterError, FormatMismatch, LoccitError, ModelMismatch, UsageError
from index.ingest.build import add, build
from index.ingest.pending import PENDING
from index.ingest.report import Became, BuildReport
from index.ingest.work import Prepared
from index.postgres.address import Database
from index.postgres.target import Target
from index.store.open import open_index
from tests import cluster_work
from tests.commands import Loccit, one_line
from tests.databases import server as server
from tests.index_fakes import PAPERS, TEA, WordEncoder, write_papers
from tests.make_pdf import paper
from tests.test_cli import commands
from tests.test_postgres import base as base
from tests.test_postgres import contents, emptied, opened

emptied = emptied
_PATIENCE = 30.0
NAMES = {"copy.txt", "one.pdf", "short.txt", *PAPERS, *TEA}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a scheduler with two workers, whose network ends at the loopback."""
    dask = pytest.importorskip("dask", reason="Dask is not installed: pip install -e '.[test]'")
    from distributed import LocalCluster

    options = {"distributed.scheduler.allowed-failures": 1}
    with pytest.MonkeyPatch.context() as patch, dask.config.set(options):
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent / "blocked"), *sys.path]))
        with LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster:
            yield cluster.scheduler_address


def written(folder: Path) -> Path:
    """Write papers of which one is a PDF, one a copy and one is refused."""
    write_papers(folder, {**PAPERS, **TEA, "copy.txt": PAPERS["sleep.txt"], "short.txt": " \n"})
    (folder / "one.pdf").write_bytes(paper())
    return folder


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder of papers."""
    return written(tmp_path / "papers")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the papers, built without a cluster; not to be changed."""
    folder = tmp_path_factory.mktemp("plain")
    build([written(folder / "papers")], folder / "index", encoder=load_encoder())
    return folder / "index"


def built(
    papers: Path, into: Path | Target, address: str, work: Work = prepare, *, change_model: bool = False
) -> BuildReport:
    """Build an index on a cluster."""
    encoder = load_encoder()
    with preparing(address, encoder, work=work, patience=_PATIENCE) as elsewhere:
        return build([papers], into, encoder=encoder, prepare=elsewhere, change_model=change_model)


def outcomes(report: BuildReport) -> dict[str, tuple[Became, tuple[str, ...], str]]:
    """Return what became of each file, to compare two builds."""
    return {one.path.name: (one.became, one.warnings, str(one.error)) for one in report.outcomes}


def refused(report: BuildReport) -> set[str]:
    """Return the names of the files that were refused."""
    return {one.path.name for one in report.outcomes if one.became is Became.REFUSED}


def assert_same(folder: Path, plain: Path) -> None:
    """Compare two indexes to the last byte."""
    with open_index(folder) as one, open_index(plain) as other:
        assert one.manifest.segments == other.manifest.segments  # with their checksums
        assert contents(one, load_encoder()) == contents(other, load_encoder())


# The same index


def test_processes_of_this_machine_build_the_same_index(
    loccit: Loccit, papers: Path, plain: Path, tmp_path: Path
) -> None:
    folder, other = tmp_path / "index", shutil.copytree(plain, tmp_path / "other")
    output = loccit("build", papers, "--index", folder, "--cluster", "local:2")
    assert (output.code, output.err) == (0, "")
    assert "short.txt: the file is empty" in output.out
    assert_same(folder, plain)
    question = ("ask", "By how many minutes did melatonin lengthen sleep?", "--index")
    assert loccit(*question, folder).out == loccit(*question, other).out
    write_papers(papers, {"late.txt": "Late\n\nAbstract\n\nBlack tea was drunk by nine women.\n"})
    assert loccit("add", papers / "late.txt", "--index", folder, "--cluster", "LOCAL:1").code == 0
    add([papers / "late.txt"], other, encoder=load_encoder())
    assert_same(folder, other)


def test_a_database_holds_the_same(
    address: str, papers: Path, plain: Path, base: str, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    encoder = load_encoder()
    target = Target(Database.parse(base), tmp_path / "beside")
    with preparing(address, encoder) as elsewhere:
        report = build(
            [papers], target, encoder=encoder, prepare=elsewhere, progress=lambda *one: told.append(one)
        )
    assert outcomes(report) == outcomes(build([papers], tmp_path / "again", encoder=encoder))
    with opened(base, tmp_path) as there, open_index(plain) as local:
        assert contents(there, encoder) == contents(local, encoder)
    assert ("papers", 6, 6) in told
    texts = [(done, total) for stage, done, total in told if stage == "texts"]
    assert texts == sorted(texts)
    assert texts[-1][0] == texts[-1][1] > 20


def test_a_new_model_embeds_on_the_cluster(address: str, papers: Path, plain: Path, tmp_path: Path) -> None:
    build([papers], tmp_path / "index", encoder=WordEncoder(max_pieces=256))
    (papers / "short.txt").unlink()
    built(papers, tmp_path / "index", address, change_model=True)
    assert_same(tmp_path / "index", plain)


# Something ends


def test_a_killed_worker_costs_no_paper(address: str, papers: Path, plain: Path, tmp_path: Path) -> None:
    work = partial(cluster_work.killed_once, mark=tmp_path / "mark")
    report = built(papers, tmp_path / "index", address, work)
    assert (tmp_path / "mark").exists()
    assert refused(report) == {"short.txt"}
    assert_same(tmp_path / "index", plain)


def test_a_paper_that_kills_every_worker_is_refused_and_the_others_are_not(
    address: str, papers: Path, tmp_path: Path
) -> None:
    work = partial(cluster_work.killed_by, name="tea.txt")
    report = built(papers, tmp_path / "index", address, work)
    assert refused(report) == {"short.txt", "tea.txt"}
    said = "tea.txt: each worker of the cluster that read or embedded it was killed"
    assert said in outcomes(report)["tea.txt"][2]


def test_a_paper_whose_reader_crashes_is_refused(address: str, papers: Path, tmp_path: Path) -> None:
    (papers / "bad.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40)
    found = outcomes(built(papers, tmp_path / "index", address))
    plain = outcomes(build([papers], tmp_path / "plain", encoder=load_encoder()))
    assert found == plain
    assert found["bad.pdf"][0] is Became.REFUSED


def test_workers_know_no_database(papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those of the start nor one that follows another."""
    monkeypatch.setenv("LOCCIT_INDEX", "postgresql://u:secret@h/d")
    monkeypatch.setenv("PGPASSWORD", "secret")
    work = partial(cluster_work.told_nothing, mark=tmp_path / "mark")
    assert refused(built(papers, tmp_path / "index", "local:1", work)) == {"short.txt"}
    assert (tmp_path / "mark").exists()
    assert os.environ["PGPASSWORD"] == "secret"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what the workers of ``local:N`` keep while they run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "loccit" / "dask-scratch-space"


@pytest.fixture
def client(papers: Path, tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """A function that starts a build in a process, which stops before its last paper."""
    code = (
        "import sys; from functools import partial; from pathlib import Path\n"
        "from tests.test_cluster import built, cluster_work\n"
        "papers, folder, address = sys.argv[1:]\n"
        "work = partial(cluster_work.gated, name='vision.txt', gate=Path(folder, 'gate'))\n"
        "try:\n    built(Path(papers), Path(folder), address, work)\n"
        "except KeyboardInterrupt:\n    sys.exit(130)\n"
        "except Exception as error:\n    print(error)\n    sys.exit(error.exit_code)\n"
    )
    started: list[subprocess.Popen[bytes]] = []

    def start(address: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", code, str(papers), str(tmp_path / "index"), address]
        started.append(
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=Path(__file__).parents[1],
                start_new_session=True,
                # A shell that runs the tests in the background ignores interrupts, and children inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        )
        until(lambda: len(list((tmp_path / "index" / PENDING).glob("[!.]*.npz"))) == len(PAPERS) + 1)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(true: Callable[[], bool]) -> None:
    """Wait for something; fail after two minutes."""
    late = time.monotonic() + 120
    while not true():
        assert time.monotonic() < late
        time.sleep(0.02)


class Recorded:
    """Prepares papers on a cluster; ``names`` records those of the files."""

    def __init__(self, prepare: Callable[[Iterable[Given]], Generator[Prepared, None, None]]) -> None:
        self.names: list[str] = []
        self._prepare = prepare

    def __call__(self, papers: Iterable[Given]) -> Generator[Prepared, None, None]:
        given = list(papers)
        self.names += [path.name for path in given if isinstance(path, Path)]
        return self._prepare(given)


@pytest.mark.slow
def test_after_the_client_was_killed_only_the_rest_is_read(
    client: Callable[[str], subprocess.Popen[bytes]],
    papers: Path,
    plain: Path,
    tmp_path: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    process = client("local:2")
    assert all("PGPASSWORD" not in one.environ() for one in psutil.Process(process.pid).children(True))
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    assert len(family) > 2
    listening = [
        one.laddr.ip for member in family for one in member.net_connections() if one.status == "LISTEN"
    ]
    assert set(listening) == {"127.0.0.1"}
    process.kill()
    until(lambda: not any(member.is_running() and member.status() != "zombie" for member in family))
    assert len(list(scratch.glob("worker-*.dirlock"))) == 2
    encoder = load_encoder()
    with preparing("local:1", encoder) as elsewhere:
        recorded = Recorded(elsewhere)
        build([papers], tmp_path / "index", encoder=encoder, prepare=recorded)
    assert not list(scratch.glob("worker-*"))
    assert sorted(recorded.names) == ["short.txt", "vision.txt"]
    assert_same(tmp_path / "index", plain)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("send", "number"),
    [
        pytest.param(os.killpg, signal.SIGINT, id="as a terminal"),
        pytest.param(os.kill, signal.SIGTERM, id="as kill"),
        pytest.param(os.killpg, signal.SIGTERM, id="as SLURM"),
    ],
)
def test_a_signal_ends_the_processes_of_this_machine_without_a_word(
    client: Callable[[str], subprocess.Popen[bytes]],
    tmp_path: Path,
    scratch: Path,
    send: Callable[[int, int], None],
    number: int,
) -> None:
    process = client("local:2")
    family = psutil.Process(process.pid).children(recursive=True)
    assert [path for path in scratch.iterdir() if path.is_dir()]
    send(process.pid, number)
    output, _ = process.communicate(timeout=120)
    assert (process.returncode, output.decode()) == (130, "")
    until(lambda: not any(member.is_running() and member.status() != "zombie" for member in family))
    assert {path.name for path in (tmp_path / "index").iterdir()} == {"LOCK", PENDING}
    # Empty locks may stay until the next build.
    assert not [path for path in scratch.iterdir() if path.is_dir()]


@pytest.mark.slow
def test_after_the_scheduler_was_killed_the_command_goes_on(
    client: Callable[[str], subprocess.Popen[bytes]], address: str, papers: Path, plain: Path, tmp_path: Path
) -> None:
    """The scheduler and the worker are started as docs/how-to/cluster.md says."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = f"tcp://127.0.0.1:{port}"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}

    def started(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        return subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)

    scheduler = started("scheduler", "--host", "127.0.0.1", "--port", str(port))
    worker = started("worker", where, "--nworkers", "1", "--nthreads", "1")
    try:
        process = client(where)
        scheduler.kill()
        out, _ = process.communicate(timeout=120)
    finally:
        for one in (scheduler, worker):  # the worker's own process ends with the one that watches it
            one.kill()
            one.wait()
    assert process.returncode == ClusterError.exit_code
    assert out.decode().startswith(f"{where}: the connection to the scheduler was lost. Run the same command")
    built(papers, tmp_path / "index", address)
    assert_same(tmp_path / "index", plain)


# The files for SLURM and Kubernetes

FILES = Path(__file__).parents[1] / "docs" / "how-to" / "cluster"


@pytest.mark.slow
def test_the_batch_file_of_slurm_builds(papers: Path, plain: Path, tmp_path: Path) -> None:
    """It runs as it is, with its keys, on a cluster of one node."""
    programs = {
        "srun": 'exec "$@"',
        "dask": f'exec {sys.executable} -m dask "$@"',
        "loccit": f'exec {sys.executable} -c "from qa.cli.main import main; main()" "$@"',
    }
    (tmp_path / "bin").mkdir()
    for name, line in programs.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        program.chmod(0o755)
    environment = os.environ | {
        **{"SLURM_JOB_ID": str(os.getpid()), "SLURMD_NODENAME": "localhost", "SLURM_CPUS_PER_TASK": "1"},
        **{"HOME": str(tmp_path), "PYTHONPATH": str(FILES.parents[2])},
        "PATH": os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]),
    }
    command = ["bash", str(FILES / "slurm.sbatch"), str(papers), str(tmp_path / "index")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert_same(tmp_path / "index", plain)
    assert not list(tmp_path.glob(".loccit-*"))  # the keys


def test_the_manifests_of_kubernetes_agree_with_themselves_and_the_commands() -> None:
    from distributed.cli import dask_scheduler, dask_worker

    parts = list(yaml.safe_load_all((FILES / "kubernetes.yaml").read_text(encoding="utf-8")))
    pods = {
        part["metadata"]["name"]: part["spec"]["template"] for part in parts if "template" in part["spec"]
    }
    (service,) = (part for part in parts if part["kind"] == "Service")
    (policy,) = (part for part in parts if part["kind"] == "NetworkPolicy")
    for part in parts:
        if part["kind"] == "Deployment":
            assert part["spec"]["selector"]["matchLabels"] == part["spec"]["template"]["metadata"]["labels"]
    labels = [pod["metadata"]["labels"].items() for pod in pods.values()]
    assert all(policy["spec"]["podSelector"]["matchLabels"].items() <= one for one in labels)
    scheduler = pods["loccit-scheduler"]
    assert service["spec"]["selector"].items() <= scheduler["metadata"]["labels"].items()
    containers = {name: pod["spec"]["containers"][0] for name, pod in pods.items()}
    port = service["spec"]["ports"][0]["port"]
    assert containers["loccit-scheduler"]["ports"] == [{"containerPort": port}]
    run = {name: container["command"] for name, container in containers.items()}
    parsed = dask_scheduler.main.make_context("scheduler", run["loccit-scheduler"][2:])
    assert (parsed.params["port"], parsed.params["dashboard"]) == (str(port), False)
    address = f"tcp://{service['metadata']['name']}:{port}"
    parsed = dask_worker.main.make_context("worker", run["loccit-worker"][2:])
    assert (parsed.params["scheduler"], parsed.params["dashboard"]) == (address, False)
    build_context = commands()["build"].make_context("build", run["loccit-build"][2:])
    assert build_context.params["cluster"] == address
    mounts = {one["name"] for one in containers["loccit-build"]["volumeMounts"]}
    assert mounts == {one["name"] for one in pods["loccit-build"]["spec"]["volumes"]}


# Refusals


@pytest.mark.parametrize(
    "given", ["local:0", "LOCAL:x", "local:", "local", "local:65", "127.0.0.1:8786", "http://h:1"]
)
def test_an_address_of_another_form(loccit: Loccit, papers: Path, tmp_path: Path, given: str) -> None:
    error = one_line(loccit("build", papers, "--index", tmp_path / "index", "--cluster", given), 2)
    assert f"--cluster {given}: " in error
    assert "local:" in error


def test_nothing_answers() -> None:
    said = r"tcp://127\.0\.0\.1:1: no Dask scheduler answers \(.+\)\. Check"
    where = "tcp://127.0.0.1:1"
    with pytest.raises(ClusterError, match=said), preparing(where, WordEncoder(), patience=1):
        pass


def test_no_worker_comes() -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        where = cluster.scheduler_address
        said = f"{where}: no worker for 1 seconds. Start workers: dask worker {where}"
        with pytest.raises(ClusterError, match=said), preparing(where, WordEncoder(), patience=1):
            pass


@pytest.mark.parametrize(
    ("work", "kind", "said"),
    [
        (partial(cluster_work.of_another, loccit="9.9"), FormatMismatch, "this machine 9.9 (reading"),
        (
            partial(cluster_work.of_another, reading="f" * 64),
            FormatMismatch,
            "(reading ffffffffffff). Install",
        ),
        (partial(cluster_work.of_another, model="f" * 64), ModelMismatch, "than this machine (ffffffffffff)"),
        (partial(cluster_work.of_another, name="no-model"), UsageError, "The model 'no-model' is not on"),
        (cluster_work.without_loccit, ClusterError, "(No module named 'index.cluster'). Install the same"),
    ],
)
def test_a_worker_that_would_do_otherwise(
    address: str, papers: Path, tmp_path: Path, work: Work, kind: type[LoccitError], said: str
) -> None:
    with pytest.raises(kind) as caught:
        built(papers, tmp_path / "index", address, work)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "index" / "CURRENT").exists()


def test_the_default_installation_needs_no_dask(papers: Path, tmp_path: Path) -> None:
    """Nothing of it is imported, and --cluster is refused in one line that says what to install."""
    code = (
        "import sys; sys.modules['distributed'] = sys.modules['dask'] = None;"
        "import qa.session, index.cluster.client; from qa.cli.main import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, "build", str(papers), "--index", str(tmp_path / "index")]
    done = subprocess.run([*command, "--cluster", "local:1"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'loccit[cluster]'" in done.stderr
