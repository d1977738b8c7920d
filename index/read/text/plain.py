"""Reads text, Markdown and HTML: lines become blocks, and what interrupts a sentence is lifted out of it.

Works on text as people save it and as PDF extractors leave it: hard-wrapped
lines or one paragraph a line, headings bare, numbered or run in, tables in
tabs or pipes, captions in the middle of a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from index.errors import FileEmpty, GarbledText, UndecodableText
from index.read import headings
from index.read.clean import LOST, Vocabulary, join_lines, mend_ligatures, normalise, split_glued
from index.read.metadata import letters, state_fields
from index.read.raised import Level, Run, set_out
from index.read.structure import Draft, Source, assemble
from index.read.text.chunks import Chunk, classify, join_broken
from index.read.text.columns import columns_below
from index.read.text.front import front_matter
from index.read.text.html import HtmlText, without_tags
from index.read.text.lines import CODE, CODE_LINE, MARKED_HEADING, groups_of, layout_of, without_running_heads
from index.read.text.tables import gather_cells, table_of_lines
from index.text import BlockKind, Document, MappedText, join, line_starts

#: Notes on repairs that a document carries at most.
_NOTES = 20

# The marks of Markdown. Lengths are bounded, so that hostile text is read in linear time.
_LINK = re.compile(r"!?\[(?P<text>[^\[\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)")
_STRONG = re.compile(r"(?<![\w*])(?P<mark>\*\*|__)(?=[^\s*_])(?P<text>[^\n]{0,300}?\S)(?P=mark)(?![\w*])")
_EMPHASIS = re.compile(r"(?<![\w*])(?P<mark>[*_])(?=[^\s*_<^~])(?P<text>[^\n*_]*?[^\s*_])(?P=mark)(?![\w*])")
_ESCAPE = re.compile(r"\\(?P<text>[*_#\[\]()~`.!+-])")
_FENCED = re.compile(
    r"^ {0,3}(?P<fence>`{3,9}|~{3,9})[^\n`]*\n(?P<code>(?:[^\n]*\n)*?) {0,3}(?P=fence)[`~]*[ \t]*$",
    re.MULTILINE,
)
_COMMENT = re.compile(r"<!--(?:(?!<!--|-->).)*-->", re.DOTALL)
_QUOTE = re.compile(r"^ {0,3}> ?", re.MULTILINE)
#: Raised and lowered text as HTML and as Pandoc marks it. "10^9/10^6" and "~5-~6" mark nothing.
_SCRIPT = re.compile(
    r"<(?P<tag>su[bp])(?: [^<>\n]*)?>(?P<html>[^<>\n]{0,80})</(?P=tag)>"
    r"|(?<=[^\s\[\\])(?P<mark>[\^~])(?<!\^\^|~~)"
    r"(?P<text>[+\u2013\u2212-]?\w{1,12}[+\u2212-]?|\d[\d,\u2013-]{1,20}|[*+\u2212-])(?P=mark)(?!\d|(?P=mark))",
    re.IGNORECASE,
)

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)


def read_plain(data: bytes, name: str) -> Document:
    """Return the document in ``data``, a text or Markdown file called ``name``.

    Raises:
        FileEmpty: it holds no words.
        GarbledText: too many characters were lost before the file was saved.
        UndecodableText: the bytes are neither UTF-8 nor UTF-16 with a byte order mark.
    """
    raw = decode(data, name)
    front, start = front_matter(raw, lambda value: _without_marks(normalise(value)))
    if not any(map(str.isalpha, raw[start:])):  # nothing but the block: it is the text
        front, start = (), 0
    ordered, doubtful = columns_below(MappedText.raw(raw[start:], start), raw.count("\n", 0, start))
    text, broken = _repaired(ordered, name)
    heads = sum(MARKED_HEADING.match(line) is not None for line in text.text.split("\n"))
    marks = len(_LINK.findall(text.text)) + len(_STRONG.findall(text.text))
    marked = name.lower().endswith((".md", ".markdown")) or heads >= 2 or marks >= 3
    source = Source(data, name, "markdown" if marked else "text", lines=line_starts(raw))
    if marked:
        text = join([part if code else _without_marks(part) for code, part in _code_apart(text)], "")
    return _document(text, source, (*doubtful, *broken), front)


def read_html(data: bytes, name: str) -> Document:
    """Return the paper in ``data``, an HTML page called ``name``.

    Raises:
        ReadError: see ``read_marked``.
        UndecodableText: the bytes do not fit the encoding that the page declares, or UTF-8.
    """
    raw = _decoded_page(data, name)
    return read_marked(
        HtmlText(MappedText.raw(raw)).text(), Source(data, name, "html", lines=line_starts(raw))
    )


def _decoded_page(data: bytes, name: str) -> str:
    declared = _CHARSET.search(data[:2048])
    if declared is None or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return decode(data, name)
    encoding = declared.group(1).decode()
    try:
        return str(data, encoding).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    except (LookupError, UnicodeError) as error:
        reason = f"its characters cannot be decoded as {encoding}."
        raise UndecodableText(name, reason, "Save the page again, as UTF-8.") from error


def read_marked(text: MappedText, source: Source) -> Document:
    """Return the document with the blocks of ``text``: headings marked, tables with pipes.

    Raises:
        FileEmpty: it holds no words.
        GarbledText: too many characters were lost before the file was saved.
    """
    repaired, broken = _repaired(text, source.name)
    return _document(repaired, source, broken)


def _repaired(text: MappedText, name: str) -> tuple[MappedText, tuple[str, ...]]:
    text, broken = mend_ligatures(normalise(text), Vocabulary(text.text))
    _require_words(text.text, name)
    return text, tuple(broken)


def _document(
    text: MappedText, source: Source, broken: Sequence[str], front: Sequence[Draft] = ()
) -> Document:
    vocabulary = Vocabulary(text.text)
    groups = groups_of(text)
    layout = layout_of(groups)
    groups, left_out = without_running_heads(groups, layout)
    notes = [*broken, *left_out]
    drafts: list[Draft] = []
    for chunk in join_broken(classify(gather_cells(groups), layout), layout):
        drafts += _drafts(chunk, vocabulary, notes)
    different = list(dict.fromkeys(notes))
    if len(different) > _NOTES:
        different[_NOTES:] = [f"{len(different) - _NOTES} more repairs of the same kinds"]
    return assemble(source, [*front, *_unstated(state_fields(drafts), front)], different)


def _unstated(drafts: Iterable[Draft], front: Sequence[Draft]) -> Iterator[Draft]:
    """Yield the drafts without the fields that the front matter states already, perhaps in other words.

    What was taken for the title, and is none, is text.
    """
    stated = {field.name: field.value for draft in front for field in draft.fields}
    known = stated.keys() | ({"published", "year"} if stated.keys() & {"published", "year"} else set())
    for draft in drafts:
        left = replace(draft, fields=tuple(field for field in draft.fields if field.name not in known))
        text = draft.text.text.rstrip()
        if draft.kind is BlockKind.TITLE and letters(stated.get("title", "")) not in ("", letters(text)):
            heading = not text.endswith((".", "!", "?"))
            kind = BlockKind.HEADING if heading else BlockKind.PARAGRAPH
            left = replace(left, kind=kind, level=int(heading))
        yield left


def decode(data: bytes, name: str) -> str:
    """Return the text of a file, every line end a single line feed.

    Raises:
        UndecodableText: the bytes are neither UTF-8 nor UTF-16 with a byte order mark.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not {encoding.removesuffix('-sig').upper()} text."
        raise UndecodableText(name, reason, "Save the file as UTF-8 text.") from error
    if "\0" in text:
        reason = "the file contains NUL bytes, so it is not text."
        raise UndecodableText(name, reason, "Give text, not a binary file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _require_words(text: str, name: str) -> None:
    """Refuse a text without words, and one that lost more characters than repair can restore."""
    words = sum(any(character.isalpha() for character in word) for word in text.split())
    if not words:
        raise FileEmpty(name, "the file contains no words.", "Give a file with the paper's text.")
    lost = text.count(LOST)
    if lost > max(20, words / 20):
        reason = f"{lost} characters among {words} words were lost when the file was made."
        raise GarbledText(name, reason, "Save it again from the source, as UTF-8, or give the PDF.")


def _code_apart(text: MappedText) -> Iterator[tuple[bool, MappedText]]:
    """Yield the parts of Markdown, each with whether it is a fenced block of code; see ``CODE``."""
    at = 0
    for match in _FENCED.finditer(text.text):
        code = text[slice(*match.span("code"))].strip()
        code = code.sub("\n", CODE_LINE)
        yield False, text[at : match.start()]
        if code.text:
            origin = code.origins[:1]
            yield True, MappedText("\n\n" + CODE, origin * 3) + code + MappedText("\n\n", origin * 2)
        at = match.end()
    yield False, text[at:]


def _without_marks(text: MappedText) -> MappedText:
    """Return Markdown without link targets, emphasis marks, plain tags and comments.

    Heading marks stay, since they carry structure. A lone asterisk stays too: it
    may be a footnote mark.
    """
    text = without_tags(text.sub(_COMMENT, "")).sub(_QUOTE, "")
    for pattern in (_LINK, _STRONG, _EMPHASIS):
        text = _unwrapped(text, pattern)
    return _unwrapped(set_out(_runs(text)), _ESCAPE)  # what is set out is no more Markdown


def _unwrapped(text: MappedText, pattern: re.Pattern[str]) -> MappedText:
    """Return only the group "text" of what a pattern finds."""
    edits: list[tuple[int, int, str]] = []
    for match in pattern.finditer(text.text):
        edits += (match.start(), match.start("text"), ""), (match.end("text"), match.end(), "")
    return text.edit(edits)


def _runs(text: MappedText) -> Iterator[Run]:
    """Yield the text, what is raised or lowered as runs of its own."""
    at = 0
    for match in _SCRIPT.finditer(text.text):
        yield Run(text[at : match.start()])
        group = "html" if match["tag"] else "text"
        raised = (match["tag"] or match["mark"]).lower() in ("sup", "^")
        yield Run(text[match.start(group) : match.end(group)], Level.RAISED if raised else Level.LOWERED)
        at = match.end()
    yield Run(text[at:])


def _drafts(chunk: Chunk, vocabulary: Vocabulary, notes: list[str]) -> Iterator[Draft]:
    """Yield the drafts of a chunk: a heading that opens a paragraph is one of its own."""
    if chunk.kind is BlockKind.TABLE:
        yield table_of_lines(chunk.lines)
        return
    if chunk.code:
        yield Draft(chunk.kind, chunk.lines[0][len(CODE) :].sub(CODE_LINE, "\n"))
        return
    text, glued = split_glued(join_lines(chunk.lines, vocabulary), vocabulary)
    notes += glued
    yield from headings.with_run_in_heading(Draft(chunk.kind, text, level=chunk.level))
