"""What a page of a PDF shows beside its running text: what is left out, what is read, what is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import NoTextLayer
from index.read import read
from index.text import BlockKind, Document
from tests.documents import grid, texts
from tests.make_pdf import LEFT, RIGHT, Sheet, Words, column, pdf
from tests.test_pdf import IMAGE

both_engines = pytest.mark.parametrize("engine", ["pypdf", "pdfium"])
BODY = " ".join((*LEFT, *RIGHT)).replace("hospi- tal", "hospital")
FULL_PICTURE = b"q 612 0 0 792 0 0 cm /X1 Do Q"


def reading(folder: Path, sheets: list[Sheet], engine: str, objects: tuple[bytes, ...] = ()) -> Document:
    path = folder / "paper.pdf"
    path.write_bytes(pdf(sheets, objects=objects))
    return read(path, engine=engine)


def numbered(step: int, x: float = 50) -> list[Words]:
    lines = column((*LEFT, *RIGHT), 90, 700)
    counted = [Words(str(n), x, w.y, 7) for n, w in enumerate(lines, start=4) if n % step == 0]
    return [*lines, *counted]


@both_engines
@pytest.mark.parametrize(("step", "x"), [(1, 50), (5, 50), (1, 560)])
def test_the_numbers_of_lines_are_left_out(tmp_path: Path, engine: str, step: int, x: float) -> None:
    document = reading(tmp_path, [Sheet(numbered(step, x))], engine)
    assert texts(document, BlockKind.PARAGRAPH) == [BODY]
    assert not document.warnings


@both_engines
def test_the_few_numbers_of_a_last_page_are_left_out_too(tmp_path: Path, engine: str) -> None:
    last = [*column(RIGHT[:3], 90, 700), Words("22", 50, 688, 7)]
    document = reading(tmp_path, [Sheet(numbered(2)), Sheet(last)], engine)
    assert "22" not in document.text and RIGHT[1] in " ".join(document.text.split())


def test_the_numbers_of_a_list_and_of_the_rows_of_a_table_stay(tmp_path: Path) -> None:
    items = [Words(f"{n}", 72, 500 - 12 * n) for n in range(1, 9)]
    items += [Words(f"Patient {n} had fever", 110, 500 - 12 * n) for n in range(1, 9)]
    items += [Words(f"{38 + n / 10}", 300, 500 - 12 * n) for n in range(1, 9)]
    document = reading(tmp_path, [Sheet([*column(LEFT, 72, 700), *items])], "pypdf")
    assert "7\tPatient 7 had fever\t38.7" in document.text


@both_engines
@pytest.mark.parametrize("matrix", [b"1 0 0 1 60 640", b".7 .7 -.7 .7 150 500"], ids=["level", "oblique"])
@pytest.mark.parametrize("pages", [1, 3])
def test_a_watermark_is_no_text_and_reported(tmp_path: Path, engine: str, matrix: bytes, pages: int) -> None:
    mark = b"q .8 g BT /F2 40 Tf " + matrix + b" Tm (ACCEPTED DRAFT) Tj ET Q"
    sheets = [Sheet(column((*LEFT, *RIGHT), 72, 700 - 7 * n), extra=mark) for n in range(pages)]
    document = reading(tmp_path, sheets, engine)
    assert "DRAFT" not in document.text and LEFT[3] in " ".join(document.text.split())
    assert not texts(document, BlockKind.HEADING)
    numbers = "pages 1, 2, 3" if pages == 3 else "page 1"
    assert document.warnings == (f"the watermark “ACCEPTED DRAFT” was left out ({numbers})",)


UNSEEN = [
    b"q 3 Tr BT /F1 10 Tf 72 300 Td (Unseen words of advice) Tj ET Q",
    b"q 1 g BT /F1 10 Tf 72 300 Td (Unseen words of advice) Tj ET Q",
    b"q 0 0 0 0 k BT /F1 10 Tf 72 300 Td (Unseen words of advice) Tj ET Q",
    b"BT /F1 .5 Tf 72 300 Td (Unseen words of advice) Tj ET",
]


@both_engines
@pytest.mark.parametrize("extra", UNSEEN)
def test_invisible_text_is_left_out_and_reported(tmp_path: Path, engine: str, extra: bytes) -> None:
    document = reading(tmp_path, [Sheet(column(LEFT, 72, 700), extra=extra)], engine)
    assert "Unseen" not in document.text
    (warning,) = document.warnings
    assert warning.startswith("invisible text was left out") and warning.endswith("(page 1)")


@both_engines
def test_white_text_on_a_dark_ground_and_an_ocr_layer_over_a_picture_are_read(
    tmp_path: Path, engine: str
) -> None:
    ground = b".1 .2 .5 rg 60 290 400 30 re f 1 g BT /F1 10 Tf 72 300 Td (Seen on blue are these words) Tj ET"
    document = reading(tmp_path, [Sheet(column(LEFT, 72, 700), extra=ground)], engine)
    assert "Seen on blue" in document.text and not document.warnings
    layer = b" 3 Tr " + b"".join(
        b"BT /F1 10 Tf 72 %d Td (%s) Tj ET " % (700 - 12 * i, line.encode()) for i, line in enumerate(LEFT)
    )
    document = reading(tmp_path, [Sheet(extra=FULL_PICTURE + layer)], engine, (IMAGE,))
    assert "the site most often named" in " ".join(document.text.split())


@both_engines
def test_scans_with_a_stamp_are_scans(tmp_path: Path, engine: str) -> None:
    stamp = "Downloaded from journal.example.org by a guest on 4 May 2020. Page {} of 3"
    scans = [Sheet([Words(stamp.format(n), 60, 20, 8)], FULL_PICTURE) for n in (1, 2, 3)]
    with pytest.raises(NoTextLayer):
        reading(tmp_path, scans, engine, (IMAGE,))
    with pytest.raises(NoTextLayer):
        reading(
            tmp_path,
            [Sheet([Words("COPY OF THE LIBRARY OF NOWHERE 1961", 200, 400)], FULL_PICTURE)],
            engine,
            (IMAGE,),
        )
    document = reading(tmp_path, [Sheet(column(LEFT, 72, 700)), *scans], engine, (IMAGE,))
    assert document.warnings == (
        "pages 2, 3, 4: a scan, of which only a stamp or running head could be read",
    )


TURNED = [
    ("Table 1. Ferritin by day.", 120, 505),
    *[(text, 120 + 95 * i, 522) for i, text in enumerate(("Day", "Ferritin", "CRP"))],
    *[(text, 120 + 95 * i, 534) for i, text in enumerate(("1", "14,250", "210"))],
    *[(text, 120 + 95 * i, 546) for i, text in enumerate(("4", "9,800", "120"))],
]


def turned(words: list[tuple[str, int, int]]) -> bytes:
    return b"\n".join(
        b"BT /F1 9 Tf 0 1 -1 0 %d %d Tm (%s) Tj ET" % (x, y, text.encode()) for text, y, x in words
    )


@both_engines
def test_a_table_set_sideways_beside_text_is_read(tmp_path: Path, engine: str) -> None:
    document = reading(tmp_path, [Sheet(column(LEFT, 72, 700), extra=turned(TURNED))], engine)
    assert grid(document) == (["Day", "Ferritin", "CRP"], [["1", "14,250", "210"], ["4", "9,800", "120"]])
    assert document.tables[0].label == "Table 1"
    assert document.map.place(document.tables[0].span).page == 1


def test_numbers_set_sideways_without_a_caption_are_reported(tmp_path: Path) -> None:
    words = [(str(17 * i), 100 + 30 * (i % 8), 500 + 12 * (i // 8)) for i in range(24)]
    document = reading(tmp_path, [Sheet(column(LEFT, 72, 700), extra=turned(words))], "pypdf")
    assert document.warnings == ("page 1: 24 words and numbers set sideways or at an angle were left out",)


FIELDS = (
    b"<< /T (group) /FT /Tx /V (8.4) /Kids [8 0 R] >>",
    b"<< /Type /Annot /Subtype /Widget /Parent 7 0 R /Rect [170 546 260 564] /F 4 >>",
    b"<< /Type /Annot /Subtype /Widget /T (b) /FT /Ch /V (warfarin) /Rect [170 506 260 524] /F 4 >>",
    b"<< /Type /Annot /Subtype /Widget /T (c) /FT /Btn /V /Yes /AS /Yes /Rect [170 466 182 478] /F 4 "
    b"/AP << /N << /Yes 13 0 R /Off 13 0 R >> >> >>",
    b"<< /Type /Annot /Subtype /Widget /T (d) /FT /Btn /AS /Off /Rect [170 426 182 438] /F 4 "
    b"/AP << /N << /Yes 13 0 R /Off 13 0 R >> >> >>",
    b"<< /Type /Annot /Subtype /Widget /T (e) /FT /Tx /V (Unseen) /Rect [170 386 260 404] /F 2 >>",
    b"<< /Type /XObject /Subtype /Form /BBox [0 0 12 12] /Length 0 >>\nstream\n\nendstream",
)
LABELS = ("INR on admission:", "Drug at home:", "Smoker:", "Diabetes:", "Note of the ward:")


@both_engines
def test_the_values_of_a_form_are_read_beside_their_labels(tmp_path: Path, engine: str) -> None:
    words = [*column(LEFT, 72, 700), *column(LABELS, 72, 550, 40)]
    sheet = Sheet(words, entries=b"/Annots [8 0 R 9 0 R 10 0 R 11 0 R 12 0 R]")
    path = tmp_path / "form.pdf"
    fields = b"/AcroForm << /Fields [7 0 R 9 0 R 10 0 R 11 0 R 12 0 R] /DA (/F1 10 Tf) >>"
    path.write_bytes(pdf([sheet], catalog=fields, objects=FIELDS))
    text = " ".join(read(path, engine=engine).text.split())
    wanted = "INR on admission: 8.4 Drug at home: warfarin Smoker: \u2612 Diabetes: \u2610"
    assert wanted in text and "Unseen" not in text


@both_engines
def test_a_page_without_a_glyph_is_a_scan(tmp_path: Path, engine: str) -> None:
    with pytest.raises(NoTextLayer):
        reading(tmp_path, [Sheet(extra=FULL_PICTURE)], engine, (IMAGE,))
