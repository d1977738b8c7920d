"""Checks that SQL has a form that Citus routes to one node or pushes down to all, as far as its text tells.

The rules are those of Citus's planner (query_pushdown_planning.c) and documentation, in a stricter and
simpler form. No Citus server takes part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import parse_sql

DISTRIBUTED = {
    "papers": "id",
    "passages": "paper",
    "sentences": "paper",
}  #: distribution columns, all of papers
REFERENCE = frozenset({"version", "state", "files", "vocabulary"})  #: tables that each node has a copy of
_LOCAL = frozenset({"feedback"})  #: stays on the coordinator
_IMMUTABLE = frozenset({"unnest", "jsonb_each_text"})  #: functions in FROM that Citus repeats on each node
_REFUSED = {
    "SubLink": "a subquery in an expression",
    "RangeSubselect": "a subquery in FROM",
    "WithClause": "WITH",
    "LockingClause": "FOR UPDATE",
    "WindowDef": "a window",
}
_KEYS = ("CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION")

Node = dict[str, Any]


def problems(sql: str) -> list[str]:
    """Return what keeps Citus from executing the statements of ``sql`` without moving rows between nodes."""
    return [problem for statement in statements(sql) for problem in _problems(statement)]


def statements(sql: str) -> list[Node]:
    """Return the trees of all statements in ``sql``."""
    return [one.stmt(skip_none=True) for one in parse_sql(sql)]  # type: ignore[misc]  # typed as None


def _problems(statement: Node) -> Iterator[str]:
    kind = statement["@"]
    tables = [one["relname"] for one in nodes(statement, "RangeVar")]
    known = REFERENCE | _LOCAL | set(DISTRIBUTED)
    yield from (f"unknown table {name}" for name in tables if name not in known and name[:3] != "pg_")
    if kind == "CreateStmt":
        yield from _of_table(statement)
    elif set(tables) & set(DISTRIBUTED) and kind not in ("IndexStmt", "CopyStmt"):
        for tag, name in _REFUSED.items():
            yield from (name for _ in nodes(statement, tag))
        for select in nodes(statement, "SelectStmt"):
            if select["op"]["name"] != "SETOP_NONE":
                yield "UNION, INTERSECT or EXCEPT"
        for function in nodes(statement, "RangeFunction"):
            names = {_name(call) for call in nodes(function, "FuncCall")}
            yield from (f"{name}() in FROM" for name in names - _IMMUTABLE)
        yield from _of_joins(statement)
        yield from _of_change(statement)


def _of_joins(statement: Node) -> Iterator[str]:
    """All distributed tables must be joined to one another by their distribution columns."""
    columns = {
        one.get("alias", {}).get("aliasname", one["relname"]): DISTRIBUTED[one["relname"]]
        for one in nodes(statement, "RangeVar")
        if one["relname"] in DISTRIBUTED
    }
    joined: list[set[str]] = [{alias} for alias in columns]
    for equation in nodes(statement, "A_Expr"):
        sides = [_column(equation.get(side)) for side in ("lexpr", "rexpr")]
        if _name(equation) == "=" and all(columns.get(alias) == column for alias, column in sides):
            both = [group for group in joined if group & {alias for alias, _ in sides}]
            joined = [group for group in joined if group not in both] + [set().union(*both)]
    if len(joined) > 1:
        yield f"{sorted(columns)} not joined by their distribution columns"


def _of_change(statement: Node) -> Iterator[str]:
    name = statement.get("relation", {}).get("relname")
    if name not in DISTRIBUTED:
        return
    if "fromClause" in statement or "usingClause" in statement:
        yield f"{name} changed by a join"
    if statement["@"] == "InsertStmt" and len(statement["selectStmt"].get("valuesLists", ())) != 1:
        yield f"{name} filled by a query or by several rows"
    if statement["@"] == "UpdateStmt":
        yield from (
            f"{name}: its distribution column changed"
            for column in statement["targetList"]
            if column["name"] == DISTRIBUTED[name]
        )


def _of_table(statement: Node) -> Iterator[str]:
    """A distributed table: keys hold the distribution column; it refers to others by that column only."""
    name = statement["relation"]["relname"]
    if (own := DISTRIBUTED.get(name)) is None:
        return
    for column in nodes(statement, "ColumnDef"):
        collation = [one["sval"] for one in column.get("collClause", {}).get("collname", ())]
        known = column["typeName"]["names"][-1]["sval"] == "text" and collation == ["C"]
        if column["colname"] == own and not known:
            yield f'{name}.{own} is not text COLLATE "C"'
        for constraint in column.get("constraints", ()):
            yield from _of_constraint(name, constraint, (column["colname"],))
    for element in statement["tableElts"]:
        if element["@"] == "Constraint":
            keys = (*element.get("keys", ()), *element.get("fk_attrs", ()))
            yield from _of_constraint(name, element, tuple(key["sval"] for key in keys))


def _of_constraint(table: str, constraint: Node, columns: tuple[str, ...]) -> Iterator[str]:
    own, kind = DISTRIBUTED[table], constraint["contype"]["name"]
    if kind in _KEYS and own not in columns:
        yield f"{table}: a key of {columns} without {own}"
    if kind == "CONSTR_FOREIGN":
        there = DISTRIBUTED.get(other := constraint["pktable"]["relname"])
        named = [one["sval"] for one in constraint.get("pk_attrs", ())] or [there]
        if columns != (own,) or named != [there]:
            yield f"{table}: refers to {other} by {columns}"


def nodes(part: object, tag: str) -> Iterator[Node]:
    """Yield all nodes of one kind in a part of a tree of pglast."""
    if isinstance(part, dict):
        if part.get("@") == tag:
            yield part
        part = tuple(part.values())
    if isinstance(part, tuple):
        for one in part:
            yield from nodes(one, tag)


def _name(node: Node) -> str:
    names: tuple[Node, ...] = node.get("funcname") or node.get("name") or ({"sval": ""},)
    return str(names[-1]["sval"])


def _column(node: Node | None) -> tuple[str, str]:
    """Return alias and column of ``alias.column``."""
    fields: tuple[Node, ...] = node.get("fields", ()) if node and node["@"] == "ColumnRef" else ()
    return (fields[0]["sval"], fields[1]["sval"]) if len(fields) == 2 else ("", "")
