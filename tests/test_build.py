"""Building: new papers are read and embedded, known ones are not, and the order does not matter."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.errors import FileMissing, IndexMissing, ModelMismatch, NothingToRead, StorageError
from index.ingest.build import add, build, remove
from index.ingest.papers import find_papers
from index.ingest.pending import PENDING
from index.ingest.report import Became
from index.ingest.work import Outcome
from index.read import read_many
from index.store.open import open_index
from tests.index_fakes import (
    PAPERS,
    TEA,
    Reads,
    WordEncoder,
    build_papers,
    contents_of,
    ids_by_source,
    write_papers,
)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    return write_papers(tmp_path / "papers")


@pytest.fixture
def folder(tmp_path: Path, papers: Path) -> Path:
    """The index of ``papers``."""
    build_papers(tmp_path / "index", papers)
    return tmp_path / "index"


def assert_like_a_full_build(folder: Path, papers: Path, encoder: WordEncoder | None = None) -> None:
    build_papers(folder.parent / "fresh", papers, encoder)
    assert contents_of(folder) == contents_of(folder.parent / "fresh")


def test_passages_sentences_and_vectors_match_their_documents(folder: Path) -> None:
    encoder = WordEncoder()
    with open_index(folder) as index:
        assert len(index.documents) == 3
        assert list(index.documents) == sorted(index.documents)
        rows = itertools.count()
        for position, passage in enumerate(index.passages):
            text = index.quote(passage.document_id, passage.span)
            assert text == passage.span.of(index.documents[passage.document_id].text)
            whole = f"{passage.context}\n{text}" if passage.context else text
            assert (index.vectors.rows(np.array([position])) == encoder.encode([whole])).all()
            for row, sentence in index.sentences_of(position):
                assert row == next(rows)
                assert (sentence.document_id, sentence.passage) == (passage.document_id, position)
                assert passage.span.contains(sentence.span)
                quoted = index.quote(sentence.document_id, sentence.span)
                assert (
                    np.abs(index.sentence_vectors[np.array([row])] - encoder.encode([quoted])).max() < 0.003
                )
        assert next(rows) == len(index.sentence_vectors) == index.manifest.counts.sentences


def test_a_build_without_changes_reads_embeds_and_publishes_nothing(folder: Path, papers: Path) -> None:
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], folder, encoder=encoder, read=reads)
    assert (report.published, report.generation, len(report.unchanged)) == (False, 1, 3)
    assert (encoder.encoded, reads.names) == ([], [])
    assert [outcome.became for outcome in report.outcomes] == [Became.UNCHANGED] * 3


def test_only_the_new_paper_is_read_and_embedded(folder: Path, papers: Path) -> None:
    write_papers(papers, TEA)
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], folder, encoder=encoder, read=reads)
    assert reads.names == ["tea.txt"]
    assert all("tea" in text.lower() for text in encoder.encoded)
    assert (len(report.added), len(report.unchanged), report.removed) == (1, 3, ())


def test_only_the_changed_texts_of_a_paper_are_embedded(folder: Path, papers: Path) -> None:
    write_papers(papers, {"sleep.txt": PAPERS["sleep.txt"].replace("Two nurses", "Three nurses")})
    encoder = WordEncoder()
    report = build_papers(folder, papers, encoder)
    assert (len(report.added), len(report.removed)) == (1, 1)
    assert encoder.encoded
    assert all("Three nurses" in text for text in encoder.encoded)
    assert_like_a_full_build(folder, papers)


def test_a_renamed_paper_keeps_its_vectors_and_gets_its_new_name(folder: Path, papers: Path) -> None:
    (papers / "sleep.txt").rename(papers / "nights.txt")
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], folder, encoder=encoder, read=reads)
    assert (report.published, encoder.encoded, reads.names) == (True, [], [])
    assert ids_by_source(folder).keys() == {"ferritin.txt", "nights.txt", "vision.txt"}


def test_removing_leaves_no_trace_and_an_unknown_paper_is_refused(folder: Path, papers: Path) -> None:
    gone = ids_by_source(folder)["vision.txt"]
    remove(frozenset({gone}), folder)
    (papers / "vision.txt").unlink()
    assert_like_a_full_build(folder, papers)
    with pytest.raises(IndexMissing, match=gone):
        remove(frozenset({gone}), folder)


@pytest.mark.parametrize("damaged", ["", "papers.json", "manifest.json"])
def test_a_removed_paper_is_taken_from_the_generation_before_if_that_is_intact(
    folder: Path, papers: Path, damaged: str
) -> None:
    remove(frozenset({ids_by_source(folder)["vision.txt"]}), folder)
    if damaged:
        path = folder / "gen-00000001" / damaged
        path.write_bytes(path.read_bytes()[:-1])
    encoder, reads = WordEncoder(), Reads()
    report = add([papers / "vision.txt"], folder, encoder=encoder, read=reads)
    assert [one.became for one in report.outcomes] == [Became.ADDED]
    assert reads.names == (["vision.txt"] if damaged else [])
    assert bool(encoder.encoded) == bool(damaged)
    assert_like_a_full_build(folder, papers)


def test_the_last_paper_can_be_removed_and_the_empty_index_searched(folder: Path) -> None:
    remove(frozenset(ids_by_source(folder).values()), folder)
    with open_index(folder) as index:
        assert (len(index.passages), len(index.documents), len(index.sentence_vectors)) == (0, 0, 0)
        assert index.lexical.scores("sleep").shape == (0,)
        assert not index.allowed(frozenset()).size


class Stopped(WordEncoder):
    """An encoder during which the user presses Ctrl-C."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at

    def encode(self, texts: Sequence[str], progress: object = None) -> object:  # type: ignore[override]
        if any(self.at in text for text in texts):
            raise KeyboardInterrupt
        return super().encode(texts)


