"""Reads PDF: a child process extracts the text, this module makes a ``Document`` of it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from index.errors import DamagedFile, FileTooLarge, GarbledText, NoTextLayer, PasswordNeeded, ReadError
from index.read import sandbox
from index.read.clean import LOST, WORD, without_numbers
from index.read.headings import caption
from index.read.pdf.apart import FEW_LETTERS, letters, notes_on, pages_text, set_apart, turned_pieces
from index.read.pdf.blocks import drafts_of
from index.read.pdf.columns import common_gutter, reading_order
from index.read.pdf.direction import logical, mirrored, right_to_left
from index.read.pdf.extract.glyphs import RIGHT_TO_LEFT
from index.read.pdf.extract.pieces import OCR, Piece, RawPage
from index.read.pdf.front import running_heads
from index.read.pdf.layout import Line, Part, Segment, segment_text, segments
from index.read.pdf.paragraphs import prose
from index.read.structure import Source, assemble
from index.text import Document, MappedText, Page, Span

CHILD = "index.read.pdf.extract.child"  #: module whose ``main`` extracts the text of a PDF
_AGAIN = "Get the file again from its source."
#: Pieces of text on a page; one with more is a drawing.
MOST_PIECES = 40_000
#: Words set at another angle than the rest of their page from which their loss is reported.
_MANY_TURNED = 20
#: Letters of a stamp on the picture of a page at most.
_STAMP = 100
#: The commonest words of languages in Latin script.
_COMMON = frozenset({
    "the", "of", "and", "in", "to", "a", "with", "for", "was", "were", "is", "by", "on", "at", "from", "as",
    "that", "this", "or", "an", "are", "we", "be", "not", "patients", "der", "die", "und", "von", "das",
    "den", "mit", "ist", "des", "im", "zu", "für", "auf", "eine", "la", "le", "les", "de", "et", "du", "en",
    "un", "une", "que", "est", "pour", "dans", "el", "los", "las", "del", "y", "por", "con", "se", "su",
    "para", "al", "como", "lo", "il", "di", "che", "e", "per", "una", "non", "sono", "della", "o", "do",
    "da", "um", "uma",
})  # fmt: skip


def read_pdf(
    data: bytes, name: str, limits: sandbox.Limits, engine: str = "pypdf", run: sandbox.Run | None = None
) -> Document:
    """Return the paper in ``data``, a PDF called ``name``; for ``run`` see ``extract``.

    Raises:
        PasswordNeeded, DamagedFile, FileTooLarge, NoTextLayer, GarbledText: see ``index.errors``.
    """
    warnings: list[str] = []
    try:
        head, raw = extract(data, name, limits, engine, run)
    except DamagedFile:
        if engine != "pypdf":
            raise
        # A broken file may still open in the other engine, which repairs more.
        head, raw = extract(data, name, limits, "pdfium", run)
        repaired = "the file is damaged; it was repaired as far as possible, compare it with the original"
        warnings.append(repaired)
    warnings += [f"page {page.number} could not be read: {page.error}" for page in raw if page.error]
    unread = _scans(raw)
    if len(unread) == len(raw) or not any(page.pieces for page in raw):
        _refuse_empty(name, raw)
    if _garbled(raw):
        remedy = "Run OCR on it again, or give the paper in another format."
        raise GarbledText(name, "the text layer holds glyph codes instead of words.", remedy)
    pages, laid, removed, left_out = _lay_out(raw)
    warnings += left_out
    empty = [page.number for page in raw if not page.error and letters(page.pieces) < FEW_LETTERS]
    if empty and len(raw) > 1 and len(empty) < len(raw):
        warnings.append(f"no text on {pages_text(empty)}")
    if scans := [number for number in unread if number not in empty]:
        warnings.append(f"{pages_text(scans)}: a scan, of which only a stamp or running head could be read")
    drafts, notes = drafts_of(laid, removed, head)
    return assemble(Source(data, name, "pdf", pages=pages), drafts, [*warnings, *notes])


def _refuse_empty(name: str, raw: Sequence[RawPage]) -> None:
    errors = [page.error for page in raw if page.error]
    if errors and len(errors) == len(raw):
        raise DamagedFile(name, f"no page could be read ({errors[0]}).", _AGAIN)
    reason = f"{len(raw)} page{'s' * (len(raw) != 1)}, but no text: a scan, or images only."
    raise NoTextLayer(name, reason, "Run OCR on it, for example with OCRmyPDF, and try again.")


def _scans(raw: Sequence[RawPage]) -> list[int]:
    """Return the numbers of the pages that are pictures with next to no text of their own, or empty.

    A stamp, a running head or what stands on other pages too is not the text of a page.
    """
    scans = [page for page in raw if not page.error and (page.picture > 0.5 or not page.pieces)]
    repeated: Counter[str] = Counter()
    if any(page.pieces for page in scans):
        repeated.update(key for page in raw for key in {without_numbers(piece.text) for piece in page.pieces})
    return [page.number for page in scans if _without_text(page, repeated)]


def _without_text(page: RawPage, repeated: Counter[str]) -> bool:
    """Return whether a page has hardly any text of its own; ``repeated`` counts the pages with a text."""
    if letters(page.pieces) < FEW_LETTERS:
        return True
    if page.picture <= 0.8 or letters(piece for piece in page.pieces if piece.flags & OCR) >= FEW_LETTERS:
        return False
    inside = (piece for piece in page.pieces if 0.1 * page.height < piece.y < 0.9 * page.height)
    return letters(piece for piece in inside if repeated[without_numbers(piece.text)] < 2) < _STAMP


def _garbled(pages: Sequence[RawPage]) -> bool:
    """Return whether the text layer holds glyph codes rather than words.

    Signs of it: characters that the file itself gives no meaning, control and
    private-use characters; or, in a text long enough to tell, hardly any of the
    commonest words of Latin-script languages and no letters of other scripts.
    """
    text = " ".join(piece.text for page in pages for piece in page.pieces)
    visible = [character for character in text if not character.isspace()]
    if not visible:
        return False
    broken = sum(c == LOST or unicodedata.category(c) in ("Cc", "Co") for c in visible)
    if broken > 0.3 * len(visible):
        return True
    words = [word.lower() for word in WORD.findall(text)]
    if not words:
        return True
    if len(words) < 40:
        few = len(visible) >= 100 and len("".join(words)) < 0.3 * len(visible)
        return few and broken > 0.05 * len(visible)
    foreign = sum(character.isalpha() and ord(character) > 0x24F for character in visible)
    common = sum(word in _COMMON for word in words)
    least = 0.03 if len(words) >= 100 else 0.0
    return common <= least * len(words) and foreign < 0.3 * len(visible)


def extract(
    data: bytes, name: str, limits: sandbox.Limits, engine: str, run: sandbox.Run | None = None
) -> tuple[dict[str, Any], tuple[RawPage, ...]]:
    """Return the metadata of the file and its pages, read in a child process.

    ``run`` is that of a ``sandbox.Server`` of ``CHILD``; without it, one is started for this file.

    Raises:
        PasswordNeeded, DamagedFile, FileTooLarge: see ``index.errors``.
    """
    request = {"engine": engine} | {
        name: getattr(limits, name) for name in ("pages", "characters", "page_cpu")
    }
    result = (run or partial(sandbox.run, CHILD))(request, data, limits)
    error = next((message for message in result.messages if "error" in message), None)
    if error is not None:
        raise _refusal(name, str(error["error"]), str(error.get("detail", "")), limits)
    if result.end is sandbox.End.TIME:
        cost = f"reading it takes more than {limits.cpu} s of CPU time, or {limits.wall} s in total."
        raise FileTooLarge(name, cost, "Try again when the machine is idle, or split the file.")
    if result.end is sandbox.End.OUTPUT:
        raise _refusal(name, "text", "", limits)
    if result.end is not sandbox.End.DONE:
        raise DamagedFile(name, f"the PDF reader failed (exit code {result.code}).", _AGAIN)
    try:
        head: dict[str, Any] = next((message["head"] for message in result.messages if "head" in message), {})
        pages = tuple(_page(message["page"]) for message in result.messages if "page" in message)
    except (KeyError, TypeError, ValueError) as problem:
        raise DamagedFile(name, "its text could not be received.", "Get the file again.") from problem
    head = {**head, "memory": result.messages[-1].get("memory", 0)}
    return head, pages


def _refusal(name: str, kind: str, detail: str, limits: sandbox.Limits) -> ReadError:
    """Return the error for a message of the child."""
    if kind == "password":
        return PasswordNeeded(name, "the PDF is encrypted.", "Save a copy without a password and try again.")
    over = {
        "pages": f"{detail} pages; the limit is {limits.pages}.",
        "text": f"more than {limits.characters} characters of text.",
        "memory": f"reading it takes more than {limits.memory >> 20} MiB of memory.",
    }
    if kind in over:
        return FileTooLarge(name, over[kind], "Split the file.")
    return DamagedFile(name, f"the PDF is broken ({detail}).", _AGAIN)


def _page(message: dict[str, Any]) -> RawPage:
    error = str(message.get("error", ""))
    pieces = message.get("pieces", [])
    if len(pieces) > MOST_PIECES:
        pieces, error = [], f"{len(pieces)} pieces of text: a drawing"
    return RawPage(
        number=int(message["number"]),
        label=str(message["label"]),
        width=float(message.get("width", 0)),
        height=float(message.get("height", 0)),
        pieces=tuple(Piece.from_json(values) for values in pieces),
        error=error,
        picture=float(message.get("picture", 0)),
    )


def _lay_out(
    raw: Sequence[RawPage],
) -> tuple[tuple[Page, ...], list[list[Line]], list[list[Segment]], list[str]]:
    """Return the pages, for each its lines in reading order and what was taken out of it, and notes."""
    pages: list[Page] = []
    apart = set_apart(raw)
    grouped: list[list[Segment]] = []
    aside: list[list[list[Segment]]] = []
    at = 0
    for page, sets, turned in zip(raw, apart, turned_pieces(raw, apart), strict=True):
        start = at
        parts: list[Part] = []
        for piece in page.pieces:
            parts.append(_part(piece, at))
            at += len(piece.text) + 1
        parts = _read_from_left(parts, page)
        pages.append(Page(page.number, page.label or str(page.number), Span(start, max(at - 1, start))))
        at = max(at, start + 1)
        upright = (
            i for i, piece in enumerate(page.pieces) if piece.angle == sets.angle and i not in sets.out
        )
        grouped.append(segments([parts[i] for i in upright]))
        aside.append([segments([parts[i] for i in positions]) for positions in turned.values()])
    heads = running_heads([(page.height, segs) for page, segs in zip(raw, grouped, strict=True)])
    kept = [[s for i, s in enumerate(segs) if i not in out] for segs, out in zip(grouped, heads, strict=True)]
    removed = [[s for i, s in enumerate(segs) if i in out] for segs, out in zip(grouped, heads, strict=True)]
    if not any(kept):  # the same few lines on every page: all there is, not heads
        kept, removed = grouped, [[] for _ in grouped]
    usual = common_gutter(kept)
    laid = [reading_order(segs, page.number, usual) for page, segs in zip(raw, kept, strict=True)]
    notes = notes_on(raw, apart)
    if other := [page.number for page in raw if RIGHT_TO_LEFT.search("".join(p.text for p in page.pieces))]:
        notes.append(
            "right-to-left text was put into logical order; compare numbers and brackets with the original"
            f" ({pages_text(other)})"
        )
    for page, lines, groups in zip(raw, laid, aside, strict=True):
        notes += _add_turned(page.number, lines, groups)
    return tuple(pages), laid, removed, notes


def _read_from_left(parts: list[Part], page: RawPage) -> list[Part]:
    """Return the parts, mirrored if the page is read from right to left, with their text in logical order."""
    text = "".join(piece.text for piece in page.pieces)
    if right_to_left(text):
        return mirrored(parts, page.width)
    if RIGHT_TO_LEFT.search(text):
        return [replace(part, text=logical(part.text)) for part in parts]
    return parts


def _part(piece: Piece, at: int) -> Part:
    text = MappedText.raw(piece.text, at)
    return Part(text, piece.x0, piece.x1, piece.y, piece.size, piece.flags, piece.font)


def _add_turned(page: int, lines: list[Line], groups: Sequence[list[Segment]]) -> Iterator[str]:
    """Add to the lines of a page the tables and sentences at other angles; yield notes on what is left."""
    words = 0
    for number, group in enumerate(groups, start=1):
        text = [segment_text(segment).text for segment in group]
        if any(map(caption, text)) or prose(" ".join(text)):
            order = reading_order(group, page)
            lines += [replace(line, region=line.region + 1_000 * number) for line in order]
        else:
            words += sum(len(part.split()) for part in text)
    if words >= _MANY_TURNED:
        yield f"page {page}: {words} words and numbers set sideways or at an angle were left out"
