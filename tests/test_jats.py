"""Reading JATS XML: exact structure, exact lines, safe parsing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import DamagedFile, ReadError, UnknownFormat
from index.read import read, read_many
from index.read.jats.article import read_jats
from index.text import BlockKind, Document, Span
from tests.documents import grid, place_of, sections, texts

ARTICLE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.1//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front>
<journal-meta><journal-title-group>
<journal-title>Small Things</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="doi">10.1234/small.1</article-id>
<title-group><article-title>A <italic>rare</italic> tumor</article-title></title-group>
<contrib-group><contrib contrib-type="author">
<name><surname>Bee</surname><given-names>Ann</given-names></name>
<xref ref-type="aff" rid="a1">1</xref></contrib>
<contrib contrib-type="editor">
<name><surname>Nobody</surname><given-names>Ed</given-names></name></contrib></contrib-group>
<aff id="a1"><label>1</label>University of Nowhere</aff>
<pub-date pub-type="epub"><day>3</day><month>5</month><year>2020</year></pub-date>
<history><date date-type="received"><day>1</day><month>2</month><year>2020</year></date></history>
<permissions><license xlink:href="http://creativecommons.org/licenses/by/4.0/">
<license-p>Open access.</license-p></license></permissions>
<abstract><p>We saw a tumor.</p></abstract></article-meta></front>
<body><sec><label>1.</label><title>Introduction</title>
<p>Tumors are rare &amp; old <sup><xref ref-type="bibr" rid="b1">1</xref></sup>.
They grow &#x201c;slowly&#x201d;
in the heart.<fig><label>Figure 1</label><caption><p>The heart.</p></caption></fig> This goes on.</p>
<sec><title>Aims</title><p>To tell.</p>
<list><list-item><p>one</p></list-item><list-item><p>two</p></list-item></list></sec></sec>
<sec><title>Case</title><table-wrap><label>Table 1</label><caption><title>Values</title></caption>
<table><thead><tr><th>Test</th><th>Value</th></tr></thead>
<tbody><tr><td rowspan="2">CK</td><td>9641</td></tr><tr><td>120</td></tr></tbody></table>
<table-wrap-foot><p>On admission.</p></table-wrap-foot></table-wrap></sec></body>
<back><ack><p>We thank all.</p></ack>
<ref-list><title>References</title><ref id="b1"><label>1</label>
<mixed-citation>Gee F. On tumors. <year>2001</year>.</mixed-citation></ref></ref-list>
</back></article>
"""


def article(text: str = ARTICLE) -> Document:
    return read_jats(text.encode(), "article.xml")


def test_metadata_are_stated_by_the_text() -> None:
    document = article()
    assert document.title == "A rare tumor"
    assert document.authors == ("Ann Bee",)
    assert (document.journal, document.year, document.doi) == ("Small Things", 2020, "10.1234/small.1")
    assert document.licence == "CC BY 4.0"
    for field in document.fields:
        assert field.span is not None
        if field.name in {"title", "author", "doi", "journal", "year"}:
            assert field.span.of(document.text) == field.value


def test_sections_form_a_tree() -> None:
    document = article()
    assert sections(document) == [
        ("", 0), ("Abstract", 1), ("Introduction", 1), ("Aims", 2), ("Case", 1), ("Acknowledgements", 1),
        ("References", 1),
    ]  # fmt: skip
    assert document.section_path(3) == ("Introduction", "Aims")


def test_a_figure_inside_a_paragraph_is_moved_out() -> None:
    document = article()
    paragraph = next(text for text in texts(document, BlockKind.PARAGRAPH) if text.startswith("Tumors"))
    assert paragraph == "Tumors are rare & old [1]. They grow \u201cslowly\u201d in the heart. This goes on."
    assert "Figure 1: The heart." in texts(document, BlockKind.CAPTION)


def test_table_rows_carry_spanning_cells() -> None:
    document = article()
    assert grid(document) == (["Test", "Value"], [["CK", "9641"], ["CK", "120"]])
    assert document.tables[0].label == "Table 1"
    assert "On admission." in texts(document, BlockKind.CAPTION)


