"""Opens files: selects the reader by content, refuses what is not a paper, reads several at once."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from index.errors import (
    DamagedFile,
    FileEmpty,
    FileMissing,
    FileTooLarge,
    LoccitError,
    StorageError,
    UnknownFormat,
    UsageError,
    why_unreadable,
)
from index.read.sandbox import MIB, Limits, Server
from index.text import Document

if TYPE_CHECKING:
    from index.read.sandbox import Run

#: Suffixes, in lower case, of the files that may hold papers; their content decides which reader takes them.
SUFFIXES = (".pdf", ".xml", ".nxml", ".html", ".htm", ".xhtml", ".docx", ".md", ".markdown", ".txt")
#: Engines that read PDF.
ENGINES = ("pypdf", "pdfium")
_KINDS = "Give a PDF, JATS XML, HTML, Word (.docx), Markdown or text file."
#: What a file must be that has one of these suffixes, and the remedy.
_NAMED = {
    ".pdf": ("pdf", "a PDF file", "Get the PDF again from its source."),
    ".docx": ("docx", "a Word document", "Save the document again as .docx."),
    ".xml": ("jats", "an XML file", "Get the file again from its source."),
    ".nxml": ("jats", "an XML file", "Get the file again from its source."),
}
#: Files that ``read_many`` reads ahead of the one last yielded, at most: what waits is held in memory.
_AHEAD = 32
_HTML_SUFFIXES = (".html", ".htm", ".xhtml")
#: First bytes of files that are not papers.
_MAGIC = {
    b"PK\x03\x04": "a zip archive or an office document", b"\xd0\xcf\x11\xe0": "an old office document",
    b"\x1f\x8b": "a gzip archive", b"BZh": "a bzip2 archive", b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive",
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"II*\x00": "a TIFF image", b"MM\x00*": "a TIFF image",
    b"\x7fELF": "a program", b"MZ\x90": "a program", b"%!PS": "PostScript", b"{\\rtf": "RTF",
    b"SQLite format 3": "a database", b"version https://git-lfs": "a pointer to a file in Git LFS",
    b"/annex/objects": "a pointer to a file in git-annex",
}  # fmt: skip


class Status(StrEnum):
    """How reading a file ended."""

    READ = "read"
    WARNED = "read with warnings"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: a document or an error."""

    path: Path
    document: Document | None
    error: LoccitError | None

    @property
    def status(self) -> Status:
        """Read, read with warnings, or refused."""
        if self.document is None:
            return Status.REFUSED
        return Status.WARNED if self.document.warnings else Status.READ


USUAL = Limits()


def may_be_paper(path: PurePath) -> bool:
    """Return whether a file of this name may hold a paper, in upper or lower case."""
    return path.suffix.lower() in SUFFIXES


def require_suffix(path: PurePath) -> None:
    """Raise an ``UnknownFormat`` that names ``path`` unless a file of this name may hold a paper."""
    if may_be_paper(path):
        return
    accepted = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
    if path.suffix:
        message, remedy = f"{path.suffix} files are not read as papers.", f"Save the paper as {accepted}."
    else:
        message, remedy = "its name has no suffix.", f"Rename it to end in {accepted}, whichever fits."
    raise UnknownFormat(str(path), message, remedy)


