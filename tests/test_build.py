"""Building: what is new is read and embedded, what is known is not, and the order does not matter."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import FileMissing, IndexMissing, LoccitError, ModelMismatch, NothingToRead, StorageError
from index.ingest.build import Became, add, build, remove
from index.ingest.papers import find_papers
from index.ingest.pending import PENDING
from index.ingest.work import read_papers
from index.store.open import open_index
from tests.index_fakes import PAPERS, WordEncoder, build_papers, contents_of, write_papers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index.ingest.work import Outcome


class Reads:
    """The real readers, which take note of what they read."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, paths: Sequence[Path], workers: int) -> Iterator[Outcome]:
        self.names += [path.name for path in paths]
        return read_papers(paths, workers)


def test_every_passage_and_sentence_is_found_again_in_its_document(tmp_path: Path) -> None:
    report = build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    with open_index(tmp_path / "index") as index:
        assert (report.generation, len(report.added)) == (1, 3)
        assert list(index.documents) == sorted(report.added)
        rows = itertools.count()
        for position, passage in enumerate(index.passages):
            assert index.quote(passage.document_id, passage.span) == passage.span.of(
                index.documents[passage.document_id].text
            )
            for row, sentence in index.sentences_of(position):
                assert row == next(rows)
                assert sentence.document_id == passage.document_id
                assert sentence.passage == position
                assert passage.span.contains(sentence.span)
        assert next(rows) == report.sentences == len(index.sentence_vectors)


def test_vectors_stand_in_the_rows_of_their_texts(tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    encoder = WordEncoder()
    with open_index(tmp_path / "index") as index:
        for position, passage in enumerate(index.passages):
            text = index.quote(passage.document_id, passage.span)
            whole = f"{passage.context}\n{text}" if passage.context else text
            assert (index.vectors.rows(position, 1) == encoder.encode([whole])).all()
            for row, sentence in index.sentences_of(position):
                quoted = index.quote(sentence.document_id, sentence.span)
                assert (index.sentence_vectors[row] == encoder.encode([quoted])[0]).all()


def test_nothing_changed_nothing_read_nothing_published(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], tmp_path / "index", encoder=encoder, read=reads)
    assert not report.published
    assert (report.generation, len(report.unchanged), encoder.encoded, reads.names) == (1, 3, [], [])
    assert [outcome.became for outcome in report.outcomes] == [Became.UNCHANGED] * 3


def test_only_the_new_paper_is_read_and_embedded(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    write_papers(papers, {"new.txt": "Tea\n\nAbstract\n\nGreen tea was drunk by eleven men every morning.\n"})
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], tmp_path / "index", encoder=encoder, read=reads)
    assert reads.names == ["new.txt"]
    assert all("tea" in text.lower() for text in encoder.encoded)
    assert (len(report.added), len(report.unchanged), report.removed) == (1, 3, ())


def test_of_a_changed_paper_only_the_changed_texts_are_embedded(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    changed = PAPERS["sleep.txt"].replace("Two nurses", "Three nurses")
    write_papers(papers, {"sleep.txt": changed})
    encoder = WordEncoder()
    report = build_papers(tmp_path / "index", papers, encoder)
    assert (len(report.added), len(report.removed)) == (1, 1)
    assert encoder.encoded
    assert all("Three nurses" in text for text in encoder.encoded)
    build_papers(tmp_path / "fresh", papers)
    assert contents_of(tmp_path / "index") == contents_of(tmp_path / "fresh")


def test_a_renamed_paper_keeps_its_vectors_and_gets_its_new_name(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    (papers / "sleep.txt").rename(papers / "nights.txt")
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], tmp_path / "index", encoder=encoder, read=reads)
    assert (report.published, encoder.encoded, reads.names) == (True, [], [])
    with open_index(tmp_path / "index") as index:
        assert {document.source for document in index.documents.values()} == {
            "ferritin.txt",
            "nights.txt",
            "vision.txt",
        }


