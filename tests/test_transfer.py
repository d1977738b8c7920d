"""An index as one file: a round trip, and nothing besides what was exported."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import random
import tarfile
from pathlib import Path

import pytest

from index.errors import FormatMismatch, IndexDamaged, IndexMissing, LoccitError, StorageError, UsageError
from index.store.manifest import FORMAT, MANIFEST
from index.store.open import CURRENT, generation_folder, open_index, pointer_bytes, read_manifest
from index.store.publish import STAGING
from index.store.transfer import export_index, import_index
from tests.index_fakes import TEA, build_papers, contents_of, two_generations, write_papers


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """The exported file of an index of three papers, which is in ``index`` beside it."""
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    export_index(tmp_path / "index", tmp_path / "file.loccit")
    return tmp_path / "file.loccit"


def test_export_and_import_keep_everything(exported: Path) -> None:
    here = exported.parent
    assert import_index(exported, here / "other").generation == 1
    assert contents_of(here / "other") == contents_of(here / "index")
    export_index(here / "other", here / "again.loccit")
    assert (here / "again.loccit").read_bytes() == exported.read_bytes()
    export_index(here / "other", here / "again.loccit", replace=True)
    assert not list(here.glob("*.part"))


def test_import_into_an_index_in_use(exported: Path) -> None:
    here = exported.parent
    build_papers(here / "other", write_papers(here / "more", TEA))
    with open_index(here / "other") as before:
        with pytest.raises(UsageError, match="generation 1") as caught:
            import_index(exported, here / "other")
        assert "--replace" in caught.value.remedy
        manifest = import_index(exported, here / "other", replace=True)
        assert (manifest.generation, manifest.previous) == (2, 1)
        assert len(before.documents) == 1
    assert contents_of(here / "other") == contents_of(here / "index")


def test_a_damaged_file_changes_nothing(exported: Path) -> None:
    here = exported.parent
    build_papers(here / "other", write_papers(here / "more", TEA))
    before = contents_of(here / "other")
    whole = exported.read_bytes()
    chance = random.Random(2)
    refused = 0
    for case in range(30):
        at = chance.randrange(len(whole))
        changed = whole[:at] if case % 3 == 0 else whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]
        exported.write_bytes(changed)
        try:  # padding and dates of the tar hold nothing and may change
            import_index(exported, here / "third", replace=True)
        except LoccitError as error:
            refused += 1
            assert str(exported) in error.message
            with pytest.raises(IndexDamaged):
                import_index(exported, here / "other", replace=True)
            assert contents_of(here / "other") == before
            assert not (here / "other" / STAGING).exists()
        else:
            assert contents_of(here / "third") == contents_of(here / "index")
    assert refused > 20


def test_an_import_that_fails_leaves_no_segment(exported: Path) -> None:
    here = exported.parent
    export_index(two_generations(here / "two"), exported, replace=True)  # which has two segments
    whole = exported.read_bytes()
    build_papers(here / "other", write_papers(here / "tea", TEA))
    before = sorted((here / "other").rglob("*.seg"))
    exported.write_bytes(whole[:-3000])
    with pytest.raises(IndexDamaged):
        import_index(exported, here / "other", replace=True)
    assert sorted((here / "other").rglob("*.seg*")) == before


def test_an_index_of_an_earlier_release_is_replaced_only_if_that_is_asked_for(exported: Path) -> None:
    folder = exported.parent / "index"
    expected = contents_of(folder)
    place = generation_folder(folder, 1)
    manifest = dataclasses.replace(read_manifest(place)[0], format=FORMAT - 1).encode()
    (place / MANIFEST).write_bytes(manifest)
    (folder / CURRENT).write_bytes(pointer_bytes(1, hashlib.sha256(manifest).hexdigest()))
    with pytest.raises(UsageError, match="already holds an index"):
        import_index(exported, folder)
    import_index(exported, folder, replace=True)
    assert contents_of(folder) == expected


def test_forged_entries_are_not_unpacked(exported: Path) -> None:
    here = exported.parent
    with tarfile.open(exported, "a") as tar:  # a second entry of a name replaces the first in many readers
        for name in ("../evil", "/evil", "sub/evil", ".evil", "papers.json"):
            for kind in (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = kind, "/etc/passwd"
                entry.size = 4 if kind == tarfile.REGTYPE else 0
                tar.addfile(entry, io.BytesIO(b"evil"))
    import_index(exported, here / "deep" / "er")
    assert not list(here.rglob("evil"))
    assert contents_of(here / "deep" / "er") == contents_of(here / "index")


def manifest_entry(size: int) -> bytes:
    entry = tarfile.TarInfo(MANIFEST)
    entry.size = size
    return entry.tobuf() + b" " * size


@pytest.mark.parametrize(
    "data",
    [b"", b"text " * 1000, b"\x1f\x8b" + b"x" * 600, b"\x00" * 10240, manifest_entry(2 << 20)],
    ids=["empty", "text", "gzip", "zeros", "a huge manifest"],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(IndexDamaged, match="not an exported index"):
        import_index(tmp_path / "file", tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_missing_files_and_folders(tmp_path: Path, exported: Path) -> None:
    with pytest.raises(IndexMissing):
        export_index(tmp_path / "nothing", tmp_path / "x")
    with pytest.raises(StorageError, match="nowhere"):
        export_index(tmp_path / "index", tmp_path / "nowhere" / "x")
    with pytest.raises(UsageError, match="absent: does not exist"):
        import_index(tmp_path / "absent", tmp_path / "other")
    with pytest.raises(UsageError, match="a folder, not a file"):
        import_index(tmp_path, tmp_path / "other")


def test_a_file_or_folder_of_that_name_is_not_written_over(exported: Path) -> None:
    here = exported.parent
    for target, remedy in ((exported, "--replace"), (here, "Name a file")):
        with pytest.raises(UsageError, match=r"already|a folder") as caught:
            export_index(here / "index", target)
        assert remedy in caught.value.remedy
    with pytest.raises(UsageError, match="a folder"):
        export_index(here / "index", here, replace=True)


def test_an_export_of_another_format_is_refused_with_both_versions_named(exported: Path) -> None:
    with open_index(exported.parent / "index") as index:
        newer = dataclasses.replace(index.manifest, format=FORMAT + 1).encode()
    with tarfile.open(exported, "w") as tar:
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(newer)
        tar.addfile(entry, io.BytesIO(newer))
    with pytest.raises(FormatMismatch, match=f"format {FORMAT + 1}.*format {FORMAT}"):
        import_index(exported, exported.parent / "other")
    assert not (exported.parent / "other").exists()
