"""Every error that Loccit raises on purpose.

    LoccitError                    exit code 1
    ├── UsageError                 2  the request cannot be carried out
    │   ├── QuestionError             an empty or over-long question
    │   ├── NothingToRead             no readable paper under the given paths
    │   └── IndexMissing              no index in the folder
    ├── ReadError                  2  one file could not be read as a paper
    │   ├── FileMissing               does not exist, or is not a regular file
    │   ├── FileEmpty                 zero bytes, or white space only
    │   ├── FileTooLarge              over a limit of size, pages, text, time or memory
    │   ├── UnknownFormat             not PDF, JATS XML, HTML, Word, Markdown or text
    │   ├── UndecodableText           text in an unknown encoding
    │   ├── PasswordNeeded            an encrypted PDF
    │   ├── Signed                    a signed PDF, which must not be changed
    │   ├── NoTextLayer               a scan: pages without text
    │   ├── GarbledText               text of glyph codes instead of words
    │   └── DamagedFile               damaged beyond reading
    ├── IndexLocked                3  another process is writing the index
    ├── StorageError               4  the file system or the database refused: full, read-only, gone
    ├── IndexDamaged               5  a checksum does not match
    ├── QuoteError                 5  a quote differs from the text it cites
    ├── ClusterError               7  the cluster cannot be reached, or has no workers
    └── FormatMismatch             6  another format version
        ├── OlderFormat            6  that of an earlier release
        └── ModelMismatch          6  another embedding model

``message`` says what happened and with which value; ``remedy`` says what to do. The
command line prints both on one line and exits with ``exit_code``.
"""

from __future__ import annotations

from typing import ClassVar

REBUILD = "Rebuild the index: loccit build FOLDER"


class LoccitError(Exception):
    """Base of all deliberate errors; ``str()`` joins ``message`` and ``remedy``."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(LoccitError):
    """The request cannot be carried out as stated."""

    exit_code = 2


class QuestionError(UsageError):
    """The question is empty, too long or not text."""


class NothingToRead(UsageError):
    """None of the given paths holds a readable paper."""


class IndexMissing(UsageError):
    """The folder holds no published generation, or not the one asked for."""


class ReadError(LoccitError):
    """One file could not be read as a paper; ``path`` names it."""

    exit_code = 2

    def __init__(self, path: str, message: str, remedy: str = "") -> None:
        super().__init__(f"{path}: {message}", remedy)
        self.args = (path, message, remedy)
        self.path = path


class FileMissing(ReadError):
    """The path does not exist, or is a folder or a device; ``path`` is as the caller gave it."""


class FileEmpty(ReadError):
    """The file has zero bytes or only white space."""


class FileTooLarge(ReadError):
    """The file exceeds a limit of size, pages, text, time or memory."""


class UnknownFormat(ReadError):
    """The file is not PDF, JATS XML, HTML, Word, Markdown or text, or not what its suffix says."""


class UndecodableText(ReadError):
    """The text has an encoding that cannot be detected with certainty."""


class PasswordNeeded(ReadError):
    """The PDF is encrypted and the empty password does not open it."""


class Signed(ReadError):
    """The PDF has a digital signature that a change would break."""


class NoTextLayer(ReadError):
    """The pages hold images only."""


class GarbledText(ReadError):
    """The text layer holds glyph codes instead of words."""


class DamagedFile(ReadError):
    """The structure of the file is damaged beyond reading."""


class IndexLocked(LoccitError):
    """Another process is writing this index."""

    exit_code = 3


class StorageError(LoccitError):
    """The file system, or the database, refused a read or a write."""

    exit_code = 4


class ClusterError(LoccitError):
    """The cluster cannot be reached, lost its workers or cannot run this version of Loccit."""

    exit_code = 7


class IndexDamaged(LoccitError):
    """Files of the index do not match their recorded checksums."""

    exit_code = 5

    def __init__(self, message: str, remedy: str = REBUILD) -> None:
        super().__init__(message, remedy)


class QuoteError(LoccitError):
    """A quote differs from the canonical text at the offsets it cites."""

    exit_code = 5


class FormatMismatch(LoccitError):
    """The index was written in another format version."""

    exit_code = 6


class OlderFormat(FormatMismatch):
    """An earlier release wrote the index; a build replaces it."""


class ModelMismatch(FormatMismatch):
    """The index was built with another embedding model."""


def why_unreadable(error: OSError) -> str:
    """Return why a file that the user named cannot be read: "does not exist", or the system's reason."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "does not exist"
    if isinstance(error, IsADirectoryError):
        return "a folder, not a file"
    return f"cannot be read ({error.strerror or error})"
