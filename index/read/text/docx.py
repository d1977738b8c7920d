"""Reads Word documents: paragraphs, headings, tables and notes, with all changes accepted.

A document is a zip archive of XML files. Only the parts that hold text are opened, with the parser
that reads JATS: without entities. Raw offsets count the characters of these parts, one after the other.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace

from index.errors import DamagedFile, FileTooLarge, UnknownFormat
from index.read.jats.tree import Node, XmlError, decode_xml, parse
from index.read.sandbox import MIB
from index.read.structure import Source, spanned
from index.read.text.marked import Marked
from index.read.text.plain import read_marked
from index.text import Document, MappedText

LARGEST = 64 * MIB  #: bytes of one part, unpacked
_MAIN = "wordprocessingml.document.main+xml"
#: Elements without text of the paper: what was deleted, instructions of fields, a drawing's second form.
_SILENT = frozenset({"del", "moveFrom", "instrText", "delText", "Fallback", "pict", "sdtPr", "rPr", "pPr"})
_REPLACED = {"tab": " ", "br": " ", "cr": " ", "noBreakHyphen": "-"}
_REMEDY = "Save the document again as .docx, or as PDF."


def read_docx(data: bytes, name: str) -> Document:
    """Return the paper in ``data``, a Word document called ``name``.

    Raises:
        ReadError: see ``index.read.text.plain.read_marked``.
        UnknownFormat: it is an archive of another kind.
        DamagedFile: the archive or its XML is broken.
        FileTooLarge: a part is larger than ``LARGEST``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            main = _main_part(archive)
            if main is None:
                remedy = "Give a Word document (.docx), a PDF, HTML, JATS XML, Markdown or text file."
                raise UnknownFormat(name, "a zip archive, not a Word document.", remedy)
            folder = main.rpartition("/")[0]
            names = [main, *(f"{folder}/{part}.xml" for part in ("footnotes", "endnotes"))]
            parts = [_part(archive, part, name) for part in names if part in archive.namelist()]
            styles = f"{folder}/styles.xml"
            levels = _levels(parse(_part(archive, styles, name))) if styles in archive.namelist() else {}
        text, changed = _text([parse(part) for part in parts], list(map(len, parts)), levels)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, XmlError) as error:
        raise DamagedFile(name, f"the document is broken ({error}).", _REMEDY) from error
    document = read_marked(text, Source(data, name, "docx"))
    told = ("the document has tracked changes; they are read as accepted",) if changed else ()
    return replace(document, warnings=document.warnings + told)


def _main_part(archive: zipfile.ZipFile) -> str | None:
    """Return the name of the part with the text; None if this is no Word document."""
    if "[Content_Types].xml" not in archive.namelist():
        return None
    types = parse(_part(archive, "[Content_Types].xml", ""))
    stated = (node.attributes for node in types.walk("Override"))
    names = [
        one.get("PartName", "").lstrip("/") for one in stated if one.get("ContentType", "").endswith(_MAIN)
    ]
    return next((name for name in names if name in archive.namelist()), None)


def _part(archive: zipfile.ZipFile, part: str, name: str) -> str:
    with archive.open(part) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise FileTooLarge(name, f"its part {part} has more than {LARGEST // MIB} MiB.", _REMEDY)
    return decode_xml(data)


def _levels(styles: Node) -> dict[str, int]:
    """Return the level of each style that is a heading, by its id: 1 for the title of the document.

    The names of the built-in styles are English in every language of Word.
    """
    levels: dict[str, int] = {}
    for style in styles.walk("style"):
        named = style.find("name")
        called = (named.attributes.get("val", "") if named else "").casefold()
        outline = style.find("pPr/outlineLvl")
        depth = outline.attributes.get("val", "") if outline else called.removeprefix("heading ")
        key = style.attributes.get("styleId", "")
        if called == "title":
            levels[key] = 1
        elif depth.isdecimal() and int(depth) < 9:
            levels[key] = int(depth) + (2 if outline else 1)
    return levels


def _text(parts: list[Node], lengths: list[int], levels: dict[str, int]) -> tuple[MappedText, bool]:
    """Return the text of all parts, and whether it has tracked changes."""
    marked = Marked()
    start = 0
    for number, (part, length) in enumerate(zip(parts, lengths, strict=True)):
        if number and any(part.walk("t")):
            marked.close(2)
            marked.insert("Notes", start)
        marked.close()
        _Reader(marked, levels, start).blocks(part)
        start += length
    return marked.text(), any(any(part.walk(tag)) for part in parts for tag in ("del", "ins"))


class _Reader:
    """Goes through the tree of one part, which begins at the raw offset ``start``."""

    def __init__(self, marked: Marked, levels: dict[str, int], start: int) -> None:
        self._marked = marked
        self._levels = levels
        self._start = start
        self._boxes: list[Node] = []  # text boxes, read after the paragraph that holds them

    def blocks(self, parent: Node) -> None:
        for node in parent.elements():
            if node.tag in _SILENT:
                continue
            if node.tag == "p":
                self._paragraph(node)
            elif node.tag == "tbl":
                self._marked.close()
                rows = list(self._rows(node))
                heads = sum(1 for row in node.all("tr") if row.find("trPr/tblHeader"))
                self._marked.table(rows, heads)
            else:
                self.blocks(node)

    def _paragraph(self, node: Node) -> None:
        style = node.find("pPr/pStyle")
        self._marked.close(self._levels.get(style.attributes.get("val", ""), 0) if style else 0)
        self._inline(node, "")
        self._marked.close()
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self.blocks(box)

    def _rows(self, table: Node) -> Iterator[list[MappedText]]:
        """Yield the cells of each row; one that spans columns or rows is repeated in each."""
        above: list[MappedText] = []
        for row in table.all("tr"):
            cells: list[MappedText] = []
            for cell in row.all("tc"):
                merged, wide = cell.find("tcPr/vMerge"), cell.find("tcPr/gridSpan")
                for inner in cell.walk("p"):
                    self._inline(inner, "")
                    self._marked.insert(" ", self._start + inner.at)
                text = self._marked.take()
                if merged and merged.attributes.get("val") != "restart" and len(cells) < len(above):
                    text = above[len(cells)]
                cells += [text] * spanned(wide.attributes.get("val") if wide else None)
            above = cells
            yield cells

    def _inline(self, node: Node, mark: str) -> None:
        """Add the text in ``node``; ``mark`` stands before it if it is raised ("^") or lowered ("_")."""
        for child in node.children:
            if isinstance(child, MappedText):
                if node.tag == "t":
                    if mark and child.text.strip() and self._marked.ends_with_word():
                        self._marked.insert(mark, self._start + child.origins[0])
                        mark = ""
                    self._marked.add(MappedText(child.text, [self._start + at for at in child.origins]))
            elif child.tag == "txbxContent":
                self._boxes.append(child)
            elif child.tag in _REPLACED:
                self._marked.insert(_REPLACED[child.tag], self._start + child.at)
            elif child.tag not in _SILENT and not (child.tag == "r" and child.find("rPr/vanish")):
                self._inline(child, _raised(child) or (mark if child.tag == "t" else ""))


def _raised(node: Node) -> str:
    """Return the mark of a run or a part of a formula that stands above or below its line."""
    if node.tag in ("sup", "sub"):  # of a formula
        return "^" if node.tag == "sup" else "_"
    aligned = node.find("rPr/vertAlign") if node.tag == "r" else None
    return {"superscript": "^", "subscript": "_"}.get(
        aligned.attributes.get("val", "") if aligned else "", ""
    )
