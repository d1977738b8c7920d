"""Runs the ``loccit`` command in this process, and an index for commands that change one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from qa.cli.main import main
from tests.index_fakes import build_papers, write_papers

Loccit = Callable[..., "Output"]


class Output(NamedTuple):
    """The exit code and output of a run."""

    code: int
    out: str
    err: str


@pytest.fixture
def loccit(capsys: pytest.CaptureFixture[str]) -> Loccit:
    """A function that runs the command with the given arguments."""

    def run(*arguments: str | Path) -> Output:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        assert isinstance(left.value.code, int)
        return Output(left.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """The folder of an index of three papers, built with the encoder of ``tests.index_fakes``."""
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    return tmp_path / "index"


def one_line(output: Output, code: int) -> str:
    """Check the exit code and the form of an error message, and return the message."""
    assert output.code == code, output
    assert re.fullmatch(r"loccit: [^\n]+\n", output.err), output.err
    return output.err
