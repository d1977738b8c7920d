"""Word documents: headings, tables, notes and raised text are read, and changes as if accepted."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from index.errors import DamagedFile, UnknownFormat
from index.read import read
from index.text import Document

_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = (
    '<Types><Override PartName="/word/document.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_STYLES = (
    f"<w:styles {_SPACE}>"
    '<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style></w:styles>'
)


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(content: str, style: str = "") -> str:
    style = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{style}{content}</w:p>"


def docx(folder: Path, body: str, name: str = "paper.docx", **others: str) -> Document:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("word/document.xml", f"<w:document {_SPACE}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/styles.xml", _STYLES)
        for part, content in others.items():
            archive.writestr(f"word/{part}.xml", content)
    (folder / name).write_bytes(stream.getvalue())
    return read(folder / name)


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(run(text))}</w:tc>"


BODY = "".join(
    [
        paragraph(run("Gout after diuretics"), "Titel"),
        paragraph(run("Maria Lind, Tomas Okafor")),
        paragraph(run("Results"), "berschrift1"),
        paragraph(
            run("Cells rose to 0.8 × 10")
            + run("9", '<w:vertAlign w:val="superscript"/>')
            + run("/L after ")
            + "<w:del><w:r><w:delText>40</w:delText></w:r></w:del><w:ins>"
            + run("60")
            + "</w:ins>"
            + run(" mg of furosemide; the patient")
            + run(" secretly", "<w:vanish/>")
            + run(" recovered.")
        ),
        paragraph(run("Table 1. Urate by day")),
        "<w:tbl><w:tr>",
        *(cell("Day"), cell("Urate", '<w:gridSpan w:val="2"/>')),
        "</w:tr><w:tr>",
        *(cell("1", '<w:vMerge w:val="restart"/>'), cell("9.1"), cell("mg/dL")),
        "</w:tr><w:tr>",
        *(cell("", "<w:vMerge/>"), cell("7.2"), cell("mg/dL")),
        "</w:tr></w:tbl>",
    ]
)


def test_structure_and_marks_are_read(tmp_path: Path) -> None:
    document = docx(tmp_path, BODY)
    assert (document.format, document.title) == ("docx", "Gout after diuretics")
    assert document.authors == ("Maria Lind", "Tomas Okafor")
    assert [section.title for section in document.sections if section.title] == ["Results"]
    assert "Cells rose to 0.8 × 10^9/L after 60 mg of furosemide; the patient recovered." in document.text
    assert document.warnings == ("the document has tracked changes; they are read as accepted",)
    (table,) = document.tables
    rows = [[part.of(document.text) for part in row.cells] for row in table.rows]
    assert rows == [["1", "9.1", "mg/dL"], ["1", "7.2", "mg/dL"]]
    assert [part.of(document.text) for part in table.header] == ["Day", "Urate", "Urate"]


def test_footnotes_stand_at_the_end(tmp_path: Path) -> None:
    notes = (
        f"<w:footnotes {_SPACE}><w:footnote>{paragraph(run('Measured twice.'))}</w:footnote></w:footnotes>"
    )
    assert docx(tmp_path, BODY, footnotes=notes).text.endswith("Notes\n\nMeasured twice.")


def test_a_text_box_is_read_once_after_its_paragraph(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{paragraph(run('Key point: stop diuretics.'))}</w:txbxContent>"
    forms = f"<Choice>{box}</Choice><Fallback><w:pict>{box}</w:pict></Fallback>"
    drawn = f"<AlternateContent>{forms}</AlternateContent>"
    text = docx(tmp_path, paragraph(run("The urate fell.") + f"<w:r>{drawn}</w:r>")).text
    assert text == "The urate fell.\n\nKey point: stop diuretics."


def test_what_is_no_word_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
    with pytest.raises(UnknownFormat, match="not a Word document"):
        read(path)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(DamagedFile):
        read(path)
    with pytest.raises(UnknownFormat, match="zip archive"):
        docx(tmp_path, BODY, "a.txt")
    with pytest.raises(DamagedFile, match="entity"):
        docx(tmp_path, BODY, footnotes="<!DOCTYPE x [<!ENTITY a 'b'>]><footnotes/>")
