"""The built wheel works without the checkout that it was built from."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.installed import Installed, build_wheel, install

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(root, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(wheel, tmp_path_factory.mktemp("elsewhere"))


def test_the_wheel_holds_what_is_needed_and_no_more(wheel: Path, root: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        tops = {name.partition("/")[0] for name in names}
        for name in ("app.py", ".streamlit/config.toml", "seeds/manifest.toml"):
            assert archive.read(f"qa/_bundle/{name}") == (root / name).read_bytes()
    assert {name for name in tops if not name.endswith(".dist-info")} == {"qa", "index", "evals"}
    assert {"qa/py.typed", "index/py.typed", "evals/py.typed"} <= names
    assert {"evals/sets/seeds.jsonl", "evals/sets/case_reports.jsonl"} <= names
    assert not [name for name in names if name.startswith(("evals/train/", "evals/bench/"))]
    assert not {f"evals/sets/{name}.jsonl" for name in ("practice", "conversations")} & names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_modules_come_from_the_wheel(installed: Installed, root: Path) -> None:
    script = """
import evals, index, qa, qa.files.resources as resources
for path in (evals.__file__, index.__file__, qa.__file__, resources.app_file(), resources.seeds_folder()):
    print(path)
"""
    lines = installed.run("python", "-c", script).stdout.split("\n")[:5]
    assert all(line.startswith(str(installed.folder)) for line in lines), lines
    assert not any(line.startswith(f"{root}/") for line in lines)


def test_help(installed: Installed) -> None:
    shown = installed.run("loccit", "--help").stdout
    for command in ("build", "ask", "search", "chat", "eval", "info"):
        assert f" {command} " in shown


def test_it_answers_from_an_index_of_the_bundled_seeds(installed: Installed) -> None:
    installed.run("loccit", "build", "--index", "papers")
    question = "What was the woman's CK on admission?"
    answer = json.loads(installed.run("loccit", "ask", "--index", "papers", "--json", question).stdout)
    assert any("9641" in citation["quote"] for citation in answer["citations"])


def test_the_wheel_evaluates_itself_on_the_seeds(installed: Installed) -> None:
    figures = json.loads(installed.run("loccit", "eval", "--limit", "3", "--json").stdout)
    assert figures["sets"]["seeds"]["questions"] == 3


def test_a_set_that_is_not_in_it_is_refused_with_a_remedy(installed: Installed) -> None:
    said = installed.run("loccit", "eval", "--set", "conversations", code=2).stderr
    assert len(said.splitlines()) == 1
    assert "not in the installed package. Run loccit eval from a checkout" in said
