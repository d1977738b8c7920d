"""A file of named arrays, checked block by block as it is read.

The arrays follow each other, then a footer: the CRC-32 of every block, and JSON that says
where each array lies. Whoever opens the file knows the sha256 of the footer. So opening it costs
nothing, and no byte is used before the checksum of its block was compared (as in RocksDB and Parquet).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from index.errors import IndexDamaged, StorageError
from index.files import Disk, load_bytes

BLOCK = 1 << 16  #: bytes under one checksum
_ALIGNED = 64  #: each array begins at a multiple
#: Ending of the name of an empty file that marks another as damaged; readers make it, builds heed it.
MARK = ".damaged"


def mark_of(path: Path) -> Path:
    """Return the path of the mark of a file of arrays."""
    return path.with_name(path.name + MARK)


@dataclass(frozen=True, slots=True)
class ArraysRecord:
    """The expected contents of a file of arrays."""

    name: str
    size: int  #: bytes
    sha256: str  #: of the whole file
    footer: int  #: where it begins
    footer_sha256: str


@dataclass(frozen=True, slots=True)
class Made:
    """An array to write, in pieces."""

    name: str
    dtype: DTypeLike
    shape: tuple[int, ...]
    blocks: Iterable[NDArray[Any]]

    @classmethod
    def of(cls, name: str, array: NDArray[Any]) -> Made:
        """Return one whole array."""
        return cls(name, array.dtype, array.shape, [array])


def write_arrays(path: Path, arrays: Iterable[Made], disk: Disk) -> ArraysRecord:
    """Write and sync a new file.

    Raises:
        StorageError: the disk refused.
        ValueError: the blocks of an array do not add up to its shape.
    """
    footer: list[tuple[int, str]] = []
    record = disk.write(path, _contents(arrays, footer))
    return ArraysRecord(record.name, record.size, record.sha256, *footer[0])


def _contents(arrays: Iterable[Made], footer: list[tuple[int, str]]) -> Iterator[bytes]:
    """Yield the bytes of the file; put where the footer begins and its sha256 in ``footer``."""
    places: dict[str, tuple[int, str, tuple[int, ...]]] = {}
    sums: list[int] = []
    held = bytearray()
    for made in arrays:
        held += bytes(-len(held) % _ALIGNED)  # blocks are multiples of the alignment
        start = len(sums) * BLOCK + len(held)
        dtype = np.dtype(made.dtype)
        places[made.name] = start, dtype.str, made.shape
        for block in made.blocks:
            if block.dtype != dtype or block.shape[1:] != made.shape[1:]:
                raise ValueError(f"{made.name}: {block.dtype} {block.shape} in {dtype} {made.shape}")
            held += np.ascontiguousarray(block).reshape(-1).view(np.uint8).data
            while len(held) >= BLOCK:
                yield _summed(bytes(held[:BLOCK]), sums)
                del held[:BLOCK]
        if (size := len(sums) * BLOCK + len(held) - start) != dtype.itemsize * int(np.prod(made.shape)):
            raise ValueError(f"{made.name}: {size} bytes for {dtype} {made.shape}")
    end = len(sums) * BLOCK + len(held)
    if held:
        yield _summed(bytes(held), sums)
    last = np.array(sums, "<u4").tobytes() + json.dumps(places).encode()
    footer.append((end, hashlib.sha256(last).hexdigest()))
    yield last


def _summed(block: bytes, sums: list[int]) -> bytes:
    sums.append(zlib.crc32(block))
    return block


class Arrays:
    """An open file of arrays, memory-mapped. Thread-safe."""

    def __init__(self, folder: Path, record: ArraysRecord, *, marked: bool = False) -> None:
        """Open the file that ``record`` describes and check its size and footer.

        Raises:
            IndexDamaged: it is missing, cut, its footer has changed, or it is marked as damaged and
                ``marked`` is False.
            StorageError: the system refuses to read it.
        """
        self.record = record
        self.path = folder / record.name
        self.marked = mark_of(self.path).exists()  #: as damaged
        if self.marked and not marked:
            raise IndexDamaged(f"{self.path}: the file is damaged.")
        try:
            self._data = load_bytes(self.path)
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise IndexDamaged(f"{self.path}: the file is missing.") from error
            raise
        if len(self._data) != record.size:
            raise IndexDamaged(f"{self.path}: {len(self._data)} bytes instead of {record.size}.")
        footer = self._data[record.footer :].tobytes()
        if hashlib.sha256(footer).hexdigest() != record.footer_sha256:
            raise IndexDamaged(f"{self.path}: its last {len(footer)} bytes have changed.")
        self._end = record.footer
        count = -(-record.footer // BLOCK)
        self._sums = np.frombuffer(footer, "<u4", count)
        self._places: dict[str, tuple[int, str, list[int]]] = json.loads(footer[4 * count :])
        self._checked = np.zeros(count, bool)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> Checked:
        start, dtype, shape = self._places[name]
        return Checked(self, start, np.dtype(dtype), tuple(shape))

    def raw(self, start: int, end: int) -> NDArray[np.uint8]:
        """Return bytes of the file, unchecked."""
        return self._data[start:end]

    def check(self, start: int, end: int) -> None:
        """Compare the checksums of the blocks that hold the bytes from ``start`` to ``end``."""
        if end > start:
            self.check_blocks(np.arange(start // BLOCK, (end - 1) // BLOCK + 1))

    def check_blocks(self, blocks: NDArray[np.int64]) -> None:
        """Compare the checksums of ``blocks`` that were not compared before.

        Raises:
            IndexDamaged: one differs; the file is marked as damaged, if the folder can be written.
        """
        for block in np.unique(blocks[~self._checked[blocks]]).tolist():
            start, end = block * BLOCK, min((block + 1) * BLOCK, self._end)
            if zlib.crc32(self._data[start:end].data) != self._sums[block]:
                with suppress(OSError):
                    mark_of(self.path).touch()
                raise IndexDamaged(f"{self.path}: bytes {start} to {end} have changed.")
            self._checked[block] = True


class Checked:
    """One array of a file; what is read of it is checked first. Read-only."""

    def __init__(self, file: Arrays, start: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self._file = file
        self.start = start  #: of its bytes in the file
        self._width = dtype.itemsize * int(np.prod(shape[1:]))  # bytes of one row
        end = start + self._width * shape[0]
        self._array: NDArray[Any] = file.raw(start, end).view(dtype).reshape(shape)

    def __len__(self) -> int:
        return len(self._array)

    @property
    def unchecked(self) -> NDArray[Any]:
        """The array itself, for what calls ``check`` before it reads."""
        return self._array

    def check(self, start: int, end: int) -> None:
        """Check the rows from ``start`` to ``end``; raises an ``IndexDamaged`` if they have changed."""
        self._file.check(self.start + start * self._width, self.start + end * self._width)

    def all(self) -> NDArray[Any]:
        """Return the array itself."""
        return self.slice(0, len(self))

    def slice(self, start: int, end: int) -> NDArray[Any]:
        """Return the rows from ``start`` to ``end``, without a copy."""
        self.check(start, end)
        return self._array[start:end]

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return a copy of the given rows; a row is smaller than a block."""
        starts = self.start + rows * self._width
        self._file.check_blocks(starts // BLOCK)
        self._file.check_blocks((starts + self._width - 1) // BLOCK)
        taken: NDArray[Any] = self._array[rows]
        return taken


class Strings:
    """A list of strings: string ``i`` ends at byte ``ends[i]`` of ``letters``. Thread-safe."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self._arrays = arrays
        self._name = name

    @cached_property
    def _letters(self) -> memoryview:
        return self._arrays[f"{self._name}-letters"].all().data

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return self._arrays[f"{self._name}-ends"].all()

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, i: int) -> bytes:
        """Return string ``i`` in UTF-8."""
        return bytes(self._letters[int(self._ends[i - 1]) if i else 0 : int(self._ends[i])])

    def __iter__(self) -> Iterator[bytes]:
        """Yield all strings; faster than one by one."""
        for start, end in pairwise([0, *self._ends.tolist()]):
            yield bytes(self._letters[start:end])


def string_arrays(name: str, strings: Iterable[str]) -> Iterator[Made]:
    """Yield the arrays that ``Strings`` reads."""
    encoded = [string.encode() for string in strings]
    yield Made.of(f"{name}-letters", np.frombuffer(b"".join(encoded), np.uint8))
    yield Made.of(f"{name}-ends", np.cumsum([len(string) for string in encoded], dtype=np.int64))
