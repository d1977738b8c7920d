"""Reads the imports of a checkout and says which rules of the design they break.

The rules are data; the checker is pure but for reading the files, so that it can be tried on small
trees that break them on purpose.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: Top-level packages and modules of the project.
OURS = ("index", "qa", "evals", "app")

#: Module patterns and their floor; the first that fits counts. A module may import its own floor and below.
FLOORS: tuple[tuple[str, int], ...] = (
    ("index.errors", 0),
    ("index.mapped", 0),
    ("index.text", 0),
    # bytes -> Document -> passages; the encoder
    ("index.words", 1),
    ("index.borders", 1),
    ("index.glued", 1),
    ("index.clean", 1),
    ("index.headings", 1),
    ("index.layout", 1),
    ("index.columns", 1),
    ("index.places", 1),
    ("index.markdown", 1),
    ("index.metadata", 1),
    ("index.structure", 1),
    ("index.readers", 1),
    ("index.readers.*", 1),
    ("index.sentences", 1),
    ("index.passages", 1),
    ("index.encode", 1),
    ("index.mpnet", 1),
    # generations on disk
    ("index.files", 2),
    ("index.papers", 2),
    ("index.codec", 2),
    ("index.manifest", 2),
    ("index.recent", 2),
    ("index.rows", 2),
    ("index.paper_rows", 2),
    ("index.terms", 2),
    ("index.lexical", 2),
    ("index.vectors", 2),
    ("index.pins", 2),
    ("index.pending", 2),
    ("index.store", 2),
    ("index.editions", 2),
    ("index.catalogue", 2),
    ("index.onnx_encoder", 2),
    ("index.selection", 2),
    ("index.publish", 2),
    ("index.transfer", 2),
    # search, and the one place where the stages are joined
    ("index.search", 3),
    ("index.recall", 3),
    ("index.work", 3),
    ("index.build", 3),
    ("index.watch", 3),
    ("index", 3),
    # answers, and above them the three faces
    ("qa.cli", 5),
    ("qa.commands", 5),
    ("qa.cli_index", 5),
    ("qa.cli_eval", 5),
    ("qa.cli_table", 5),
    ("qa.table_commands", 5),
    ("qa.index_commands", 5),
    ("qa.web", 5),
    ("qa.web.*", 5),
    ("qa", 4),
    ("qa.*", 4),
    ("evals", 5),
    ("evals.*", 5),
    ("app", 5),
)

#: The modules of each face, and which other faces may import it: the command line starts the other two.
FACES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "command line": (
        ("qa.cli", "qa.cli_*", "qa.commands", "qa.index_commands", "qa.table_commands"),
        (),
    ),
    "evaluation": (("evals", "evals.*"), ("command line",)),
    "web app": (("app", "qa.web", "qa.web.*"), ("command line",)),
}

#: Libraries that only some modules may import, at any depth of the code.
OWNERS: Mapping[str, tuple[str, ...]] = {
    "faiss": ("index.vectors",),
    "tiktoken": ("index.passages",),
    "pypdf": ("index.readers.pdf*",),
    "pypdfium2": ("index.readers.pdf*",),
    "streamlit": ("app", "qa.web.*"),
    "onnxruntime": ("index.onnx_encoder", "qa.reader"),
    "huggingface_hub": ("index.encode",),  # to find a model in its cache, never to fetch one
}

#: Libraries that load slowly, or open windows to the network: imported inside functions only.
HEAVY = frozenset({"torch", "transformers", "sentence_transformers", "onnxruntime", "faiss", "streamlit"})
#: Modules that no program loads but the one that trains: the network itself is torch's.
TRAINING = frozenset({"evals.reader_net", "evals.reader_files", "evals.train_reader"})

#: Libraries that read objects by running code, or that talk to the network.
BANNED = frozenset(
    {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
    | {"requests", "httpx", "httpx2", "aiohttp", "urllib3"}
)

#: Arguments that let data run code, or let a library ask the network for it.
BANNED_ARGUMENTS = frozenset({"allow_pickle", "trust_remote_code"})


@dataclass(frozen=True, slots=True)
class Import:
    """One module that another one imports."""

    importer: str
    imported: str
    line: int
    late: bool  #: inside a function, or read by type checkers only
    typing: bool  #: read by type checkers only


def modules(root: Path) -> dict[str, Path]:
    """Return the project's modules by dotted name."""
    paths = [path for top in OURS for path in sorted((root / top).rglob("*.py"))]
    paths += [root / f"{top}.py" for top in OURS if (root / f"{top}.py").is_file()]
    names = (path.relative_to(root).with_suffix("").parts for path in paths)
    return {
        ".".join(parts[:-1] if parts[-1] == "__init__" else parts): path
        for parts, path in zip(names, paths, strict=True)
    }


