"""Marks the decisive words inside a quoted sentence, where that can be done safely."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.terms import terms as terms_of
from index.text import BlockKind, Span
from qa.rank.candidates import Candidate, tokens_of
from qa.rank.reader import Mark
from qa.understand.question import Question, Wanted, held_spans

#: Units of measurement: rates, what the SI forms with prefixes, and words for time.
_UNIT = (
    r"(?:[A-Za-z\u00b5\u03bc]{1,6}/[A-Za-z\u00b5\u03bc]{1,4}\^?\d?(?:/[a-z]{1,5})?"
    r"|/\s?(?:[\u00b5\u03bcmdk]?[lL]|[cm]?m\^[23])|%|[\u00b0\u2218]\s?[CF]?|degrees? \w+|mm ?Hg|ppm|bpm"
    r"|[pn\u00b5\u03bcmcdk]?(?:g|[lL]|mol|m(?:\^[23])?)|[kMm]?IU|units?|U|mcg|m?Eq|[pn\u00b5\u03bcmk]M"
    r"|[kMG]?Hz|c?Gy|[mk]?V|(?:second|minute|hour|day|week|month|year)s?(?:[- ]old)?|min|h)(?![A-Za-z])"
)
#: A number with the sign before it and the unit behind it: "< 5", "12 000 IU/L", "128.0 × 10^9/L".
_VALUE = re.compile(
    r"(?:[<>\u2264\u2265~\u00b1+]\s?)?(?:\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)|\d[\d,.]*)"
    r"(?:(?:\s?[-\u2013/:x\u00d7]\s?|\^[-\u2013\u2212]?)\d[\d,.]*)*(?<![,.])"
    rf"(?:\s{{0,2}}{_UNIT}(?:\s?[\u00b7\u22c5]\s?\w{{1,4}}\^?[-\u2013\u2212]?\d?)*(?: per [a-z]+)?)?"
)
_NUMERIC = frozenset({Wanted.NUMBER, Wanted.DOSE, Wanted.PERCENT})
#: What is normal, in a table: the head of its column, or the cell itself ("24-204").
_RANGE_HEAD = re.compile(r"\b(?:reference|normal|ranges?|limits?|units?)\b", re.IGNORECASE)
_RANGE = re.compile(r"\W*\d[\d.,]*\s*(?:[-\u2013\u2014]|to)\s*\d[\d.,]*\W*[A-Za-z\u00b5\u03bc%/]*\W*$")
#: Least confidence of the reader at which its mark is shown.
SURE = 0.5
_REACH = 40  #: characters between value and word beyond which they are not taken to belong together


def short_answer(question: Question, candidate: Candidate, mark: Mark | None = None) -> Span | None:
    """Return the span of the decisive words, or None where it is not sure which they are.

    ``mark`` is what the reader takes for them; it counts where the kind of answer
    that the question wants does not tell.
    """
    if candidate.sentence.kind is BlockKind.TABLE:
        return _cell(question, candidate)
    found = _wanted(question, candidate)
    # Where the question does not say that it wants a number, a value near its words may be of something else:
    # "anemia (8.2 g/dL) with normal platelets".
    if found is not None and (question.wanted is not Wanted.ANY or mark is None or mark.span.overlaps(found)):
        return found
    if mark is None or mark.confidence < SURE:
        return None
    return _whole(mark.span, candidate)


def _whole(span: Span, candidate: Candidate) -> Span:
    """Return ``span`` with all of the value, number and unit, of which it holds a part."""
    start = candidate.sentence.span.start
    for match in _VALUE.finditer(candidate.text):
        value = Span(start + match.start(), start + match.end())
        if value.overlaps(span):
            span = Span(min(span.start, value.start), max(span.end, value.end))
    return span


def _wanted(question: Question, candidate: Candidate) -> Span | None:
    """Return what is of the kind that the question wants and near to its words."""
    text = candidate.text
    if question.wanted in _NUMERIC or question.wanted is Wanted.ANY:
        spans = [match.span() for match in _VALUE.finditer(text) if not _citation(text, *match.span())]
        if question.wanted is Wanted.PERCENT:
            spans = [span for span in spans if "%" in text[slice(*span)]] or held_spans(Wanted.PERCENT, text)
    elif question.wanted in {Wanted.TIME, Wanted.AGE}:
        spans = held_spans(question.wanted, text)
    else:
        return None
    if question.wanted is Wanted.ANY and (
        len(spans) != 1 or not re.search(r"[A-Za-z%\u00b0]", text[slice(*spans[0])])
    ):
        return None
    words = [(t.start, t.end) for t in tokens_of(text) if t.stem in candidate.matched]
    near = sorted((min(max(s[0] - w[1], w[0] - s[1], 0) for w in words), s) for s in spans) if words else []
    near = [item for item in near if item[0] <= _REACH]
    if not near or (len(near) > 1 and near[1][0] - near[0][0] < 4):
        return None
    start = candidate.sentence.span.start
    found = Span(start + near[0][1][0], start + near[0][1][1])
    return _whole(found, candidate)  # a time may be the end of a range only: "7-14 days"


def _citation(text: str, start: int, end: int) -> bool:
    """Tell whether a number stands in citation brackets, or names a figure or table."""
    bracket = text.rfind("[", 0, start)
    inside = bracket >= 0 and "]" not in text[bracket:start] and "]" in text[end : end + 30]
    return inside or re.search(r"(?:Fig(?:ure|s)?\.?|Table|Ref\.?)\s?$", text[:start]) is not None


def _cell(question: Question, candidate: Candidate) -> Span | None:
    """Return the cell asked for: that of the column which the question names, else the only value of the row.

    Of several values without a column named, none is: the question does not say which.
    """
    text = candidate.document.text
    table = next((t for t in candidate.document.tables if t.span.contains(candidate.sentence.span)), None)
    row = next((r for r in table.rows if r.span == candidate.sentence.span), None) if table else None
    if table is None or row is None or len(row.cells) < 2:
        return None
    heads = [" ".join(span.of(text) for span in spans) for spans in table.columns]
    named = _named_column(question, heads)
    if named is not None and 0 < named < len(row.cells):
        return row.cells[named]
    heads += [""] * (len(row.cells) - len(heads))
    cells = zip(heads[1:], row.cells[1:], strict=False)
    values = [cell for head, cell in cells if _is_value(head, cell.of(text))]
    return values[0] if len(values) == 1 else None


def _is_value(head: str, cell: str) -> bool:
    return bool(re.search(r"\d", cell)) and not _RANGE_HEAD.search(head) and not _RANGE.match(cell)


def _named_column(question: Question, heads: Sequence[str]) -> int | None:
    asked = frozenset(terms_of(question.text))
    shared = [len(asked & frozenset(terms_of(head))) for head in heads]
    best = max(shared, default=0)
    return shared.index(best) if best and shared.count(best) == 1 else None
