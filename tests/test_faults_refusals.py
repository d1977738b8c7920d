"""Another model or format is refused; the clock does not matter."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest

from index.embed.encoder import require_same_model
from index.errors import FormatMismatch, ModelMismatch
from index.ingest.build import build
from index.store.manifest import FORMAT, MANIFEST, decode
from index.store.open import CURRENT, generations, open_index, pointer_bytes
from index.store.upkeep import gc, rollback
from tests.index_fakes import TEA, WordEncoder, build_papers, contents_of, two_generations, write_papers


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return two_generations(tmp_path)


def rewrite(index: Path, number: int, **changes: object) -> None:
    """Change the manifest of a generation, with checksums and ``CURRENT``."""
    path = index / f"gen-{number:08d}" / MANIFEST
    data = dataclasses.replace(decode(path.read_bytes(), ""), **changes).encode()  # type: ignore[arg-type]
    path.write_bytes(data)
    if f"gen-{number:08d}" in (index / CURRENT).read_text():
        (index / CURRENT).write_bytes(pointer_bytes(number, hashlib.sha256(data).hexdigest()))


def test_fault_7_another_model_of_the_same_size_is_refused_with_both_named(two: Path) -> None:
    other = WordEncoder("other")
    assert other.dimension == WordEncoder().dimension
    before = {path: path.read_bytes() for path in two.rglob("gen-*/*")}
    with open_index(two) as index:
        require_same_model(index, WordEncoder())
        for attempt in (
            lambda: require_same_model(index, other),
            lambda: build_papers(two, two.parent / "papers", other),
        ):
            with pytest.raises(ModelMismatch) as caught:
                attempt()
            assert caught.value.exit_code == 6
            assert other.fingerprint[:12] in str(caught.value)
            assert WordEncoder().fingerprint[:12] in str(caught.value)
            assert "loccit build --model other" in caught.value.remedy
    assert other.encoded == []
    assert {path: path.read_bytes() for path in two.rglob("gen-*/*")} == before


@pytest.mark.parametrize(("version", "keep"), [(FORMAT + 1, False), (FORMAT + 1, True), (FORMAT - 1, True)])
def test_fault_7_another_format_is_refused_with_both_versions_named_and_nothing_written(
    two: Path, version: int, keep: bool
) -> None:
    rewrite(two, 2, format=version)
    before = {path: path.read_bytes() for path in two.rglob("*") if path.is_file()}
    papers = two.parent / "papers"
    for attempt in (lambda: open_index(two), lambda: build_papers(two, papers, keep=keep)):
        with pytest.raises(FormatMismatch) as caught:
            attempt()
        assert f"format {version}" in str(caught.value)
        assert f"format {FORMAT}" in str(caught.value)
        assert caught.value.exit_code == 6
    assert {path: path.read_bytes() for path in two.rglob("*") if path.is_file()} == before


def test_fault_7_an_index_of_an_earlier_release_is_built_again_with_one_clear_line(two: Path) -> None:
    expected = contents_of(two)
    for number in (1, 2):
        rewrite(two, number, format=FORMAT - 1)
    report = build_papers(two, two.parent / "papers")
    assert contents_of(two) == expected
    (warning,) = report.warnings
    assert f"format {FORMAT - 1}" in warning
    assert "built again from the given papers" in warning
    assert generations(two) == [3]  # the others cannot be read any more


def test_fault_8_file_dates_do_not_matter(two: Path) -> None:
    expected = contents_of(two)
    for years in (-10, 10):
        for path in [*two.rglob("*"), *(two.parent / "papers").iterdir()]:
            moved = path.stat().st_mtime + years * 31_557_600
            os.utime(path, (moved, moved))
        encoder = WordEncoder()
        report = build([two.parent / "papers"], two, encoder=encoder)
        assert (report.published, encoder.encoded) == (False, [])
        assert contents_of(two) == expected


@pytest.mark.parametrize("years", [-10, 10])
def test_fault_8_a_build_with_a_wrong_clock_is_the_same(
    two: Path, years: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(days=365.25 * years)

    papers = write_papers(two.parent / "papers", {"more.txt": TEA["tea.txt"] + "It was hot.\n"})
    expected = two.parent / "expected"
    build_papers(expected, papers)
    monkeypatch.setattr("index.store.publish.datetime", Clock)
    assert build_papers(two, papers).published
    with open_index(two) as index:
        assert int(index.manifest.created[:4]) - datetime.now(UTC).year in (years - 1, years, years + 1)
    assert contents_of(two) == contents_of(expected)
    assert generations(two) == [1, 2, 3]
    assert rollback(two) == 2


@pytest.mark.parametrize(("first", "second"), [("2016", "2036"), ("2036", "2016")])
def test_fault_8_the_dates_of_generations_do_not_matter(two: Path, first: str, second: str) -> None:
    """The only trace of the clock is the date of a generation; either may be later."""
    expected = contents_of(two)
    rewrite(two, 1, created=f"{first}-01-01T00:00:00+00:00")
    rewrite(two, 2, created=f"{second}-01-01T00:00:00+00:00")
    assert contents_of(two) == expected
    assert not build([two.parent / "papers"], two, encoder=WordEncoder()).published
    assert gc(two) == ()
    assert rollback(two) == 1
    build_papers(two, two.parent / "papers")
    assert contents_of(two) == expected
    assert generations(two) == [1, 3]