def name_of(path: PurePath) -> str:
    r"""Return the name of a file as text, with bytes that are not UTF-8 written as ``\xe9``."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def read(path: Path, *, limits: Limits = USUAL, engine: str = "pypdf") -> Document:
    """Return the paper in a file; among the suffixes accepted, content decides its kind.

    Args:
        path: a regular file with one of ``SUFFIXES``.
        limits: what reading it may cost.
        engine: for PDF: "pypdf" or "pdfium".

    Raises:
        ReadError: one of its kinds, see ``index.errors``.
        StorageError: the file system refused to read it.
        UsageError: the engine is unknown.
    """
    return _read(path, limits, engine, None)


def _read(path: Path, limits: Limits, engine: str, run: Run | None) -> Document:
    if engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}.", f"Choose {' or '.join(ENGINES)}.")
    return document_of(bytes_of(path, limits), name_of(path), limits=limits, engine=engine, run=run)


def document_of(
    data: bytes, name: str, *, limits: Limits = USUAL, engine: str = "pypdf", run: Run | None = None
) -> Document:
    """Return the paper in the bytes of a file called ``name``, as ``read`` does.

    Args:
        data: see ``bytes_of``.
        name: of the file, without folders.
        limits: what reading it may cost.
        engine: for PDF: one of ``ENGINES``.
        run: reads a PDF in a child process; None starts a process for this file alone.

    Raises:
        ReadError: one of its kinds, see ``index.errors``.
    """
    try:
        kind = _kind(data, name)
        if kind == "pdf":
            from index.read.pdf.paper import read_pdf

            return read_pdf(data, name, limits, engine, run)
        if kind == "jats":
            from index.read.jats.article import read_jats

            return read_jats(data, name)
        if kind == "html":
            from index.read.text.plain import read_html

            return read_html(data, name)
        if kind == "docx":
            from index.read.text.docx import read_docx

            return read_docx(data, name)
        from index.read.text.plain import read_plain

        return read_plain(data, name)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # A fault that no reader foresaw: refuse this file, so that the others are still read.
        raise DamagedFile(name, f"its content could not be read ({error}).", _KINDS) from error


def bytes_of(path: Path, limits: Limits = USUAL) -> bytes:
    """Return the bytes of a file that may hold a paper; raises as ``read`` does."""
    name = name_of(path)
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
            raise FileMissing(str(path), f"{kind}, not a file.", _KINDS)
        require_suffix(path)
        with path.open("rb") as file:
            data = file.read(limits.bytes + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileMissing(str(path), "does not exist.", "Check the path.") from error
    except OSError as error:
        raise StorageError(f"{path}: {why_unreadable(error)}.", "Check the file's permissions.") from error
    except ValueError as error:  # a path with a null character
        raise StorageError(f"{path}: cannot be read ({error}).", "Check the path.") from error
    if len(data) > limits.bytes:
        raise FileTooLarge(name, f"more than {limits.bytes // MIB} MiB.", "Give a file with the paper only.")
    if not data.strip():
        raise FileEmpty(name, "the file is empty.", "Get the file again from its source.")
    return data


def _kind(data: bytes, name: str) -> str:
    """Return which reader takes a file: its content decides, and must fit its suffix."""
    suffix = PurePath(name).suffix.lower()
    start = data[:1024]
    if start.startswith(b"PK\x03\x04") and suffix == ".docx":
        return "docx"
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise UnknownFormat(name, f"{what}.", _KINDS)
    kind = "pdf" if b"%PDF-" in start or start.lstrip().startswith(b"%PDF") else _kind_of_text(data)
    if kind == "html" and suffix not in _HTML_SUFFIXES and suffix not in _NAMED:
        raise UnknownFormat(name, "an HTML page.", "Rename it to end in .html, if it is the paper.")
    if kind == "text" and suffix in _HTML_SUFFIXES:
        kind = "html"
    wanted, what, remedy = _NAMED.get(suffix, (kind, "", ""))
    if kind not in (wanted, "pdf"):
        raise UnknownFormat(name, f"named {suffix} but not {what}.", remedy)
    return kind


def _kind_of_text(data: bytes) -> str:
    text = data[:4096].removeprefix(b"\xef\xbb\xbf")
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = text.decode("utf-16", "replace").encode()
    text = b" ".join(text.lower().split())
    body = text
    while body.startswith((b"<!--", b"<?")) and b">" in body:
        body = body.partition(b"-->" if body.startswith(b"<!--") else b"?>")[2].lstrip()
    if body.startswith((b"<!doctype html", b"<html ", b"<html>")):
        return "html"
    jats = text.startswith((b"<?xml", b"<!doctype article", b"<article ", b"<article>", b"<!--"))
    return "jats" if jats else "text"


def read_many(
    paths: Iterable[Path], workers: int = 2, *, engine: str = "pypdf"
) -> Generator[Outcome, None, None]:
    """Yield what became of each file, in the order given; a bad file never stops the rest.

    Reads ``workers`` files at once and goes on reading between two outcomes, up to ``_AHEAD``
    files. Closing the generator ends all reading. For ``engine`` see ``read``.
    """
    from index.read.pdf.paper import CHILD

    def attempt(path: Path) -> Outcome:
        try:
            return Outcome(path, _read(path, USUAL, engine, server.run), None)
        except LoccitError as error:
            return Outcome(path, None, error)

    left = iter(paths)
    with Server(CHILD) as server, ThreadPoolExecutor(max(workers, 1)) as pool:
        ahead = deque(pool.submit(attempt, path) for path in islice(left, _AHEAD))
        try:
            while ahead:
                outcome = ahead.popleft().result()
                ahead.extend(pool.submit(attempt, path) for path in islice(left, 1))
                yield outcome
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            server.close()  # what is being read ends; the pool waits for that
