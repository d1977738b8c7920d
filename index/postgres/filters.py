"""Which papers a search looks at, as a small tree that becomes SQL with parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg.sql import Composable


@dataclass(frozen=True, slots=True)
class Used:
    """Papers that are not set aside."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Papers by id."""

    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Not:
    """Papers that ``part`` leaves out."""

    part: Filter


@dataclass(frozen=True, slots=True)
class Both:
    """Papers that all ``parts`` let through; with none, every paper."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Papers that one of ``parts`` lets through; with none, no paper."""

    parts: tuple[Filter, ...]


Filter = Used | OneOf | Not | Both | Either


def compiled(tree: Filter) -> tuple[Composable, Mapping[str, list[str]]]:
    """Return a condition on ``d``, a row of ``papers``, and its parameters."""
    parameters: dict[str, list[str]] = {}
    return _compiled(tree, parameters), parameters


def _compiled(tree: Filter, parameters: dict[str, list[str]]) -> Composable:
    from psycopg.sql import SQL, Placeholder

    if isinstance(tree, Used):
        return SQL("d.used")
    if isinstance(tree, OneOf):
        name = f"ids{len(parameters)}"
        # Unpaired surrogates name no paper, and cannot be sent.
        parameters[name] = sorted(one for one in tree.ids if one.encode(errors="ignore").decode() == one)
        return SQL("d.id = ANY({}::text[])").format(Placeholder(name))
    if isinstance(tree, Not):
        return SQL("NOT {}").format(_compiled(tree.part, parameters))
    parts = [_compiled(part, parameters) for part in tree.parts]
    between, empty = (" AND ", "true") if isinstance(tree, Both) else (" OR ", "false")
    return SQL("({})").format(SQL(between).join(parts)) if parts else SQL(empty)
