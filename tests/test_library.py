"""The user's library: read from its files, matched to papers, and cited in place of what they print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import parse_string

from index.entry import Entry, Name
from index.errors import UsageError
from index.ingest.build import add, build, remove
from index.library.bibtex import read_bibtex
from index.library.compare import differences
from index.library.csl import read_csl
from index.library.file_field import files_of
from index.library.match import match
from index.library.record import Library
from index.store.open import open_index
from qa.show.citation import pandoc
from qa.show.export import as_json_text
from qa.show.library import as_bibtex, as_ris
from tests.commands import Loccit, one_line
from tests.exported import answer_of, citation_of, cited_by, paper_of
from tests.index_fakes import TEA, WordEncoder, contents_of, ids_by_source, write_papers

BIB = r"""
@string{sports = "Sports Med"}
@article{bee_iron:2020,
  title = {{Iron} stores in runners: a cohort of 50\% \"{u}ber-fit {$\beta$}-people},
  author = {Bee, Ann and {Iron Study Group} and Ludwig van Beethoven and King, Jr., Martin},
  journal = sports # { (Suppl)}, year = 2020, month = aug, volume = 14, number = {8}, pages = {27--31},
  doi = {https://doi.org/10.7/Iron\_1}, url = {https://example.org/a_b}, abstract = {Iron \& \textit{steel}.},
  keywords = {iron, running}, groups = {Sport}, annote = {Mine.}, file = {PDF:ferritin.txt:text/plain},
}
@incollection{sleep, crossref = {book}, title = {Sleep after night shifts}, pages = {1--2}}
@book{book, title = {All on sleep}, publisher = {Press}, year = {2019}}
"""


def entry_of(bib: str = BIB) -> Entry:
    return read_bibtex(bib)[0][0].whole


# Reading


def test_bibtex_is_read_as_written_and_as_plain_text() -> None:
    records, problems = read_bibtex(BIB)
    assert problems == []
    iron, sleep, _ = (record.whole for record in records)
    assert (iron.key, iron.title) == (
        "bee_iron:2020",
        "Iron stores in runners: a cohort of 50% über-fit β-people",
    )
    assert iron.authors == (
        Name("Bee", "Ann"),
        Name("Iron Study Group", group=True),
        Name("Beethoven", "Ludwig", "van"),
        Name("King", "Martin", suffix="Jr."),
    )
    assert (iron.journal, iron.year, iron.volume, iron.issue) == ("Sports Med (Suppl)", 2020, "14", "8")
    assert (iron.pages, iron.doi, iron.tags) == ("27–31", "10.7/iron_1", ("iron", "running"))
    assert dict(iron.further)["abstract"] == "Iron & steel."
    assert (sleep.journal, sleep.year) == ("All on sleep", 2019)
    assert Entry.decoded(json.loads(json.dumps(iron.encoded()))) == iron


def test_a_broken_bib_costs_its_broken_entries_only() -> None:
    text = (
        "@article{a, title={One}}\n@article{b, title = {no end,\n year = 1}\n@article{c, title={Three}}\n"
        "@article{a, title={Again}}\n@article{d, title={Four}, title={Five}}\n"
        "@article{e f, title={Six}}\n@art"
    )
    records, problems = read_bibtex(text)
    assert [record.entry.title for record in records] == ["One", "Three", "Six", "Four"]
    assert [line.partition(":")[0] for line in problems[:3]] == ["line 2", "line 5", "line 6"]
    assert any("e f" in line for line in problems)


def test_latex_that_cannot_be_read_costs_its_entry_only() -> None:
    deep, braces = r"\textbf{" * 2000 + "x" + "}" * 2000, "{" * 2000 + "x" + "}" * 2000
    text = f"@article{{a, title={{{deep}}}}}\n@article{{b, title={{{braces}}}}}\n@article{{c, title={{Y}}"
    long = " ".join([r"\'e"] * 9000)
    records, problems = read_bibtex(f"{text}, note={{{deep}}}, abstract={{{long}}}}}")
    assert [record.entry.title for record in records] == ["x", "Y"]
    assert [line.partition(":")[0] for line in problems] == ["a"]
    assert dict(records[1].whole.further) == {"note": deep, "abstract": long}


def test_strings_are_replaced_and_undefined_ones_reported() -> None:
    strings = '@string{a = "A"}\n@string{b = a # "# x"}\n@string{c = gone # a}\n'
    (record,), problems = read_bibtex(
        strings
        + '@article{k, title = b # { {\\#} } # a, journal = nope # " J", note = "C# " # c, year = 1999}'
    )
    entry = record.whole
    assert (entry.title, entry.journal, dict(entry.further)["note"]) == ("A# x # A", "J", "C# A")
    assert problems == [
        "@string c: no @string defines “gone”; it is left out",
        "k: journal: no @string defines “nope”; it is left out",
    ]


def test_csl_json_is_read() -> None:
    item = {
        "id": "http://zotero.org/users/1/items/ABC", "citation-key": "bee2020", "type": "article-journal",
        "title": "On <i>Apis</i> & CO<sub>2</sub>", "container-title": "Bees", "page": "3-9", "volume": 4,
        "author": [{"family": "Bee", "given": "Ann"}, {"literal": "BEE Group"},
                   {"family": "Beethoven", "given": "L", "non-dropping-particle": "van"}],
        "issued": {"date-parts": [["2020", 1]]}, "DOI": "10.7/X", "keyword": "hive; wax", "ISSN": "1-2",
    }  # fmt: skip
    ((record,), _) = read_csl(json.dumps([item]))
    entry = record.entry
    assert (entry.key, entry.title, entry.year) == ("bee2020", "On Apis & CO2", 2020)
    assert entry.authors[1:] == (Name("BEE Group", group=True), Name("Beethoven", "L", "van"))
    assert (entry.journal, entry.volume, entry.doi, entry.tags) == ("Bees", "4", "10.7/x", ("hive", "wax"))
    assert dict(entry.further)["issn"] == "1-2"
    labelled = {"title": "A", "collections": "ABC", "tags": [{"tag": "x"}, "y", None]}
    ((record,), _) = read_csl(json.dumps([labelled]))
    assert (record.entry.collections, record.entry.tags) == (("ABC",), ("x", "y"))
    assert len(read_csl('[{"title": "A"}, "B", {"author": 3}]')[1]) == 2
    assert read_csl("{not json")[1][0].startswith("not JSON")


names = st.text(st.sampled_from("ab Z1é_-.,&%#~'()[]"), min_size=1, max_size=8).map(
    lambda name: f"p{name}q.pdf"
)
odd = st.text(st.sampled_from("ab:;\\ é"), min_size=1, max_size=8).map(lambda name: f"p{name}q.pdf")


def escaped(text: str) -> str:
    for sign in "\\:;":
        text = text.replace(sign, f"\\{sign}")
    return text


@given(
    st.lists(
        st.tuples(st.sampled_from(["/Users/ann/", "", "files/12/", "C:/docs/"]), names),
        min_size=1,
        max_size=3,
    )
)
def test_every_form_of_the_file_field_names_the_file(files: list[tuple[str, str]]) -> None:
    paths = [folder + name for folder, name in files]
    windows = [path.replace("/", "\\") for path in paths]
    forms = {
        "plain": ";".join(paths),
        "described": ";".join(f"Full Text PDF:{escaped(path)}:application/pdf" for path in paths),
        "undescribed": ";".join(f":{path}:PDF" for path in paths),
        "windows": ";".join(f"a\\;b:{escaped(path)}:PDF" for path in windows),
    }
    for form, text in forms.items():
        wanted = windows if form == "windows" else paths
        assert [path in read for path, read in zip(wanted, files_of(text), strict=True)] == [True] * len(
            paths
        ), text


@given(odd)
def test_signs_that_separate_can_be_part_of_a_name(name: str) -> None:
    assert name in files_of(name)[0]  # written without escapes
    assert name in files_of(f"text:{escaped(name)}:application/pdf")[0]
    assert files_of(f"x:{name}:t")  # cannot be read in one way; nothing fails


def test_mendeley_writes_paths_without_the_first_slash() -> None:
    assert "/Users/ann/a.pdf" in files_of(":Users/ann/a.pdf:pdf")[0]
    assert "C:\\ann\\a.pdf" in files_of(":C$\\backslash$:$\\backslash$ann$\\backslash$a.pdf:pdf")[0]


def test_form_is_no_difference() -> None:
    paper = paper_of(
        title="On bees: a study",
        authors=("A. Bee", "Max Müller"),
        journal="J. Biol. Chem.",
        year=2020,
        doi="10.7/A",
    )
    same = Entry(
        title="On Bees", authors=(Name("Bee", "Ann"), Name("Muller", "M.")), year=2020, doi="10.7/a",
        journal="The Journal of Biological Chemistry",
    )  # fmt: skip
    assert differences(paper, same) == ()
    other = Entry(title="On wasps", authors=(Name("Bee"),), journal="Nature", year=2021, doi="10.7/b")
    assert [line.partition(":")[0] for line in differences(paper, other)] == [
        "title", "authors", "journal", "year", "DOI",
    ]  # fmt: skip


# Builds


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = write_papers(tmp_path / "papers")
    (folder / "library.bib").write_text(BIB, encoding="utf-8")
    return folder


def titles(index: Path) -> dict[str, str]:
    with open_index(index) as opened:
        assert opened.names == {key: document.name for key, document in opened.documents.items()}
        return {document.source: document.title for document in opened.documents.values()}


def test_a_library_is_shown_and_what_is_printed_is_kept(papers: Path, tmp_path: Path) -> None:
    into, bib = tmp_path / "index", papers / "library.bib"
    report = build([papers], into, encoder=WordEncoder(), library=[bib])
    with open_index(into) as opened:
        iron = next(one for one in opened.documents.values() if one.source == "ferritin.txt")
        assert (iron.year, iron.journal, iron.authors[2]) == (
            2020,
            "Sports Med (Suppl)",
            "Ludwig van Beethoven",
        )
        printed = [field.value for field in iron.fields if field.name == "title"]
        assert printed == [opened.paper(iron.id).title] == ["Iron stores in runners"]
        assert opened.bylines[iron.id].key == "bee_iron:2020"
    assert titles(into)["sleep.txt"] == "Sleep after night shifts"  # matched by its title
    assert report.library == (
        "no entry for vision.txt",
        "library.bib: no paper here for book",
    )
    assert report.differences == ()


def test_a_changed_library_reads_and_embeds_nothing_and_is_kept_without(papers: Path, tmp_path: Path) -> None:
    into, bib = tmp_path / "index", papers / "library.bib"
    build([papers], into, encoder=WordEncoder(), library=[bib])
    bib.write_text(BIB.replace("{Iron} stores", "Irons"), encoding="utf-8")
    encoder = WordEncoder()
    report = build([papers], into, encoder=encoder, library=[bib])
    assert (report.published, encoder.encoded) == (True, [])
    assert titles(into)["ferritin.txt"].startswith("Irons in runners")
    assert report.differences[0].startswith(
        "ferritin.txt: title: “Iron stores in runners” in the paper, “Irons"
    )
    again = build([papers], into, encoder=encoder, library=[bib])
    assert (again.published, again.differences) == (False, ())
    assert not build([papers], into, encoder=encoder).published
    bib.write_text("@article{", encoding="utf-8")
    broken = build([papers], into, encoder=encoder, library=[bib])
    assert not broken.published
    assert broken.library[-1].endswith("what was known before is kept")
    add([write_papers(tmp_path / "more", TEA)], into, encoder=encoder)
    remove(frozenset({ids_by_source(into)["vision.txt"]}), into)
    assert titles(into)["ferritin.txt"].startswith("Irons in runners")


def test_any_order_gives_the_index_of_one_build(papers: Path, tmp_path: Path) -> None:
    bib = [papers / "library.bib"]
    encoder = WordEncoder()
    build([papers], tmp_path / "fresh", encoder=encoder, library=bib)
    build([papers / "vision.txt"], tmp_path / "index", encoder=encoder)
    add([papers / "sleep.txt"], tmp_path / "index", encoder=encoder, library=bib)
    add([papers / "ferritin.txt"], tmp_path / "index", encoder=encoder, library=bib)
    assert contents_of(tmp_path / "index") == contents_of(tmp_path / "fresh")
    with open_index(tmp_path / "index") as one, open_index(tmp_path / "fresh") as other:
        assert one.entries == other.entries
        assert one.bylines == other.bylines


def test_strange_libraries_are_told_and_the_papers_read(papers: Path, tmp_path: Path) -> None:
    bib = tmp_path / "other.bib"
    bib.write_text(
        "@article{one, title={A}, file={papers/sleep.txt}}\n"
        "@article{two, title={Sleep after night shifts}, file={:papers/sleep.txt:TXT}}\n"
        "@article{lost, title={B}, file={gone.pdf}}\n@article{bare, title={C}}\n",
        encoding="utf-8",
    )
    report = build([papers], tmp_path / "index", encoder=WordEncoder(), library=[bib])
    assert report.library == (
        "other.bib: the file of lost (gone.pdf) does not exist",
        "sleep.txt: 2 entries, one and two; two is used",
        "no entry for ferritin.txt, vision.txt",
        "other.bib: no paper here for one, lost, bare",
    )
    with pytest.raises(UsageError, match=r"none\.bib: does not exist"):
        build([papers], tmp_path / "index", encoder=WordEncoder(), library=[tmp_path / "none.bib"])


@pytest.mark.parametrize(
    ("named", "undated"),
    [("title={Iron Stores in Forty Runners}", 1), ("file={:/elsewhere/papers/iron.md:MD}", 0)],
)
def test_neither_title_nor_the_end_of_a_path_match_against_a_doi(
    tmp_path: Path, named: str, undated: int
) -> None:
    text = "# Iron stores in forty runners\n\ndoi: 10.1234/mine\n\n## Abstract\n\nFerritin fell to 31 ug/L.\n"
    papers = write_papers(tmp_path / "papers", {"iron.md": text})
    bib = tmp_path / "a.bib"
    for doi, found in (("10.1234/other", 0), ("10.1234/MINE", 1), ("", undated)):
        bib.write_text(f"@article{{k, {named}, doi={{{doi}}}}}", encoding="utf-8")
        build([papers], tmp_path / "index", encoder=WordEncoder(), library=[bib])
        with open_index(tmp_path / "index") as opened:
            assert len(opened.entries.own) == found, doi


END = "file={/Users/bob/papers/1.pdf}"
LONG_END = "file={/Users/bob/x/supplementary_material.pdf}"
OTHER = "title={Sleep deprivation in surgeons on call}, author={Zed, Zoe}, year={2001}"
TITLE = "title={Chronic lymphocytic leukaemia}"


@pytest.mark.parametrize(
    ("bib", "used"),
    [
        (f"@article{{a, {OTHER}, {END}}}", ""),
        (f"@article{{a, {OTHER}, {LONG_END}}}", ""),
        (f"@article{{a, {END}}}", ""),  # nothing agrees
        (f"@article{{a, author={{Dighiero, G.}}, year={{2009}}, {END}}}", "a"),
        (f"@article{{a, author={{Dighiero, G.}}, year={{2011}}, {END}}}", ""),
        (f"@article{{a, title={{CLL}}, author={{Dighiero, G.}}, year={{2008}}, {END}}}", ""),
        (f"@article{{a, {TITLE}, year={{2009}}}}", "a"),
        (f"@article{{a, {TITLE}, year={{2018}}}}", ""),
        (f"@article{{a, {TITLE}, author={{Hallek, Michael and Dighiero, G.}}}}", ""),
        (f"@article{{a, {TITLE}, year={{2007}}}}\n@article{{b, {TITLE}, year={{2008}}}}", "b"),
        (f"@article{{a, {TITLE}}}\n@article{{b, {TITLE}, author={{Dighiero, G.}}}}", "b"),
        (f"@article{{a, {TITLE}, doi={{10.7/a}}}}\n@article{{b, {TITLE}, doi={{10.7/b}}}}", ""),
        (f"@article{{a, {TITLE}}}\n@article{{b, {TITLE}}}", "a"),  # one work twice
    ],
)
def test_an_entry_of_another_work_is_not_taken(bib: str, used: str) -> None:
    paper = paper_of(
        title="Chronic Lymphocytic Leukaemia", authors=("G. Dighiero", "T. Hamblin"), year=2008, doi=""
    )
    library = Library(Path("/here/a.bib"), tuple(read_bibtex(bib)[0]))
    files = [Path("/there/papers/1.pdf"), Path("/there/supplementary_material.pdf")]
    matches = match([library], {"p": files}, lambda _: paper)
    assert [entry.key for entry in matches.entries.values()] == ([used] if used else [])


@pytest.mark.parametrize(("title", "used"), [("Sleep: an overview", "b"), ("Chapter seven", "")])
def test_the_title_tells_entries_with_one_doi_apart(title: str, used: str) -> None:
    bib = "".join(
        f"@incollection{{{key}, title={{{name}}}, author={{Bee, {key}}}, doi={{10.7/book}}}}\n"
        for key, name in (("a", "Iron: an overview"), ("b", "Sleep: an overview"))
    )
    library = Library(Path("/here/a.bib"), tuple(read_bibtex(bib)[0]))
    paper = paper_of(title=title, authors=("A. Bee",), doi="10.7/Book")
    matches = match([library], {"p": []}, lambda _: paper)
    assert [entry.key for entry in matches.entries.values()] == ([used] if used else [])
    assert matches.problems == [f"{paper.source}: 2 entries, a and b; {used or 'none'} is used"]


# Exports


def test_no_field_of_the_library_is_lost() -> None:
    paper = paper_of(entry=entry_of(), title="x")
    answer = answer_of(citation_of(paper))
    cited = cited_by(answer, paper)
    (before,) = (one for one in parse_string(BIB, "bibtex").entries.values() if one.key == "bee_iron:2020")
    text = as_bibtex([answer], cited)
    (after,) = parse_string(text, "bibtex").entries.values()
    assert (after.key, after.type, after.persons) == (before.key, before.type, before.persons)
    note = after.fields.pop("annote")
    assert dict(after.fields) == {name: value for name, value in before.fields.items() if name != "annote"}
    assert note.startswith("Mine. “Nine bees flew home.”")
    assert r"\autocite[e27]{bee_iron:2020}" in text
    (record,) = rispy.loads(as_ris([answer], cited).replace("\r\n", "\n"))
    assert {name: record[name] for name in ("volume", "number", "start_page", "end_page", "keywords")} == {
        "volume": "14", "number": "8", "start_page": "27", "end_page": "31", "keywords": ["iron", "running"],
    }  # fmt: skip
    assert (record["urls"], record["abstract"]) == (["https://example.org/a_b"], "Iron & steel.")
    (stored,) = json.loads(as_json_text([answer], cited))
    assert stored["references"][0]["page"] == "27–31"
    assert stored["citations"][0]["pandoc"] == "[@bee_iron:2020, p. e27]"


def test_csl_becomes_bibtex() -> None:
    item = {
        "id": "k", "type": "chapter", "title": "50% & more", "container-title": "A_B", "page": "3-9",
        "publisher": "P & Q", "URL": "https://e.org/a_b%20c", "editor": [{"family": "Bee", "given": "Ann"}],
    }  # fmt: skip
    paper = paper_of(entry=read_csl(json.dumps([item]))[0][0].entry, title="50% & more", journal="A_B")
    answer = answer_of(citation_of(paper))
    (made,) = parse_string(as_bibtex([answer], cited_by(answer, paper)), "bibtex").entries.values()
    assert (made.type, made.fields["booktitle"], made.fields["publisher"]) == (
        "incollection",
        r"A\_B",
        r"P \& Q",
    )
    assert (made.fields["url"], made.fields["pages"]) == ("https://e.org/a_b%20c", "3-9")
    assert str(made.persons["editor"][0]) == "Bee, Ann"


def test_two_files_of_one_entry_are_one_reference() -> None:
    first, second = (paper_of(id=letter * 64, entry=entry_of()) for letter in "ab")
    answer = answer_of(citation_of(first), citation_of(second, number=2))
    (made,) = parse_string(as_bibtex([answer], cited_by(answer, first, second)), "bibtex").entries.values()
    assert made.fields["annote"].count("Nine bees") == 2


@pytest.mark.parametrize(
    ("key", "cited"),
    [
        ("a2020", "a2020"),
        ("doe_iron:2020", "doe_iron:2020"),
        ("a.b", "a.b"),
        ("a--b", "{a--b}"),
        ("a!", "{a!}"),
    ],
)
def test_pandoc_takes_unusual_keys_in_braces(key: str, cited: str) -> None:
    assert pandoc(key, "3") == f"[@{cited}, p. 3]"


# Commands


def test_commands_cite_by_the_library_and_search_its_collections_and_tags(
    papers: Path, tmp_path: Path, loccit: Loccit
) -> None:
    index = tmp_path / "index"
    built = loccit("build", papers, "--bib", papers / "library.bib", "--index", index)
    assert "library   no entry for vision.txt\n" in built.out, built
    question = "How much did ferritin fall within ten weeks?"
    for chosen in (("--tag", "IRON"), ("--collection", "sport"), ("--tag", "iron", "--collection", "Sport")):
        asked = loccit("ask", question, *chosen, "--index", index)
        assert "bee_iron:2020: Bee A, Iron Study Group, van Beethoven L" in asked.out
        assert "Sports Med (Suppl). 2020;14(8):27–31." in asked.out
    assert "sleep.txt" not in loccit("search", "sleep", "--tag", "iron", "--json", "--index", index).out
    error = one_line(loccit("ask", question, "--tag", "gold", "--index", index), 2)
    assert error.endswith("No paper has the tag “gold”. Known: iron, running.\n")
    one_line(loccit("ask", question, "--tag", "iron", "--paper", "sleep.txt", "--index", index), 2)
    held = json.loads(loccit("info", "--json", "--index", index).out)["documents"]
    assert {one["source"]: one["library"].get("Tags") for one in held} == {
        "ferritin.txt": "iron, running", "sleep.txt": "", "vision.txt": None,
    }  # fmt: skip
    cited = loccit("ask", "Who wrote the paper on iron stores?", "--index", index)
    assert "Beethoven" not in cited.out.partition("References")[0]  # only the paper's own words are quoted


def test_the_same_paper_set_aside_gives_its_entry_to_the_one_used(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    text = "Iron stores in runners\n\nAbstract\n\n" + " ".join(
        f"Ferritin of runner {number} fell to {number + 31} ug/L." for number in range(40)
    )
    write_papers(papers, {"a.txt": text, "b.md": f"# {text}".replace("Abstract", "## Abstract")})
    build([papers], tmp_path / "index", encoder=WordEncoder())
    with open_index(tmp_path / "index") as opened:
        (used,) = (document.source for document in opened.documents.values())
    other = {"a.txt": "b.md", "b.md": "a.txt"}[used]
    bib = papers / "library.bib"
    bib.write_text(f"@article{{k, title={{By the library}}, file={{{other}}}}}", encoding="utf-8")
    report = build([papers], tmp_path / "index", encoder=WordEncoder(), library=[bib])
    assert titles(tmp_path / "index") == {used: "By the library"}
    assert report.library == ()
