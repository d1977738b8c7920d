"""Builds an index repeatedly, killed one change later each time; prints the outcomes as JSON.

Usage: python -m tests.kills FOLDER STEP; every STEP-th change is tried.
A separate process, because it forks.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from index.errors import IndexMissing
from index.ingest.papers import file_id
from index.ingest.pending import PENDING
from index.store.generation import SEGMENTS
from index.store.open import generation_folder, generations, open_index, read_manifest
from index.store.upkeep import KEPT_BEFORE
from tests.disks import KillingDisk
from tests.index_fakes import TEA, WordEncoder, build_papers, contents, write_papers

LEFT_OVER_ALLOWED = {"CURRENT", "LOCK", "pins", "segments"}


def run(work: Path, step: int, *, half: bool, first: bool) -> list[dict[str, object]]:
    """Return one finding per change at which a build was killed; ``first``: there was no index before."""
    old_papers = write_papers(work / "old")
    new_papers = write_papers(work / "new", {**TEA, "sleep.txt": (old_papers / "sleep.txt").read_text()})
    build_papers(work / "expected", new_papers)
    if not first:
        for number in range(3):  # enough generations for the killed build to collect one
            write_papers(old_papers, {"tea.txt": TEA["tea.txt"] + f"It was {number}.\n"})
            build_papers(work / "start", old_papers)
    old = None if first else _contents(work / "start")
    new = _contents(work / "expected")
    findings: list[dict[str, object]] = []
    while True:
        index = work / "index"
        shutil.rmtree(index, ignore_errors=True)
        if not first:
            shutil.copytree(work / "start", index)
        status = _killed_build(new_papers, index, len(findings) * step + half, half=half)
        if status == 0:
            return findings
        found = _contents(index)
        state = "old" if found == old else "new" if found == new else "neither"
        finished = {path.name.partition(".")[0] for path in (index / PENDING).glob("*.npz")}
        encoder = WordEncoder()
        build_papers(index, new_papers, encoder)
        names = {path.name for path in index.iterdir() if not path.name.startswith("gen-")}
        findings.append(
            {
                "killed": os.WIFSIGNALED(status),
                "state": state,
                "rebuilt": _contents(index) == new,
                "left over": sorted(names - LEFT_OVER_ALLOWED),
                "not collected": len(generations(index)) > 1 + KEPT_BEFORE or _unused_segments(index),
                "had finished": len(finished),
                "embedded again": _embedded_again(new_papers, finished, encoder.encoded),
            }
        )


def _unused_segments(index: Path) -> list[str]:
    """Return the files of segments that no generation uses."""
    used: set[str] = set()
    for number in generations(index):
        manifest, _ = read_manifest(generation_folder(index, number))
        used |= {record.name for record in manifest.segments}
    return sorted({path.name for path in (index / SEGMENTS).iterdir()} - used)


def _embedded_again(papers: Path, finished: set[str], encoded: list[str]) -> list[str]:
    """Return the texts that were embedded although their papers (``finished``, ids) were ready."""
    texts = {file_id(path): path.read_text() for path in papers.iterdir()}
    ready = [texts[key] for key in finished]
    return [text for text in encoded if any(text.splitlines()[-1] in whole for whole in ready)]


def _killed_build(papers: Path, index: Path, at: int, *, half: bool) -> int:
    child = os.fork()
    if child == 0:
        from index.ingest.build import build

        try:
            build([papers], index, encoder=WordEncoder(), disk=KillingDisk(at, half=half))
            os._exit(0)
        except BaseException as error:
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
    return os.waitpid(child, 0)[1]


def _contents(folder: Path) -> dict[str, object] | None:
    try:
        with open_index(folder) as index:
            return contents(index)
    except IndexMissing:
        return None


if __name__ == "__main__":
    base = Path(sys.argv[1])
    for is_first in (True, False):
        for is_half in (True, False):
            place = base / f"{is_first}-{is_half}"
            place.mkdir()
            for finding in run(place, int(sys.argv[2]), half=is_half, first=is_first):
                sys.stdout.write(json.dumps({"first": is_first, "half": is_half, **finding}) + "\n")
