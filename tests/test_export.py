"""Exports can be pasted and imported: independent parsers read back all that was written, hostile or not."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import rispy
from hypothesis import example, given
from hypothesis import strategies as st
from pybtex.database import parse_string
from pylatexenc.latex2text import LatexNodes2Text

from index.text import Document, Span
from qa.records import Answer, Status, TableContext
from qa.show.citation import Style, cleaned
from qa.show.export import as_csv, as_json_text, as_markdown, as_text, one_quote
from qa.show.library import as_bibtex, as_ris
from qa.show.terminal import visible
from tests.exported import answer_of, citation_of, cited_by, paper_of
from tests.web.papers import HOSTILE

FULL = paper_of(
    authors=("Shriya Patel", "Ludwig van Beethoven", "Martin Luther King Jr", "BEE Study Group"),
    journal="Cureus",
    year=2022,
    doi="10.7759/cureus_27.824(1)",
)
#: LaTeX reads two of these as one other sign; quotes are checked elsewhere.
_LIGATURES = ("--", "``", "''", "?`", "!`", ",,", "<<", ">>")
titles = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\\{}$%&#_~^@=+-\n\r\u202e\"'")),
    max_size=50,
)
ROW = TableContext("Table 1", "Table 1: Iron | by week", ("Week", "Iron"), ("10", "31 ug/L"))


def made(document: Document, **changes: Any) -> Answer:  # noqa: ANN401 - the fields of a citation
    return answer_of(citation_of(document, **changes))


def shown(latex: str) -> str:
    """Return what LaTeX shows of ``latex``."""
    for name, sign in (("left", "{"), ("right", "}")):  # pylatexenc lacks these two
        latex = latex.replace(f"{{\\textbrace{name}}}", f"\\{sign}")
    text: str = LatexNodes2Text(math_mode="verbatim", keep_comments=True).latex_to_text(latex)
    return text.replace("\u02c6", "^")


# To paste


def test_one_quote_with_its_reference() -> None:
    answer = made(FULL)
    (cited,) = cited_by(answer, FULL).values()
    assert one_quote(answer, answer.citations[0], cited) == (
        "“Nine bees flew home.” (p. e27)\n\nPatel S, van Beethoven L, King ML Jr, BEE Study Group. On bees. "
        "Cureus. 2022. doi:10.7759/cureus_27.824(1)\n"
    )
    assert one_quote(answer, answer.citations[0], cited, Style.APA).startswith(
        "“Nine bees flew home.” (Patel et al., 2022, p. e27)\n\nPatel, S., van Beethoven, L., "
    )
    unpaged = citation_of(FULL, page=None, page_label=None, line=7, last_line=7)
    assert one_quote(answer, unpaged, cited).startswith("“Nine bees flew home.”\n\nPatel S,")


def test_an_answer_as_text_numbers_its_references() -> None:
    other = paper_of(id="b" * 64, title="On wasps", authors=("Ann Bee",), year=2020)
    answer = answer_of(
        citation_of(other, number=1), citation_of(FULL, number=2), citation_of(other, number=3)
    )
    text = as_text([answer], cited_by(answer, FULL, other))
    assert re.findall(r"home\.” \((\d), p\. e27\)", text) == ["1", "2", "1"]
    assert re.findall(r"^(\d)\. (\w+)", text, re.M) == [("1", "Bee"), ("2", "Patel")]
    apa = as_text([answer], cited_by(answer, FULL, other), Style.APA)
    assert "(Bee, 2020, p. e27)" in apa
    assert "\nBee, A. (2020). On wasps.\n" in apa


def test_table_rows_keep_their_heads() -> None:
    answer = made(FULL, table=ROW, quote="10\t31 ug/L")
    cited = cited_by(answer, FULL)
    line = "Week: 10 | Iron: 31 ug/L"
    assert f"Table 1: Iron | by week\n{line} (1, p. e27)" in as_text([answer], cited)
    assert one_quote(answer, answer.citations[0], next(iter(cited.values()))).startswith(
        f"{ROW.caption}\n{line} (p."
    )
    markdown = as_markdown([answer], cited)
    assert (
        "> Table 1\\: Iron \\| by week\n>\n> | Week | Iron |\n> | --- | --- |\n> | 10 | 31 ug/L |\n"
        in markdown
    )
    assert line in as_ris([answer], cited)
    (row,) = csv.DictReader(io.StringIO(as_csv([answer], cited)))
    assert (row["quote"], row["table"]) == (line, ROW.caption)


def test_a_citation_is_in_every_export() -> None:
    answer = made(FULL)
    cited = cited_by(answer, FULL)
    pandoc, biblatex = "[@patel2022, p. e27]", r"\autocite[e27]{patel2022}"
    assert f"page 3 (printed e27), confidence 90% {pandoc}\n" in as_markdown([answer], cited).replace(
        "\\", ""
    )
    assert f"% {biblatex}\n" in as_bibtex([answer], cited)
    assert pandoc in as_ris([answer], cited)
    (row,) = csv.DictReader(io.StringIO(as_csv([answer], cited)))
    assert (row["citation_key"], row["pandoc"], row["biblatex"]) == ("patel2022", pandoc, biblatex)
    (stored,) = json.loads(as_json_text([answer], cited))
    assert stored["citations"][0]["pandoc"] == pandoc
    assert [item["id"] for item in stored["references"]] == ["patel2022"]


@pytest.mark.parametrize(("status", "confidence"), [(Status.POSSIBLE, 0.54), (Status.PARTIAL, 0.41)])
def test_a_possible_quote_says_so_in_every_export(status: Status, confidence: float) -> None:
    answer = replace(made(FULL, confidence=confidence), status=status)
    cited = cited_by(answer, FULL)
    (reference,) = cited.values()
    words = f"possible, {confidence:.0%}"
    latex = as_bibtex([answer], cited).replace("\\", "")
    texts = [latex, *(write([answer], cited) for write in (as_ris, as_markdown, as_text))]
    assert all(words in text for text in (*texts, one_quote(answer, answer.citations[0], reference)))
    sure = made(FULL)  # the same sentence, quoted by an answer that is sure
    assert words not in as_ris([answer, sure], cited)


def test_a_question_without_quotes_is_kept() -> None:
    answer = replace(answer_of(question="=Why?"), status=Status.NOT_FOUND)
    (row,) = csv.DictReader(io.StringIO(as_csv([answer], {})))
    assert (row["question"], row["status"], row["quote"]) == ("'=Why?", "not_found", "")
    assert (as_bibtex([answer], {}).strip(), as_ris([answer], {}).strip()) == ("", "")
    assert "References" not in as_text([answer], {}) + as_markdown([answer], {})


# Round trips


def test_ris_is_read_back() -> None:
    answer = made(FULL)
    text = as_ris([answer], cited_by(answer, FULL))
    (record,) = rispy.loads(text.replace("\r\n", "\n"))
    assert record == {
        "type_of_reference": "JOUR",
        "id": "patel2022",
        "title": "On bees",
        "authors": ["Patel, Shriya", "van Beethoven, Ludwig", "King, Martin Luther, Jr", "BEE Study Group"],
        "secondary_title": "Cureus",
        "year": "2022",
        "doi": "10.7759/cureus_27.824(1)",
        "notes": [
            "“Nine bees flew home.” (Results › Bees, page 3 (printed e27), confidence 90%) "
            "[@patel2022, p. e27]",
        ],
    }
    assert "SP  -" not in text  # the page on which the article starts is not known


def test_bibtex_is_read_back() -> None:
    answer = made(FULL)
    (entry,) = parse_string(as_bibtex([answer], cited_by(answer, FULL)), "bibtex").entries.values()
    people = [
        (
            person.first_names,
            person.middle_names,
            person.prelast_names,
            person.last_names,
            person.lineage_names,
        )
        for person in entry.persons["author"]
    ]
    assert people == [
        (["Shriya"], [], [], ["Patel"], []),
        (["Ludwig"], [], ["van"], ["Beethoven"], []),
        (["Martin"], ["Luther"], [], ["King"], ["Jr"]),
        ([], [], [], ["{BEE Study Group}"], []),
    ]
    note = entry.fields.pop("annote")
    assert shown(note) == "“Nine bees flew home.” (Results › Bees, page 3 (printed e27), confidence 90%)"
    assert (entry.key, entry.type) == ("patel2022", "article")
    assert dict(entry.fields) == {
        "title": "{On bees}",
        "journal": "Cureus",
        "year": "2022",
        "doi": "10.7759/cureus_27.824(1)",
        "file": "bees.txt",
    }


@pytest.mark.parametrize(
    ("authors", "journal", "year", "doi", "title"),
    list(product(((), ("Ann Bee",)), ("", "Cureus"), (None, 2022), ("", "10.1/x"), ("", "On bees"))),
)
def test_what_is_not_stated_is_in_no_field(
    authors: tuple[str, ...], journal: str, year: int | None, doi: str, title: str
) -> None:
    document = paper_of(authors=authors, journal=journal, year=year, doi=doi, title=title)
    answer = made(document)
    cited = cited_by(answer, document)
    (entry,) = parse_string(as_bibtex([answer], cited), "bibtex").entries.values()
    (record,) = rispy.loads(as_ris([answer], cited).replace("\r\n", "\n"))
    assert all(entry.fields.values())
    assert all(record.values())
    for name, ris, value in (("journal", "secondary_title", journal), ("doi", "doi", doi)):
        assert (entry.fields.get(name, ""), record.get(ris, "")) == (value, value)
    assert entry.fields.get("year", "") == record.get("year", "") == str(year or "")
    assert record["title"] == (title or "[bees.txt]")
    assert bool(entry.persons) == bool(record.get("authors")) == bool(authors)
    assert entry.type == ("article" if journal else "misc")


@given(titles.filter(cleaned), st.lists(titles, max_size=3))
@example("\u200etea", [])
def test_any_title_and_names_survive_bibtex_and_ris(title: str, authors: list[str]) -> None:
    document = paper_of(title=title, authors=tuple(authors), journal=title)
    answer = made(document)
    cited = cited_by(answer, document)
    (reference,) = cited.values()
    entries = parse_string(as_bibtex([answer], cited), "bibtex").entries
    assert list(entries) == [reference.key]
    (entry,) = entries.values()
    assert len(entry.persons.get("author", ())) == len(reference.authors)
    if "\u02c6" not in title and not any(pair in reference.title for pair in _LIGATURES):
        assert " ".join(shown(entry.fields["title"]).split()) == reference.title
    (record,) = rispy.loads(as_ris([answer], cited).replace("\r\n", "\n"))
    assert (record["title"], record["secondary_title"]) == (reference.title, reference.title)
    assert len(record.get("authors", ())) == len(reference.authors)
    (row,) = csv.DictReader(io.StringIO(as_csv([answer], cited), newline=""))
    assert row["title"].removeprefix("'") == reference.title.removeprefix("'")
    assert row["title"][0] not in "=+-@\t\r\n"


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
@pytest.mark.parametrize("title", ["On bees", r"\input{x} 5% & $x_1^2$ {a} ~#", "<b>x</b> @article{y, z}"])
def test_pandoc_reads_what_is_written(title: str) -> None:
    document = replace(FULL, title=title)
    answer = made(document)
    cited = cited_by(answer, document)
    (reference,) = cited.values()

    command = ["pandoc", "-f", "biblatex", "-t", "csljson"]
    written = as_bibtex([answer], cited)
    done = subprocess.run(command, input=written, capture_output=True, text=True, check=True)
    (item,) = json.loads(done.stdout)
    item["title"] = re.sub(r"</?span[^>]*>", "", item["title"])  # marks what keeps its capitals
    # Pandoc gives "Jr" a point and lets particles drop.
    names = json.loads(json.dumps(item["author"]).replace('"dropping', '"non-dropping').replace("Jr.", "Jr"))
    expected = reference.csl()
    assert {name: (item | {"author": names})[name] for name in expected} == expected


# Hostile text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    document = replace(paper_of(title=text), text=f"It said {text} here.", blocks=(), tables=())
    answer = made(document)
    cited = cited_by(answer, document)
    quote = visible(document.text)  # characters that turn text around are written out, as on the terminal
    assert quote in as_text([answer], cited)
    assert quote in one_quote(answer, answer.citations[0], next(iter(cited.values())))
    assert quote in as_ris([answer], cited)
    (stored,) = json.loads(as_json_text([answer], cited))
    assert stored["citations"][0]["quote"] == document.text
    markdown = as_markdown([answer], cited)
    assert re.sub(r"\\([\\`*_\[\]<>#|~$&!:@{}^.+=\-()])", r"\1", markdown).count(quote) == 1
    for opening in ("<script", "<img", "![", "](", "$", "**"):
        assert re.search(rf"(?<!\\){re.escape(opening)}", markdown.replace("\\[1\\]", "")) is None


@pytest.mark.parametrize("turning", "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\x1b\x9b\u0007")
def test_nothing_written_turns_text_around_or_moves_the_cursor(turning: str) -> None:
    text = f"19 {turning}mg 25"
    document = paper_of(title=text, authors=(f"Ann {text} Bee",), journal=text, doi=text)
    answer = answer_of(citation_of(document, quote=text, section=text, page_label=text), question=text)
    cited = cited_by(answer, document)
    for write in (as_text, as_markdown, as_csv, as_json_text, as_bibtex, as_ris):
        assert turning not in write([answer], cited)


def test_quotes_of_a_paper_are_in_one_entry_each_once() -> None:
    first, again = citation_of(FULL), citation_of(FULL, number=2)
    other = citation_of(FULL, number=3, span=Span(0, 2), quote="On", page=4, page_label="e28")
    answers = [answer_of(first), answer_of(again, other)]
    cited = cited_by(answers[1], FULL)
    (entry,) = parse_string(as_bibtex(answers, cited), "bibtex").entries.values()
    assert entry.fields["annote"].count("Nine bees") == 1
    (record,) = rispy.loads(as_ris(answers, cited).replace("\r\n", "\n"))
    assert [note.split(" (")[0] for note in record["notes"]] == ["“Nine bees flew home.”", "“On”"]
