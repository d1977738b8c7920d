"""The image for containers: the linter, and where an engine runs, the image itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def test_the_linter_has_no_complaint(root: Path) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, root / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.slow
def test_the_image_runs_as_an_ordinary_user_without_a_network(root: Path) -> None:
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine runs here")
    subprocess.run([docker, "build", "--build-arg", "READER=small", "-t", "loccit:test", root], check=True)
    run = [docker, "run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "loccit:test"]
    subprocess.run([*run, "build"], check=True)
