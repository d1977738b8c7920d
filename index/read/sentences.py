"""Finds the sentences of a document: what can be quoted.

nupunkt (Punkt: Kiss and Strunk 2006, with a general list of abbreviations) proposes
borders. The rules here decide: they drop borders after the abbreviations, initials,
species and brackets of biomedical writing, and add those missed because a common word
is in nupunkt's list of abbreviations ("disc.", "mass.").
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from index.read.frequency import zipf
from index.text import CONTENT_KINDS, Block, BlockKind, Document, Span

#: Where a sentence may end: full stops and the closing marks that follow them.
_STOP = re.compile(r"[.?!\u2026]+[)\]\"'\u201d\u2019]*(?=\s|[\[(]?\d)")
_CITATION = re.compile(
    r"(?:\s*\[\d[\d,;\s\u2013-]*\]|\(\d+(?:[,\u2013-]\s?\d+)*\))(?=\s|$)"  # "shown. [3] The", "shown.(3) The"
    r"|(?<=[^\d\s.][.?!])\d{1,3}(?:[,\u2013-]\d{1,3})*(?=\s|$)"  # a superscript: "shown.12,13 The"
    r"|(?<=\s(?:19|20)\d\d\.)\d{1,3}(?:[,\u2013-]\d{1,3})*(?=\s[A-Z])"  # the same behind a year
    r"|\s\d{1,3}(?:[,\u2013-]\s?\d{1,3})*(?=\s(?:[A-Z][a-z]+|A|I)\s|\s*$)"  # set off: "shown. 12 The"
)
_AHEAD = r"(?:^|[\s(\[])"
#: Ends after which a sentence continues, whatever follows.
_NEVER = re.compile(
    rf"{_AHEAD}(?:i\. ?e|e\. ?g|cf|viz|vs|ca|approx|resp|incl|sp|subsp|var|[Ff]igs?|[Tt]abs?|[Rr]efs?|[Ee]qs?"
    r"|[Ss]uppl|Nos?|[Vv]ol|pp|[Dd]r|Drs|Prof|Mrs?|Ms|St|Inj|Cap|Syp|Syr|Ph|Sect|Chap|Dept|Univ|Mt|Gen|Eur)\.$"
    r"|^(?:(?:Supplementary )?(?:F(?:igure|IGURE|ig\.)|T(?:able|ABLE)|Scheme|Box|Case) ?)?"
    r"[A-Z]?\d{1,2}[a-z]?\.$"
)
#: Ends after which a sentence continues unless a word follows that only begins one.
_SELDOM = re.compile(
    rf"{_AHEAD}(?:(?:[A-Z][a-z]?\.[ -]?)*[A-Z]|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|St\. ?Dev|Inc|Ltd|Co|Corp|Jr|Sr|max|min|avg|conc|temp|nos?|p|eds?)\.$"
)
#: Abbreviations that may well end a sentence: the next one then begins with a capital letter.
_OFTEN = re.compile(
    rf"{_AHEAD}(?:et al|etc|a\. ?m|p\. ?m|i\. ?[vmpdn]|s\. ?c|p\. ?o|p\. ?r\. ?n|[bqt]\. ?i\. ?d|q\. ?d"
    r"|q\. ?h\. ?s|spp|wks?|yrs?|mos?|hrs?|secs?)\.$"
)
_UNIT_END = re.compile(
    r"\d\s?(?:[munkd\u00b5\u03bc]?(?:g|m|l|L|mol|M|s|Hz|U|IU)|h|hr|hrs|min|sec|Gy|cGy|mmHg|kPa|kDa|bp|kb|rpm|kcal|kJ|cm"
    r"|[a-zA-Z\u00b5\u03bc]+/[\w/]+|\u00b0C|C)\.$"
)
_LAST_WORD = re.compile(r"(?:^|[\s(\u2013/-])([a-z]{3,})[)\]\"'\u201d\u2019]*\.[)\]\"'\u201d\u2019]*$")
#: Words that hardly occur but at the beginning of a sentence when they have a capital letter.
_STARTERS = frozenset({
    "The", "This", "These", "Those", "That", "There", "Then", "Thus", "Therefore", "They", "Their", "It",
    "Its", "We", "Our", "He", "She", "His", "Her", "In", "On", "At", "As", "An", "After", "Also", "All",
    "Although", "Among", "Because", "Before", "Both", "But", "By", "Despite", "During", "Each", "Finally",
    "For", "Furthermore", "From", "Given", "However", "If", "Moreover", "No", "None", "Of", "One", "Only",
    "Overall", "Patient", "Patients", "Since", "Some", "Such", "To", "Two", "Three", "Under", "Upon",
    "When", "Whereas", "Which", "While", "With", "Within", "Without",
})  # fmt: skip
#: What opens a sentence although it begins with a lower-case letter: "mTOR", "p53", "pH", "miR-21".
_LOWER_START = re.compile(r"[a-z]{1,4}[A-Z]|p\d|[\u03b1-\u03c9]-")
_CLASSED = re.compile(
    r"(?:hepatitis|vitamins?|influenza|types?|groups?|grades?|class|stage|panels?|factor|cohort|arm|phase|method|model"
    r"|protein|haemophilia|hemophilia|appendix|table|and|or) [A-Z]\.$",
    re.IGNORECASE,
)
#: How a sentence begins: a capital letter, a number of a list, either behind an opening mark.
_OPENING = re.compile(r"[(\[\"\u201c\u2018]?(?:[^\W\d_]|\d{1,2}[.)]\s|\([a-z0-9ivx]{1,3}\)\s)")
#: Zipf frequency from which a word is no abbreviation; a word of ``_LONG`` letters hardly ever is one.
_COMMON = 3.0
_LONG = 7
#: Characters examined on either side of a border.
_REACH = 60
#: Characters after which an open bracket is taken for one that was never closed.
_BRACKET_REACH = 400
#: Characters given to nupunkt at once.
_WINDOW = 20_000


@lru_cache(maxsize=1)
def _splitter() -> Any:  # noqa: ANN401 - nupunkt's tokenizer has no public type
    from nupunkt import load_default_model

    return load_default_model()


def sentence_spans(document: Document) -> Iterator[tuple[Block, Span]]:
    """Yield each quotable sentence of the content, with its block, in reading order.

    A table yields its body rows. Titles, headings, front matter and references
    yield nothing: they do not answer questions about content.
    """
    rows = {table.span: table.rows for table in document.tables}
    for block in document.blocks:
        if block.kind not in CONTENT_KINDS:
            continue
        if block.kind is BlockKind.TABLE and block.span in rows:
            for row in rows[block.span]:
                yield block, row.span
        else:
            start = block.span.start
            for span in split_sentences(block.span.of(document.text)):
                yield block, Span(start + span.start, start + span.end)


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of a paragraph, without the white space between them.

    The spans are in order, do not overlap and leave out white space only.
    """
    proposed = _proposed(text)
    stops = {match.end() for match in _STOP.finditer(text)}
    stops.update([end for end in proposed if stops.isdisjoint(range(end - 2, end + 3))])
    spans: list[Span] = []
    start = 0
    for stop in sorted(stops):
        end = stop
        while match := _CITATION.match(text, end):  # marks that belong to the sentence before
            end = match.end()
        at = bisect_left(proposed, stop - 2)
        near = at < len(proposed) and proposed[at] <= stop + 2  # marks and spaces aside
        if stop > start and _is_border(text, start, stop, end, proposed=near):
            spans += _trimmed(text, start, end)
            start = end
    spans += _trimmed(text, start, len(text))
    return spans


