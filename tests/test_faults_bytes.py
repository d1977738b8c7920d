"""A changed byte or a truncated file is always detected."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from index.errors import IndexDamaged
from index.ingest.build import remove
from index.segments.arrays import Arrays
from index.store.generation import Listed
from index.store.open import CURRENT, open_index
from index.store.upkeep import verify
from tests.index_fakes import PAPERS, TEA, build_papers, contents, contents_of, two_generations, write_papers


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


def long(name: str) -> str:
    """Return a paper that fills several blocks."""
    said = "".join(f"Sentence {i} says that {name} drank {i} cups of tea.\n" for i in range(3000))
    return f"The tea of {name}\n\nResults\n\n{said}"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """An index of which both generations use one segment of long papers, the second one of TEA too."""
    write_papers(tmp_path / "papers", {"ann.txt": long("Ann"), "bob.txt": long("Bob")})
    return two_generations(tmp_path)


def damage_text(index: Path, source: str) -> Path:
    """Change a letter in the middle of a paper; return the file."""
    with open_index(index) as opened:
        [paper] = [one for one in opened.listed.values() if one.source == source]
        segment = opened.segments[paper.segment]
        text = segment.extent(paper.number).text
        at = segment.arrays["texts"].start + (text.start + text.stop) // 2
    path = segment.arrays.path
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    return path


def test_fault_6_a_reader_that_meets_damage_marks_the_segment(shared: Path, tmp_path: Path) -> None:
    build_papers(shared, write_papers(tmp_path / "papers", {"cid.txt": long("Cid")}))
    path = damage_text(shared, "cid.txt")
    with open_index(shared) as opened, pytest.raises(IndexDamaged, match=path.name):
        contents(opened)
    with open_index(shared) as opened:
        assert (opened.generation, len(opened.documents)) == (2, 6)
        assert path.name in opened.warnings[0]
    assert [number for number, error in verify(shared).items() if error] == [3]


def test_fault_6_a_paper_that_is_intact_is_read_although_another_is_not(shared: Path) -> None:
    path = damage_text(shared, "ann.txt")
    with open_index(shared) as opened:
        keys = {paper.source: key for key, paper in opened.listed.items()}
        assert "Bob drank 1500 cups" in opened.text(keys["bob.txt"])
        with pytest.raises(IndexDamaged, match=path.name):
            opened.text(keys["ann.txt"])
    assert [number for number, error in verify(shared).items() if error] == [1, 2]


@pytest.mark.parametrize("cut", [True, False])
def test_fault_6_a_build_replaces_a_damaged_segment_and_names_what_is_lost(
    shared: Path, tmp_path: Path, cut: bool
) -> None:
    expected = contents_of(shared)
    path = damage_text(shared, "ann.txt")
    if cut:
        path.write_bytes(path.read_bytes()[:-1])
    assert any(verify(shared).values())
    with pytest.raises(IndexDamaged, match="loccit build"):
        open_index(shared)
    more = write_papers(tmp_path / "more", {"coffee.txt": TEA["tea.txt"].replace("tea", "coffee")})
    [warning] = build_papers(shared, more, keep=True).warnings
    assert path.name in warning
    assert "Lost, unless given again: " in warning
    assert "ann.txt" in warning
    assert ("bob.txt" in warning) is cut
    with open_index(shared) as opened:
        assert len(opened.documents) == (2 if cut else 6)
    build_papers(shared, tmp_path / "papers")
    assert contents_of(shared) == expected
    assert {error for number, error in verify(shared).items() if number > 2} == {None}


def test_fault_6_removing_a_paper_keeps_all_that_can_be_read_and_names_the_lost_one(shared: Path) -> None:
    path = damage_text(shared, "ann.txt")
    verify(shared)
    [tea] = [key for key, paper in _listed(shared).items() if paper.source == "tea.txt"]
    report = remove(frozenset({tea}), shared)
    [warning] = report.warnings
    assert path.name in warning
    assert "Lost, unless given again: ann.txt." in warning
    assert {paper.source for paper in _listed(shared).values()} == {*PAPERS, "bob.txt"}


def test_fault_6_a_paper_whose_segment_is_gone_is_taken_from_an_older_generation(tmp_path: Path) -> None:
    index, papers = tmp_path / "index", tmp_path / "papers"
    for number in range(8):  # the last build writes all segments into one
        build_papers(
            index, write_papers(papers, {f"{number}.txt": PAPERS["sleep.txt"].replace("36", f"{number}4")})
        )
    with open_index(index) as opened:
        [segment] = opened.segments
    segment.arrays.path.unlink()
    more = write_papers(tmp_path / "more", TEA)
    [warning] = build_papers(index, more, keep=True).warnings
    assert "Lost, unless given again: 7.txt." in warning
    assert {paper.source for paper in _listed(index).values()} == {*TEA, *(f"{i}.txt" for i in range(7))}


def _listed(index: Path) -> dict[str, Listed]:
    with open_index(index, salvage=True) as opened:
        return dict(opened.listed)


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
