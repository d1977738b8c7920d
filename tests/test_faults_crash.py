"""Kills and power losses at every change of a build: the old or the new generation, nothing else."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import LoccitError
from index.ingest.build import build
from index.store.open import open_index
from tests.disks import ForgetfulDisk, lay_out
from tests.index_fakes import TEA, WordEncoder, build_papers, contents, contents_of, write_papers


def killed(folder: Path, root: Path, step: int) -> list[dict[str, object]]:
    """Kill builds at every ``step``-th change, check that each recovered, and return the findings."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills", str(folder), str(step)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    findings: list[dict[str, object]] = [json.loads(line) for line in done.stdout.splitlines()]
    for finding in findings:
        assert finding["killed"], finding
        assert finding["state"] in {"old", "new"}, finding
        assert finding["rebuilt"], finding
        assert finding["left over"] == [], finding
        assert not finding["not collected"], finding
        assert finding["embedded again"] == [], finding
    return findings


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize(("step", "least"), [(5, 16), pytest.param(1, 80, marks=pytest.mark.slow)])
def test_fault_1_a_killed_build_leaves_the_old_or_the_new_index(
    tmp_path: Path, root: Path, step: int, least: int
) -> None:
    findings = killed(tmp_path, root, step)
    assert len(findings) > least
    assert any(finding["had finished"] for finding in findings)
    assert {(f["first"], f["state"]) for f in findings} == {
        (first, state) for first in (True, False) for state in ("old", "new")
    }


def losses(tmp_path: Path, share: float, **controls: bool) -> tuple[int, list[str]]:
    """Lose power after changes of a rebuild; return the number of states checked and the problems."""
    start = tmp_path / "index"
    papers = write_papers(tmp_path / "papers")
    build_papers(start, papers)
    old = contents_of(start)
    build_papers(tmp_path / "expected", write_papers(papers, TEA))
    new = contents_of(tmp_path / "expected")
    disk = ForgetfulDisk(start, **controls)
    chance = random.Random(3)
    problems: list[str] = []
    looked = 0

    def look(finished: bool = False) -> None:
        nonlocal looked
        for tree in disk.states(chance):
            if not finished and chance.random() > share:
                continue
            looked += 1
            place = tmp_path / f"state-{looked}"
            lay_out(tree, place)
            problems.extend(_problems(place, old, new, papers, finished=finished))

    disk.after_change = look
    build([papers], start, encoder=WordEncoder(), disk=disk)
    look(finished=True)
    return looked, problems


def _problems(
    place: Path, old: dict[str, object], new: dict[str, object], papers: Path, *, finished: bool
) -> list[str]:
    try:
        with open_index(place) as index:
            found, warnings = contents(index), index.warnings
        if warnings:
            return [f"{place.name}: {warnings[0]}"]
        if found not in ([new] if finished else [old, new]):
            return [f"{place.name}: neither the old nor the new papers"]
        build_papers(place, papers)
        return [] if contents_of(place) == new else [f"{place.name}: cannot be rebuilt"]
    except LoccitError as error:
        return [f"{place.name}: {error}"]


@pytest.mark.parametrize(("share", "least"), [(0.6, 30), pytest.param(1.0, 50, marks=pytest.mark.slow)])
def test_fault_2_a_power_loss_leaves_the_old_or_the_new_index(
    tmp_path: Path, share: float, least: int
) -> None:
    looked, problems = losses(tmp_path, share)
    assert looked > least
    assert problems == []


@pytest.mark.parametrize("control", ["sync_files", "sync_folders"])
def test_fault_2_control_without_syncing_losses_are_noticed(tmp_path: Path, control: str) -> None:
    _, problems = losses(tmp_path, 0.1, **{control: False})
    assert problems


def test_fault_1_control_without_staging_a_kill_is_noticed(tmp_path: Path) -> None:
    """A writer that changes a generation in place leaves damage that the checks above detect."""
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    old = contents_of(tmp_path / "index")
    build_papers(tmp_path / "new", write_papers(papers, TEA))
    new = contents_of(tmp_path / "new")
    written = sorted((tmp_path / "new" / "gen-00000001").iterdir(), reverse=True)
    place = tmp_path / "index" / "gen-00000001"
    for path in written[: len(written) // 2]:
        (place / path.name).write_bytes(path.read_bytes())
    assert _problems(tmp_path / "index", old, new, papers, finished=False)