def imports(root: Path) -> list[Import]:
    """Return every import of every module; a name taken from a package is its module where there is one."""
    known = modules(root)
    found: list[Import] = []
    for name, path in known.items():
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node, late, typing in _walk(tree):
            for imported in _imported(node, package, known):
                found.append(Import(name, imported, node.lineno, late, typing))
    return found


def violations(root: Path) -> list[str]:
    """Return what breaks the rules under ``root``, one line each; empty when all is well."""
    found = [*_unplaced(root), *_cycles(root), *_arguments(root)]
    for one in imports(root):
        found += [f"{one.importer}:{one.line}: {fault}" for fault in _faults(one)]
    return found


def floor_of(module: str) -> int | None:
    """Return the floor that FLOORS gives ``module``, or None."""
    return next((floor for pattern, floor in FLOORS if fnmatchcase(module, pattern)), None)


def _faults(one: Import) -> Iterator[str]:
    top = one.imported.partition(".")[0]
    if top in OURS:
        here, there = floor_of(one.importer), floor_of(one.imported)
        if here is not None and there is not None and there > here:
            yield f"climbs from floor {here} to {one.imported} on floor {there}"
        face, mine = _face(one.imported), _face(one.importer)
        if face is not None and face != mine and mine not in FACES[face][1]:
            yield f"imports {one.imported}, a part of the {face}"
    if top in BANNED:
        yield f"imports {top}"
    if top in OWNERS and not any(fnmatchcase(one.importer, owner) for owner in OWNERS[top]):
        yield f"imports {top}, which only {', '.join(OWNERS[top])} may"
    if top in HEAVY and not one.late and _face(one.importer) != "web app" and one.importer not in TRAINING:
        yield f"loads {top} when imported"


def _face(module: str) -> str | None:
    for face, (parts, _) in FACES.items():
        if any(fnmatchcase(module, part) for part in parts):
            return face
    return None


def _unplaced(root: Path) -> Iterator[str]:
    for module in modules(root):
        if floor_of(module) is None:
            yield f"{module}: stands on no floor; give it one in tests/architecture.py"


def _cycles(root: Path) -> Iterator[str]:
    """Yield modules that cannot be imported before themselves."""
    known = modules(root)
    edges: dict[str, set[str]] = {name: set() for name in known}
    for one in imports(root):
        if not one.late and one.imported in known:
            edges[one.importer].add(one.imported)
    for name in known:
        if name in _reachable(edges, edges[name]):
            yield f"{name}: imports itself in a circle"


def _reachable(edges: Mapping[str, set[str]], start: set[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += edges[name]
    return seen


def _arguments(root: Path) -> Iterator[str]:
    for name, path in modules(root).items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.keyword) or node.arg not in BANNED_ARGUMENTS:
                continue
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                yield f"{name}:{node.value.lineno}: passes {node.arg} as other than False"


def _walk(
    tree: ast.AST, late: bool = False, typing: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    """Yield the imports below ``tree``, and whether they run late or for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, late, typing
        elif isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            for statement in node.body:
                yield from _walk(ast.Module([statement], []), late=True, typing=True)
            for statement in node.orelse:
                yield from _walk(ast.Module([statement], []), late, typing)
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(node, late or inside, typing)


def _imported(node: ast.Import | ast.ImportFrom, package: str, known: Mapping[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        parts = package.split(".")
        base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        yield inner if inner in known else base
