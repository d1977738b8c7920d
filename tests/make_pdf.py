"""Writes small PDFs for tests, byte by byte, so that every fault in them is intended."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Words:
    """One line of text at a place; sizes and places in points, y upwards."""

    text: str
    x: float = 72.0
    y: float = 700.0
    size: float = 10.0
    font: str = "F1"


@dataclass
class Sheet:
    """One page."""

    words: list[Words] = field(default_factory=list)
    extra: bytes = b""  #: more content operators
    rotate: int = 0
    entries: bytes = b""  #: more entries of the page


def content(sheet: Sheet) -> bytes:
    """Return the content stream of a page."""
    parts = []
    for w in sheet.words:
        text = w.text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        parts.append(b"BT /%s %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET" % (w.font.encode(), w.size, w.x, w.y, text))
    return b"\n".join([*parts, sheet.extra])


def pdf(
    sheets: list[Sheet], *, info: bytes = b"", catalog: bytes = b"", objects: tuple[bytes, ...] = ()
) -> bytes:
    """Return a PDF. Fonts: F1 Helvetica, F2 Helvetica-Bold, F3 Helvetica-Oblique.

    Args:
        sheets: the pages.
        info: entries of the document information dictionary.
        catalog: more entries of the catalog.
        objects: more objects; the first has the number 7.
    """
    fonts = [
        b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name
        for name in (b"Helvetica", b"Helvetica-Bold", b"Helvetica-Oblique")
    ]
    first = 7 + len(objects)
    kids = b" ".join(b"%d 0 R" % (first + 2 * i) for i in range(len(sheets)))
    made = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(sheets)),
        *fonts,
        b"<< %s >>" % info,
        *objects,
    ]
    for i, sheet in enumerate(sheets):
        stream = content(sheet)
        made.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Rotate %d /Contents %d 0 R /Resources "
            b"<< /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R >> %s >> %s >>"
            % (
                sheet.rotate,
                first + 2 * i + 1,
                b"/XObject << /X1 7 0 R >>" if objects else b"",
                sheet.entries,
            )
        )
        made.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(made, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(made) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(made) + 1,
        start,
    )
    return bytes(out)


LEFT = (
    "Myxoma is a rare tumor of the heart and it was",
    "seen in a young woman who came to our hospi-",
    "tal with fever. The left atrium is the site most",
    "often named in the reports that we have found.",
    "She was treated with care and the fever went",
    "away within days, as the notes of the ward say.",
    "No other finding was made on that day and the",
    "plan was to wait for the results of the blood",
)
RIGHT = (
    "cultures before any further step was taken by",
    "the team. On the next day the cultures were",
    "positive for a rod that is seen in warm water.",
    "The drug was changed to one that is known to",
    "act on it, and the patient was well after that.",
    "We think that such a case is of use to others",
    "who may see one like it in the future, and so",
    "we have set it down in this short report here.",
)


def column(lines: tuple[str, ...], x: float, top: float, step: float = 12.0) -> list[Words]:
    """Return lines of running text below each other."""
    return [Words(line, x, top - i * step) for i, line in enumerate(lines)]


def paper() -> bytes:
    """Return a two-page paper: title, authors, abstract, two columns, caption, table, references."""
    first = [
        Words("Journal of Small Things 2020, 4, 12", 72, 760, 8),
        Words("A Rare Tumor of the Heart in Warm Water", 72, 710, 18, "F2"),
        Words("Ann Bee, Cem D. Dee and Eva Eff", 72, 685, 11),
        Words("Department of Medicine, University of Nowhere, Nowhere", 72, 670, 8, "F3"),
        Words("Received 3 May 2020; Accepted 4 June 2020. doi: 10.1234/small.2020.12", 72, 655, 8),
        Words("Abstract", 72, 630, 12, "F2"),
        Words(
            "We report a tumor of the heart that was seen in a young woman, and what was done about it.",
            72,
            612,
        ),
        Words("1. Introduction", 72, 560, 12, "F2"),
        *column(LEFT, 72, 540),
        Words("1", 300, 30, 8),
    ]
    first += column(RIGHT, 320, 540)
    second = [
        Words("Journal of Small Things 2020, 4, 12", 72, 760, 8),
        Words("2. Case Report", 72, 730, 12, "F2"),
        *column(LEFT, 72, 710),
        Words("Figure 1: The heart of the patient as it was seen on the first day.", 72, 590, 8),
        Words("Table 1: Values on admission.", 320, 730, 8),
        *[Words(t, x, 715, 8) for t, x in (("Test", 320), ("Value", 400), ("Range", 470))],
        *[Words(t, x, 703, 8) for t, x in (("CK", 320), ("9641", 400), ("30-200", 470))],
        *[Words(t, x, 691, 8) for t, x in (("CRP", 320), ("12", 400), ("0-5", 470))],
        Words("References", 320, 640, 12, "F2"),
        Words("[1] F. Gee, On tumors, Heart, vol. 3, pp. 4-5, 2001.", 320, 622),
        Words("[2] H. Aitch, On water, Sea, vol. 6, pp. 7-8, 2002.", 320, 610),
        Words("2", 300, 30, 8),
    ]
    return pdf([Sheet(first), Sheet(second)], info=b"/Title (A Rare Tumor)")