@pytest.fixture
def long_papers(papers: Path) -> Path:
    """Papers so long that each is embedded by itself."""
    for name, text in PAPERS.items():
        more = " ".join(
            f"In year {year} there was nothing new about {name[:-4]}." for year in range(1700, 2000)
        )
        (papers / name).write_text(f"{text}\nFollow-up\n\n{more}\n", encoding="utf-8")
    return papers


def test_an_interrupted_build_continues(tmp_path: Path, long_papers: Path) -> None:
    papers = long_papers
    with pytest.raises(KeyboardInterrupt):
        build([papers], tmp_path / "index", encoder=Stopped("nurses"))  # type: ignore[arg-type]
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], tmp_path / "index", encoder=encoder, read=reads)
    assert len(report.added) == 3
    assert reads.names == ["sleep.txt", "vision.txt"]  # the first was finished
    assert not any("Ferritin" in text for text in encoder.encoded)
    assert not (tmp_path / "index" / PENDING).exists()


def test_small_papers_are_embedded_together(tmp_path: Path, papers: Path) -> None:
    notes = {
        f"note{n}.txt": f"Patient {n} had a fever of {36 + n / 10} degrees on day {n}." for n in range(90)
    }
    calls: list[int] = []

    class Counting(WordEncoder):
        def encode(self, texts: Sequence[str], progress: object = None) -> object:  # type: ignore[override]
            calls.append(len(texts))
            return super().encode(texts)

    build([write_papers(papers, notes)], tmp_path / "index", encoder=Counting())  # type: ignore[arg-type]
    assert len(calls) <= 2
    with open_index(tmp_path / "index") as index:
        for position, passage in enumerate(index.passages):
            text = index.quote(passage.document_id, passage.span)
            whole = f"{passage.context}\n{text}" if passage.context else text
            assert (index.vectors.rows(np.array([position])) == WordEncoder().encode([whole])).all()


def test_damaged_pending_work_is_made_again(tmp_path: Path, long_papers: Path) -> None:
    papers = long_papers
    with pytest.raises(KeyboardInterrupt):
        build([papers], tmp_path / "index", encoder=Stopped("Outdoor"))  # type: ignore[arg-type]
    first, second = sorted((tmp_path / "index" / PENDING).iterdir())
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 0xFF
    first.write_bytes(data)
    second.write_bytes(second.read_bytes()[:-9])
    build_papers(tmp_path / "index", papers)
    assert_like_a_full_build(tmp_path / "index", papers)


def test_refused_files_are_reported_and_the_rest_is_built(tmp_path: Path, papers: Path) -> None:
    (papers / "empty.txt").write_text("  \n")
    (papers / "halves.txt").write_bytes(b"\xff\xfe\xfa\x00\xd8\x00\xd8")
    (papers / "picture.pdf").write_bytes(b"\x89PNG\r\n\x1a\n")
    (papers / "copy.txt").write_text(PAPERS["sleep.txt"])
    report = build([papers], tmp_path / "index", encoder=WordEncoder())
    assert {outcome.path.name: outcome.became for outcome in report.outcomes} == {
        "copy.txt": Became.ADDED,
        "empty.txt": Became.REFUSED,
        "ferritin.txt": Became.ADDED,
        "halves.txt": Became.REFUSED,
        "picture.pdf": Became.REFUSED,
        "sleep.txt": Became.DUPLICATE,
        "vision.txt": Became.ADDED,
    }
    refused = [outcome for outcome in report.outcomes if outcome.became is Became.REFUSED]
    assert all(outcome.error and outcome.error.exit_code == 2 for outcome in refused)


