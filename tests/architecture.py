"""Reads the imports of a checkout and reports which rules of the design they break.

The rooms and their order come from the folders: in every package, the imports between its
modules and subpackages form no circle, typing imports and late imports included. Only the
order of the top-level packages is written down here.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

#: Top-level packages and modules, lowest first. A module imports its own level and lower ones.
LEVELS = ("index", "qa", "evals", "faces")
#: What people touch: above everything, whatever folder it is in.
FACES = ("qa.cli", "qa.web", "app")
OURS = ("index", "qa", "evals", "app")

#: Libraries that only some modules may import, at any depth of the code.
OWNERS: Mapping[str, tuple[str, ...]] = {
    "faiss": ("index.segments.vectors",),
    "tiktoken": ("index.read.passages",),
    "pypdf": ("index.read.pdf.*", "index.pages.*"),
    "pypdfium2": ("index.read.pdf.*", "index.pages.*"),
    "streamlit": ("app", "qa.web.*"),
    "mcp": ("qa.mcp",),
    "psycopg": ("index.postgres.*",),
    "dask": ("index.cluster.*",),
    "distributed": ("index.cluster.*",),
    "onnxruntime": ("index.embed.onnx",),
    "huggingface_hub": ("index.embed.model",),  # finds a model in its cache, never fetches one
}

#: Libraries that load slowly or can open a connection: imported inside functions only.
HEAVY = frozenset(
    {"torch", "transformers", "sentence_transformers", "onnxruntime", "faiss", "streamlit", "psycopg"}
    | {"dask", "distributed"}
)
#: Modules that only training loads: the network itself is built with torch.
TRAINING = ("evals.train.*",)

#: Libraries that read objects by running code, or that talk to the network.
BANNED = frozenset(
    {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
    | {"requests", "httpx", "httpx2", "aiohttp", "urllib3"}
)

#: Arguments that let data run code, or let a library fetch it.
BANNED_ARGUMENTS = frozenset({"allow_pickle", "trust_remote_code"})


@dataclass(frozen=True, slots=True)
class Import:
    """An import of one module by another."""

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
    """Return every import of every module; a module imported from its package counts as that module."""
    known = modules(root)
    result: list[Import] = []
    for name, path in known.items():
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node, late, typing in _walk(tree):
            for imported in _imported(node, package, known):
                result.append(Import(name, imported, node.lineno, late, typing))
    return result


def violations(root: Path) -> list[str]:
    """Return what breaks the rules under ``root``, one line each."""
    result = [*_circles(root), *_arguments(root)]
    for one in imports(root):
        result += [f"{one.importer}:{one.line}: {fault}" for fault in _faults(one)]
    return result


def level_of(module: str) -> int:
    """Return the position of ``module`` in LEVELS."""
    if any(module == face or module.startswith(f"{face}.") for face in FACES):
        return LEVELS.index("faces")
    return LEVELS.index(module.partition(".")[0])


def edges(root: Path) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Return the imports between the children of each package: package -> (importer, imported) -> examples.

    The imports of a package's own ``__init__`` are left out: it may hand on names of any child.
    """
    known = modules(root)
    result: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in imports(root):
        if one.imported not in known or one.imported.partition(".")[0] != one.importer.partition(".")[0]:
            continue
        here, there = one.importer.split("."), one.imported.split(".")
        depth = 0
        while depth < min(len(here), len(there)) and here[depth] == there[depth]:
            depth += 1
        if depth < min(len(here), len(there)):
            pair = (here[depth], there[depth])
            result[".".join(here[:depth])][pair].append(f"{one.importer}:{one.line} imports {one.imported}")
    return result


def rooms(root: Path) -> set[tuple[str, str]]:
    """Return the imports between the children of ``index``, ``qa`` and ``evals`` that no longer path implies.

    This is the transitive reduction, as the diagram in ``docs/explanation/design.md`` draws it.
    """
    known = modules(root)
    graph: dict[str, set[str]] = defaultdict(set)
    for one in imports(root):
        here, there = (".".join(name.split(".")[:2]) for name in (one.importer, one.imported))
        if one.imported in known and here != there and "." in here and "." in there:
            graph[here].add(there)
    return {
        (here, there)
        for here in list(graph)
        for there in graph[here]
        if not any(there in _reachable(graph, {other}) for other in graph[here] - {there})
    }


def _faults(one: Import) -> Iterator[str]:
    top = one.imported.partition(".")[0]
    if top in OURS and level_of(one.imported) > level_of(one.importer):
        yield f"climbs to {one.imported}"
    if top in BANNED:
        yield f"imports {top}"
    if top in OWNERS and not any(fnmatchcase(one.importer, owner) for owner in OWNERS[top]):
        yield f"imports {top}, which only {', '.join(OWNERS[top])} may"
    in_app = one.importer == "app" or one.importer.startswith("qa.web")
    trains = any(fnmatchcase(one.importer, pattern) for pattern in TRAINING)
    if top in HEAVY and not (one.late or in_app or trains):
        yield f"loads {top} when imported"


def _circles(root: Path) -> Iterator[str]:
    """Yield the edges that close a circle between the children of a package."""
    for package, pairs in edges(root).items():
        graph: dict[str, set[str]] = defaultdict(set)
        for here, there in pairs:
            graph[here].add(there)
        for (here, there), examples in pairs.items():
            if here in _reachable(graph, {there}):
                yield f"circle in {package}: {here} and {there}: {examples[0]}"


def _reachable(graph: Mapping[str, set[str]], start: set[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, ())
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
