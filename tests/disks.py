"""Disks that fail: one kills its process, one loses what was not synced."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from index.files import Disk, FileRecord

T = TypeVar("T")


class KillingDisk(Disk):
    """The real disk, which kills its process at the ``at``-th change, counted from 0.

    With ``half`` the change is half done: a file has half its bytes, a folder has lost
    half its files. A rename is done or not done, never half.
    """

    def __init__(self, at: int, *, half: bool) -> None:
        self._left = at
        self._half = half

    def _count(self, half: Callable[[], object] = lambda: None) -> None:
        if self._left == 0:
            if self._half:
                half()
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def write(self, path: Path, chunks: Iterable[bytes]) -> FileRecord:
        data = b"".join(chunks)
        self._count(lambda: path.write_bytes(data[: len(data) // 2]))
        return super().write(path, [data])

    def make_folder(self, path: Path) -> None:
        self._count()
        super().make_folder(path)

    def replace(self, source: Path, target: Path) -> None:
        self._count()
        super().replace(source, target)

    def sync_folder(self, path: Path) -> None:
        self._count()
        super().sync_folder(path)

    def remove(self, path: Path) -> None:
        self._count(lambda: _remove_half(path))
        super().remove(path)


def _remove_half(path: Path) -> None:
    if path.is_dir():
        for item in sorted(path.iterdir())[::2]:
            item.unlink()


@dataclass
class _Change:
    """One atomic change of names: ``(folder, name, inode or None)`` each."""

    entries: tuple[tuple[int, str, int | None], ...]
    durable: bool = False


class ForgetfulDisk(Disk):
    """The real disk with a model of what a power loss would leave of ``root``.

    The contents of a synced file survive, and changes of names in a synced folder; any
    other change may or may not survive, in any order. ``sync_files`` and
    ``sync_folders`` False are the negative controls.
    ``after_change`` is called after each operation.
    """

    def __init__(self, root: Path, *, sync_files: bool = True, sync_folders: bool = True) -> None:
        self.after_change: Callable[[], None] = lambda: None
        self._root = root
        self._sync_files = sync_files
        self._sync_folders = sync_folders
        self._changes: list[_Change] = []
        self._contents: dict[int, bytes] = {}
        self._synced: set[int] = set()
        self._folders = {0}
        self._number = 0
        for path in sorted(root.rglob("*")):  # existing files are durable
            inode = self._new_folder() if path.is_dir() else self._new_file(path.read_bytes(), synced=True)
            self._changes.append(_Change(((self._inode(path.parent), path.name, inode),), durable=True))

    def write(self, path: Path, chunks: Iterable[bytes]) -> FileRecord:
        data = b"".join(chunks)
        record = super().write(path, [data])
        inode = self._new_file(data, synced=self._sync_files)
        return self._changed(record, (self._inode(path.parent), path.name, inode))

    def make_folder(self, path: Path) -> None:
        new = not path.exists()
        super().make_folder(path)
        if new:
            self._changed(None, (self._inode(path.parent), path.name, self._new_folder()))

    def replace(self, source: Path, target: Path) -> None:
        inode = self._inode(source)
        entries = (
            (self._inode(source.parent), source.name, None),
            (self._inode(target.parent), target.name, inode),
        )
        super().replace(source, target)
        self._changed(None, *entries)

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        if self._sync_folders and path.is_relative_to(self._root):
            inode = self._inode(path)
            for change in self._changes:
                change.durable |= any(folder == inode for folder, _, _ in change.entries)
        self.after_change()

    def remove(self, path: Path) -> None:
        try:
            self._inode(path)
        except KeyError:  # does not exist, or was not written through this disk
            super().remove(path)
            return
        inside = sorted(path.rglob("*"), reverse=True) if path.is_dir() else []
        for item in (*inside, path):
            if item != path and item.name.endswith(".scratch"):
                continue
            entry = (self._inode(item.parent), item.name, None)
            if item == path:
                super().remove(path)
            self._changed(None, entry)

    def states(self, chance: random.Random) -> Iterator[dict[str, bytes | None]]:
        """Yield possible trees after a power loss now: contents by path, None for a folder."""
        open_changes = [i for i, change in enumerate(self._changes) if not change.durable]
        unsynced = [inode for inode in self._contents if inode not in self._synced]
        choices = [frozenset(open_changes), frozenset[int]()]
        for _ in range(2):
            if open_changes:
                one = chance.choice(open_changes)
                choices += [frozenset({one}), frozenset(open_changes) - {one}]
                choices.append(frozenset(i for i in open_changes if chance.random() < 0.5))
        seen: set[frozenset[int]] = set()
        for kept in choices:
            if kept not in seen:
                seen.add(kept)
                yield self._tree(kept, {})
                if unsynced:
                    lost = {inode: self._contents[inode][: chance.choice([0, 1, 7])] for inode in unsynced}
                    yield self._tree(kept, lost)

    def _tree(self, kept: frozenset[int], lost: dict[int, bytes]) -> dict[str, bytes | None]:
        names: dict[int, dict[str, int]] = {inode: {} for inode in self._folders}
        for number, change in enumerate(self._changes):
            if change.durable or number in kept:
                _apply(change, names)
        tree: dict[str, bytes | None] = {}
        todo = [("", 0)]
        while todo:
            prefix, folder = todo.pop()
            for name, inode in names[folder].items():
                if inode in self._folders:
                    tree[prefix + name] = None
                    todo.append((f"{prefix}{name}/", inode))
                else:
                    tree[prefix + name] = lost.get(inode, self._contents[inode])
        return tree

    def _inode(self, path: Path) -> int:
        names: dict[int, dict[str, int]] = {inode: {} for inode in self._folders}
        for change in self._changes:
            _apply(change, names)
        at = 0
        for part in path.relative_to(self._root).parts:
            at = names[at][part]
        return at

    def _new_file(self, data: bytes, *, synced: bool) -> int:
        self._number += 1
        self._contents[self._number] = data
        if synced:
            self._synced.add(self._number)
        return self._number

    def _new_folder(self) -> int:
        self._number += 1
        self._folders.add(self._number)
        return self._number

    def _changed(self, result: T, *entries: tuple[int, str, int | None]) -> T:
        self._changes.append(_Change(entries))
        self.after_change()
        return result


def _apply(change: _Change, names: dict[int, dict[str, int]]) -> None:
    for folder, name, inode in change.entries:
        if inode is None:
            names[folder].pop(name, None)
        else:
            names[folder][name] = inode


def lay_out(tree: dict[str, bytes | None], folder: Path) -> None:
    """Write a tree of ``ForgetfulDisk.states`` to a new folder."""
    folder.mkdir()
    for name in sorted(tree):
        data = tree[name]
        if data is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(data)
