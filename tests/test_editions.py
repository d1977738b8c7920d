"""Several files of one paper: the best is used, the others are set aside; different papers stay."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.ingest.build import add, build, remove
from index.ingest.catalogue import Catalogue, catalogue_of
from index.ingest.editions import FEWEST, Edition, disagree, edition_of, likeness, near, set_aside
from index.ingest.report import Became
from index.ingest.versions import differ
from index.read import read
from index.store.open import open_index
from qa.show.shelf import removal_words
from tests.index_fakes import Reads, WordEncoder, contents, ids_by_source, write_papers

BODY = (
    "A woman of 34 years was admitted with weakness of both thighs that had begun nine days before.",
    "Creatine kinase was 4120 U/L and aldolase 18.4 U/L, while thyroid hormones were as expected.",
    "Muscle biopsy of the left deltoid showed perifascicular atrophy and few inflammatory cells.",
    "She was given prednisolone 60 mg daily, and after six weeks she climbed stairs without help.",
    "Relapse did not occur during a follow-up of 18 months, and the drug was tapered to 5 mg.",
)
OTHER = (
    "Of 212 schoolchildren examined in spring, 61 wore glasses and 17 had never been tested.",
    "Axial length grew by 0.31 mm a year in those who stayed indoors during most breaks.",
    "Two hours outdoors each day slowed this growth by a third, regardless of the season.",
)
DOI = "10.1234/muscle.2020.17"


def text(body: Sequence[str] = BODY, doi: str = DOI, title: str = "Weak thighs in a woman") -> str:
    front = f"{title}\n\n" + (f"DOI: {doi}\n\n" if doi else "")
    return f"{front}Abstract\n\n{body[0]}\n\nCase report\n\n{' '.join(body)}\n"


def markdown(body: Sequence[str] = BODY, doi: str = DOI) -> str:
    front = f"# Weak thighs in a woman\n\nDOI: {doi}\n\n"
    return f"{front}## Abstract\n\n{body[0]}\n\n## Case report\n\n{' '.join(body)}\n"


def jats(body: Sequence[str] = BODY, doi: str = DOI) -> str:
    return (
        f'<article><front><article-meta><article-id pub-id-type="doi">{doi}</article-id><title-group>'
        "<article-title>Weak thighs in a woman</article-title></title-group>"
        f"<abstract><p>{body[0]}</p></abstract></article-meta></front>"
        f"<body><sec><title>Case report</title><p>{' '.join(body)}</p></sec></body></article>"
    )


PAPERS = {
    "weak.xml": jats(),
    "weak.md": markdown(),
    "weak.txt": text(),
    "copy.txt": text() + "\n",  # other bytes, the same paper
    "eyes.txt": text(OTHER, "10.1234/eyes", "Time outdoors"),
}


class Shelf:
    """Papers by name, and which of them are the same."""

    def __init__(self, folder: Path, papers: Mapping[str, str]) -> None:
        write_papers(folder, papers)
        self.documents = {name: read(folder / name) for name in papers}
        self.editions = {name: edition_of(document, 0) for name, document in self.documents.items()}
        self.names = {document.id: name for name, document in self.documents.items()}

    def differ(self, a: str, b: str) -> bool:
        return differ(*(self.documents[self.names[key]] for key in (a, b)))

    def aside(self) -> dict[str, str]:
        """Return the better file of each file set aside, and nothing of those kept."""
        chosen = set_aside(self.editions.values(), self.differ)
        return {self.names[key]: self.names[better] for key, better in chosen.aside.items()}

    def versions(self) -> set[frozenset[str]]:
        chosen = set_aside(self.editions.values(), self.differ)
        return {frozenset(self.names[key] for key in pair) for pair in chosen.versions}


def test_the_format_with_most_structure_is_used(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, PAPERS)
    assert shelf.aside() == {"weak.md": "weak.xml", "weak.txt": "weak.xml", "copy.txt": "weak.xml"}
    del shelf.editions["weak.xml"]
    assert shelf.aside() == {"weak.txt": "weak.md", "copy.txt": "weak.md"}


def test_of_equal_formats_the_one_with_more_sections_is_used(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, {"a.txt": text() + "\n", "b.txt": text()})
    shelf.editions["b.txt"] = replace(shelf.editions["b.txt"], sections=4)
    assert shelf.aside() == {"a.txt": "b.txt"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("the text of another paper that prints this one's DOI", text(OTHER)),
        ("another DOI", text(doi="10.1234/muscle.2020.18")),
        ("a value corrected", text((*BODY[:3], BODY[3].replace("60 mg", "40 mg"), BODY[4]))),
        ("a value corrected, without a DOI", text([s.replace("18.4", "14.8") for s in BODY], "")),
        ("an abstract alone", text(BODY[:1])),
        (
            "a correction notice",
            f"Correction\n\nDOI: {DOI}\n\nThe dose in the case report should read 40 mg.\n",
        ),
        ("stamped as retracted", text(title="RETRACTED: Weak thighs in a woman")),
        ("half of it another text", text((*BODY[:3], *OTHER))),
    ],
)
def test_different_papers_are_not_merged(tmp_path: Path, name: str, content: str) -> None:
    assert Shelf(tmp_path, {"weak.xml": jats(), "other.txt": content}).aside() == {}, name
    same = Shelf(tmp_path, {"weak.xml": jats(), "same.txt": text(doi="")})
    assert same.aside() == {"same.txt": "weak.xml"}, "a near duplicate without DOI"


@pytest.mark.parametrize("name", ["changed.txt", "changed.md", "changed.xml"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Relapse did not occur", "Relapse did occur"),
        ("She was given prednisolone", "She was not given prednisolone"),
        ("climbed stairs without help", "climbed stairs with help"),
        ("Muscle biopsy of the left", "No muscle biopsy of the left"),
        ("the drug was tapered", "the drug was stopped"),
        ("after six weeks", "after sixteen weeks"),
        ("during a follow-up of 18 months", "during a follow-up of 13 months"),
        ("Weak thighs in a woman", "Weak arms in a woman"),
        ("Weak thighs in a woman", "Corrected: Weak thighs in a woman"),
    ],
)
def test_a_file_that_differs_in_meaning_is_a_version_and_stays(
    tmp_path: Path, name: str, old: str, new: str
) -> None:
    write = {".txt": text, ".md": markdown, ".xml": jats}[Path(name).suffix]
    shelf = Shelf(tmp_path, {"weak.txt": text(), name: write().replace(old, new)})
    assert shelf.aside() == {}
    assert shelf.versions() == {frozenset({"weak.txt", name})}
    assert Shelf(tmp_path, {"weak.txt": text(), name: write() + " "}).aside() != {}


@pytest.mark.parametrize(
    ("front", "differs"),
    [("Published: 2 March 2021", True), ("Published: 2 May 2020", True), ("Published: 2 Mar 2020", False)],
)
def test_a_file_of_another_date_is_a_version(tmp_path: Path, front: str, differs: bool) -> None:
    dated = {"a.txt": "Published: 2 March 2020", "b.md": front}
    write = {"a.txt": text, "b.md": markdown}
    papers = {name: write[name]().replace("DOI:", f"{line}\n\nDOI:") for name, line in dated.items()}
    assert (Shelf(tmp_path, papers).aside() == {}) == differs


def test_what_extraction_loses_and_adds_is_no_difference(tmp_path: Path) -> None:
    noisy = text().replace(
        " Muscle biopsy", "\n\nInvestigations\n\n2 Muscle biopsy"
    )  # a heading and the label of a list
    noisy = noisy.replace("before.", "before [3].").replace("U/L and aldolase", "U/L continued and aldolase")
    assert Shelf(tmp_path, {"weak.xml": jats(), "noisy.txt": noisy}).aside() == {"noisy.txt": "weak.xml"}


def test_versions_in_one_format_and_papers_with_shared_boilerplate_stay(tmp_path: Path) -> None:
    assert Shelf(tmp_path, {"longer.txt": text((*BODY, OTHER[2])), "weak.txt": text()}).aside() == {}
    rules = (
        *OTHER,
        *(f"The committee approved the protocol in every one of the centres of group {c}." for c in "abc"),
    )
    first, second = text((BODY[0], BODY[1], *rules), ""), text((BODY[2], BODY[3], BODY[4], *rules), "")
    assert Shelf(tmp_path, {"a.txt": first, "b.txt": second}).aside() == {}


hashes = st.frozensets(st.integers(0, 400), min_size=FEWEST, max_size=200)


@given(hashes, hashes)
def test_similarity_of_complete_sketches_equals_its_definition(a: frozenset[int], b: frozenset[int]) -> None:
    blank = Edition("", "text", 0, 0, "", a, whole=True, values=a, all_values=a, notices=frozenset())
    shared = len(a & b)
    assert likeness(blank, replace(blank, sketch=b)) == (shared / len(a | b), shared / min(len(a), len(b)))


@pytest.mark.parametrize("percent", [30, 60, 80, 95, 100])
def test_similarity_of_cut_sketches_approximates_it(percent: int) -> None:
    """Keeps a tenth of the hashes; allows four standard deviations of the estimate."""
    words = sorted(int.from_bytes(blake2b(bytes([i % 256, i // 256])).digest()[:8]) for i in range(5000))
    a, b = frozenset(words), frozenset(Random(percent).sample(words, 50 * percent))
    cut = [frozenset(sorted(one)[:500]) for one in (a, b)]
    blank = Edition("", "text", 0, 0, "", cut[0], whole=False, values=a, all_values=a, notices=frozenset())
    found, contained = likeness(blank, replace(blank, sketch=cut[1]))
    assert abs(found - percent / 100) <= 4 * (0.25 / 500) ** 0.5
    assert contained == 1.0


@given(st.permutations(range(8)), st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_the_choice_depends_on_the_set_alone(order: list[int], groups: list[int]) -> None:
    def one(i: int) -> Edition:
        sketch = frozenset(range(1000 * groups[i], 1000 * groups[i] + 100 + i))
        return Edition(
            str(i), "pdf" if i % 2 else "text", i % 3, 0, "", sketch, True, sketch, sketch, frozenset()
        )

    everything = [one(i) for i in range(8)]
    chosen = set_aside(everything, lambda a, b: False)
    assert set_aside([everything[i] for i in order], lambda a, b: False) == chosen
    aside = chosen.aside
    used = [e for e in everything if e.id not in aside]
    by_id = {e.id: e for e in everything}
    assert not any(near(a, b) and not disagree(a, b) for a, b in itertools.combinations(used, 2))
    assert all(by_id[b] in used and by_id[b].rank < by_id[a].rank for a, b in aside.items())


def state(folder: Path) -> tuple[dict[str, object], Catalogue]:
    with open_index(folder) as index:
        return contents(index), catalogue_of(index)


def test_a_file_set_aside_is_reported_kept_and_used_again(tmp_path: Path) -> None:
    papers, folder = write_papers(tmp_path / "papers", PAPERS), tmp_path / "index"
    report = build([papers], folder, encoder=WordEncoder())
    assert ids_by_source(folder).keys() == {"weak.xml", "eyes.txt"}
    told = {outcome.path.name: outcome for outcome in report.outcomes}
    assert told["weak.md"].became is Became.SET_ASIDE
    assert told["weak.md"].warnings[0] == "same paper as weak.xml, which is better structured"
    assert {one.source for one in report.set_aside} == {"weak.md", "weak.txt", "copy.txt"}
    assert len(report.new_aside) == 3

    encoder, reads = WordEncoder(), Reads()
    again = build([papers], folder, encoder=encoder, read=reads)
    assert (again.published, again.new_aside, reads.names, encoder.encoded) == (False, (), [], [])
    assert told.keys() == {outcome.path.name for outcome in again.outcomes}

    report = remove(frozenset({told["weak.xml"].document_id or ""}), folder)
    assert ids_by_source(folder).keys() == {"weak.md", "eyes.txt"}
    assert report.removed == (told["weak.xml"].document_id,)
    assert report.added == (told["weak.md"].document_id,)
    build(
        [path for path in papers.iterdir() if path.name != "weak.xml"],
        tmp_path / "fresh",
        encoder=WordEncoder(),
    )
    assert state(folder) == state(tmp_path / "fresh")

    report = add([papers / "weak.xml"], folder, encoder=encoder, read=reads)
    assert (reads.names, encoder.encoded) == ([], [])  # the generation before has it still
    assert report.new_aside == (told["weak.md"].document_id,)
    assert report.removed == ()
    assert ids_by_source(folder).keys() == {"weak.xml", "eyes.txt"}


def test_the_dialog_of_removal_names_the_replacement(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build([write_papers(tmp_path / "papers", PAPERS)], folder, encoder=WordEncoder())
    with open_index(folder) as index:
        said = {document.source: removal_words(index, key) for key, document in index.documents.items()}
    assert "the same paper from copy.txt or weak.md or weak.txt is quoted" in said["weak.xml"]
    assert said["eyes.txt"] == ""


def test_a_file_set_aside_can_be_removed(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    report = build([write_papers(tmp_path / "papers", PAPERS)], folder, encoder=WordEncoder())
    gone = next(one.id for one in report.set_aside if one.source == "weak.md")
    report = remove(frozenset({gone}), folder)
    assert (report.removed, report.added) == ((gone,), ())
    with open_index(folder) as index:
        assert gone not in index.listed


def test_a_change_of_model_embeds_files_set_aside_again(tmp_path: Path) -> None:
    papers, folder, reads = write_papers(tmp_path / "papers", PAPERS), tmp_path / "index", Reads()
    build([papers], folder, encoder=WordEncoder())
    report = build([papers], folder, encoder=WordEncoder("other"), read=reads, change_model=True)
    assert reads.names == []
    better = {one.better for one in report.set_aside}
    remove(frozenset(better), folder)
    (papers / "weak.xml").unlink()
    build([papers], tmp_path / "fresh", encoder=WordEncoder("other"))
    assert state(folder) == state(tmp_path / "fresh")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "add", "remove"]), st.sampled_from(sorted(PAPERS))),
        min_size=2,
        max_size=7,
    )
)
def test_any_order_of_adding_and_removing_keeps_the_same_files(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    papers = write_papers(folder / "papers", PAPERS)
    held: dict[str, str] = {}
    for what, name in steps:
        if what == "add":
            report = add([papers / name], folder / "index", encoder=WordEncoder())
            held[name] = report.outcomes[0].document_id or ""
        elif name in held:
            remove(frozenset({held.pop(name)}), folder / "index")
    if held:
        build([papers / name for name in held], folder / "fresh", encoder=WordEncoder())
        assert state(folder / "index") == state(folder / "fresh")