def test_references_and_notes_are_apart() -> None:
    document = article()
    assert texts(document, BlockKind.REFERENCE) == ["1 Gee F. On tumors. 2001."]
    assert texts(document, BlockKind.NOTE) == ["We thank all."]


@pytest.mark.parametrize("word", ["Tumors are", "slowly", "in the heart", "9641", "Gee F", "Small Things"])
def test_every_span_leads_to_its_characters(word: str) -> None:
    """Byte offsets of the parser become character offsets, also after characters of several bytes."""
    text = ARTICLE.replace("A <italic>", "Ä\u2014\U0001f600 <italic>")
    document = article(text)
    span = Span(at := document.text.index(word), at + len(word))
    assert place_of(document, word).line == 1 + text[: text.index(word)].count("\n")
    assert [raw.of(text) for raw in document.map.raw_spans(span)] == [word]


def test_an_empty_corner_cell_leads_to_its_row() -> None:
    text = ARTICLE.replace("<th>Test</th>", "<th/>")
    document = article(text)
    row = document.tables[0].span
    assert document.map.place(row).line == 1 + text[: text.index("<th>Value")].count("\n")


@pytest.mark.parametrize(("encoding", "word"), [("ISO-8859-1", "r\u00e4re"), ("UTF-16", "rare")])
def test_other_encodings(tmp_path: Path, encoding: str, word: str) -> None:
    path = tmp_path / "other.xml"
    path.write_bytes(ARTICLE.replace("UTF-8", encoding).replace("rare<", f"{word}<").encode(encoding))
    assert read(path).title == f"A {word} tumor"


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE article [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><article><body><p>&c;</p></body></article>'
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE article [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    "<article><body><p>&x;</p></body></article>"
)


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE])
def test_entities_are_refused(text: str) -> None:
    with pytest.raises(DamagedFile, match="entity"):
        article(text)


def test_an_external_subset_is_not_loaded_and_html_names_are_known() -> None:
    text = ARTICLE.replace("JATS-archivearticle1.dtd", "http://192.0.2.1/evil.dtd")
    assert "rare \u03b1 old" in article(text.replace("&amp;", "&alpha;")).text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("<article><body><p>cut", DamagedFile),
        ("<article><body></body></article>", DamagedFile),
        ("<?xml version='1.0'?><html><body/></html>", UnknownFormat),
        ("<article>" + "<sec>" * 500 + "</sec>" * 500 + "</article>", DamagedFile),
        ('<?xml version="1.0" encoding="nonsense"?><article/>', DamagedFile),
        ('<?xml version="1.0" encoding="base64"?><article/>', DamagedFile),
    ],
)
def test_unreadable_files_are_refused(text: str, error: type[ReadError]) -> None:
    with pytest.raises(error) as caught:
        article(text)
    assert caught.value.remedy


def test_a_table_that_claims_to_be_huge_stays_small() -> None:
    text = ARTICLE.replace('rowspan="2"', 'rowspan="999999999" colspan="999999999"')
    assert len(article(text).text) < 20_000


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_mutated_and_truncated_xml_gives_a_document_or_a_typed_error(data: st.DataObject) -> None:
    whole = bytearray(ARTICLE.encode())
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    try:
        document = read_jats(bytes(whole[:cut]), "mutated.xml")
    except ReadError as error:
        assert error.path == "mutated.xml"
    else:
        for block in document.blocks:
            assert document.map.raw_spans(block.span)


