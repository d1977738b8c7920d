"""What the repository holds: no paths of one machine, no large files, matching versions."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

#: Folders that a checkout may hold without their being part of the repository.
_CACHES = {".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
_MADE = _CACHES | {".git", ".venv", "build", "dist"}

#: Paths of one machine, and hosts of packages or models; the brackets keep this file from matching.
_STRANGERS = {
    "a path of one machine": re.compile(r"(?<![\w.])/([r]oot/|[w]ork/|[t]mp/\w|[h]ome/\w+/)"),
    "a host of packages or models": re.compile(
        r"[p]ypi\.(org|python)|pythonhosted\.[o]rg|download\.[p]ytorch|registry\.[n]pmjs|deb\.[d]ebian"
        r"|hugging[f]ace\.co"
    ),
    "a key": re.compile(r"-----BEGIN [A-Z ]*[P]RIVATE KEY|\bgh[p]_\w{20}"),
}


def _files(root: Path) -> list[Path]:
    """Return the files of the repository: those that git tracks, or without git, those in the folder."""
    if shutil.which("git") and (root / ".git").exists():
        command = ["git", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        return [root / name for name in listed.split("\0") if name and (root / name).is_file()]
    found = (path for path in root.rglob("*") if path.is_file())
    return [path for path in found if not _MADE & set(path.relative_to(root).parts)]


def _strangers(text: str) -> list[str]:
    return [
        f"{number}: {what}"
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in _STRANGERS.items()
        if pattern.search(line)
    ]


def test_no_file_names_a_machine_or_a_host_of_packages(root: Path) -> None:
    found = [
        f"{path.relative_to(root)}:{stranger}"
        for path in _files(root)
        if b"\0" not in path.read_bytes()
        for stranger in _strangers(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "open('/wo" + "rk/data')",
        "cd /ro" + "ot/x",
        "see /ho" + "me/ann/notes",
        "--index-url https://py" + "pi.org/simple",
        "https://download.py" + "torch.org/whl/cpu",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
    ],
)
def test_a_line_that_names_one_is_reported(line: str) -> None:
    assert _strangers(line)


@pytest.mark.parametrize("line", ["the home/away table", "https://doi.org/10.1000/182", "a/tmp/b", "~/work"])
def test_a_harmless_line_passes(line: str) -> None:
    assert not _strangers(line)


def test_files_stay_readable_in_size(root: Path) -> None:
    """No model, index, cache or report is added by mistake; the reader and its training data may be large."""
    learned = {root / "evals" / "sets" / f"{name}.jsonl": 5_000_000 for name in ("practice", "conversations")}
    places = ("qa/rank/reader", "qa/rank/large", "evals/train/further")
    readers = {root / f"{place}.safetensors": 8_000_000 for place in places}
    # PDF.js with its character maps, compressed; a package that carries it as files is not to be had.
    viewer = {root / "qa" / "web" / "static" / "viewer" / "pdfjs.zip": 2_000_000}
    most = {**readers, **learned, **viewer}
    large = [path for path in _files(root) if path.stat().st_size > most.get(path, 1_000_000)]
    assert large == []


def test_text_is_utf8_with_unix_lines(root: Path) -> None:
    for path in _files(root):
        if path.suffix in {".py", ".md", ".toml", ".jsonl"} or path.parent.name == ".ci":
            assert b"\r" not in path.read_bytes(), path


def test_scripts_are_executable_and_stop_at_errors(root: Path) -> None:
    for path in (root / ".ci").iterdir():
        if path.suffix or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        assert text.startswith("#!/usr/bin/env bash\n"), path
        assert re.search(r"^set -e?uo pipefail$", text, re.MULTILINE), path
        assert path.stat().st_mode & 0o111, path


def test_constraints_pin_exactly_and_meet_the_floors(root: Path) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    versions = {canonicalize_name(name): version for name, version in pins.items()}
    local_builds = [version for version in versions.values() if "+" in version]
    assert local_builds == []
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in project["dependencies"] + project["optional-dependencies"]["test"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), line


def test_a_dependency_with_private_names_in_use_has_a_ceiling(root: Path) -> None:
    """``index.read.pdf.extract.fonts`` imports a private module of pypdf; a major version may remove it."""
    from packaging.requirements import Requirement

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (pypdf,) = (one for one in map(Requirement, project["dependencies"]) if one.name == "pypdf")
    assert pypdf.specifier.contains("7.1.0")
    assert not pypdf.specifier.contains("8.0.0")
