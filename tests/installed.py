"""Loccit installed from its wheel outside the checkout, and its command run there."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return environment variables that do not lead to the checkout or to the user's files."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LOCCIT_", "XDG_", "PYTHONPATH", "COV_"))
    }
    return kept | {"HOME": str(home), "NO_COLOR": "1"} | dict(extra or {})


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with Loccit in it."""

    folder: Path  #: of the virtual environment
    home: Path  #: where its commands run and keep their files

    def run(self, *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in ``home``; another exit code than ``code`` fails the test."""
        program = self.folder / "bin" / command[0]
        done = subprocess.run(
            [str(program), *command[1:]],
            cwd=self.home,
            env=environment(self.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of the checkout into ``folder`` and return it. Needs no network."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Installed:
    """Install only ``wheel`` into a new environment; its dependencies come from the running one."""
    made = folder / "env"
    python = made / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", str(wheel)], check=True)
    ours = Path(sysconfig.get_path("purelib"))
    theirs = made / ours.relative_to(sys.prefix)
    # Only .pth files in an environment's own folder are read, so the one that leads to the checkout is not.
    (theirs / "dependencies.pth").write_text(f"{ours}\n", encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    return Installed(made, home)
