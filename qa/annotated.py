"""Copies of PDFs in which the quotes of answers are highlighted.

Each highlight has a note with the question and the confidence. Originals are only read: the copies are
new files, and no existing file is replaced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from index.errors import ReadError, StorageError, UsageError
from index.files import LOCAL_DISK
from index.ingest.originals import Lost, harmless_name, original
from index.pages.highlights import Highlight, highlighted
from index.pages.places import Box, boxes
from index.store.index import Index
from index.text import Document, Span
from qa.records import Answer, Citation, Status
from qa.show.present import counted, per_cent

SURE, UNSURE = "ffe066", "ffc08a"  #: yellow for quotes of an answer, orange for possible answers


@dataclass(frozen=True, slots=True)
class Annotated:
    """What became of one cited paper."""

    source: str  #: file name of the paper
    copy: Path | None  #: the annotated copy; None if there is none
    quotes: int  #: how many quotes are highlighted
    problem: str  #: for people: why there is no copy, or which quotes it lacks; empty if nothing is missing


@dataclass(frozen=True, slots=True)
class _Marked:
    """A quote, its boxes and what its note says."""

    boxes: tuple[Box, ...]
    lines: list[str]
    sure: bool


def require_target(into: Path) -> None:
    """Create the folder for copies if needed.

    Raises:
        UsageError: it is a file, or the system refuses to create it.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = "a file, not a folder" if into.is_file() else error.strerror
        raise UsageError(f"{into}: {what}.", "Name a folder for the annotated copies.") from error


def annotate(index: Index, answers: Sequence[Answer], into: Path) -> tuple[Annotated, ...]:
    """Write a copy of each cited PDF with its quotes highlighted into a folder, created if needed.

    A paper that cannot be annotated is reported, and the others go on: it is not a PDF, its file is gone
    or has changed, or the file is encrypted or signed. A quote whose position on the page is uncertain is
    not highlighted and reported.

    Raises:
        UsageError: ``into`` cannot be a folder.
        StorageError: a copy cannot be written.
    """
    require_target(into)
    papers: dict[str, list[tuple[Answer, Citation]]] = {}
    for answer in answers:
        for citation in answer.citations:
            papers.setdefault(citation.document_id, []).append((answer, citation))
    return tuple(_annotate(index, index.documents[key], cited, into) for key, cited in papers.items())


def _annotate(
    index: Index, document: Document, cited: Sequence[tuple[Answer, Citation]], into: Path
) -> Annotated:
    name = document.source
    try:
        data, quotes, lost = _copy(index, document, cited)
        copy = _write(into, name, data)
    except ReadError as error:
        return Annotated(name, None, 0, f"Not annotated: {error}")
    lacking = f"{copy}: {counted(lost, 'quote')} not highlighted, without a certain position on the page."
    return Annotated(name, copy, quotes, lacking if lost else "")


def annotated_copy(index: Index, answers: Sequence[Answer], document_id: str) -> bytes:
    """Return a copy of one PDF with the quotes of ``answers`` highlighted.

    Raises:
        ReadError: it cannot be annotated, see ``annotate``.
        IndexDamaged, StorageError: the index cannot be read.
    """
    cited = [(one, quote) for one in answers for quote in one.citations if quote.document_id == document_id]
    return _copy(index, index.documents[document_id], cited)[0]


def _copy(
    index: Index, document: Document, cited: Sequence[tuple[Answer, Citation]]
) -> tuple[bytes, int, int]:
    """Return an annotated copy, and how many sentences it highlights and lacks.

    Raises:
        ReadError: it highlights none, or the file cannot be used.
    """
    name = document.source
    data = _bytes_of(index, document)
    marked, lost = _marked(data, document, cited)
    if not marked:
        raise ReadError(name, "the position of its quotes on the page is uncertain.")
    highlights = [Highlight(one.boxes, "\n".join(one.lines), SURE if one.sure else UNSURE) for one in marked]
    return highlighted(name, data, highlights), len(marked), lost


def _bytes_of(index: Index, document: Document) -> bytes:
    """Return the PDF that a paper was read from.

    Raises:
        ReadError: it is another kind of file, or not available.
    """
    name = document.source
    if document.format != "pdf":
        raise ReadError(name, "not a PDF.")
    path = original(index.beside, document.id)
    if isinstance(path, Lost):
        raise ReadError(name, _lower(path), "Add it again: loccit add FILE")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(name, f"cannot be read ({error.strerror}).") from error
    if hashlib.sha256(data).hexdigest() != document.id:  # changed since its checksum was compared
        raise ReadError(name, _lower(Lost.CHANGED), "Add it again: loccit add FILE")
    return data


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _marked(
    data: bytes, document: Document, cited: Sequence[tuple[Answer, Citation]]
) -> tuple[list[_Marked], int]:
    """Return what to highlight, each sentence once, and how many sentences have no certain position."""
    spans: dict[Span, _Marked] = {}
    for answer, citation in cited:
        sure = answer.status is not Status.POSSIBLE
        known = spans.get(citation.span)
        found = known.boxes if known else boxes(data, document, citation.span)
        lines = known.lines if known else []
        kind = "Answer" if sure else "Possible answer, not sure"
        lines.append(f"{' '.join(answer.question.split())}")
        lines.append(f"{kind}: quote {citation.number}, confidence {per_cent(citation.confidence)}%")
        spans[citation.span] = _Marked(found, lines, sure or bool(known and known.sure))
    marked = [one for one in spans.values() if one.boxes]
    return marked, len(spans) - len(marked)


def _write(into: Path, source: str, data: bytes) -> Path:
    """Write ``data`` under the first free name such as "paper-annotated-2.pdf" and return its path.

    Raises:
        StorageError: the system refuses to write.
    """
    stem = Path(harmless_name(source)).stem[:80]
    names = (f"{stem}-annotated{f'-{number}' if number > 1 else ''}.pdf" for number in count(1))
    path = next(into / name for name in names if not (into / name).exists())
    try:
        LOCAL_DISK.write_atomically(path, [data])
    except StorageError as error:
        raise StorageError(error.message, "Choose another folder for the annotated copies.") from error
    return path
