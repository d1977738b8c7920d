"""Finds what a paper states about itself: DOI, dates, licence, authors, journal, each with its place.

Only text that speaks of the paper is searched: what stands around title and byline, on the
first page where there are pages, and running heads. Each field carries where it was
found and how sure it is; ``settled`` keeps the surest statement of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.read import headings
from index.read.byline import byline
from index.read.structure import Draft
from index.text import BlockKind, Field, Origin, Span

DOI = re.compile(r"\b10\.\d{4,9}/(?:[^\s\"<>,;\[\](){}]|\([^\s\"<>,;()]*\))+")
_LICENCE = re.compile(
    r"(?P<value>Creative Commons[\w\s,()/.-]{0,100}?(?:CC[ -]BY(?:-[A-Z]{2})*[ -]?\d(?:\.\d)?"
    r"|Licen[cs]e(?:\s\(?CC[\w. -]{0,40}\)?)?(?:,? ?(?:version )?\d\.\d)?)"
    r"|CC[ -]BY(?:-[A-Z]{2})*(?: \d\.\d)?|CC0(?: 1\.0)?"
    r"|(?<=[Ll]icen[cs]e: )Creative Commons[\w -]{0,80}(?:\.\d)?)"
)
_YEAR = r"(?:19|20)\d\d"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_DATE = (
    r"(?:\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{4}-\d\d-\d\d"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH}\.?,? \d{{4}}|{_MONTH}\.? \d{{1,2}}, \d{{4}}"
    rf"|\d{{4}} {_MONTH}\.? \d{{1,2}})"
)
_DATED = re.compile(
    r"(?<!first )\b(?P<event>received|revised|accepted|published|available online|review began|review ended)"
    r"\b(?: online| in final form| for publication)?(?: on| in| in revised form)?:? *"
    rf"(?P<date>{_DATE})",
    re.IGNORECASE,
)
#: Patterns of further statements, by the name of their field; the group "value" is what is stated.
_STATED = {
    "corresponding author": re.compile(
        r"(?:corresponding author|correspondence(?: to| should be addressed to)?)\s*:?\s*(?P<value>\S.*)",
        re.IGNORECASE,
    ),
    "affiliation": re.compile(
        r"^(?P<value>(?!.*@)(?:\d{1,2}\.?|[\u00b9\u00b2\u00b3*\u2020])?\s?(?:[^.]{0,60})\b(?:Department|Division"
        r"|Faculty|Institute|School|Universit\w+|Hospital|College|Clinic|Centre|Center)\b.*)$",
        re.DOTALL,
    ),
    "keywords": re.compile(r"key ?words?\s*:\s*(?P<value>\S.*)", re.IGNORECASE),
}
_COPYRIGHT = re.compile(rf"(?:\u00a9|\(c\)|copyright)\D{{0,20}}(?P<value>{_YEAR})", re.IGNORECASE)
#: The paper's own citation: "Molecules 2016, 21, 188", "Trials (2021) 22:94".
_CITED = re.compile(
    r"(?P<journal>(?:\d )?[A-Z][\w&.' -]{2,70}?),?\s*"
    rf"(?:[\[(](?P<y1>{_YEAR})[\])]|(?:\bVol(?:ume|\.)?\s*)?(?P<y2>{_YEAR})(?!\d))"
    r"\s*[,;:]?\s*(?:\w?\d+\s*[,:(]|Article|vol|Vol)"
)
#: What precedes the journal in its citation.
_BEFORE_JOURNAL = re.compile(
    r"(?:et ?al\.?|Corporation|doi\S*|\w \d|^[A-Z][a-z]+ and [A-Z][a-z]+)\s+(?=[A-Z])"
)
#: The same in full, the year before the title: "Bee A (August 09, 2022) A case. Cureus 14(8): e27824".
_CITED_IN_FULL = re.compile(
    rf"\(?(?:{_YEAR}|[A-Z][a-z]+ \d{{1,2}}, {_YEAR})\)?[.:]? .{{5,300}}?[.?!]"
    r" (?P<value>[A-Z][A-Za-z&. ]{1,60}?),? \d+ ?\(\d+\):"
)
#: An issue: "Iran J Basic Med Sci, Vol. 21, No. 10, Oct 2018", "46, 52-59, January 2010".
_ISSUE = re.compile(
    r"(?:^(?P<journal>[A-Z][A-Za-z&.' -]{2,60}?)[,.]?\s)?\s*"
    r"\b(?:vol(?:ume)?|no|issue)\b[\s.:-]*(?:no\.\s)?(?:\d|[IVXLC]+\b)"
    r"|\b\d+[,:]\s*\d+\s?[\u2013-]\s?\d+",
    re.IGNORECASE,
)
#: How sure each kind of statement is, judged on papers whose publisher gives the same in XML.
_LABELLED, _CITATION, _ISSUED, _MARGIN = 0.95, 0.9, 0.85, 0.03


def state_fields(drafts: Sequence[Draft], page: Span | None = None) -> list[Draft]:
    """Return the drafts, each with the metadata that its text states.

    Only the title and front matter are searched: a DOI in the reference list or
    in running text is that of another paper.

    Args:
        drafts: of the whole paper.
        page: raw offsets of the first page, what begins elsewhere stating nothing; None without pages.
    """
    title = next((letters(draft.text.text) for draft in drafts if draft.kind is BlockKind.TITLE), "")
    done: list[Draft] = []
    named = cited = False
    for draft in drafts:
        text = draft.text.text
        fields: tuple[Field, ...] = ()
        if draft.kind is BlockKind.TITLE:
            fields = (Field("title", text, Span(0, len(text)), Origin.PAGE, _LABELLED),)
        elif draft.fields or (page and not page.start <= next(iter(draft.text.origins), 0) < page.end):
            pass  # stated already, or of another page
        elif draft.kind is BlockKind.FRONT:
            if page is None and not named and done and done[-1].kind is BlockKind.TITLE:
                fields = byline(text)
            own = cited or "cite" in text.lower() or (len(title) > 15 and title in letters(text))
            if not fields and (own or not headings.entry(text)):
                fields = tuple(statements(text))
        named = named or any(field.name == "author" for field in (*draft.fields, *fields))
        cited = len(text.split()) < 8 and "cite" in text.lower()
        done.append(replace(draft, fields=draft.fields + fields))
    return settled(done)


def letters(text: str) -> str:
    """Return the letters of ``text`` in lower case."""
    return "".join(character for character in text.lower() if character.isalpha())


def settled(drafts: Sequence[Draft]) -> list[Draft]:
    """Keep of each field only the surest statements: those of the front matter before those of the page."""
    surest: dict[str, float] = {}
    for field in (field for draft in drafts for field in draft.fields):
        surest[field.name] = max(surest.get(field.name, 0.0), field.sure)
    return [
        replace(draft, fields=tuple(field for field in draft.fields if field.sure == surest[field.name]))
        for draft in drafts
    ]


def statements(text: str, origin: Origin = Origin.PAGE) -> Iterator[Field]:
    """Yield what a stretch of front matter or a running head states."""

    def stated(name: str, value: str, start: int, sure: float) -> Field:
        span = Span(start, start + len(value))
        return Field(name, value, span, origin, sure - _MARGIN * (origin is Origin.HEAD))

    for match in DOI.finditer(text):
        yield stated("doi", match.group().rstrip("."), match.start(), _LABELLED)
    for match in _LICENCE.finditer(text):
        yield stated("licence", match["value"].strip().rstrip(".,"), match.start("value"), _LABELLED)
    for match in _DATED.finditer(text):
        event = match["event"].lower().replace("available online", "published")
        field = stated(event, match["date"], match.start("date"), _LABELLED)
        yield replace(field, span=Span(*match.span()))
        if event == "published":
            yield replace(field, name="year")
    # A licence and a citation name institutions in passing.
    passing = _LICENCE.search(text) or DOI.search(text)
    for name, pattern in _STATED.items():
        if name != "affiliation" or not passing:
            for match in pattern.finditer(text):
                yield stated(name, match["value"].strip().rstrip(".,"), match.start("value"), _LABELLED)
    # What has a number in front is an entry of a list, or a footnote.
    for name, start, end, sure in () if headings.entry_number(text) else _citation(text):
        yield stated(name, text[start:end], start, sure)


def _citation(text: str) -> Iterator[tuple[str, int, int, float]]:
    """Yield journal and year, with their places and certainty, from citation, issue and copyright."""
    if match := _CITED.search(text):
        yield "year", *match.span("y1" if match["y1"] else "y2"), _CITATION
        journal = match["journal"]
        before = _BEFORE_JOURNAL.search(journal)
        start = before.end() if before else len(journal) - len(journal.lstrip(" ,."))
        named = journal[start:].strip(" ,.")
        if len(named) > 2 and not named.lower().startswith(("page", "vol", "published", "received")):
            at = match.start("journal") + start
            yield "journal", at, at + len(named), _CITATION
    for match in _CITED_IN_FULL.finditer(text):
        yield "journal", *match.span("value"), _CITATION
    for match in _COPYRIGHT.finditer(text):
        yield "year", *match.span("value"), _ISSUED
    years = list(re.finditer(rf"\b{_YEAR}\b", text))
    if len(years) == 1 and len(text.split()) <= 25 and (match := _ISSUE.search(text)):
        yield "year", *years[0].span(), _ISSUED
        if match["journal"] and match["journal"][0].isupper():
            yield "journal", *match.span("journal"), _ISSUED
    if re.fullmatch(_DATE, text.strip()):
        yield "published", len(text) - len(text.lstrip()), len(text.rstrip()), _ISSUED
        yield "year", len(text) - len(text.lstrip()), len(text.rstrip()), _ISSUED