def _proposed(text: str) -> list[int]:
    """Return the ends of nupunkt's sentences.

    The text goes in windows, with long stretches without white space masked: nupunkt
    takes time in the square of their length.
    """
    masked = re.sub(r"\S{200,}", lambda match: "x" * len(match.group()), text)
    ends: list[int] = []
    start = 0
    while start < len(masked):
        whole = start + _WINDOW >= len(masked)
        end = len(masked) if whole else max(masked.rfind(" ", start, start + _WINDOW), start) + 1
        spans = list(_splitter().span_tokenize(masked[start:end]))
        ends += [start + stop for _, stop in (spans if whole else spans[:-1])]
        # the last sentence of a window may be cut: the next window begins with it
        start = end if whole or len(spans) < 2 else start + spans[-1][0]
    return ends


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    part = text[start:end]
    if part.strip():
        yield Span(start + len(part) - len(part.lstrip()), start + len(part.rstrip()))


def _is_border(text: str, start: int, stop: int, end: int, *, proposed: bool) -> bool:
    """Return whether a sentence from ``start`` with its full stop at ``stop`` ends at ``end``."""
    after = text[end : end + _REACH]
    if not after.strip():
        return True
    if not after[0].isspace():
        return False
    after = after.lstrip()
    if after[0].islower() and not _LOWER_START.match(after):
        return False
    before = text[max(start, stop - _REACH) : stop].lstrip()
    if _NEVER.search(before) or _in_bracket(text, start, end):
        return False
    if _SELDOM.search(before) and not _UNIT_END.search(before):
        first = re.split(r"\W", after[after[0] in '"\u201c(' :], maxsplit=1)[0]
        return first in _STARTERS or (_CLASSED.search(before) is not None and after[0].isupper())
    if _OFTEN.search(before):
        return _OPENING.match(after) is not None
    return proposed or end > stop or (_OPENING.match(after) is not None and _closes(before))


def _in_bracket(text: str, start: int, end: int) -> bool:
    """Return whether a bracket opened inside the sentence is still open and is closed soon."""
    if end - start > _BRACKET_REACH:
        return False
    opened = text.count("(", start + 1, end) - text.count(")", start + 1, end)
    ahead = text[end : end + _BRACKET_REACH // 2]
    return opened > 0 and ahead.count(")") > ahead.count("(")


def _closes(before: str) -> bool:
    """Return whether a full stop after these words ends a sentence although it was not proposed."""
    if before[-2:-1] in tuple(')]%"\u201d') or _UNIT_END.search(before):
        return True
    match = _LAST_WORD.search(before)
    if match is None:
        return False
    word = match.group(1)
    return zipf(word) >= (_COMMON if len(word) < _LONG else 1.0)
