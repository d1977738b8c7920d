"""What a generation remembers of every file that it was given, used or set aside.

A paper that is set aside stays with the generation, cut up and embedded, in a file of
its own: it is read and embedded no second time, and takes its place again when the
better file of the same paper is removed.
"""

from __future__ import annotations

import dataclasses
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from index.errors import IndexDamaged
from index.ingest.editions import METHOD, Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from index.store.open import Index

CATALOGUE = "catalogue.json"
_HASHES = ("sketch", "values", "all_values")


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that is not used, since another one of the same paper is better structured."""

    id: str  #: of its document
    source: str  #: the file's name
    reading: str  #: see ``PaperRows``
    better: str  #: id of the document that is used
    better_source: str  #: its file's name

    @property
    def reason(self) -> str:
        """Why it is not used, for people."""
        return f"same paper as {self.better_source}, which is better structured"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The files that a generation was given."""

    editions: Mapping[str, Edition] = field(default_factory=dict)  #: by document id, of those known
    aside: Mapping[str, SetAside] = field(default_factory=dict)  #: by document id

    def encode(self) -> bytes:
        """Return the bytes of the catalogue's file."""
        value = {
            "method": METHOD,
            "editions": [_edition(self.editions[key]) for key in sorted(self.editions)],
            "aside": [dataclasses.astuple(self.aside[key]) for key in sorted(self.aside)],
        }
        return json.dumps(value, separators=(",", ":")).encode()


def catalogue_of(index: Index) -> Catalogue:
    """Return the catalogue of a generation, empty where it has none.

    Editions that were made by another method are left out: they are made again.

    Raises:
        IndexDamaged: it cannot be made sense of, though its checksum is right.
    """
    record = index.manifest.file(CATALOGUE)
    return _read(index.folder / CATALOGUE, record.sha256) if record else Catalogue()


@lru_cache(maxsize=2)  # a build needs the one before and its own several times, and large ones take a while
def _read(path: Path, _sha256: str) -> Catalogue:
    try:
        value = json.loads(path.read_bytes())
        editions = [_edition_of(item) for item in value["editions"]] if value["method"] == METHOD else []
        aside = [SetAside(*item) for item in value["aside"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"{path}: it cannot be read ({error}).", "Rebuild the index.") from error
    return Catalogue({one.id: one for one in editions}, {one.id: one for one in aside})


def given(index: Index) -> dict[str, tuple[str, str]]:
    """Return file name and reading (see ``PaperRows``) of every file given, used or not, by document id."""
    aside = catalogue_of(index).aside
    return index.rows.readings() | {key: (one.source, one.reading) for key, one in aside.items()}


def aside_file(document_id: str) -> str:
    """Return the name of the file in a generation that keeps a paper set aside."""
    return f"aside-{document_id}.npz"


@dataclass(frozen=True)
class LazyFiles(Mapping[str, "Path | bytes"]):
    """Files by name, each made only when it is written: together they may be large."""

    make: Callable[[str], Path | bytes]
    names: tuple[str, ...]

    def __getitem__(self, name: str) -> Path | bytes:
        if name not in self.names:
            raise KeyError(name)
        return self.make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def _edition(one: Edition) -> dict[str, object]:
    hashes = {name: _packed(getattr(one, name)) for name in _HASHES}
    plain = {item.name: getattr(one, item.name) for item in dataclasses.fields(one)}  # asdict copies deeply
    return {**plain, "notices": sorted(one.notices), **hashes}


def _edition_of(value: dict[str, Any]) -> Edition:
    hashes = {name: _unpacked(value[name]) for name in _HASHES}
    return Edition(**{**value, "notices": frozenset(value["notices"]), **hashes})


def _packed(hashes: frozenset[int]) -> str:
    return b64encode(np.array(sorted(hashes), "<u8").tobytes()).decode()


def _unpacked(text: str) -> frozenset[int]:
    return frozenset(np.frombuffer(b64decode(text, validate=True), "<u8").tolist())
