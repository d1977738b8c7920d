"""Reading PDFs: what is extracted, what is refused, and that no file harms the reader."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import (
    DamagedFile,
    FileEmpty,
    FileMissing,
    FileTooLarge,
    GarbledText,
    NoTextLayer,
    PasswordNeeded,
    ReadError,
    UnknownFormat,
)
from index.read import Limits, Outcome, Status, read, read_many
from index.text import BlockKind, Document, Span
from tests.documents import grid, place_of, texts
from tests.make_pdf import LEFT, RIGHT, Sheet, Words, column, paper, pdf

USUAL = Limits()
FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def reading(folder: Path, data: bytes, engine: str = "pypdf", limits: Limits = USUAL) -> Document:
    path = folder / "paper.pdf"
    path.write_bytes(data)
    return read(path, engine=engine, limits=limits)


def check_ending(folder: Path, data: bytes) -> None:
    """Require that reading ends as a document with text or as a typed error."""
    path = folder / "any.pdf"
    path.write_bytes(data)
    (outcome,) = read_many([path])
    if outcome.document is None:
        assert isinstance(outcome.error, ReadError)
    else:
        assert outcome.document.text.strip() and outcome.error is None


def test_pypdf_has_the_private_names_that_fonts_are_read_with() -> None:
    import pypdf

    remedy = "adapt index/read/pdf/extract/fonts.py, or lower the ceiling of pypdf in pyproject.toml"
    try:
        from pypdf.generic._font import Font, FontDescriptor
    except ImportError as error:
        pytest.fail(f"pypdf {pypdf.__version__}: {error}; {remedy}")
    used = {
        Font: "name sub_type encoding interpretable character_map character_widths space_width "
        "font_descriptor",
        FontDescriptor: "weight italic_angle",
    }
    lacking = [
        f"{kind.__name__}.{name}"
        for kind, names in used.items()
        for name in set(names.split()) - {field.name for field in fields(kind)}
    ]
    lacking += [] if hasattr(Font, "from_font_resource") else ["Font.from_font_resource"]
    assert not lacking, f"pypdf {pypdf.__version__} lacks {', '.join(sorted(lacking))}; {remedy}"


@pytest.mark.parametrize("engine", ["pypdf", "pdfium"])
def test_paper_is_understood(tmp_path: Path, engine: str) -> None:
    document = reading(tmp_path, paper(), engine)
    assert document.title == "A Rare Tumor of the Heart in Warm Water"
    assert document.authors == ("Ann Bee", "Cem D. Dee", "Eva Eff")
    assert document.doi == "10.1234/small.2020.12"
    assert document.year == 2020
    titles = [section.title for section in document.sections]
    assert titles == ["", "Abstract", "Introduction", "Case Report", "References"]
    assert len(texts(document, BlockKind.REFERENCE)) == 2
    assert not document.warnings


def test_columns_are_read_in_order_and_free_of_heads_captions_and_numbers(tmp_path: Path) -> None:
    document = reading(tmp_path, paper())
    running = " ".join(texts(document, BlockKind.PARAGRAPH))
    assert "came to our hospital with fever." in running
    assert "wait for the results of the blood cultures before any further step" in running
    assert not [text for text in ("Journal of Small Things", "Figure 1", "Gee") if text in running]
    assert any(text.startswith("Figure 1: The heart") for text in texts(document, BlockKind.CAPTION))
    assert sum("Journal of Small Things" in text for text in texts(document, BlockKind.FRONT)) == 1


def test_table_has_rows_header_and_caption(tmp_path: Path) -> None:
    document = reading(tmp_path, paper())
    (table,) = document.tables
    assert grid(document) == (["Test", "Value", "Range"], [["CK", "9641", "30-200"], ["CRP", "12", "0-5"]])
    assert table.label == "Table 1"
    assert table.caption and table.caption.of(document.text) == "Table 1: Values on admission."


def test_spans_lead_to_their_page(tmp_path: Path) -> None:
    document = reading(tmp_path, paper())
    for word, page in (("Abstract", 1), ("Figure 1: The heart", 2), ("9641", 2), ("Received 3 May", 1)):
        assert place_of(document, word).page == page


def test_a_sentence_over_a_page_break_keeps_both_pages(tmp_path: Path) -> None:
    sheets = [Sheet(column(LEFT, 72, 700)), Sheet(column(RIGHT, 72, 700))]
    document = reading(tmp_path, pdf(sheets))
    start = document.text.index("plan was to wait")
    end = document.text.index("by the team.") + 12
    place = document.map.place(Span(start, end))
    assert (place.page, place.last_page) == (1, 2)
    assert "blood cultures" in document.text[start:end]


def test_a_page_set_sideways_is_read(tmp_path: Path) -> None:
    turned = b"\n".join(
        b"BT /F1 10 Tf 0 1 -1 0 %d 72 Tm (%s) Tj ET" % (100 + 12 * i, line.encode())
        for i, line in enumerate(LEFT)
    )
    document = reading(tmp_path, pdf([Sheet(extra=turned)]))
    assert "the site most often named" in " ".join(document.text.split())


@pytest.mark.parametrize("rotate", [90, 180, 270])
@pytest.mark.parametrize("engine", ["pypdf", "pdfium"])
def test_a_rotated_page_is_read(tmp_path: Path, rotate: int, engine: str) -> None:
    document = reading(tmp_path, pdf([Sheet(column(LEFT, 72, 700), rotate=rotate)]), engine)
    assert "the site most often named" in " ".join(document.text.split())


def test_text_drawn_twice_is_read_once(tmp_path: Path) -> None:
    document = reading(tmp_path, pdf([Sheet(column(LEFT, 72, 700) * 2)]))
    assert document.text.count("Myxoma") == 1


def test_clipped_text_is_not_read(tmp_path: Path) -> None:
    hidden = b"q 0 0 10 10 re W n BT /F1 10 Tf 1 0 0 1 72 300 Tm (Unseen words of an older version) Tj ET Q"
    document = reading(tmp_path, pdf([Sheet(column(LEFT, 72, 700), extra=hidden)]))
    assert "Unseen" not in document.text


def test_an_accent_set_over_its_letter_is_one_character(tmp_path: Path) -> None:
    # Two acute accents set on top of the "o" and "a" of "Jose" and "Mara": 3 to the right of its left edge.
    accent = b"BT /F1 10 Tf 1 0 0 1 72 400 Tm (Jo) Tj ET BT /F1 10 Tf 1 0 0 1 78.1 400 Tm (\xb4) Tj ET"
    document = reading(tmp_path, pdf([Sheet(column(LEFT, 72, 700), extra=accent)]))
    assert "J\u00f3" in document.text or "J\u00f3" in " ".join(texts(document, BlockKind.FRONT))


def test_a_form_that_contains_itself_ends(tmp_path: Path) -> None:
    stream = b"/X1 Do BT /F1 10 Tf 1 0 0 1 72 100 Tm (round and round) Tj ET"
    form = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> "
        b"/XObject << /X1 7 0 R >> >> /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)
    )
    document = reading(tmp_path, pdf([Sheet(column(LEFT, 72, 700), extra=b"/X1 Do")], objects=(form,)))
    assert "Myxoma" in document.text


# Refusals.


IMAGE = (
    b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray "
    b"/BitsPerComponent 8 /Length 1 >>\nstream\n0\nendstream"
)
CODES = [Words("".join(chr(0x21 + (7 * i + j) % 90) for j in range(70)), 72, 700 - 12 * i) for i in range(20)]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (pdf([Sheet(extra=b"0 0 m 100 100 l S")]), NoTextLayer),
        # A picture with a stray number is a scan.
        (
            pdf([Sheet([Words("17 p", 300, 30)], extra=b"q 600 0 0 780 0 0 cm /X1 Do Q")], objects=(IMAGE,)),
            NoTextLayer,
        ),
        (pdf([Sheet(CODES)]), GarbledText),
    ],
    ids=["no text", "scan", "glyph codes"],
)
def test_pages_without_words_are_refused(tmp_path: Path, data: bytes, error: type[ReadError]) -> None:
    with pytest.raises(error):
        reading(tmp_path, data)


def encrypted(folder: Path, password: str) -> Path:
    from pypdf import PdfReader, PdfWriter

    path = folder / "locked.pdf"
    path.write_bytes(paper())
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.encrypt(password, "owner", algorithm="AES-256")
    writer.write(path)
    return path


@pytest.mark.parametrize("engine", ["pypdf", "pdfium"])
def test_an_encrypted_file_asks_for_its_password(tmp_path: Path, engine: str) -> None:
    with pytest.raises(PasswordNeeded, match="without a password"):
        read(encrypted(tmp_path, "secret"), engine=engine)


def test_a_file_encrypted_with_the_empty_password_is_read(tmp_path: Path) -> None:
    assert read(encrypted(tmp_path, "")).title.startswith("A Rare Tumor")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(pages=2), "3 pages; the limit is 2"),
        (Limits(characters=500), "more than 500 characters"),
        (Limits(bytes=100), "MiB"),
    ],
)
def test_limits_of_size_pages_and_text(tmp_path: Path, limits: Limits, message: str) -> None:
    with pytest.raises(FileTooLarge, match=message):
        reading(tmp_path, pdf([Sheet(column(LEFT, 72, 700))] * 3), limits=limits)


def test_a_page_that_takes_too_long_is_left_out_and_named(tmp_path: Path) -> None:
    slow = b"BT /F1 1 Tf " + b"1 0 0 1 5 5 Tm (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj " * 60_000 + b" ET"
    sheets = [Sheet(column(LEFT, 72, 700)), Sheet(extra=slow)]
    document = reading(tmp_path, pdf(sheets), limits=Limits(page_cpu=0.4, cpu=30))
    assert "Myxoma" in document.text
    assert any("page 2" in warning for warning in document.warnings)


def test_a_bomb_ends_as_a_typed_error_or_a_document(tmp_path: Path) -> None:
    bomb = zlib.compress(b"0" * 300_000_000, 9)
    head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 1 1] /Filter /FlateDecode /Length %d >>\nstream\n"
    stream = head % len(bomb) + bomb + b"\nendstream"
    check_ending(tmp_path, pdf([Sheet(column(LEFT, 72, 700), extra=b"/X1 Do")], objects=(stream,)))


@pytest.mark.parametrize(
    ("start", "error"),
    [
        (b"", FileEmpty),
        (b" \n\t ", FileEmpty),
        (b"PK\x03\x04 office", UnknownFormat),
        (b"\x89PNG\r\n\x1a\n", UnknownFormat),
        (b"<!DOCTYPE html><html>", UnknownFormat),
        (b"%PDF-1.4\n%garbage without objects", DamagedFile),
    ],
)
def test_files_that_are_not_papers_are_refused(tmp_path: Path, start: bytes, error: type[ReadError]) -> None:
    path = tmp_path / "any.pdf"
    path.write_bytes(start)
    with pytest.raises(error) as caught:
        read(path)
    assert caught.value.remedy
    assert caught.value.path == "any.pdf"
    assert ".)" not in str(caught.value)  # one full stop, at the end


def test_folders_devices_and_missing_files_are_refused_and_links_followed(tmp_path: Path) -> None:
    (tmp_path / "real.pdf").write_bytes(paper())
    (tmp_path / "link.pdf").symlink_to(tmp_path / "real.pdf")
    (tmp_path / "zero.pdf").symlink_to("/dev/zero")
    for path in (tmp_path, tmp_path / "zero.pdf", tmp_path / "gone.pdf"):
        with pytest.raises(FileMissing):
            read(path)
    assert read(tmp_path / "link.pdf").source == "link.pdf"


def test_content_decides_the_format_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "paper.txt"
    path.write_bytes(paper())
    assert read(path).format == "pdf"


def test_one_bad_file_never_stops_the_rest(tmp_path: Path) -> None:
    good, bad, gone = tmp_path / "good.pdf", tmp_path / "bad.pdf", tmp_path / "gone.pdf"
    good.write_bytes(paper())
    bad.write_bytes(b"%PDF-1.4 broken")
    outcomes = list(read_many([bad, good, gone], workers=2))
    assert [o.status for o in outcomes] == [Status.REFUSED, Status.READ, Status.REFUSED]
    assert isinstance(outcomes[2].error, FileMissing)


def test_what_a_file_becomes_does_not_depend_on_the_files_before_it(tmp_path: Path) -> None:
    pages = b" ".join(b"1 0 0 1 72 %d Tm (Line %d of the second.) Tj" % (700 - 14 * i, i) for i in range(40))
    contents = {
        "one.pdf": paper(),
        "broken.pdf": b"%PDF-1.4 broken",
        "cut.pdf": paper()[: len(paper()) // 2],
        "two.pdf": pdf([Sheet(column(LEFT, 72, 700), extra=b"BT /F1 11 Tf " + pages + b" ET")] * 2),
        "notes.txt": b"Sleep\n\nAbstract\n\nNineteen nurses slept 5.4 hours by day.\n",
        "three.pdf": pdf([Sheet(column(LEFT, 72, 700))]),
    }
    paths = [tmp_path / name for name in contents]
    for path in paths:
        path.write_bytes(contents[path.name])

    def told(outcomes: Iterable[Outcome]) -> dict[Path, object]:
        return {one.path: one.document or str(one.error) for one in outcomes}

    forwards, backwards = told(read_many(paths, 1)), told(read_many(paths[::-1], 2))
    alone = told(outcome for path in paths for outcome in read_many([path]))
    assert forwards == backwards == alone
    assert sum(isinstance(one, Document) for one in alone.values()) >= 4


def test_reading_runs_ahead_of_what_is_taken_but_not_far_and_ends_when_closed(tmp_path: Path) -> None:
    path = tmp_path / "any.txt"
    path.write_text("Sleep\n\nAbstract\n\nNineteen nurses slept 5.4 hours by day.\n")
    asked: list[int] = []

    def paths() -> Iterator[Path]:
        for number in range(100):
            asked.append(number)
            yield path

    outcomes = read_many(paths())
    next(outcomes)
    next(outcomes)
    assert 2 < len(asked) < 50
    outcomes.close()
    assert not [*outcomes]


@given(data=st.data())
@FEW
def test_mutated_and_truncated_files_give_a_document_or_a_typed_error(
    tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(paper())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    check_ending(tmp_path, bytes(whole[:cut]))


@given(body=st.binary(max_size=2_000))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_content_stream_gives_a_document_or_a_typed_error(tmp_path: Path, body: bytes) -> None:
    check_ending(tmp_path, pdf([Sheet(column(LEFT, 72, 700), extra=body)]))


def test_a_raised_exponent_of_ten_is_marked(tmp_path: Path) -> None:
    words = [
        *column(LEFT, 72, 700),
        Words("Cells were counted at 4.1 x 10", 72, 590),
        Words("9", 206.6, 594, 6),
    ]
    data = pdf([Sheet([*words, Words("/L in the blood of the man.", 210, 590)])])
    assert "4.1 x 10^9/L in the blood" in reading(tmp_path, data).text


def test_words_lost_inside_figures_are_reported(tmp_path: Path) -> None:
    words = ("Assessed patients", "Not eligible", "Drew lots", "Control group", "Treated group") * 4
    labels = [Words(text, 80 + 61 * i % 400, 560 - 14 * i, 6) for i, text in enumerate(words)]
    sheets = [Sheet(column(LEFT, 72, 700)), Sheet([*column(LEFT, 72, 700), *labels])]
    document = reading(tmp_path, pdf(sheets))
    assert "eligible" not in document.text
    assert document.warnings == ("40 words inside figures were left out (pages: 2)",)


@pytest.mark.slow
def test_a_paper_of_200_pages_is_read_within_the_limits(tmp_path: Path) -> None:
    page = Sheet([*column(LEFT * 6, 72, 740), *column(RIGHT * 6, 320, 740)])
    data = pdf([Sheet([Words("1. Introduction", 72, 760, 12, "F2"), *page.words]), *[page] * 199])
    document = reading(tmp_path, data, limits=Limits(cpu=30, memory=512 << 20, wall=600))
    assert len(document.map.pages) == 200
    assert document.text.count("often named in the reports") >= 1000  # some stand where running heads do
