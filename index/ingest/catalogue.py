"""The files that a generation was given, used or set aside.

A paper set aside is stored like the others. It is used again, without reading or embedding, if the
better file of the same paper is removed.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.store.index import Index

CATALOGUE = "catalogue.json"
VERSIONS = "versions.json"  #: a file of its own, because questions read it; missing where there are none


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that is not used because another file of the same paper is better structured."""

    id: str  #: of its document
    source: str  #: file name
    reading: str  #: see ``PaperRows``
    better: str  #: id of the document that is used
    better_source: str  #: its file name

    @property
    def reason(self) -> str:
        """Why it is not used, for people."""
        return f"same paper as {self.better_source}, which is better structured"

    @property
    def undo(self) -> str:
        """How to have it used, for people."""
        return f"To use it instead, remove the other file: loccit remove {shlex.quote(self.better_source)}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The files that a generation was given."""

    aside: Mapping[str, SetAside] = field(default_factory=dict)  #: by document id
    #: names of further files with the same bytes, by document id; sorted
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: pairs of ids of near duplicates that differ in meaning, the smaller first
    versions: frozenset[tuple[str, str]] = frozenset()

    def versions_of(self, document_id: str) -> frozenset[str]:
        """Return the ids of the other versions of a document."""
        pairs = (pair for pair in self.versions if document_id in pair)
        return frozenset(key for pair in pairs for key in pair) - {document_id}

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        value = {
            "aside": [dataclasses.astuple(self.aside[key]) for key in sorted(self.aside)],
            "copies": {key: self.copies[key] for key in sorted(self.copies)},
        }
        return json.dumps(value, separators=(",", ":")).encode()


def catalogue_of(index: Index) -> Catalogue:
    """Return the catalogue of a generation, empty if it has none; may raise ``IndexDamaged``."""
    return replace(index.kept(CATALOGUE, _decoded, Catalogue()), versions=versions_of(index))


def versions_of(index: Index) -> frozenset[tuple[str, str]]:
    """Return the pairs of near duplicates in a generation, see ``Catalogue``; quick, unlike the catalogue."""
    return index.kept(VERSIONS, _decoded_versions, frozenset())


def encode_versions(versions: frozenset[tuple[str, str]]) -> bytes:
    """Return the bytes of the file of versions."""
    return json.dumps(sorted(versions)).encode()


def _decoded_versions(data: bytes) -> frozenset[tuple[str, str]]:
    return frozenset((first, second) for first, second in json.loads(data))


def _decoded(data: bytes) -> Catalogue:
    value = json.loads(data)
    aside = {item[0]: SetAside(*item) for item in value["aside"]}
    return Catalogue(aside, {key: tuple(names) for key, names in value["copies"].items()})
