"""Building: new papers are read and embedded, known ones are not, and the order does not matter."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from index.errors import FileMissing, IndexMissing, ModelMismatch, NothingToRead, StorageError
from index.ingest.build import Became, add, build, remove
from index.ingest.papers import find_papers
from index.ingest.pending import PENDING
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index.ingest.work import Outcome


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
            assert (index.vectors.rows(position, 1) == encoder.encode([whole])).all()
            for row, sentence in index.sentences_of(position):
                assert row == next(rows)
                assert (sentence.document_id, sentence.passage) == (passage.document_id, position)
                assert passage.span.contains(sentence.span)
                quoted = index.quote(sentence.document_id, sentence.span)
                assert (index.sentence_vectors[row] == encoder.encode([quoted])[0]).all()
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


@pytest.mark.parametrize("damaged", ["", "passages.sqlite", "sentence-vectors.npy", "manifest.json"])
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
        assert (len(index.passages), len(index.documents), index.sentence_vectors.shape) == (0, 0, (0, 16))
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


def test_an_interrupted_build_continues(tmp_path: Path, papers: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build([papers], tmp_path / "index", encoder=Stopped("nurses"))  # type: ignore[arg-type]
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], tmp_path / "index", encoder=encoder, read=reads)
    assert len(report.added) == 3
    assert reads.names == ["sleep.txt", "vision.txt"]  # the first was finished
    assert not any("Ferritin" in text for text in encoder.encoded)
    assert not (tmp_path / "index" / PENDING).exists()


def test_damaged_pending_work_is_made_again(tmp_path: Path, papers: Path) -> None:
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


def test_folders_are_searched_without_links_hidden_files_and_other_suffixes(papers: Path) -> None:
    write_papers(papers / "deep" / "er", {"a.md": "x", "b.XML": "x", "c.pdf": "x", "manifest.toml": "x"})
    write_papers(papers / ".hidden", {"d.txt": "x"})
    write_papers(papers, {".e.txt": "x"})
    (papers / "link.txt").symlink_to(papers / "sleep.txt")
    (papers / "loop").symlink_to(papers)
    files = [path.relative_to(papers).as_posix() for path in find_papers([papers, papers / "sleep.txt"])]
    assert files == ["deep/er/a.md", "deep/er/b.XML", "deep/er/c.pdf", *sorted(PAPERS)]


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


def test_progress_reaches_its_totals(tmp_path: Path, papers: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    build([papers], tmp_path / "index", encoder=WordEncoder(), progress=lambda *call: calls.append(call))
    assert ("papers", 3, 3) in calls
    assert calls[-1] == ("saving", 1, 1)


def test_text_that_cannot_be_stored_is_refused_and_the_rest_is_built(tmp_path: Path, papers: Path) -> None:
    def half(paths: Sequence[Path], workers: int) -> Iterator[Outcome]:
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