@pytest.mark.parametrize("text", ["", "\x00\x01"])
def test_nothing_to_read_leaves_the_old_index(tmp_path: Path, folder: Path, text: str) -> None:
    before = contents_of(folder)
    bad = tmp_path / "bad"
    bad.mkdir()
    with pytest.raises(NothingToRead) as caught:
        build([bad], folder, encoder=WordEncoder())
    assert str(bad) in str(caught.value)
    assert caught.value.remedy
    (bad / "a.txt").write_text(text)
    with pytest.raises(NothingToRead, match=r"a\.txt"):
        build([bad], folder, encoder=WordEncoder())
    assert contents_of(folder) == before


def test_a_change_of_model_embeds_everything_and_reads_nothing(folder: Path, papers: Path) -> None:
    other, reads = WordEncoder("other"), Reads()
    with pytest.raises(ModelMismatch):
        build([papers], folder, encoder=other, read=reads)
    build([papers], folder, encoder=other, read=reads, change_model=True)
    assert reads.names == []
    assert_like_a_full_build(folder, papers, other)


def test_what_is_in_folders_is_read_or_named_with_a_reason(papers: Path, tmp_path: Path) -> None:
    write_papers(papers / "deep" / "er", {"a.md": "x", "b.XML": "x", "c.pdf": "x", "manifest.toml": "x"})
    outside = write_papers(tmp_path / "outside", {"far.txt": "x"})
    (papers / "away").symlink_to(outside)
    (papers / "broken").symlink_to(papers / "gone")
    (papers / "self").symlink_to("self")
    (papers / "README").write_text("x")
    write_papers(papers / ".hidden", {"d.txt": "x"})
    write_papers(papers, {".e.txt": "x"})
    (papers / "link.txt").symlink_to(papers / "sleep.txt")
    (papers / "loop").symlink_to(papers)
    found = find_papers([papers, papers / "sleep.txt"])
    files = [path.relative_to(papers).as_posix() for path in found.files]
    assert files == ["deep/er/a.md", "deep/er/b.XML", "deep/er/c.pdf", *sorted(PAPERS)]
    assert {one.path.relative_to(papers).as_posix(): one.reason for one in found.skipped} == {
        ".e.txt": "hidden",
        ".hidden": "a hidden folder",
        "README": "its name has no suffix",
        "away": f"a link out of the folder; to read it, name {outside}",
        "broken": "a link that leads nowhere",
        "deep/er/manifest.toml": ".toml files are not read as papers",
        "self": "a link that leads nowhere",
    }
    named = find_papers([papers / "away", papers / "link.txt"])
    assert [path.name for path in named.files] == ["far.txt", "link.txt"]


def test_the_index_inside_the_folder_of_papers_is_passed_over(papers: Path) -> None:
    build_papers(papers / "index", papers)
    report = build([papers], papers / "index", encoder=WordEncoder())
    assert (report.published, report.skipped) == (False, ())


def test_a_folder_that_cannot_be_listed_is_named_and_the_rest_is_read(tmp_path: Path, papers: Path) -> None:
    write_papers(papers / "locked", {"a.txt": "x"})

    def listed(folder: Path) -> list[Path]:
        if folder.name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied")
        return sorted(folder.iterdir())

    found = find_papers([papers], listed=listed)
    assert [path.name for path in found.files] == sorted(PAPERS)
    ((folder, error),) = found.refused.items()
    assert folder == papers / "locked"
    assert str(error) == f"{folder}: cannot be read (Permission denied). Check the folder's permissions."


