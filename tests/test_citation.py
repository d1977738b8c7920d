"""References: names in parts, citation keys, and the words of the two styles."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.entry import Name
from index.read.jats.article import read_jats
from index.text import Byline
from qa.show.citation import (
    Reference,
    Style,
    biblatex,
    citation_keys,
    cleaned,
    in_text,
    in_words,
    pandoc,
    references,
)
from qa.show.names import split_names
from tests.exported import citation_of, paper_of


@pytest.mark.parametrize(
    ("printed", "parts"),
    [
        ("Shriya Patel", Name("Patel", "Shriya")),
        ("Ludwig van Beethoven", Name("Beethoven", "Ludwig", "van")),
        ("Maria De La Cruz", Name("De La Cruz", "Maria")),
        ("Juan de la Cruz", Name("Cruz", "Juan", "de la")),
        ("José Ortega y Gasset", Name("Ortega y Gasset", "José")),
        ("Martin Luther King Jr.", Name("King", "Martin Luther", suffix="Jr.")),
        ("Henry Ford II", Name("Ford", "Henry", suffix="II")),
        ("van der Berg, Jan, III", Name("Berg", "Jan", "van der", "III")),
        ("Beethoven, Ludwig van", Name("Beethoven", "Ludwig", "van")),
        ("J.A. Smith", Name("Smith", "J. A.")),
        ("J.-P. Sartre", Name("Sartre", "J.-P.")),
        ("Prof. Dr. Ann Bee MD, PhD", Name("Bee", "Ann")),
        ("Van Morrison", Name("Morrison", "Van")),
        ("Thanh Do", Name("Do", "Thanh")),
        ("ACTION Study Group", Name("ACTION Study Group", group=True)),
        (
            "Department of Cardiology, Oslo University",
            Name("Department of Cardiology, Oslo University", group=True),
        ),
        ("WHO", Name("WHO", group=True)),
        ("王小明", Name("王小明", group=True)),
        (", Ann", Name(", Ann", group=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_are_split(printed: str, parts: Name) -> None:
    assert split_names([(printed, "")]) == (parts,)


def test_initials_after_the_family_names_of_all_authors() -> None:
    names = split_names([(name, "") for name in ("Smith JA", "van der Berg J-P", "Garcia Lopez M")])
    assert names == (Name("Smith", "J. A."), Name("Berg", "J.-P.", "van der"), Name("Garcia Lopez", "M."))
    (_, chinese) = split_names([("Jean Dupont", ""), ("Xi LI", "")])
    assert chinese == Name("LI", "Xi")


@given(st.lists(st.tuples(st.text(max_size=40), st.sampled_from(("", "a", "Bee")))))
def test_every_name_has_a_family_name(printed: list[tuple[str, str]]) -> None:
    assert all(name.family for name in split_names(printed))


def person(surname: str, given: str, more: str = "") -> str:
    """Return an author in JATS."""
    name = f"<name><surname>{surname}</surname><given-names>{given}</given-names>{more}</name>"
    return f'<contrib contrib-type="author">{name}</contrib>'


JATS = f"""<article><front><article-meta><title-group><article-title>On bees</article-title></title-group>
<contrib-group>{person("García Márquez", "Gabriel")}{person("Doe", "Jo", "<suffix>Jr</suffix>")}
<contrib contrib-type="author"><collab>Friends of Bees</collab></contrib>
</contrib-group></article-meta></front><body><p>Bees fly.</p></body></article>"""


def test_names_that_a_file_marks_are_taken_as_marked() -> None:
    document = read_jats(JATS.encode(), "bees.xml")
    assert document.authors == ("Gabriel García Márquez", "Jo Doe Jr", "Friends of Bees")
    cited = references([citation_of(document)], {document.id: document}, {})[document.id]
    group = Name("Friends of Bees", group=True)
    assert cited.authors == (Name("García Márquez", "Gabriel"), Name("Doe", "Jo", suffix="Jr"), group)


# Keys


def byline(author: str = "", year: int | None = None, title: str = "") -> Byline:
    return Byline(title, (author,) if author else (), year)


@pytest.mark.parametrize(
    ("paper", "key"),
    [
        (byline("Shriya Patel", 2022), "patel2022"),
        (byline("Ludwig van Beethoven", 1820), "beethoven1820"),
        (byline("Maria De Luca", 2001), "deluca2001"),
        (byline("Søren Ångström-Łoś", 1999), "angstromlos1999"),
        (byline("The ACTION Study Group", 2003), "action2003"),
        (byline("Ann Bee"), "bee"),
        (byline(year=2020, title="The “Iron” in runners"), "iron2020"),
        (byline("王小明", 2020, "铁"), "paper2020"),
        (byline(), "paper"),
        (byline("2022 Group 7", 2022), "group2022"),
        (byline("\\{}%@, #", 2022), "paper2022"),
    ],
)
def test_citation_keys(paper: Byline, key: str) -> None:
    assert citation_keys({"id": paper}) == {"id": key}


def test_keys_of_the_same_author_and_year_get_letters_that_stay_when_papers_are_added() -> None:
    papers = {f"{at:064x}": byline("Shriya Patel", 2022) for at in range(60)}
    two, many = citation_keys(dict(list(papers.items())[:2])), citation_keys(papers)
    assert len(set(many.values())) == len(papers)
    for paper, key in two.items():
        assert many[paper].startswith(key)  # longer perhaps, but never that of another paper
        assert [other for other, longer in many.items() if longer == key] in ([], [paper])
    assert citation_keys(dict(reversed(papers.items()))) == many


@given(
    st.dictionaries(
        st.text(max_size=4), st.builds(Byline, st.text(), st.tuples(st.text()), st.none() | st.just(2022))
    )
)
@example({"": Byline("\u2119", ("",), None)})
def test_keys_are_unique_and_plain(papers: dict[str, Byline]) -> None:
    keys = citation_keys(papers)
    assert len(set(keys.values())) == len(papers)
    assert all(re.fullmatch(r"[a-z]+(2022[a-z]*|-[a-z]+)?", key) for key in keys.values())


def test_citations_for_pandoc_and_biblatex() -> None:
    assert (pandoc("patel2022", "3"), pandoc("patel2022", "")) == ("[@patel2022, p. 3]", "[@patel2022]")
    assert biblatex("patel2022", "e27") == r"\autocite[e27]{patel2022}"
    assert biblatex("patel2022", r"]{\input") == r"\autocite[input]{patel2022}"
    assert pandoc("patel2022", "]; @x") == "[@patel2022, p. x]"


# Words

PATEL = Reference(
    "patel2022",
    "id",
    "patel.pdf",
    "Myopathy: a case",
    split_names(
        [("Shriya-ann Patel", ""), ("Ludwig van Beethoven", ""), ("Martin L. King Jr", ""), ("BEE Group", "")]
    ),
    "Cureus",
    2022,
    "10.7759/cureus.27824",
)


def test_references_in_words() -> None:
    assert in_words(PATEL, Style.VANCOUVER) == (
        "Patel SA, van Beethoven L, King ML Jr, BEE Group. Myopathy: a case. Cureus. 2022. "
        "doi:10.7759/cureus.27824"
    )
    assert in_words(PATEL, Style.APA) == (
        "Patel, S.-A., van Beethoven, L., King, M. L., Jr, & BEE Group. (2022). Myopathy: a case. Cureus. "
        "https://doi.org/10.7759/cureus.27824"
    )
    assert in_text(PATEL, Style.VANCOUVER, 2, "3") == "(2, p. 3)"
    assert in_text(PATEL, Style.APA, 2, "3") == "(Patel et al., 2022, p. 3)"
    assert in_text(PATEL, Style.APA, 2, "") == "(Patel et al., 2022)"


def test_what_is_not_stated_is_left_out() -> None:
    untitled = references([citation_of(paper_of(title=""))], {}, {}).popitem()[1]
    assert untitled.csl() == {"id": untitled.key, "type": "document", "title": "[bees.txt]"}
    assert in_words(untitled, Style.VANCOUVER) == "[bees.txt]."
    assert in_words(untitled, Style.APA) == "[bees.txt]. (n.d.)."
    anonymous = Reference("iron2020", "id", "i.txt", "Is iron enough?", year=2020)
    assert in_words(anonymous, Style.VANCOUVER) == "Is iron enough? 2020."
    assert in_words(anonymous, Style.APA) == "Is iron enough? (2020)."
    assert in_text(anonymous, Style.APA, 1, "") == "(Is iron enough?, 2020)"


def test_apa_tells_papers_of_the_same_authors_and_year_apart() -> None:
    papers = {f"{at}" * 64: paper_of(id=f"{at}" * 64, authors=("Ann Bee",), year=2020) for at in (1, 2)}
    first, second = references(map(citation_of, papers.values()), papers, {}).values()
    assert in_text(first, Style.APA, 1, "") == "(Bee, 2020a)"
    assert in_words(second, Style.APA) == "Bee, A. (2020b). On bees."
    assert in_words(second, Style.VANCOUVER) == "Bee A. On bees. 2020."


@given(st.text(min_size=1, max_size=60).map(cleaned).filter(bool))
def test_a_title_stays_as_it_is_in_words(title: str) -> None:
    for style in Style:
        assert title in in_words(Reference("k", "id", "f", title, PATEL.authors, "J", 2020), style)


@pytest.mark.parametrize(
    "title", ['A <span class="nocase">b</span> <i>c</i>', "A & B <c> “d” 'e'", "a{0}%s\\n"]
)
def test_markup_in_a_title_is_text(title: str) -> None:
    for style in Style:
        assert title in in_words(Reference("k", "id", "f", title, PATEL.authors), style)


def test_bibliographic_data_is_cleaned() -> None:
    assert cleaned("a\nb\u202ec\u2066d \x1b[0m\u00ade\ud800") == "a bcd [0me"
    assert cleaned("نمی\u200cدانم") == "نمی\u200cدانم"  # joiners are letters' business
