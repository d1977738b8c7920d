"""A changed byte or a truncated file is always detected."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from index.errors import IndexDamaged
from index.store.open import CURRENT, VECTORS, open_index
from index.store.vectors import Vectors
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


@pytest.mark.parametrize("cases", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_fault_6_damage_to_any_file_is_noticed(tmp_path: Path, cases: int) -> None:
    index = two_generations(tmp_path)
    build_papers(tmp_path / "old", write_papers(tmp_path / "old-papers"))
    old, new = contents_of(tmp_path / "old"), contents_of(index)
    files = [*sorted((index / "gen-00000002").iterdir()), index / CURRENT]
    assert len(files) > 12
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


def test_fault_6_damage_to_the_only_generation_names_the_file(tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    chance = random.Random(5)
    for path in sorted((tmp_path / "index" / "gen-00000001").iterdir()):
        whole = path.read_bytes()
        path.write_bytes(damaged(whole, chance))
        with pytest.raises(IndexDamaged, match=path.name) as caught:
            open_index(tmp_path / "index")
        assert caught.value.exit_code == 5
        path.unlink()
        with pytest.raises(IndexDamaged, match=path.name):
            open_index(tmp_path / "index")
        path.write_bytes(whole)


def test_fault_6_control_without_checksums_damage_gives_other_vectors_and_no_error(tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    whole = (tmp_path / "index" / "gen-00000001" / VECTORS).read_bytes()
    expected = Vectors(whole)
    chance = random.Random(7)
    silent = 0
    for _ in range(100):
        at = chance.randrange(len(whole))
        try:
            found = Vectors(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            silent += (found.rows(0, len(expected)) != expected.rows(0, len(expected))).any()
        except IndexDamaged:
            continue
    assert silent > 50