@given(body=st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_a_document_or_a_typed_error(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "any.xml"
    path.write_bytes(b"<article><body><p>" + body)
    (outcome,) = read_many([path])
    assert (outcome.document is None) == (outcome.error is not None)


def test_a_table_that_is_a_picture_is_reported() -> None:
    wrap = "<table-wrap><label>Table 1.</label><caption><p>Values.</p></caption><graphic/></table-wrap>"
    document = article(f"<article><front/><body><p>A woman had weak thighs.</p>{wrap}</body></article>")
    assert document.warnings == ("Table 1 is an image in this file: its values were not read",)


def test_reviews_and_replies_in_the_file_are_no_part_of_the_article() -> None:
    other = (
        '<{0} id="s1"><front-stub><contrib-group><contrib contrib-type="author"><name><surname>Roe</surname>'
        "<given-names>Rita</given-names></name></contrib></contrib-group></front-stub><body><p>We doubt that"
        " 7 tumors were seen.</p><table-wrap><label>Table 9</label></table-wrap></body></{0}>"
    )
    parts = other.format("sub-article") + other.format("response")
    document = article(ARTICLE.replace("</article>", f"{parts}</article>"))
    assert document.authors == article().authors
    assert "doubt" not in document.text
    assert document.warnings == (
        "2 other texts are in this file (reviews, replies or translations) and were not read",
    )


def test_floats_at_the_end_of_the_file_are_the_articles_own_under_their_heading() -> None:
    floats = (
        "<floats-group><fig><label>Figure 2</label><caption><p>The lung.</p></caption></fig></floats-group>"
    )
    document = article(ARTICLE.replace("</article>", f"{floats}</article>"))
    (caption,) = [block for block in document.blocks if block.span.of(document.text) == "Figure 2: The lung."]
    assert caption.kind is BlockKind.CAPTION
    assert document.sections[caption.section].title == "Figures and tables"


def test_of_several_articles_the_first_is_read_and_the_others_are_told() -> None:
    one = "<article><front/><body><p>{}</p></body></article>"
    document = article(f"<set>{one.format('Otters swim.')}{one.format('Voles dig.')}</set>")
    assert document.text == "Otters swim."
    assert document.warnings == ("the file holds 2 articles: only the first was read",)


@pytest.mark.parametrize(
    ("contributor", "name"),
    [
        ("<name name-style='eastern'><surname>Ito</surname><given-names>Mei</given-names></name>", "Ito Mei"),
        ("<name name-style='eastern'><surname>\u4f50\u85e4</surname><given-names>\u7f8e</given-names></name>",
         "\u4f50\u85e4\u7f8e"),
        ("<collab>OTTER Group<contrib-group><contrib><name><surname>Poe</surname></name></contrib>"
         "</contrib-group></collab>", "OTTER Group"),
    ],
)  # fmt: skip
def test_names_are_written_as_the_file_says(contributor: str, name: str) -> None:
    meta = f"<contrib-group><contrib>{contributor}</contrib></contrib-group>"
    text = f"<article><front><article-meta>{meta}</article-meta></front><body><p>Text.</p></body></article>"
    assert article(text).authors == (name,)


def test_the_date_of_publication_is_the_most_exact_that_is_not_empty() -> None:
    dates = (
        '<pub-date pub-type="epub"/><pub-date pub-type="collection"><year>2022</year></pub-date>'
        '<pub-date date-type="pub"><day>4</day><month>3</month><year>2021</year></pub-date>'
    )
    text = f"<article><front><article-meta>{dates}</article-meta></front><body><p>Text.</p></body></article>"
    document = article(text)
    assert document.year == 2021
    assert "4 March 2021" in texts(document, BlockKind.FRONT)[0]


def test_a_footnote_does_not_cut_its_sentence_and_a_box_keeps_its_caption() -> None:
    body = (
        "<p>Otters ate 4 kg<fn><p>One ate 9 kg.</p></fn> a day.</p>"
        "<boxed-text><caption><title>Key points</title></caption><p>Otters eat fish.</p></boxed-text>"
    )
    document = article(f"<article><front/><body>{body}</body></article>")
    assert texts(document, BlockKind.PARAGRAPH) == [
        "Otters ate 4 kg a day.",
        "One ate 9 kg.",
        "Otters eat fish.",
    ]
    assert texts(document, BlockKind.CAPTION) == ["Key points"]


def test_a_note_on_the_title_is_no_part_of_it() -> None:
    title = (
        "<title-group><article-title>Otters<fn><p>Paid by us.</p></fn> at sea</article-title></title-group>"
    )
    text = f"<article><front><article-meta>{title}</article-meta></front><body><p>Text.</p></body></article>"
    assert article(text).title == "Otters at sea"