def test_a_name_that_is_not_utf_8_is_kept_escaped(tmp_path: Path, papers: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    try:
        write_papers(papers, {name: TEA["tea.txt"]})
    except OSError:
        pytest.skip("the file system has only names in UTF-8")
    build_papers(tmp_path / "index", papers)
    assert "caf\\xe9.txt" in ids_by_source(tmp_path / "index")
    assert not build([papers], tmp_path / "index", encoder=WordEncoder()).published


def test_a_copy_takes_over_when_the_first_file_is_removed(tmp_path: Path, papers: Path) -> None:
    write_papers(papers, {"again.txt": PAPERS["sleep.txt"]})
    folder = tmp_path / "index"
    report = build([papers], folder, encoder=WordEncoder())
    (copy,) = (one for one in report.outcomes if one.became is Became.DUPLICATE)
    assert copy.path.name == "sleep.txt"
    assert copy.warnings == (f"the same file as {papers / 'again.txt'}",)
    key = copy.document_id or ""
    report = remove(frozenset(), folder, {key: frozenset({"again.txt"})})
    assert (report.removed, ids_by_source(folder)["sleep.txt"]) == ((), key)
    report = remove(frozenset(), folder, {key: frozenset({"sleep.txt"})})
    assert report.removed == (key,)
    add([papers / "again.txt", papers / "sleep.txt"], folder, encoder=WordEncoder())
    remove(frozenset({key}), folder)
    assert key not in ids_by_source(folder).values()


def test_copies_of_one_name_are_told_apart_by_their_folder(tmp_path: Path) -> None:
    for year in ("2018", "2021"):
        write_papers(tmp_path / "papers" / year, {"paper.txt": TEA["tea.txt"]})
    build_papers(tmp_path / "index", tmp_path / "papers")
    ((source, key),) = ids_by_source(tmp_path / "index").items()
    assert source == "paper.txt"
    remove(frozenset(), tmp_path / "index", {key: frozenset({"paper.txt"})})
    assert ids_by_source(tmp_path / "index") == {"2021/paper.txt": key}


def test_a_copy_with_another_suffix_does_not_replace_a_paper(tmp_path: Path) -> None:
    papers = write_papers(tmp_path, {"a.docx": PAPERS["sleep.txt"], "b.txt": PAPERS["sleep.txt"]})
    report = build([papers / "a.docx", papers / "b.txt"], tmp_path / "index", encoder=WordEncoder())
    assert [one.became for one in report.outcomes] == [Became.REFUSED, Became.ADDED]
    assert ids_by_source(tmp_path / "index").keys() == {"b.txt"}


def test_a_missing_path_stops_the_build_before_papers_are_dropped(folder: Path, papers: Path) -> None:
    before = contents_of(folder)
    with pytest.raises(FileMissing, match="typo: does not exist"):
        build([papers / "sleep.txt", papers / "typo"], folder, encoder=WordEncoder())
    assert contents_of(folder) == before


def test_progress_never_falls_and_ends_at_its_totals(tmp_path: Path, papers: Path) -> None:
    (papers / "empty.txt").write_text(" \n")
    many = {f"{i}.txt": PAPERS["sleep.txt"].replace("36", str(i)) for i in range(40, 80)}
    write_papers(papers, many)
    calls: list[tuple[str, int, int]] = []
    encoder = WordEncoder()
    build([papers], tmp_path / "index", encoder=encoder, progress=lambda *call: calls.append(call))
    assert calls[-1] == ("saving", 1, 1)
    for stage in ("papers", "texts"):
        told = [call[1:] for call in calls if call[0] == stage]
        done, totals = zip(*told, strict=True)
        assert sorted(done) == list(done)
        assert sorted(totals) == list(totals)
        assert all(one <= total for one, total in told)
        assert done[-1] == totals[-1]
    papers_told = [call[1:] for call in calls if call[0] == "papers"]
    assert papers_told[0] == (0, 44)
    assert papers_told[-1] == (44, 44)


def test_text_that_cannot_be_stored_is_refused_and_the_rest_is_built(tmp_path: Path, papers: Path) -> None:
    def half(paths: Sequence[Path], workers: int) -> Generator[Outcome, None, None]:
        for outcome in read_many(paths, workers):
            document = outcome.document
            if document and document.source == "sleep.txt":
                broken = replace(document, text=document.text.replace("nurses", "nurse\ud800"))
                yield replace(outcome, document=broken)
            else:
                yield outcome

    report = build([papers], tmp_path / "index", encoder=WordEncoder(), read=half)
    assert [outcome.path.name for outcome in report.outcomes if outcome.error] == ["sleep.txt"]
    assert len(report.added) == 2


def test_a_path_that_is_too_long_is_an_error_with_its_cause(tmp_path: Path, papers: Path) -> None:
    long = tmp_path / ("x" * 300)
    with pytest.raises(NothingToRead):
        build([long], tmp_path / "index", encoder=WordEncoder())
    for attempt in (lambda: open_index(long), lambda: build_papers(long, papers)):
        with pytest.raises(StorageError, match="too long"):
            attempt()