def test_removing_reads_and_embeds_nothing_and_leaves_no_trace(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    with open_index(tmp_path / "index") as index:
        gone = next(key for key, paper in index.documents.items() if paper.source == "vision.txt")
    remove(frozenset({gone}), tmp_path / "index")
    (papers / "vision.txt").unlink()
    build_papers(tmp_path / "fresh", papers)
    assert contents_of(tmp_path / "index") == contents_of(tmp_path / "fresh")
    with pytest.raises(IndexMissing, match=gone):
        remove(frozenset({gone}), tmp_path / "index")


def removed_and_added_again(tmp_path: Path) -> tuple[list[str], list[str]]:
    """Remove a paper and add it again; return the texts embedded and the files read for that."""
    vision = find_papers([tmp_path / "papers" / "vision.txt"])
    encoder, reads = WordEncoder(), Reads()
    report = add(vision, tmp_path / "index", encoder=encoder, read=reads)
    assert [(one.path, one.became) for one in report.outcomes] == [(vision[0], Became.ADDED)]
    build_papers(tmp_path / "fresh", tmp_path / "papers")
    assert contents_of(tmp_path / "index") == contents_of(tmp_path / "fresh")
    return encoder.encoded, reads.names


def without_vision(tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    with open_index(tmp_path / "index") as index:
        gone = next(key for key, paper in index.documents.items() if paper.source == "vision.txt")
    remove(frozenset({gone}), tmp_path / "index")


def test_a_removal_is_undone_from_the_generation_before(tmp_path: Path) -> None:
    without_vision(tmp_path)
    assert removed_and_added_again(tmp_path) == ([], [])


@pytest.mark.parametrize("name", ["passages.sqlite", "sentence-vectors.npy", "manifest.json"])
def test_a_damaged_generation_gives_nothing_back(tmp_path: Path, name: str) -> None:
    without_vision(tmp_path)
    damaged = tmp_path / "index" / "gen-00000001" / name
    damaged.write_bytes(damaged.read_bytes()[:-1])
    texts, names = removed_and_added_again(tmp_path)
    assert texts and names == ["vision.txt"]


def test_the_last_paper_can_be_removed_and_the_empty_index_searched(tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    with open_index(tmp_path / "index") as index:
        everything = frozenset(index.documents)
    remove(everything, tmp_path / "index")
    with open_index(tmp_path / "index") as index:
        assert (len(index.passages), len(index.documents), index.sentence_vectors.shape) == (0, 0, (0, 16))
        assert index.lexical.scores("sleep").shape == (0,)
        assert not index.allowed(frozenset()).size


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.sampled_from(sorted(PAPERS))),
            st.tuples(st.just("remove"), st.sampled_from(sorted(PAPERS))),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_order_of_adding_and_removing_equals_a_full_rebuild(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    papers = write_papers(folder / "papers")
    held: dict[str, str] = {}
    for what, name in steps:
        if what == "add":
            report = add([papers / name], folder / "index", encoder=WordEncoder())
            held[name] = report.outcomes[0].document_id or ""
        elif name in held:
            remove(frozenset({held.pop(name)}), folder / "index")
    if held:
        build([papers / name for name in held], folder / "fresh", encoder=WordEncoder())
        assert contents_of(folder / "index") == contents_of(folder / "fresh")


def test_an_interrupted_build_goes_on_where_it_was(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")

    class Stopped(WordEncoder):
        def encode(self, texts: Sequence[str], progress: object = None) -> object:  # type: ignore[override]
            if any("nurses" in text for text in texts):
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        build([papers], tmp_path / "index", encoder=Stopped())  # type: ignore[arg-type]
    encoder, reads = WordEncoder(), Reads()
    report = build([papers], tmp_path / "index", encoder=encoder, read=reads)
    assert len(report.added) == 3
    assert reads.names == ["sleep.txt", "vision.txt"]  # the first had been finished
    assert not any("Ferritin" in text for text in encoder.encoded)
    assert not (tmp_path / "index" / PENDING).exists()


def test_pending_work_that_is_damaged_is_done_again(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "fresh", papers)

    class Last(WordEncoder):
        def encode(self, texts: Sequence[str], progress: object = None) -> object:  # type: ignore[override]
            if any("Outdoor" in text for text in texts):
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        build([papers], tmp_path / "index", encoder=Last())  # type: ignore[arg-type]
    first, second = sorted((tmp_path / "index" / PENDING).iterdir())
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 0xFF
    first.write_bytes(data)
    second.write_bytes(second.read_bytes()[:-9])
    build_papers(tmp_path / "index", papers)
    assert contents_of(tmp_path / "index") == contents_of(tmp_path / "fresh")


def test_refused_files_are_told_and_the_rest_is_built(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    (papers / "empty.txt").write_text("  \n")
    (papers / "picture.pdf").write_bytes(b"\x89PNG\r\n\x1a\n")
    (papers / "copy.txt").write_text(PAPERS["sleep.txt"])
    report = build_papers(tmp_path / "index", papers)
    became = {outcome.path.name: outcome.became for outcome in report.outcomes}
    assert became == {
        "copy.txt": Became.ADDED,
        "empty.txt": Became.REFUSED,
        "ferritin.txt": Became.ADDED,
        "picture.pdf": Became.REFUSED,
        "sleep.txt": Became.DUPLICATE,
        "vision.txt": Became.ADDED,
    }
    assert all(outcome.error for outcome in report.outcomes if outcome.became is Became.REFUSED)


@pytest.mark.parametrize("text", ["", "\x00\x01"])
def test_nothing_to_read_leaves_the_old_index(tmp_path: Path, text: str) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    before = contents_of(tmp_path / "index")
    bad = tmp_path / "bad"
    bad.mkdir()
    with pytest.raises(NothingToRead) as caught:
        build([bad], tmp_path / "index", encoder=WordEncoder())
    assert str(bad) in str(caught.value)
    assert caught.value.remedy
    (bad / "a.txt").write_text(text)
    with pytest.raises(NothingToRead, match=r"a\.txt"):
        build([bad], tmp_path / "index", encoder=WordEncoder())
    assert contents_of(tmp_path / "index") == before


def test_another_model_of_the_same_size_is_refused_unless_asked_for(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    before = contents_of(tmp_path / "index")
    names = sorted(path.name for path in (tmp_path / "index").iterdir())
    other, reads = WordEncoder("other"), Reads()
    with pytest.raises(ModelMismatch) as caught:
        build([papers], tmp_path / "index", encoder=other)
    assert other.fingerprint[:12] in str(caught.value)
    assert WordEncoder().fingerprint[:12] in str(caught.value)
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == names
    assert contents_of(tmp_path / "index") == before
    build([papers], tmp_path / "index", encoder=other, read=reads, change_model=True)
    assert reads.names == []  # the text is known; only the vectors are new
    build_papers(tmp_path / "fresh", papers, other)
    assert contents_of(tmp_path / "index") == contents_of(tmp_path / "fresh")


def test_folders_are_searched_without_links_hidden_files_and_other_kinds(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    write_papers(papers / "deep" / "er", {"a.md": "x", "b.XML": "x", "c.pdf": "x", "manifest.toml": "x"})
    write_papers(papers / ".hidden", {"d.txt": "x"})
    write_papers(papers, {".e.txt": "x"})
    (papers / "link.txt").symlink_to(papers / "sleep.txt")
    (papers / "loop").symlink_to(papers)
    found = [path.relative_to(papers).as_posix() for path in find_papers([papers, papers / "sleep.txt"])]
    assert found == [
        "deep/er/a.md",
        "deep/er/b.XML",
        "deep/er/c.pdf",
        "ferritin.txt",
        "sleep.txt",
        "vision.txt",
    ]


def test_a_copy_whose_name_is_not_a_papers_does_not_take_its_place(tmp_path: Path) -> None:
    papers = write_papers(tmp_path, {"a.docx": PAPERS["sleep.txt"], "b.txt": PAPERS["sleep.txt"]})
    report = build([papers / "a.docx", papers / "b.txt"], tmp_path / "index", encoder=WordEncoder())
    assert [one.became for one in report.outcomes] == [Became.REFUSED, Became.ADDED]
    with open_index(tmp_path / "index") as index:
        assert [document.source for document in index.documents.values()] == ["b.txt"]


def test_a_path_that_does_not_exist_stops_the_build_before_it_drops_papers(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build_papers(tmp_path / "index", papers)
    before = contents_of(tmp_path / "index")
    with pytest.raises(FileMissing, match="typo: does not exist"):
        build([papers / "sleep.txt", tmp_path / "typo"], tmp_path / "index", encoder=WordEncoder())
    assert contents_of(tmp_path / "index") == before


def test_progress_ends_where_it_should(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    build(
        [write_papers(tmp_path / "papers")],
        tmp_path / "index",
        encoder=WordEncoder(),
        progress=lambda stage, done, total: told.append((stage, done, total)),
    )
    assert ("papers", 3, 3) in told
    assert told[-1] == ("saving", 1, 1)


def test_an_error_in_one_paper_does_not_hide_behind_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\xfa\x00\xd8\x00\xd8")
    with pytest.raises(LoccitError) as caught:
        build([tmp_path / "a.txt"], tmp_path / "index", encoder=WordEncoder())
    assert caught.value.exit_code == 2


def test_text_that_cannot_be_stored_is_refused_and_the_rest_is_built(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")

    def half(paths: Sequence[Path], workers: int) -> Iterator[Outcome]:
        for outcome in read_papers(paths, workers):
            document = outcome.document
            assert document
            if document.source == "sleep.txt":
                broken = replace(document, text=document.text.replace("nurses", "nurse\ud800"))
                yield replace(outcome, document=broken)  # type: ignore[type-var]
            else:
                yield outcome

    report = build([papers], tmp_path / "index", encoder=WordEncoder(), read=half)
    assert [outcome.path.name for outcome in report.outcomes if outcome.error] == ["sleep.txt"]
    assert len(report.added) == 2


def test_a_folder_that_cannot_be_listed_is_one_line(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    with pytest.raises(NothingToRead):
        build([long], tmp_path / "index", encoder=WordEncoder())
    for attempt in (lambda: open_index(long), lambda: build_papers(long, write_papers(tmp_path / "papers"))):
        with pytest.raises(StorageError, match="too long"):
            attempt()
