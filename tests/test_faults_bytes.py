"""A changed byte or a truncated file is always detected."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from index.errors import IndexDamaged
from index.store.arrays import Arrays
from index.store.open import CURRENT, open_index
from index.store.publish import verify
from tests.index_fakes import build_papers, contents, contents_of, two_generations, write_papers

if TYPE_CHECKING:
    from pathlib import Path


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with one bit, one byte or its end changed."""
    at = chance.randrange(len(data))
    what = chance.choice(["bit", "byte", "cut", "more", "swap"])
    if what == "cut":
        return data[:at]
    if what == "more":
        return data + bytes([chance.randrange(256)])
    if what == "swap" and len(data) > 1 and data[at] != data[at - 1]:
        changed = bytearray(data)
        changed[at], changed[at - 1] = data[at - 1], data[at]
        return bytes(changed)
    flip = 1 << chance.randrange(8) if what == "bit" else chance.randrange(1, 256)
    return data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]


def files_of(index: Path) -> list[Path]:
    """Return the files of the newest generation, its own first."""
    manifest = json.loads((sorted(index.glob("gen-*"))[-1] / "manifest.json").read_bytes())["manifest"]
    own = sorted(sorted(index.glob("gen-*"))[-1].iterdir())
    return [*own, *(index / "segments" / record["name"] for record in manifest["segments"])]


def unmark(index: Path) -> None:
    for mark in (index / "segments").glob("*.damaged"):
        mark.unlink()


@pytest.mark.parametrize("cases", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_fault_6_damage_to_a_file_of_a_generation_is_noticed_when_it_is_opened(
    tmp_path: Path, cases: int
) -> None:
    index = two_generations(tmp_path)
    build_papers(tmp_path / "old", write_papers(tmp_path / "old-papers"))
    old, new = contents_of(tmp_path / "old"), contents_of(index)
    files = [*sorted((index / "gen-00000002").iterdir()), index / CURRENT]
    assert len(files) == 4
    chance = random.Random(11)
    for case in range(cases):
        path = files[case % len(files)]
        whole = path.read_bytes()
        path.write_bytes(damaged(whole, chance))
        with open_index(index) as opened:
            assert path.name in opened.warnings[0], (case, path)
            # If only the name of the generation is damaged, the newest intact one is the right one.
            assert contents(opened) == (new if path.name == CURRENT else old), (case, path)
        path.write_bytes(whole)
    with open_index(index) as opened:
        assert opened.warnings == ()
        assert contents(opened) == new


@pytest.mark.parametrize("cases", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_fault_6_damage_to_a_segment_is_noticed_before_a_byte_of_it_is_used(
    tmp_path: Path, cases: int
) -> None:
    index = two_generations(tmp_path)
    build_papers(tmp_path / "old", write_papers(tmp_path / "old-papers"))
    old, new = contents_of(tmp_path / "old"), contents_of(index)
    segments = {path: path.read_bytes() for path in (index / "segments").iterdir()}
    assert len(segments) == 2
    chance, noticed = random.Random(12), 0
    for case in range(cases):
        path = chance.choice(sorted(segments))
        path.write_bytes(damaged(segments[path], chance))
        try:
            with open_index(index) as opened:
                assert contents(opened) == (old if opened.warnings else new), case
                noticed += bool(opened.warnings)
        except IndexDamaged as error:
            assert path.name in str(error), case
            noticed += 1
        verified = verify(index)
        path.write_bytes(segments[path])
        unmark(index)
        assert any(path.name in str(error) for error in verified.values()), case
    assert noticed > 0.8 * cases
    assert verify(index) == {1: None, 2: None}
    assert contents_of(index) == new


def test_fault_6_a_damaged_segment_costs_only_the_generations_that_use_it(tmp_path: Path) -> None:
    index = two_generations(tmp_path)
    old, new = sorted((index / "segments").iterdir(), key=lambda path: -path.stat().st_size)
    whole = {path: path.read_bytes() for path in (old, new)}
    new.write_bytes(changed(whole[new]))
    with open_index(index) as opened, pytest.raises(IndexDamaged, match=new.name):
        contents(opened)
    with open_index(index) as opened:  # the reader has marked the segment
        assert (opened.generation, len(opened.documents)) == (1, 3)
        assert new.name in opened.warnings[0]
    assert [number for number, error in verify(index).items() if error] == [2]
    new.write_bytes(whole[new])
    assert verify(index) == {1: None, 2: None}  # which removes the mark
    old.write_bytes(changed(whole[old]))
    assert [number for number, error in verify(index).items() if error] == [1, 2]


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("cut", [True, False])
def test_fault_6_a_build_replaces_a_damaged_segment_and_names_what_is_lost(
    tmp_path: Path, keep: bool, cut: bool
) -> None:
    index = two_generations(tmp_path)
    expected = contents_of(index)
    path = max((index / "segments").iterdir(), key=lambda path: path.stat().st_size)
    whole = path.read_bytes()
    with open_index(index) as opened:
        at = (
            opened.segments[[one.record.name for one in opened.segments].index(path.name)]
            .arrays["vectors"]
            .start
        )
    path.write_bytes(whole[:-1] if cut else whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    verify(index)
    if keep:
        more = write_papers(
            tmp_path / "more", {"coffee.txt": "Coffee\n\nAbstract\n\nCoffee was drunk by two.\n"}
        )
        report = build_papers(index, more, keep=True)
        assert path.name in report.warnings[0]
        assert "Lost, unless given again" in report.warnings[0]
    build_papers(index, tmp_path / "papers")
    assert contents_of(index) == expected
    assert {error for number, error in verify(index).items() if number > 2} == {None}


def changed(data: bytes) -> bytes:
    """Return ``data`` with its first byte changed."""
    return bytes([data[0] ^ 1]) + data[1:]


def test_fault_6_damage_to_the_only_generation_names_the_file(tmp_path: Path) -> None:
    index = tmp_path / "index"
    build_papers(index, write_papers(tmp_path / "papers"))
    for path in files_of(index):
        whole = path.read_bytes()
        for data in (whole[:-1], whole + b"x", whole[:-1] + bytes([whole[-1] ^ 1])):
            path.write_bytes(data)
            with pytest.raises(IndexDamaged, match=path.name) as caught:
                open_index(index)
            assert caught.value.exit_code == 5
        path.unlink()
        with pytest.raises(IndexDamaged, match=path.name):
            open_index(index)
        path.write_bytes(whole)


def test_fault_6_control_without_checksums_damage_gives_other_contents_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    build_papers(index, write_papers(tmp_path / "papers"))
    expected = contents_of(index)
    monkeypatch.setattr(Arrays, "check_blocks", lambda *_: None)
    path = files_of(index)[-1]
    whole = path.read_bytes()
    with open_index(index) as opened:
        place = opened.segments[0].arrays["vectors"]
    for at in range(place.start, place.start + 40):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert contents_of(index) != expected
